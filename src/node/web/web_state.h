/*
 * The state of the daemon as a tree: all that the status action tells, and what people look for
 * besides. As in the RPC every value is a string, and what is not there is an empty one.
 *
 * Event-loop thread.
 */
#ifndef NODE_WEB_STATE_H
#define NODE_WEB_STATE_H

#include <jansson.h>
#include <stdint.h>

#include "node/api/actions.h"
#include "node/metrics/metrics.h"
#include "node/web/web_history.h"

/* Of the searches under way, so many are told of. */
#define WEB_STATE_SEARCHES 20

/* What is told of; all of it outlives this. */
struct web_sources {
    const struct actions *actions;
    const struct metrics *metrics;
    uint16_t atto_port; /* 0 without one */
};

/* The caller's. */
json_t *web_state (const struct web_sources *sources, const struct web_history *history);

#endif
