#include "rpc/client/dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rpc/base/memory.h"
#include "work/base/clock.h"

/* How long an address is alone before the next one is tried beside it: RFC 8305, section 5. */
static const struct timeval head_start = {.tv_usec = 200000};

/* At a time: a descriptor each. */
#define ATTEMPTS 2

/* A connect that is under way. */
struct attempt {
    struct dial *dial;
    struct event *event; /* NULL: there is none */
    int fd;
};

struct dial {
    struct event_base *base;
    struct timeval timeout;
    uint16_t port;
    struct resolver_waiter *name; /* while it is being resolved */
    struct event *turn;           /* the first step, the time that a name has, the next address's */
    struct resolver_answer found;
    size_t next; /* address to try */
    struct attempt attempts[ATTEMPTS];
    enum http_outcome outcome;
    char reason[DIAL_REASON_SIZE]; /* why the last address failed */
    dial_done_fn done;
    void *data;
};

/*
 * Whether `host` is an address literal, which needs no resolver. An IPv4 address in IPv6's clothes
 * needs no IPv6 on this machine if it is taken for what it is.
 */
static bool
read_literal (const char *host, struct sockaddr_storage *address)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    if (inet_pton (AF_INET, host, &v4.sin_addr) == 1) {
        memcpy (address, &v4, sizeof v4);
        return true;
    }
    if (inet_pton (AF_INET6, host, &v6.sin6_addr) != 1) {
        return false;
    }
    if (IN6_IS_ADDR_V4MAPPED (&v6.sin6_addr)) {
        memcpy (&v4.sin_addr, v6.sin6_addr.s6_addr + 12, sizeof v4.sin_addr);
        memcpy (address, &v4, sizeof v4);
    } else {
        memcpy (address, &v6, sizeof v6);
    }
    return true;
}

static void
end_attempt (struct attempt *attempt)
{
    if (attempt->event != NULL) {
        event_free (attempt->event);
        attempt->event = NULL;
        (void)close (attempt->fd);
    }
}

/* `fd` is of the connected socket, or -1. */
static void
finish (struct dial *dial, int fd)
{
    const struct dial_answer answer = {.outcome = dial->outcome, .fd = fd, .reason = dial->reason};

    dial->done (dial->data, &answer);
    dial_free (dial);
}

static enum http_outcome
outcome_of (int error)
{
    switch (error) {
    case ECONNREFUSED:
        return HTTP_REFUSED;
    case ETIMEDOUT:
        return HTTP_CONNECT_TIMEOUT;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        return HTTP_SHORTAGE;
    default:
        return HTTP_UNREACHABLE;
    }
}

static void
note_error (struct dial *dial, int error)
{
    dial->outcome = outcome_of (error);
    snprintf (dial->reason, sizeof dial->reason, "cannot connect: %s", strerror (error));
}

