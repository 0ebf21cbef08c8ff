/*
 * The broker: how a request for work is met, and who is waiting for what.
 *
 * Everybody who wants work for a root waits at one search for it. The search runs on the devices
 * here, at work peers, or both, as its waiters may have it, each at the easiest threshold that
 * anybody still waits for; what is found answers every waiter that it satisfies, and the search
 * goes on, harder, for the others. Since searching has no memory, nobody waits longer for the
 * company. A waiter that leaves takes nobody with it; the last one to leave stops the search.
 *
 * Event-loop thread.
 */
#ifndef NODE_BROKER_H
#define NODE_BROKER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/metrics/metrics.h"
#include "node/search/forward.h"
#include "work/pool/pool.h"
#include "work/scan/scan.h"
#include "work/store/store.h"

struct broker;
struct broker_waiter;

enum broker_outcome {
    BROKER_FOUND,
    BROKER_CANCELLED, /* broker_cancel, or the broker stopped */
    BROKER_EXPIRED,   /* the deadline passed */
    BROKER_FAILED,    /* nothing is left that could search */
};

#define BROKER_SOURCE_LOCAL "local"
#define BROKER_SOURCE_CACHE "cache"

struct broker_answer {
    enum broker_outcome outcome;
    uint64_t work;
    uint64_t value;     /* the difficulty it reaches, at least the waiter's own threshold */
    double seconds;     /* since the waiter came */
    const char *source; /* of work that was found: BROKER_SOURCE_LOCAL, BROKER_SOURCE_CACHE, or the
                           peer's name; valid in the callback */
    enum metrics_source by; /* the same in few words */
};

/* Called at most once for a waiter, from the loop and never from within broker_generate; the waiter
 * has ended. */
typedef void (*broker_done_fn) (void *data, const struct broker_answer *answer);

/* What the devices here do for a request that may go to peers. */
enum broker_local {
    BROKER_LOCAL_FALLBACK, /* begin when the peers have failed */
    BROKER_LOCAL_BESIDE,   /* search at the same time */
    BROKER_LOCAL_NEVER,
};

struct broker_settings {
    size_t max_searches;     /* roots that somebody waits for at a time, at least 1 */
    double request_timeout;  /* seconds that a waiter waits at most */
    enum broker_local local; /* when peers are asked, too */
    bool keep;               /* all that is found goes to the store, not only what is found ahead */
    bool stand_in;           /* without devices, peers are asked for requests that did not say so */
    struct metrics *metrics; /* told of all work that somebody waited for; NULL is nobody */
};

/*
 * A broker over `pool`, whose drainer it becomes, `forward` and `store`, all of which outlive it; a
 * NULL `forward` is one without peers, a NULL `store` one that remembers nothing. The pool should
 * have room for more jobs than there are searches, those ahead included: a search that changes its
 * threshold has two for a moment. NULL for want of memory.
 */
struct broker *broker_new (struct event_base *base, struct pool *pool, struct forward *forward,
                           struct store *store, const struct broker_settings *settings);

struct broker_question {
    struct scan_target target;
    enum store_network network; /* roots of different networks are different roots */
    bool use_peers;
    bool secondary;  /* the secondary list of peers; counts with use_peers only */
    bool local_only; /* peers are not asked, whatever the settings say */
    bool ahead;      /* nobody waits: it gives way to whoever does, and has no deadline */
    bool unkept;     /* what is found is of no use later: a random root's */
    bool has_account;
    uint8_t account_key[32]; /* whose frontier the root is, if has_account */
    const char *account; /* the same for peers: as the client wrote it, or NULL; only read now */
    const char *hops;    /* the daemons that it came through, or NULL; only read now */
    bool looped;         /* we are among those: peers are not asked again */
};

enum broker_result {
    BROKER_ACCEPTED,
    BROKER_FULL,           /* max_searches are there already, which does not count for what is asked
                              ahead, or the pool's queue is full */
    BROKER_LOCAL_DISABLED, /* nothing here could search, and peers are not to be asked */
    BROKER_DISABLED,       /* there is nothing, here or elsewhere, that could search */
    BROKER_LOOPED,         /* only peers could, and they have asked us */
    BROKER_DOWN,           /* what could search has failed, or the broker was stopped */
    BROKER_NO_MEMORY,
};

/* Whether the store has work that is good for `question`; then it is in `*answer`. */
bool broker_recall (struct broker *broker, const struct broker_question *question,
                    struct broker_answer *answer);

/* Asks for work. When accepted, `*waiter` is good until `done` is called or broker_leave. */
enum broker_result broker_generate (struct broker *broker, const struct broker_question *question,
                                    broker_done_fn done, void *data, struct broker_waiter **waiter);

/* Ends a waiter, whose callback is not called. */
void broker_leave (struct broker_waiter *waiter);

/* Answers everybody who waits for `root` with BROKER_CANCELLED, at once. Returns how many. */
size_t broker_cancel (struct broker *broker, enum store_network network, const uint8_t root[32]);

/*
 * Has everything searched for by `pool`, started already, from now on. The pool that did before has
 * no job any more, and is the caller's to stop and free. Searching has no memory, so nobody loses
 * anything. Returns 0, or -1 for want of memory, with nothing changed.
 */
int broker_move (struct broker *broker, struct pool *pool);

/* Goes by other settings from now on; deadlines that run stay. 0, or -1 for want of memory. */
int broker_set (struct broker *broker, const struct broker_settings *settings);

/* Answers everybody with BROKER_CANCELLED and accepts nobody any more. */
void broker_stop (struct broker *broker);

/* Frees a stopped broker, after pool_stop: delivers what the pool still has. NULL is fine. */
void broker_free (struct broker *broker);

/* Those who wait, without the questions that were asked ahead. */
size_t broker_waiters (const struct broker *broker);

#endif
