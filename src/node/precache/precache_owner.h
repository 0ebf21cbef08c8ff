/*
 * What keeps work ready, as the configuration has it: the store, pre-caching over it, and the
 * asking of a node for frontiers. Any of them may be absent.
 *
 * Event-loop thread; opening reads files, and is for the start.
 */
#ifndef NODE_PRECACHE_OWNER_H
#define NODE_PRECACHE_OWNER_H

#include <event2/event.h>

#include "node/config/config.h"
#include "node/precache/precache.h"
#include "node/search/broker.h"
#include "rpc/client/tls.h"
#include "work/base/difficulty.h"
#include "work/store/store.h"

struct precache_owner;

/* Searches under way for nobody, at a time; the pool shares its devices among them. */
#define PRECACHE_OWNER_SEARCHES 16

/* Opens the store. When that fails the log says why, and this has none; or is NULL if the daemon
 * shall not start then. `config` outlives it. */
struct precache_owner *precache_owner_new (struct event_base *base, const struct config *config,
                                           const struct difficulty_network *network,
                                           const char *data_path);

/* What precache.node is checked by, from now on, if it is https; held. NULL while it is not. */
void precache_owner_set_tls (struct precache_owner *owner, struct tls *tls);

/* Starts pre-caching, for which a store is needed. Returns 0, or -1 after having logged why not. */
int precache_owner_start (struct precache_owner *owner, struct broker *broker);

/* Changes the configuration, except the store's part. The last one is still there. What is followed
 * stays, also while pre-caching is switched off. */
void precache_owner_set (struct precache_owner *owner, const struct config *config,
                         struct broker *broker);

/* Ends pre-caching, before the broker is stopped. */
void precache_owner_stop (struct precache_owner *owner);

/* Writes what is pending, and closes. NULL is fine. */
void precache_owner_free (struct precache_owner *owner);

/* NULL without one, or while it is switched off. */
struct store *precache_owner_store (const struct precache_owner *owner);
struct precache *precache_owner_precache (const struct precache_owner *owner);

enum store_network precache_owner_network (const struct precache_owner *owner);

#endif
