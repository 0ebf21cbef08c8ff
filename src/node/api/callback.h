/*
 * POST /callback: where a node's [node.httpcallback] tells of confirmed blocks, so that work for
 * the accounts that are followed is begun as soon as their frontiers move.
 *
 * Event-loop thread.
 */
#ifndef NODE_CALLBACK_H
#define NODE_CALLBACK_H

#include "rpc/server/routes.h"

/* Ended by a NULL path; run with a struct actions. */
extern const struct route callback_routes[];

#endif
