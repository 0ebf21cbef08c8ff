/*
 * What the status page lives on: a stream of events, and a table for who has no JavaScript.
 *
 * GET /events is a stream of server-sent events: at first one called "face", which says whether the
 * RPC is on this port ("rpc") or not ("management"), then the daemon's state once a second
 * (web_state.h). There are WEB_SUBSCRIBERS at most. One state is made for all of them, and none
 * while nobody subscribes; who reads slowly misses some. GET /table is the same state, as HTML.
 *
 * Event-loop thread.
 */
#ifndef NODE_WEB_H
#define NODE_WEB_H

#include <event2/event.h>
#include <stdint.h>

#include "node/web/web_state.h"
#include "rpc/server/routes.h"

struct web;

/* At a time, on all ports together: half of what the management port takes. */
#define WEB_SUBSCRIBERS 16

/* `sources` are copied. */
struct web *web_new (struct event_base *base, const struct web_sources *sources);

/* Once no server has a request of its any more. NULL is fine. */
void web_free (struct web *web);

/* For the RPC's port, and for another one. Each ended by a NULL path; run with a struct web. */
extern const struct route web_rpc_routes[];
extern const struct route web_management_routes[];

#endif
