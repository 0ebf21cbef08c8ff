/*
 * What the daemon tells the service manager that started it, and what that hands over: systemd's
 * readiness protocol, its watchdog and its sockets, as sd_notify(3) and sd_listen_fds(3) describe
 * them. Without such a manager all of it does nothing.
 *
 * Event-loop thread; nothing waits.
 */
#ifndef NODE_NOTIFY_H
#define NODE_NOTIFY_H

#include <event2/event.h>

struct notify;

/*
 * Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. Where the manager wants to hear from us
 * regularly, the loop tells it so twice in that time, for as long as the loop turns. NULL, having
 * logged why, when there is no socket.
 */
struct notify *notify_new (struct event_base *base);

/* NULL is fine. */
void notify_free (struct notify *notify);

/* The daemon answers requests; also after notify_reloading. */
void notify_ready (struct notify *notify);

void notify_reloading (struct notify *notify);

/* The daemon has begun to stop. */
void notify_stopping (struct notify *notify);

/* The first descriptor that is handed over. */
#define NOTIFY_FIRST_FD 3

/*
 * How many sockets the manager has handed over, from NOTIFY_FIRST_FD on; they are the caller's. 0
 * when LISTEN_FDS and LISTEN_PID do not say so of this process. Takes both out of the environment.
 */
int notify_listen_fds (void);

#endif
