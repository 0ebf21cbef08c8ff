/*
 * Atto's work found ahead of need: searches that nobody waits for, whose works go to the store.
 *
 * Event-loop thread.
 */
#ifndef NODE_ATTO_AHEAD_H
#define NODE_ATTO_AHEAD_H

#include "node/search/broker.h"
#include "work/store/store.h"

struct atto_ahead;

/* Searches under way at a time: the pool shares its devices among them. */
#define ATTO_AHEAD_SEARCHES 64

/* Over `broker` and `store`, which outlive it. NULL for want of memory. */
struct atto_ahead *atto_ahead_new (struct broker *broker, struct store *store);

/* Stops every search. NULL is fine. */
void atto_ahead_free (struct atto_ahead *ahead);

/*
 * Has work for `question` found, behind all that somebody waits for, unless the store has it. As
 * broker_generate; BROKER_FULL also when too many such searches are under way.
 */
enum broker_result atto_ahead_find (struct atto_ahead *ahead,
                                    const struct broker_question *question);

#endif
