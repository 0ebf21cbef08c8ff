/*
 * The broker: how a request for work is met, and who is waiting for what.
 *
 * Everybody who wants work for a root waits at one search for it (search.h), on the devices here,
 * at work peers, or both, as its waiters may have it, at the easiest threshold that anybody still
 * waits for. What is found answers every waiter that it satisfies, and the search goes on, harder,
 * for the others. The last waiter to leave stops it.
 *
 * Event-loop thread.
 */
#ifndef NODE_BROKER_H
#define NODE_BROKER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/search/broker_question.h"
#include "node/search/peers.h"
#include "work/pool/pool.h"

struct broker;
struct broker_waiter;

/*
 * A broker over `pool`, whose drainer it becomes, `peers` and `store`, all of which outlive it;
 * NULL `peers` are none, a NULL `store` is one that remembers nothing. The pool should have room
 * for more jobs than there are searches, those ahead included: a search that changes its threshold
 * has two for a moment.
 */
struct broker *broker_new (struct event_base *base, struct pool *pool, struct peers *peers,
                           struct store *store, const struct broker_settings *settings);

/*
 * Whether the store has work that is good for `question`; then it is in `*answer`. The one place
 * that looks it up. For a question that is asked ahead it counts neither as a use of the store nor
 * as work that somebody waited for.
 */
bool broker_recall (struct broker *broker, const struct broker_question *question,
                    struct broker_answer *answer);

/* Asks for work. When accepted, `*waiter` is good until `done` is called or broker_leave. */
enum broker_result broker_generate (struct broker *broker, const struct broker_question *question,
                                    broker_done_fn done, void *data, struct broker_waiter **waiter);

/* Ends a waiter, whose callback is not called. */
void broker_leave (struct broker_waiter *waiter);

/* Answers everybody who waits for `root` with BROKER_CANCELLED, at once. Returns how many. */
size_t broker_cancel (struct broker *broker, enum store_network network, const uint8_t root[32]);

/* Whether anybody waits for `root`, or it is searched for ahead. */
bool broker_is_searching (struct broker *broker, enum store_network network,
                          const uint8_t root[32]);

/*
 * Has everything searched for by `pool`, started already, from now on. The pool that did before has
 * no job any more, and is the caller's to stop and free. Searching has no memory, so nobody loses
 * anything.
 */
void broker_move (struct broker *broker, struct pool *pool);

/* Goes by other settings from now on; deadlines that run, and what is with peers, stay. */
void broker_set (struct broker *broker, const struct broker_settings *settings);

/* Answers everybody with BROKER_CANCELLED and accepts nobody any more. */
void broker_stop (struct broker *broker);

/* Frees a stopped broker, after pool_stop: delivers what the pool still has. NULL is fine. */
void broker_free (struct broker *broker);

/* One search, for people. */
struct broker_search {
    uint8_t root[32];
    bool ahead;                    /* nobody waits for it */
    bool here;                     /* the devices here have a job for it, */
    struct pool_progress progress; /* which is that far; zeros where nobody knows */
    bool peers;                    /* work peers were asked */
    double seconds;                /* since the first of those who wait came */
};

/* The oldest searches, `capacity` at most. Returns how many there are in all. */
size_t broker_searches (const struct broker *broker, struct broker_search *searches,
                        size_t capacity);

/* Those who wait, without the questions that were asked ahead. */
size_t broker_waiters (const struct broker *broker);

#endif
