/*
 * A fetch: one JSON question posted to a server, and its answer, within a time. For what is asked
 * now and then; a work peer's call is more than that (peer.h).
 *
 * Event-loop thread.
 */
#ifndef RPC_FETCH_H
#define RPC_FETCH_H

#include <event2/event.h>
#include <jansson.h>

#include "rpc/base/endpoint.h"
#include "rpc/client/resolver.h"

struct fetch;

struct fetch_server {
    struct endpoint endpoint;
    char path[ENDPOINT_PATH_SIZE];
};

struct fetch_answer {
    json_t *body;       /* an object, the caller's reference; NULL when there is none */
    const char *reason; /* why there is none; good during the callback */
};

/* Called exactly once, after which the fetch is gone; never if it was freed before. */
typedef void (*fetch_done_fn) (void *data, struct fetch_answer *answer);

/*
 * Posts `question`, which is only read, to `server`; an answer larger than 64 KiB is none. `done`
 * is never called from within. `timeout` is in seconds, above 0, for everything together. NULL for
 * want of memory.
 */
struct fetch *fetch_new (struct event_base *base, struct resolver *resolver,
                         const struct fetch_server *server, const json_t *question, double timeout,
                         fetch_done_fn done, void *data);

/* Gives up: `done` will not be called. NULL is fine. */
void fetch_free (struct fetch *fetch);

#endif
