#include "node/system/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "node/base/log.h"
#include "rpc/base/memory.h"
#include "work/base/clock.h"
#include "work/base/number.h"

#define MICROSECONDS 1000000

struct notify {
    int fd; /* -1 where nobody listens */
    struct sockaddr_un address;
    socklen_t address_size;
    struct event *watchdog; /* NULL where nobody asks for it */
};

/* The number that the variable holds, or 0. */
static uint64_t
number_of (const char *variable, uint64_t max)
{
    const char *const text = getenv (variable);
    uint64_t number = 0;

    if (text != NULL) {
        (void)number_parse_unsigned (text, 0, max, &number);
    }
    return number;
}

/* A path, or with '@' first a name of Linux's abstract sockets. Returns 0, or -1 for neither. */
static int
take_address (struct notify *notify, const char *name)
{
    const size_t length = strlen (name);

    if ((name[0] != '/' && name[0] != '@') || length < 2 ||
        length >= sizeof notify->address.sun_path) {
        return -1;
    }
    notify->address.sun_family = AF_UNIX;
    memcpy (notify->address.sun_path, name, length);
    if (name[0] == '@') {
        notify->address.sun_path[0] = '\0';
    }
    notify->address_size = (socklen_t)(offsetof (struct sockaddr_un, sun_path) + length);
    return 0;
}

/* A manager that does not hear must not keep the daemon from its work. */
static void
tell (struct notify *notify, const char *text)
{
    if (notify->fd >= 0 &&
        sendto (notify->fd, text, strlen (text), MSG_DONTWAIT | MSG_NOSIGNAL,
                (const struct sockaddr *)&notify->address, notify->address_size) < 0) {
        log_warn ("Cannot tell the service manager (NOTIFY_SOCKET): %s", strerror (errno));
    }
}

static void
on_watchdog (evutil_socket_t fd, short what, void *data)
{
    (void)fd;
    (void)what;
    tell (data, "WATCHDOG=1");
}

static void
init_watchdog (struct notify *notify, struct event_base *base)
{
    const uint64_t half = number_of ("WATCHDOG_USEC", INT64_MAX) / 2;
    const bool is_ours = getenv ("WATCHDOG_PID") == NULL ||
                         number_of ("WATCHDOG_PID", INT32_MAX) == (uint64_t)getpid ();
    const struct timeval interval = {
        .tv_sec = (time_t)(half / MICROSECONDS),
        .tv_usec = (suseconds_t)(half % MICROSECONDS),
    };

    if (half > 0 && is_ours) {
        notify->watchdog = memory_need (event_new (base, -1, EV_PERSIST, on_watchdog, notify));
        memory_require (event_add (notify->watchdog, &interval) == 0);
    }
}

struct notify *
notify_new (struct event_base *base)
{
    struct notify *const notify = memory_new (1, sizeof *notify);
    const char *const name = getenv ("NOTIFY_SOCKET");

    notify->fd = -1;
    if (name == NULL) {
        return notify;
    }
    if (take_address (notify, name) != 0) {
        log_warn ("NOTIFY_SOCKET is \"%s\", expected a path or a name after '@'", name);
        return notify;
    }
    notify->fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (notify->fd < 0) {
        log_error ("Cannot reach the service manager: %s", strerror (errno));
        notify_free (notify);
        return NULL;
    }
    init_watchdog (notify, base);
    return notify;
}

void
notify_free (struct notify *notify)
{
    if (notify == NULL) {
        return;
    }
    if (notify->watchdog != NULL) {
        event_free (notify->watchdog);
    }
    if (notify->fd >= 0) {
        (void)close (notify->fd);
    }
    free (notify);
}

void
notify_ready (struct notify *notify)
{
    tell (notify, "READY=1");
}

/* The time tells the manager which of several reloads it is. */
void
notify_reloading (struct notify *notify)
{
    char text[64];

    (void)snprintf (text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
                    clock_now () / (CLOCK_SECOND / MICROSECONDS));
    tell (notify, text);
}

void
notify_stopping (struct notify *notify)
{
    tell (notify, "STOPPING=1");
}

int
notify_listen_fds (void)
{
    const uint64_t count = number_of ("LISTEN_FDS", 1024);
    const uint64_t pid = number_of ("LISTEN_PID", INT32_MAX);

    (void)unsetenv ("LISTEN_FDS");
    (void)unsetenv ("LISTEN_PID");
    (void)unsetenv ("LISTEN_FDNAMES");
    return pid == (uint64_t)getpid () ? (int)count : 0;
}
