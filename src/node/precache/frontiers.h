/*
 * Frontiers: a node is asked, at an interval, for the frontiers of the accounts that are followed
 * (accounts_frontiers, some hundred accounts at a time), for where no callback comes from, or one
 * was missed.
 *
 * Event-loop thread.
 */
#ifndef NODE_FRONTIERS_H
#define NODE_FRONTIERS_H

#include <event2/event.h>

#include "node/precache/precache.h"
#include "rpc/base/url.h"
#include "rpc/client/tls.h"

struct frontiers;

/*
 * Asks `node` for what `precache`, which outlives it, follows: now, and every `interval` seconds
 * (above 0) after each round. `prefix` is its network's, of accounts; static.
 */
struct frontiers *frontiers_new (struct event_base *base, struct precache *precache,
                                 const struct url *node, const char *prefix, double interval);

/* What an https node is checked by, from the next page on; outlives it. */
void frontiers_set_tls (struct frontiers *frontiers, struct tls *tls);

/* NULL is fine. */
void frontiers_free (struct frontiers *frontiers);

#endif
