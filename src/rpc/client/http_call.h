/*
 * An HTTP call: one question to a server and its answer, the only way in which this program calls
 * anybody. It is always in one of these states, each of which ends in its time:
 *
 *     DIALLING     the name is looked up and its addresses are tried (dial.h), `connect_timeout`
 *                  for each of these steps
 *     SECURING     for https: the TLS handshake, `connect_timeout`
 *     EXCHANGING   the request is written and the answer read, `response_timeout` for both; with a
 *                  connection that was kept it begins here, and goes back to DIALLING once if the
 *                  server turns out to have closed that before it answered
 *     ENDED        `done` is being called; after that the call is gone
 *
 * and all together end within `timeout`. What goes over the connection is a bufferevent's affair.
 *
 * A call holds one descriptor, two while it dials a name of several addresses, and none any more
 * when `done` is called.
 *
 * evhttp's client does not tell why connecting failed, whether the request left and whether
 * anything came back, and bounds neither lines nor interim answers (libevent 2.1.12): so it is not
 * used. The process must ignore SIGPIPE.
 *
 * Event-loop thread.
 */
#ifndef RPC_HTTP_CALL_H
#define RPC_HTTP_CALL_H

#include <event2/buffer.h>
#include <event2/event.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "rpc/base/url.h"
#include "rpc/client/dial.h"
#include "rpc/client/http_kept.h"
#include "rpc/client/tls.h"

struct http_header {
    const char *name;
    const char *value; /* NULL or "": the header is left out */
};

/* What is asked. Nothing of it is kept after http_call_new but `kept`; `tls` is held. */
struct http_question {
    const struct url *url;
    struct tls *tls;                   /* for an https URL */
    const struct http_header *headers; /* after our own */
    size_t header_count;
    const json_t *body;
    double connect_timeout;  /* seconds; 0 is no bound, here and below */
    double response_timeout; /* from being connected to the end of the answer */
    double timeout;          /* for everything together */
    size_t max_body;         /* bytes */
    bool any_status;         /* an answer of any status is one, and not that of 200 alone */
    struct http_kept *kept;  /* outlives the call; NULL: the connection is for this call alone */
    double keep_time;        /* seconds, above 0, that an unused connection stays there */
};

/* All good during the callback. */
struct http_result {
    enum http_outcome outcome;
    unsigned status;         /* of the answer, if it came so far; or 0 */
    struct evbuffer *body;   /* when answered */
    const char *retry_after; /* when answered: the header's value, or "" */
    const char *reason;      /* of a failure, for a log; "" when answered */
};

/* Called exactly once, unless the call is freed before. */
typedef void (*http_done_fn) (void *data, const struct http_result *result);

struct http_call;

/* Begins. `done` is never called from within. Sends "Connection: close" where nothing is kept. */
struct http_call *http_call_new (struct event_base *base, struct resolver *resolver,
                                 const struct http_question *question, http_done_fn done,
                                 void *data);

/* Gives up, in any state: `done` will not be called. Within `done` it does nothing. NULL is fine.
 */
void http_call_free (struct http_call *call);

/* Whether anything of the request may have left; `done` may ask, too. */
bool http_call_sent (const struct http_call *call);

#endif
