/* The inside of the broker, shared by broker.c, search.c and asking.c only. */
#ifndef NODE_BROKER_INTERNAL_H
#define NODE_BROKER_INTERNAL_H

#include <stdbool.h>
#include <sys/queue.h>

#include "node/search/broker.h"

struct search;

/* Somebody who waits: for the devices here, for peers, or for both. */
struct broker_waiter {
    TAILQ_ENTRY (broker_waiter) link;
    struct search *search;
    uint64_t threshold;
    uint64_t since;
    bool local;             /* the devices here are to search for it, now */
    bool peers;             /* peers are asked for it, now */
    bool fallback;          /* once the peers have failed, the devices here */
    bool stand_in;          /* once the devices here have failed, the peers */
    bool ahead;             /* as in struct broker_question */
    enum peers_list list;   /* of `peers` */
    char *hops;             /* the daemons that it came through; NULL is none */
    struct event *deadline; /* NULL without one */
    broker_done_fn done;
    void *data;
};

TAILQ_HEAD (waiter_list, broker_waiter);

/* One question that is with the peers for a search. */
struct asking {
    TAILQ_ENTRY (asking) link;
    struct search *search;
    struct errand *errand;
    uint64_t threshold;
    char *hops;     /* what the peers are told of them; NULL is none */
    uint64_t since; /* who came later has not had the peers' full time */
    enum peers_list list;
};

TAILQ_HEAD (asking_list, asking);

/*
 * Who waits for one root, the pool's job for them and the questions to peers. A search is known to
 * its waiters, as long as there are any also to broker->searches, and to the callbacks of its jobs,
 * of which cancelled ones may be outstanding: it is freed when the last waiter and the last job
 * have gone.
 */
struct search {
    struct broker *broker;
    enum store_network network;
    uint8_t root[32];
    enum difficulty_order order; /* the network's */
    struct waiter_list waiters;
    size_t local_waiters;             /* of these, with `local` */
    size_t asked_waiters;             /* with `local` and not `ahead` */
    size_t ahead_waiters;             /* with `ahead` */
    size_t people;                    /* without `ahead` */
    size_t peer_waiters[PEERS_LISTS]; /* with `peers`, by list */
    size_t helpless;                  /* with neither: to be answered */
    bool look_at_job;                 /* a waiter came who may want an easier one */
    bool look_at_peers[PEERS_LISTS];  /* a waiter came, or a question ended */
    TAILQ_ENTRY (search) link;        /* in broker->starved, while `starved` */
    bool starved;                     /* waits for room in the pool */
    TAILQ_ENTRY (search) each;        /* in broker->all, while `listed` */
    bool listed;                      /* in broker->searches */
    uint64_t since;                   /* when the oldest waiter of its life came */
    uint64_t ticket;                  /* of the present job; 0 is none */
    uint64_t job_threshold;           /* of the present job */
    enum pool_class job_class;        /* of the present job */
    size_t held;                      /* callbacks outstanding, or running */
    struct asking_list askings;
    bool unkept; /* what is found is not stored */
    bool has_account;
    bool elsewhere;          /* when the last waiter came the account stood elsewhere */
    uint8_t account_key[32]; /* whose frontier the root is, if has_account */
    char *account;           /* what peers are told besides; NULL is nothing */
};

TAILQ_HEAD (search_list, search);

struct broker {
    struct event_base *base;
    struct pool *pool;
    struct forward *forward; /* NULL without peers */
    struct store *store;     /* NULL without */
    struct event *drain;
    struct event *feed; /* made active when searches starve: tries them again */
    struct search_list starved;
    const struct timeval
        *timeout;           /* a common time-out of the loop's: one queue for all deadlines */
    void *searches;         /* tsearch's tree, by network and root */
    struct search_list all; /* what is in the tree, by `each` */
    struct broker_settings settings;
    size_t search_count; /* in the tree */
    size_t people_count; /* of these, for people who wait */
    size_t waiters;      /* people */
    bool stopped;
    bool moving; /* from one pool to another: searches are settled once they are there */
};

/* search.c */

/* The search for this root, or NULL. */
struct search *search_find (struct broker *broker, enum store_network network,
                            const uint8_t root[32]);

/*
 * A new one, without waiters; `question`'s strings are copied. The caller gives it one, or has
 * search_settle take it away. NULL for want of memory.
 */
struct search *search_new (struct broker *broker, const struct broker_question *question);

/* Puts a waiter at a search, whose fields but `link` and `search` are set. */
void search_join (struct search *search, struct broker_waiter *waiter);

/* Takes it out again. The search stays as it is until search_settle. */
void search_quit (struct broker_waiter *waiter);

/* Ends the pool's job, if there is one. */
void search_lose_job (struct search *search);

/*
 * Makes what runs fit those who wait, answers those who can no longer be helped, and lets go of a
 * search without waiters: it may be gone afterwards.
 */
void search_settle (struct search *search);

/*
 * The same for a waiter who has just come. A result other than BROKER_ACCEPTED says why it cannot
 * be helped: it has to quit, and the search to be settled, then.
 */
enum broker_result search_admit (struct search *search, const struct broker_waiter *waiter);

/* Answers everybody with `outcome`, which is not BROKER_FOUND, and ends the search. Returns how
 * many there were. */
size_t search_end (struct search *search, enum broker_outcome outcome);

/* For asking.c: */

/* Whether threshold `a` asks for less than `b`. */
bool search_is_easier (const struct search *search, uint64_t a, uint64_t b);

typedef bool (*search_wants_fn) (const struct broker_waiter *waiter, enum peers_list list);

/* Of those who want that, the one with the easiest threshold; NULL without any. */
const struct broker_waiter *search_easiest (const struct search *search, search_wants_fn wants,
                                            enum peers_list list);

/* Has a waiter wait for somebody else from now on; for nobody, until it is settled. */
void search_redirect (struct broker_waiter *waiter, bool local, bool peers);

/*
 * Answers everybody whom this work satisfies, with `answer`, and stores it. `finder` is who found
 * it: a device, or the peer that the answer's source names.
 */
void search_found (struct search *search, const struct broker_answer *answer, const char *finder);

/* asking.c: what is with the peers. */

/* Makes the questions that are out fit those who wait for peers. */
void asking_settle (struct search *search);

/* Drops them all. */
void asking_drop_all (struct search *search);

/* broker.c */

/* Frees a waiter that has quit, and calls it back with `answer`, to which its seconds are added. */
void broker_answer (struct broker_waiter *waiter, const struct broker_answer *answer);

#endif
