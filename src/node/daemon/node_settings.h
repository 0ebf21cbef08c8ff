/*
 * What the configuration says of each object, in that object's own terms: for the start and for a
 * reload alike, so that no listener and no limit is forgotten by either.
 *
 * Event-loop thread.
 */
#ifndef NODE_NODE_SETTINGS_H
#define NODE_NODE_SETTINGS_H

#include <stddef.h>

#include "node/config/config.h"
#include "node/metrics/metrics.h"
#include "node/search/broker.h"
#include "rpc/server/server.h"

struct node_settings {
    struct server_settings rpc;
    struct server_settings management; /* where it has a port of its own */
    struct server_settings atto;       /* where it is enabled */
    struct server_settings atto_management;
    struct broker_settings broker;
    size_t peer_calls; /* at a time */
};

/* Derives all of them from `config`. Raises the limit on open files as far as the system allows,
 * and logs what stays below the configuration. `metrics` is told of every request and of work. */
struct node_settings node_settings_of (const struct config *config, struct metrics *metrics);

/* Says in the log what is not as in `last`, and returns how much. */
size_t node_settings_log_changes (const struct config *config, const struct config *last);

/* Says in the log what is set and not the default. */
void node_settings_log (const struct config *config);

#endif
