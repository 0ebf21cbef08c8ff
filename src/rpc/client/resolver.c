/*
 * Threads: started when there is a name to look up, and ended when there is none. Names go to them
 * through shared->queued and come back through shared->finished, both guarded by shared->mutex; a
 * thread that has a name in hand owns its answer, and the loop everything else. What is shared
 * belongs to the resolver and the threads together, and the last of them frees it.
 */
#include "rpc/client/resolver.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "rpc/base/memory.h"
#include "work/base/thread.h"

struct resolver_waiter {
    TAILQ_ENTRY (resolver_waiter) link;
    struct name *name;
    resolver_done_fn done;
    void *data;
};

struct name {
    TAILQ_ENTRY (name) link;   /* in one of the shared lists, or in no list: in a thread's hand */
    TAILQ_ENTRY (name) listed; /* in resolver->names, until it is answered */
    TAILQ_HEAD (, resolver_waiter) waiters;
    struct resolver_answer answer;
    char host[];
};

TAILQ_HEAD (name_list, name);

struct shared {
    pthread_mutex_t mutex;
    unsigned references; /* the resolver's and each thread's */
    unsigned threads;
    bool closed; /* the resolver is gone; so is `fd` */
    int fd;      /* an eventfd, written when `finished` was empty */
    struct name_list queued;
    struct name_list finished;
    resolver_lookup_fn lookup;
};

struct resolver {
    struct shared *shared;
    struct event *drain;
    struct name_list names; /* being looked up */
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

/* Lets go of a reference; the mutex is held, and not any more afterwards. */
static void
release (struct shared *shared)
{
    bool last = --shared->references == 0;

    (void)pthread_mutex_unlock (&shared->mutex);
    if (last) {
        (void)pthread_mutex_destroy (&shared->mutex);
        free (shared);
    }
}

/* Hands an answered name back; the mutex is held. The loop has let go of it if it is closed. */
static void
hand_back (struct shared *shared, struct name *name)
{
    const uint64_t one = 1;
    bool first = TAILQ_EMPTY (&shared->finished);

    if (shared->closed) {
        free (name);
        return;
    }
    TAILQ_INSERT_TAIL (&shared->finished, name, link);
    if (first && write (shared->fd, &one, sizeof one) < 0) {
        /* The counter is full: then the fd is readable, which is all that is wanted. */
        return;
    }
}

static void *
run (void *data)
{
    struct shared *shared = data;
    struct name *name;

    (void)pthread_mutex_lock (&shared->mutex);
    while ((name = TAILQ_FIRST (&shared->queued)) != NULL) {
        TAILQ_REMOVE (&shared->queued, name, link);
        (void)pthread_mutex_unlock (&shared->mutex);
        shared->lookup (name->host, &name->answer);
        (void)pthread_mutex_lock (&shared->mutex);
        hand_back (shared, name);
    }
    shared->threads--;
    release (shared);
    return NULL;
}

/* Starts a detached thread. Returns 0 or -1. The mutex is held. */
static int
start_thread (struct shared *shared)
{
    pthread_t thread;

    if (thread_start (&thread, run, shared) != 0) {
        return -1;
    }
    (void)pthread_detach (thread); /* cannot fail: it is ours and joinable */
    shared->references++;
    shared->threads++;
    return 0;
}

/* Queues a name. Where no thread can be had at all, it is answered as if the name server were
 * away. */
static void
queue (struct shared *shared, struct name *name)
{
    (void)pthread_mutex_lock (&shared->mutex);
    TAILQ_INSERT_TAIL (&shared->queued, name, link);
    if (shared->threads < RESOLVER_THREADS && start_thread (shared) != 0 && shared->threads == 0) {
        TAILQ_REMOVE (&shared->queued, name, link);
        name->answer.error = EAI_AGAIN;
        hand_back (shared, name);
    }
    (void)pthread_mutex_unlock (&shared->mutex);
}

static void
answer (struct resolver *resolver, struct name *name)
{
    struct resolver_waiter *waiter;

    TAILQ_REMOVE (&resolver->names, name, listed);
    while ((waiter = TAILQ_FIRST (&name->waiters)) != NULL) {
        resolver_done_fn done = waiter->done;
        void *data = waiter->data;

        resolver_leave (waiter);
        done (data, &name->answer);
    }
    free (name);
}

static void
on_drain (evutil_socket_t fd, short what, void *data)
{
    struct resolver *resolver = data;
    struct shared *shared = resolver->shared;
    struct name_list finished = TAILQ_HEAD_INITIALIZER (finished);
    struct name *name;
    uint64_t count;

    (void)what;
    (void)pthread_mutex_lock (&shared->mutex);
    if (read (fd, &count, sizeof count) > 0) {
        TAILQ_CONCAT (&finished, &shared->finished, link);
    }
    (void)pthread_mutex_unlock (&shared->mutex);
    while ((name = TAILQ_FIRST (&finished)) != NULL) {
        TAILQ_REMOVE (&finished, name, link);
        answer (resolver, name);
    }
}

/* Takes the eventfd. */
static struct shared *
new_shared (resolver_lookup_fn lookup, int fd)
{
    struct shared *shared = memory_new (1, sizeof *shared);

    TAILQ_INIT (&shared->queued);
    TAILQ_INIT (&shared->finished);
    shared->references = 1;
    shared->lookup = lookup != NULL ? lookup : system_lookup;
    shared->fd = fd;
    memory_require (pthread_mutex_init (&shared->mutex, NULL) == 0);
    return shared;
}

struct resolver *
resolver_new (struct event_base *base, resolver_lookup_fn lookup)
{
    const int fd = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
    struct resolver *resolver;

    if (fd < 0) {
        return NULL;
    }
    resolver = memory_new (1, sizeof *resolver);
    TAILQ_INIT (&resolver->names);
    resolver->shared = new_shared (lookup, fd);
    resolver->drain = memory_need (event_new (base, fd, EV_READ | EV_PERSIST, on_drain, resolver));
    memory_require (event_add (resolver->drain, NULL) == 0);
    return resolver;
}

static void
free_names (struct name_list *names)
{
    struct name *name;

    while ((name = TAILQ_FIRST (names)) != NULL) {
        TAILQ_REMOVE (names, name, link);
        free (name);
    }
}

static void
close_shared (struct shared *shared)
{
    (void)pthread_mutex_lock (&shared->mutex);
    shared->closed = true;
    free_names (&shared->queued);
    free_names (&shared->finished);
    (void)close (shared->fd);
    release (shared);
}

void
resolver_free (struct resolver *resolver)
{
    struct name *name;

    if (resolver == NULL) {
        return;
    }
    event_free (resolver->drain);
    TAILQ_FOREACH (name, &resolver->names, listed)
    {
        while (!TAILQ_EMPTY (&name->waiters)) {
            resolver_leave (TAILQ_FIRST (&name->waiters));
        }
    }
    close_shared (resolver->shared);
    free (resolver);
}

static struct name *
find_name (struct resolver *resolver, const char *host)
{
    struct name *name;

    TAILQ_FOREACH (name, &resolver->names, listed)
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
    const size_t size = strlen (host) + 1;
    struct name *name = memory_new (1, sizeof *name + size);

    TAILQ_INIT (&name->waiters);
    memcpy (name->host, host, size);
    TAILQ_INSERT_TAIL (&resolver->names, name, listed);
    queue (resolver->shared, name);
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
