/*
 * The devices here as a source: for each search one job of the pool, at the easiest threshold that
 * anybody still waits for.
 *
 * A job that has been replaced or dropped may have found work before the pool heard of it. So a
 * job's end finds its search by the root, and what was found is good for whoever waits for that
 * root by then.
 *
 * Event-loop thread, which drains the pool.
 */
#ifndef NODE_DEVICE_SOURCE_H
#define NODE_DEVICE_SOURCE_H

#include <event2/event.h>

#include "node/search/search.h"
#include "work/pool/pool.h"

/* Embedded in the broker. */
struct device_source {
    struct searches *searches;
    struct pool *pool;
    struct event *drain;
};

/* `self` is a struct device_source. */
extern const struct source_calls device_source_calls;

/* Drains `pool` from now on. */
void device_source_init (struct device_source *devices, struct searches *searches,
                         struct pool *pool);

/* After pool_stop, when no search is left: delivers what the pool still has. */
void device_source_clear (struct device_source *devices);

/* How far the job of a search is. Returns false without one, or once it has ended. */
bool device_source_progress (const struct device_source *devices, const struct search *search,
                             struct pool_progress *progress);

/* Has `pool` search from now on; the one before has no job any more. Settles every search. */
void device_source_move (struct device_source *devices, struct pool *pool);

#endif
