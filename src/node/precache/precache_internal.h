/* The inside of pre-caching, shared by precache.c and precache_search.c only. */
#ifndef NODE_PRECACHE_INTERNAL_H
#define NODE_PRECACHE_INTERNAL_H

#include <sys/queue.h>

#include "node/base/past.h"
#include "node/precache/precache.h"
#include "node/precache/recent_set.h"

/* What is searched for side by side, each with a share of the searches: nobody can fill the shares
 * of accounts that a node has told of by naming accounts or roots. */
enum rank {
    RANK_SURE,  /* accounts that are pinned, or that a node has told of */
    RANK_NAMED, /* accounts that only clients have named */
    RANK_ROOT,
    RANKS,
};

struct subject {
    struct recent_entry entry;  /* the first member */
    TAILQ_ENTRY (subject) turn; /* in the queue of its rank, while PRECACHE_QUEUED */
    struct precache *precache;
    enum precache_state state;
    enum rank rank; /* while PRECACHE_QUEUED or PRECACHE_SEARCHING */
    bool has_frontier;
    bool told;            /* a node told of it, once at least */
    uint8_t frontier[32]; /* the root to search for */
    struct past past;     /* the frontiers before, as a node told of them */
    uint64_t threshold;
    struct broker_waiter *waiter; /* while PRECACHE_SEARCHING */
};

TAILQ_HEAD (subject_list, subject);

struct precache {
    struct broker *broker;
    struct store *store;
    struct precache_settings settings;
    struct recent_set set;
    struct subject_list queues[RANKS]; /* the one to be searched for next first */
    size_t searching[RANKS];
    struct event *pump;  /* starts searches; not from within callbacks of others */
    uint64_t complained; /* when it was last logged that accounts are dropped */
    struct precache_statistics statistics;
};

/* precache_search.c: a subject's states, and the searches. */

/* Begins without any. Returns 0, or -1 for want of memory. */
int precache_search_init (struct precache *precache, struct event_base *base);

/* Takes a subject out of the queue, or off its search; it is in `state` then. */
void precache_search_stop (struct subject *subject, enum precache_state state);

/* The same, and frees it. */
void precache_search_forget (struct subject *subject);

/* Queues a subject: last, or, what will be asked for soonest, first. */
void precache_search_enqueue (struct subject *subject, bool first);

#endif
