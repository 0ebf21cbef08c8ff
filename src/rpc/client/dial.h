/*
 * A dial: the way from an endpoint to a connected TCP socket. A name is resolved; then its
 * addresses are tried in their order, the next one when one fails or has had 0.2 s, two at a time
 * at most, until one connects: a family that leads nowhere holds nobody up.
 *
 * Event-loop thread.
 */
#ifndef RPC_DIAL_H
#define RPC_DIAL_H

#include <event2/event.h>

#include "rpc/base/endpoint.h"
#include "rpc/client/resolver.h"

#define DIAL_REASON_SIZE 96

enum dial_end {
    DIAL_CONNECTED,
    DIAL_UNRESOLVED,  /* the name, in time or at all */
    DIAL_REFUSED,     /* nobody listens there */
    DIAL_UNREACHABLE, /* no way there, or one that is barred */
    DIAL_TIMED_OUT,
    DIAL_SHORTAGE, /* this process lacks descriptors, or the kernel memory */
};

struct dial_answer {
    enum dial_end end;
    int fd;             /* when connected: non-blocking, the callee's from now on; -1 otherwise */
    const char *reason; /* when not: of the last address tried; good during the callback */
};

/* Called exactly once, after which the dial is gone; never if it was freed before. */
typedef void (*dial_done_fn) (void *data, const struct dial_answer *answer);

struct dial;

/*
 * Begins to dial. `timeout` is in seconds, above 0, for the name to resolve and again for each
 * address. `done` is never called from within.
 */
struct dial *dial_new (struct event_base *base, struct resolver *resolver,
                       const struct endpoint *endpoint, double timeout, dial_done_fn done,
                       void *data);

/* Gives up: `done` will not be called. NULL is fine. */
void dial_free (struct dial *dial);

#endif
