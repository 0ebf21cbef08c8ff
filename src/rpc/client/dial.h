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

/* How a call to a server ended. A dial ends with one of the first five, or
 * HTTP_SHORTAGE. */
enum http_outcome {
    HTTP_ANSWERED, /* by a dial: it is connected */
    /* Failures: */
    HTTP_UNRESOLVED,  /* the name, in time or at all */
    HTTP_REFUSED,     /* the connection: nobody listens there */
    HTTP_UNREACHABLE, /* no way there, or one that is barred */
    HTTP_CONNECT_TIMEOUT,
    HTTP_UNTRUSTED, /* the server, by TLS's rules, or by it this client */
    HTTP_CLOSED,    /* or reset, before the first byte of an answer */
    HTTP_CUT,       /* closed or reset within the answer */
    HTTP_RESPONSE_TIMEOUT,
    HTTP_BAD_STATUS, /* not 200, where that alone is wanted */
    HTTP_TOO_LARGE,  /* the answer's head or body */
    HTTP_NOT_HTTP,   /* the answer */
    HTTP_SHORTAGE,   /* this process lacks descriptors, or the kernel memory */
};

struct dial_answer {
    enum http_outcome outcome;
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
