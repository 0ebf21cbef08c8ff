/* The inside of pre-caching, shared by precache.c and precache_search.c only. */
#ifndef NODE_PRECACHE_INTERNAL_H
#define NODE_PRECACHE_INTERNAL_H

#include <sys/queue.h>

#include "node/precache/account_chain.h"
#include "node/precache/precache.h"

/* What is searched for side by side, each with a share of the searches: nobody can fill the shares
 * of accounts that a node has told of by naming accounts or roots. */
enum rank {
    RANK_SURE,  /* accounts that are pinned, or that a node has told of */
    RANK_NAMED, /* accounts that only clients have named */
    RANK_ROOT,
    RANKS,
};

/* What has come of a head's work: account_chain_block's `work`. */
enum head_work {
    WORK_NONE, /* no head, or one that nobody has looked at yet */
    WORK_WANTED,
    WORK_FOUND,
    WORK_CANCELLED,
};

TAILQ_HEAD (subject_list, subject);

/* Why something is followed; of accounts the first, the one that stays longest. */
enum subject_kind {
    SUBJECT_PINNED,
    SUBJECT_TOLD,  /* a node has told of it */
    SUBJECT_NAMED, /* nobody but clients has named it */
    SUBJECT_ROOT,  /* a root that was asked for by itself: it is its own key */
    SUBJECT_KINDS,
};

/* An account, whose heads are searched for one after the other, or a root by itself. */
struct subject {
    TAILQ_ENTRY (subject) link; /* among its kind */
    TAILQ_ENTRY (subject) turn; /* in its rank's queue, or among those that are ready */
    struct precache *precache;
    enum subject_kind kind;
    uint8_t key[32];
    struct account_chain chain; /* of a root by itself that one block */
    enum precache_state state;
    enum rank rank;               /* while PRECACHE_QUEUED or PRECACHE_SEARCHING */
    bool told;                    /* a node told of it, once at least */
    bool listed;                  /* pinned by precache_list */
    bool watched;                 /* pinned by precache_watch */
    uint64_t threshold;           /* asked for before there was a frontier; 0: the usual one */
    uint8_t root[32];             /* that is searched for, while PRECACHE_SEARCHING */
    struct broker_waiter *waiter; /* likewise */
};

struct precache {
    struct broker *broker;
    struct store *store;
    struct precache_settings settings;
    void *tree;                               /* tsearch's, of all, roots apart from accounts */
    struct subject_list kinds[SUBJECT_KINDS]; /* each with the one heard of last first */
    size_t counts[SUBJECT_KINDS];
    struct subject_list queues[RANKS]; /* the one to be searched for next first */
    struct subject_list ready;         /* the one to be checked next first */
    size_t states[PRECACHE_STATES];    /* how many subjects are in each */
    size_t searching[RANKS];
    struct event *pump;  /* starts searches; not from within callbacks of others */
    uint64_t complained; /* when it was last logged that accounts are dropped */
    struct precache_statistics statistics; /* what is counted since the start */
};

/* precache_search.c: a subject's states, and the searches. */

/* Begins without any. */
void precache_search_init (struct precache *precache, struct event_base *base);

/* Takes a subject out of the queue, or off its search; it is in `state` then. */
void precache_search_stop (struct subject *subject, enum precache_state state);

/* In precache.c: the same, and frees it. */
void precache_forget (struct subject *subject);

/* What the store remembers of a subject for the next start: a network for store_frontier. */
static inline enum store_network
precache_note (const struct precache *precache, unsigned note)
{
    return (enum store_network) ((unsigned)precache->settings.network | note);
}

/* Queues a subject: last, or, what will be asked for soonest, first. */
void precache_search_enqueue (struct subject *subject, bool first);

/* Whether the store has work for a head: what is to be found for it, or any that reaches
 * `threshold`. */
bool precache_search_is_stored (const struct subject *subject,
                                const struct account_chain_block *head);
bool precache_search_reaches (const struct subject *subject, const struct account_chain_block *head,
                              uint64_t threshold);

/* Has all works looked up again, and searched for by the present settings. */
void precache_search_begin_anew (struct precache *precache);

/* The threshold of the work for a head. */
uint64_t precache_search_threshold (const struct subject *subject,
                                    const struct account_chain_block *head);

#endif
