/*
 * Each look-up has a thread, which is detached and shares nothing with the loop: it sends its
 * answer through a socket, and ends. When the loop has closed its end, nobody misses the answer.
 */
#include "rpc/client/resolver.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "rpc/base/endpoint.h"
#include "rpc/base/memory.h"
#include "work/base/thread.h"

struct resolver_waiter {
    TAILQ_ENTRY (resolver_waiter) link;
    struct name *name;
    resolver_done_fn done;
    void *data;
};

/* Being looked up, or queued for that. Whoever frees it takes it out of the list. */
struct name {
    TAILQ_ENTRY (name) link; /* in resolver->names */
    TAILQ_HEAD (, resolver_waiter) waiters;
    struct resolver *resolver;
    struct event *answered; /* NULL: it is queued */
    int fd;                 /* where the answer comes, or -1 */
    struct resolver_answer answer;
    char host[ENDPOINT_HOST_SIZE];
};

/* The thread's. */
struct lookup {
    resolver_lookup_fn look_up;
    int fd;
    char host[ENDPOINT_HOST_SIZE];
};

struct resolver {
    struct event_base *base;
    resolver_lookup_fn look_up;
    unsigned running;
    TAILQ_HEAD (, name) names; /* the oldest first */
};

static void
system_lookup (const char *host, struct resolver_answer *answer)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;

    answer->error = getaddrinfo (host, NULL, &hints, &found);
    if (answer->error != 0) {
        answer->system_error = errno;
        return;
    }
    for (struct addrinfo *each = found; each != NULL && answer->count < RESOLVER_MAX_ADDRESSES;
         each = each->ai_next) {
        if ((each->ai_family == AF_INET || each->ai_family == AF_INET6) &&
            each->ai_addrlen <= sizeof answer->addresses[0]) {
            memcpy (&answer->addresses[answer->count++], each->ai_addr, each->ai_addrlen);
        }
    }
    freeaddrinfo (found);
    if (answer->count == 0) {
        answer->error = EAI_NONAME;
    }
}

static void
lookup_free (struct lookup *lookup)
{
    (void)close (lookup->fd);
    free (lookup);
}

static void *
run (void *data)
{
    struct lookup *lookup = data;
    struct resolver_answer answer = {0};

    lookup->look_up (lookup->host, &answer);
    (void)send (lookup->fd, &answer, sizeof answer, MSG_NOSIGNAL);
    lookup_free (lookup);
    return NULL;
}

/* Starts the thread, which sends to `fd`; where there can be none, `fd` is closed. */
static void
start_thread (const struct name *name, int fd)
{
    struct lookup *const lookup = memory_new (1, sizeof *lookup);
    pthread_t thread;

    lookup->look_up = name->resolver->look_up;
    lookup->fd = fd;
    memcpy (lookup->host, name->host, sizeof lookup->host);
    if (thread_start (&thread, run, lookup) == 0) {
        (void)pthread_detach (thread); /* cannot fail: it is ours and joinable */
    } else {
        lookup_free (lookup);
    }
}

static void on_answered (evutil_socket_t fd, short what, void *data);

static void
start (struct name *name)
{
    int fds[2] = {-1, -1};
    const bool open = socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0;

    name->resolver->running++;
    name->fd = fds[0];
    name->answered = memory_need (
        event_new (name->resolver->base, fds[0], EV_READ | EV_PERSIST, on_answered, name));
    if (open) {
        memory_require (event_add (name->answered, NULL) == 0);
        start_thread (name, fds[1]);
    } else {
        event_active (name->answered, EV_READ, 0);
    }
}

static void
start_queued (struct resolver *resolver)
{
    struct name *name;

    TAILQ_FOREACH (name, &resolver->names, link)
    {
        if (name->answered == NULL && resolver->running < RESOLVER_THREADS) {
            start (name);
        }
    }
}

static void
name_free (struct name *name)
{
    while (!TAILQ_EMPTY (&name->waiters)) {
        resolver_leave (TAILQ_FIRST (&name->waiters));
    }
    if (name->answered != NULL) {
        event_free (name->answered);
        name->resolver->running--;
    }
    if (name->fd >= 0) {
        (void)close (name->fd);
    }
    free (name);
}

/* The answer, and then the end, when the thread has closed its descriptor. */
static void
on_answered (evutil_socket_t fd, short what, void *data)
{
    struct name *name = data;
    struct resolver *resolver = name->resolver;
    struct resolver_waiter *waiter;

    (void)what;
    if (fd >= 0 && recv (fd, &name->answer, sizeof name->answer, MSG_DONTWAIT) > 0) {
        return;
    }
    TAILQ_REMOVE (&resolver->names, name, link);
    while ((waiter = TAILQ_FIRST (&name->waiters)) != NULL) {
        resolver_done_fn done = waiter->done;
        void *waiter_data = waiter->data;

        resolver_leave (waiter);
        done (waiter_data, &name->answer);
    }
    name_free (name);
    start_queued (resolver);
}

struct resolver *
resolver_new (struct event_base *base, resolver_lookup_fn lookup)
{
    struct resolver *resolver = memory_new (1, sizeof *resolver);

    resolver->base = base;
    resolver->look_up = lookup != NULL ? lookup : system_lookup;
    TAILQ_INIT (&resolver->names);
    return resolver;
}

void
resolver_free (struct resolver *resolver)
{
    struct name *name;

    while (resolver != NULL && (name = TAILQ_FIRST (&resolver->names)) != NULL) {
        TAILQ_REMOVE (&resolver->names, name, link);
        name_free (name);
    }
    free (resolver);
}

static struct name *
find_name (struct resolver *resolver, const char *host)
{
    struct name *name;

    TAILQ_FOREACH (name, &resolver->names, link)
    {
        if (strcmp (name->host, host) == 0) {
            return name;
        }
    }
    return NULL;
}

static struct name *
new_name (struct resolver *resolver, const char *host)
{
    struct name *name = memory_new (1, sizeof *name);

    TAILQ_INIT (&name->waiters);
    (void)snprintf (name->host, sizeof name->host, "%s", host);
    TAILQ_INSERT_TAIL (&resolver->names, name, link);
    name->resolver = resolver;
    name->fd = -1;
    name->answer.error = EAI_AGAIN; /* unless a thread says otherwise */
    start_queued (resolver);
    return name;
}

struct resolver_waiter *
resolver_find (struct resolver *resolver, const char *host, resolver_done_fn done, void *data)
{
    struct resolver_waiter *waiter = memory_new (1, sizeof *waiter);
    struct name *name = find_name (resolver, host);

    if (name == NULL) {
        name = new_name (resolver, host);
    }
    *waiter = (struct resolver_waiter){.name = name, .done = done, .data = data};
    TAILQ_INSERT_TAIL (&name->waiters, waiter, link);
    return waiter;
}

void
resolver_leave (struct resolver_waiter *waiter)
{
    TAILQ_REMOVE (&waiter->name->waiters, waiter, link);
    free (waiter);
}
