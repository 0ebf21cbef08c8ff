/*
 * An exchange: one HTTP request written to a connected socket, and its answer read. There is no
 * time-out here: whoever waits has a timer, and frees the exchange when it fires.
 *
 * evhttp's client is not used for this because it connects by itself and keeps to itself why that
 * failed, whether the request left and whether anything came back; holds lines of any length and
 * any number of interim answers; refuses chunk extensions; and writes its own complaints to
 * standard error (libevent 2.1.12).
 *
 * Event-loop thread.
 */
#ifndef RPC_EXCHANGE_H
#define RPC_EXCHANGE_H

#include <event2/buffer.h>
#include <event2/event.h>
#include <stdbool.h>

#include "rpc/client/http_answer.h"

#define EXCHANGE_MAX_BODY 65536 /* bytes */

enum exchange_end {
    EXCHANGE_WHOLE,      /* a whole answer, whose status is 200 */
    EXCHANGE_REFUSED,    /* the answer's state says why */
    EXCHANGE_UNANSWERED, /* closed or reset before the first byte of an answer */
    EXCHANGE_CUT,        /* closed or reset after it */
    EXCHANGE_SHORTAGE,   /* no memory */
};

/* Called at most once; the exchange stays, to be freed there or later. */
typedef void (*exchange_done_fn) (void *data, enum exchange_end end);

struct exchange;

/*
 * Takes the socket `fd`, non-blocking, and the bytes of `request`, which is left empty. `done` is
 * never called from within. NULL for want of memory, with both untouched.
 */
struct exchange *exchange_new (struct event_base *base, int fd, struct evbuffer *request,
                               exchange_done_fn done, void *data);

/* Closes the socket unless it was taken. NULL is fine. */
void exchange_free (struct exchange *exchange);

/* Whether anything of the request may have left. */
bool exchange_sent (const struct exchange *exchange);

/* Whether all of it has. */
bool exchange_sent_whole (const struct exchange *exchange);

/* Good as long as the exchange. */
const struct http_answer *exchange_answer (const struct exchange *exchange);

/*
 * After EXCHANGE_WHOLE: the socket, the caller's from now on, if it can be used for another
 * request; or -1.
 */
int exchange_take_fd (struct exchange *exchange);

#endif
