/*
 * The resolver: names to addresses by the system's getaddrinfo, on a thread for each look-up, so
 * that /etc/hosts, nsswitch.conf and the order of RFC 6724 hold, which evdns does not know.
 *
 * Those who ask for one name at the same time share one lookup. At most RESOLVER_THREADS run at a
 * time; the others queue. A lookup cannot be stopped: whoever asked may leave, and the resolver may
 * be freed, before its thread ends on its own.
 *
 * Functions are for the event-loop thread, and callbacks run there.
 */
#ifndef RPC_RESOLVER_H
#define RPC_RESOLVER_H

#include <event2/event.h>
#include <stddef.h>
#include <sys/socket.h>

#define RESOLVER_MAX_ADDRESSES 8 /* of one name; more are not looked at */
#define RESOLVER_THREADS 8

struct resolver_answer {
    int error;        /* 0, or one of getaddrinfo's EAI_ */
    int system_error; /* errno, when that is EAI_SYSTEM */
    size_t count;     /* of addresses; at least 1 when there is no error */
    struct sockaddr_storage addresses[RESOLVER_MAX_ADDRESSES]; /* in the order to try; no port */
};

/* Looks `host` up and fills `answer`, which is {0} before. Called on several threads at once. */
typedef void (*resolver_lookup_fn) (const char *host, struct resolver_answer *answer);

/* Called once for each waiter that has not left. May start lookups and leave others. */
typedef void (*resolver_done_fn) (void *data, const struct resolver_answer *answer);

struct resolver;
struct resolver_waiter;

/* `lookup` is for tests; NULL is getaddrinfo. */
struct resolver *resolver_new (struct event_base *base, resolver_lookup_fn lookup);

/* Takes every waiter away. Not from within a callback. NULL is fine. */
void resolver_free (struct resolver *resolver);

/*
 * Looks `host` up; `done` is called later, never from within. Returns who waits, until `done` has
 * been called.
 */
struct resolver_waiter *resolver_find (struct resolver *resolver, const char *host,
                                       resolver_done_fn done, void *data);

/* `done` will not be called. */
void resolver_leave (struct resolver_waiter *waiter);

#endif
