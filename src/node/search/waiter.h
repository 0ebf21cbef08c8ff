/*
 * Somebody who waits for work: at a search, until it is answered; then in a list of those who are
 * to be called back.
 *
 * Event-loop thread.
 */
#ifndef NODE_WAITER_H
#define NODE_WAITER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "node/search/broker_question.h"
#include "node/search/source.h"
#include "rpc/peer/hops.h"

struct broker_waiter {
    TAILQ_ENTRY (broker_waiter) link;
    struct waiter_list *list; /* the one it is in */
    struct search *search;    /* NULL once it is answered */
    uint64_t threshold;
    uint64_t since;              /* clock_now when it came */
    struct source_route route;   /* whom it waits for */
    bool ahead;                  /* as in struct broker_question */
    struct event *deadline;      /* NULL without one */
    struct broker_answer answer; /* once it is answered, without its seconds */
    broker_done_fn done;
    void *data;
    struct hops hops; /* the daemons that it came through */
};

TAILQ_HEAD (waiter_list, broker_waiter);

/* Who asks `question`, at the end of `list`. */
struct broker_waiter *waiter_new (struct waiter_list *list, const struct broker_question *question,
                                  broker_done_fn done, void *data);

/* Moves it to `list` with an answer; the deadline goes. */
void waiter_answer (struct broker_waiter *waiter, const struct broker_answer *answer,
                    struct waiter_list *list);

/* Calls back, and frees: what the callback does finds nothing half done. `metrics`, unless NULL,
 * are told of what somebody has waited for. */
void waiter_call_back (struct broker_waiter *waiter, struct metrics *metrics);

/* Takes it out of its list, and calls nobody back. */
void waiter_free (struct broker_waiter *waiter);

#endif
