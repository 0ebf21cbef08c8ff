/*
 * Pre-caching: work for the next block of an account, found while nobody waits for it.
 *
 * Work depends only on an account's frontier. So accounts are followed: when one gets a new
 * frontier, work for it is searched for, behind everything that somebody waits for, and stored.
 * Older frontiers are dropped. While it is not known which of several is the newest
 * (account_chain.h), there is work for each.
 *
 * What is followed is bounded: the account heard of longest ago makes room, one that only clients
 * have named before one that a node has told of; pinned ones stay. Searches are shared out
 * likewise. So nobody displaces accounts in use by naming others. An account takes 2 KB at most.
 *
 * Event-loop thread.
 */
#ifndef NODE_PRECACHE_H
#define NODE_PRECACHE_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/search/broker.h"
#include "work/store/store.h"

struct precache;

struct precache_settings {
    enum store_network network;
    uint64_t threshold;  /* of the work that is searched for */
    size_t max_accounts; /* followed at a time, at least 1; as many roots may wait without one */
    size_t max_searches; /* under way at a time; 4 at least, to share them out, or 0: none */
    bool use_peers;      /* without devices here, peers are asked */
};

/* `broker` and `store` outlive it. Follows the accounts that the store remembers. */
struct precache *precache_new (struct event_base *base, struct broker *broker, struct store *store,
                               const struct precache_settings *settings);

/* Stops every search. NULL is fine. */
void precache_free (struct precache *precache);

/* Changes settings, except the network. What is followed stays; the new threshold counts for all.
 */
void precache_set (struct precache *precache, const struct precache_settings *settings);

/*
 * Looks whether the store still has what is ready, a part of it at a time: call it every few
 * seconds. An account whose work is gone waits until it is heard of again: work that is searched
 * for at once would only displace another's.
 */
void precache_check (struct precache *precache);

enum precache_result {
    PRECACHE_TAKEN,   /* it is searched for, or will be */
    PRECACHE_THERE,   /* the store has it already */
    PRECACHE_UNKNOWN, /* the account is not followed, and this does not make it so */
    PRECACHE_FULL,    /* all that is followed is pinned, or too many roots wait */
};

/* The threshold of work that is searched for where nothing else is said. */
uint64_t precache_threshold (const struct precache *precache);

/*
 * A client asks for work for `frontier` of an account, which is followed from now on. The frontier
 * is believed unless a node has told of the account. Starts no search: the client has one.
 */
enum precache_result precache_learn (struct precache *precache, const uint8_t account[32],
                                     const uint8_t frontier[32]);

bool precache_follows (const struct precache *precache, const uint8_t account[32]);

/*
 * A node told of a block of an account: searches for its work, if the account is followed and it
 * may be the frontier. `previous` is the block before, zero for an account's first; NULL when it is
 * not known, or when the node was asked for the frontier.
 */
enum precache_result precache_tell (struct precache *precache, const uint8_t account[32],
                                    const uint8_t frontier[32], const uint8_t *previous);

/* Follows an account, and pins it: it stays until precache_unwatch, also after a restart. */
enum precache_result precache_watch (struct precache *precache, const uint8_t account[32]);

/* Follows and pins these accounts, instead of those of the last list. PRECACHE_FULL: there was no
 * room for all. */
enum precache_result precache_list (struct precache *precache, const uint8_t (*accounts)[32],
                                    size_t count);

/* Follows an account no more, pinned or not. Returns 0, or -1 when it is not followed. */
int precache_unwatch (struct precache *precache, const uint8_t account[32]);

/* Watches the accounts that were watched before the start. Those for which there is no room any
 * more are forgotten; returns how many. */
size_t precache_recall_watched (struct precache *precache);

/* Queues work for a root, of this threshold; after a restart it is queued still. */
enum precache_result precache_root (struct precache *precache, const uint8_t root[32],
                                    uint64_t threshold);

/* The same for the frontier of an account, which is followed from now on. PRECACHE_UNKNOWN: work is
 * searched for once the frontier is known. */
enum precache_result precache_account (struct precache *precache, const uint8_t account[32],
                                       uint64_t threshold);

struct precache_statistics {
    size_t accounts; /* followed */
    size_t pinned;   /* of these */
    size_t queued;   /* roots that wait for their search */
    size_t searching;
    size_t ready;       /* of the accounts, those with work for all that may be their frontier */
    uint64_t found;     /* works */
    uint64_t failed;    /* searches; each is tried again */
    uint64_t cancelled; /* searches, by work_cancel; not tried again */
    uint64_t moved;     /* frontiers that moved before their work was found */
    uint64_t dropped;   /* accounts that had to make room for others */
};

void precache_statistics (const struct precache *precache, struct precache_statistics *statistics);

/* Whether the frontier of a pinned account is not known. */
bool precache_lacks_frontier (const struct precache *precache);

/* The state of one account, for people. */
enum precache_state {
    PRECACHE_WAITING, /* for a node to tell of its frontier */
    PRECACHE_QUEUED,
    PRECACHE_SEARCHING,
    PRECACHE_READY,
    PRECACHE_CANCELLED, /* by work_cancel; until the frontier moves */
    PRECACHE_STATES,
};

struct precache_account {
    uint8_t key[32];
    bool has_frontier;
    uint8_t frontier[32]; /* of several that may be it, the one told of last */
    enum precache_state state;
    bool pinned;
    bool told; /* a node told of it since the start */
};

/* One account. False: it is not followed. */
bool precache_find (const struct precache *precache, const uint8_t account[32],
                    struct precache_account *found);

/* What is known of the work for a root. */
struct precache_root {
    uint8_t root[32];
    enum precache_state state; /* PRECACHE_WAITING: nothing is known */
    uint64_t value;            /* of work that is ready: the difficulty that it reaches */
};

/* Finds out the states of `count` roots. */
void precache_roots (const struct precache *precache, struct precache_root *roots, size_t count);

/* The followed accounts, the one to be dropped next last: `capacity` at most, after the first
 * `skip`. Returns how many. */
size_t precache_accounts (const struct precache *precache, size_t skip,
                          struct precache_account *accounts, size_t capacity);

#endif
