/*
 * The keeper: what keeps work ready, as the configuration has it: the store, pre-caching over it,
 * and the asking of a node for frontiers. Any of them may be absent.
 *
 * Event-loop thread; opening reads files, and is for the start.
 */
#ifndef NODE_KEEPER_H
#define NODE_KEEPER_H

#include <event2/event.h>

#include "node/config/config.h"
#include "node/precache/precache.h"
#include "node/search/broker.h"
#include "work/base/difficulty.h"
#include "work/store/store.h"

struct keeper;

/* Searches under way for nobody, at a time; the pool shares its devices among them. */
#define KEEPER_SEARCHES 16

/*
 * Opens the store, below `data_path` unless the configuration says where. When that fails the log
 * says why; then this is a keeper without one, or NULL if the configuration would have the daemon
 * not start. NULL, too, for want of memory. `config` outlives it.
 */
struct keeper *keeper_new (struct event_base *base, const struct config *config,
                           const struct difficulty_network *network, const char *data_path);

/* Starts pre-caching, for which a store is needed. Returns 0, or -1 after having logged why not. */
int keeper_start (struct keeper *keeper, struct broker *broker);

/*
 * Goes by another configuration, which outlives it, of which the store's part is the same. Returns
 * 0, or -1 after having logged why pre-caching has ended.
 */
int keeper_configure (struct keeper *keeper, const struct config *config, struct broker *broker);

/* Ends pre-caching, before the broker is stopped. */
void keeper_stop (struct keeper *keeper);

/* Writes what is pending, and closes. NULL is fine. */
void keeper_free (struct keeper *keeper);

/* NULL without. */
struct store *keeper_store (const struct keeper *keeper);
struct precache *keeper_precache (const struct keeper *keeper);

enum store_network keeper_network (const struct keeper *keeper);

#endif