static double
seconds_of (const struct timeval *time)
{
    return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static void try_addresses (struct dial *dial);

static void
succeed (struct attempt *attempt)
{
    event_free (attempt->event);
    attempt->event = NULL;
    attempt->dial->outcome = HTTP_ANSWERED;
    finish (attempt->dial, attempt->fd);
}

/* The socket has connected, or failed to, or been silent for too long. */
static void
on_connecting (evutil_socket_t fd, short what, void *data)
{
    struct attempt *const attempt = data;
    struct dial *const dial = attempt->dial;
    int error = ETIMEDOUT;
    socklen_t size = sizeof error;

    if ((what & EV_WRITE) != 0 && getsockopt (fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        error = errno;
    }
    if (error == 0 || error == ECONNRESET) { /* reset: it had connected, and is found closed */
        succeed (attempt);
        return;
    }
    note_error (dial, error);
    if ((what & EV_WRITE) == 0) {
        snprintf (dial->reason, sizeof dial->reason, "no connection within %g s",
                  seconds_of (&dial->timeout));
    }
    end_attempt (attempt);
    try_addresses (dial);
}

static int
open_socket (const struct sockaddr_storage *address)
{
    const int on = 1;
    int fd = socket (address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0) {
        (void)setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    return fd;
}

static int
connect_to (int fd, const struct sockaddr_storage *any, uint16_t port)
{
    struct sockaddr_storage address = *any;

    if (address.ss_family == AF_INET) {
        ((struct sockaddr_in *)&address)->sin_port = htons (port);
        return connect (fd, (struct sockaddr *)&address, sizeof (struct sockaddr_in));
    }
    ((struct sockaddr_in6 *)&address)->sin6_port = htons (port);
    return connect (fd, (struct sockaddr *)&address, sizeof (struct sockaddr_in6));
}

/* Begins to connect to one address. Returns 0, or -1 when it has failed already. */
static int
begin (struct attempt *attempt, struct dial *dial, const struct sockaddr_storage *address)
{
    const int fd = open_socket (address);

    if (fd < 0) {
        note_error (dial, errno);
        return -1;
    }
    if (connect_to (fd, address, dial->port) != 0 && errno != EINPROGRESS) {
        note_error (dial, errno);
        (void)close (fd);
        return -1;
    }
    attempt->dial = dial;
    attempt->fd = fd;
    attempt->event = memory_need (event_new (dial->base, fd, EV_WRITE, on_connecting, attempt));
    memory_require (event_add (attempt->event, &dial->timeout) == 0);
    return 0;
}

static struct attempt *
find_attempt (struct dial *dial, bool under_way)
{
    for (size_t i = 0; i < ATTEMPTS; i++) {
        if ((dial->attempts[i].event != NULL) == under_way) {
            return &dial->attempts[i];
        }
    }
    return NULL;
}

/*
 * Tries the next address that can be, if there is one and room for it; ends when there is none and
 * nothing is under way. The dial may be gone afterwards.
 */
static void
try_addresses (struct dial *dial)
{
    struct attempt *const room = find_attempt (dial, false);

    while (room != NULL && dial->next < dial->found.count) {
        if (begin (room, dial, &dial->found.addresses[dial->next++]) == 0) {
            memory_require (event_add (dial->turn, &head_start) == 0);
            return;
        }
    }
    if (find_attempt (dial, true) == NULL) {
        finish (dial, -1);
    }
}

static void
on_resolved (void *data, const struct resolver_answer *answer)
{
    struct dial *dial = data;

    dial->name = NULL;
    (void)event_del (dial->turn);
    dial->found = *answer;
    if (answer->error != 0) {
        dial->found.count = 0;
        dial->outcome = HTTP_UNRESOLVED;
        snprintf (dial->reason, sizeof dial->reason, "cannot resolve the name: %s",
                  answer->error == EAI_SYSTEM ? strerror (answer->system_error)
                                              : gai_strerror (answer->error));
    }
    try_addresses (dial);
}

/* A literal's first step; or a name's time is over; or an address's head start is. */
static void
on_turn (evutil_socket_t fd, short what, void *data)
{
    struct dial *dial = data;

    (void)fd;
    (void)what;
    if (dial->name == NULL) {
        try_addresses (dial);
        return;
    }
    dial->outcome = HTTP_UNRESOLVED;
    snprintf (dial->reason, sizeof dial->reason, "the name did not resolve within %g s",
              seconds_of (&dial->timeout));
    finish (dial, -1);
}

struct dial *
dial_new (struct event_base *base, struct resolver *resolver, const struct endpoint *endpoint,
          double timeout, dial_done_fn done, void *data)
{
    struct dial *dial = memory_new (1, sizeof *dial);

    dial->base = base;
    dial->timeout = clock_timeval (timeout);
    dial->port = endpoint->port;
    dial->done = done;
    dial->data = data;
    dial->turn = memory_need (evtimer_new (base, on_turn, dial));
    if (read_literal (endpoint->host, &dial->found.addresses[0])) {
        dial->found.count = 1;
        event_active (dial->turn, EV_TIMEOUT, 0);
    } else {
        dial->name = resolver_find (resolver, endpoint->host, on_resolved, dial);
        memory_require (event_add (dial->turn, &dial->timeout) == 0);
    }
    return dial;
}

void
dial_free (struct dial *dial)
{
    if (dial == NULL) {
        return;
    }
    if (dial->name != NULL) {
        resolver_leave (dial->name);
    }
    event_free (dial->turn);
    for (size_t i = 0; i < ATTEMPTS; i++) {
        end_attempt (&dial->attempts[i]);
    }
    free (dial);
}
