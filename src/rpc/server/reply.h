/*
 * The answers that have a status: what routes answer with, as opposed to the RPC, whose every
 * answer is a 200. To a HEAD only the headers are sent.
 *
 * Event-loop thread.
 */
#ifndef RPC_REPLY_H
#define RPC_REPLY_H

#include <event2/buffer.h>
#include <event2/http.h>
#include <jansson.h>

#include "rpc/server/connections.h"

/*
 * Answers `http`, which came on `connection`, with `status` and what `body` holds, which is
 * emptied; NULL is an empty body. `type` is its Content-Type, NULL for none.
 */
void reply_send (struct connection *connection, struct evhttp_request *http, int status,
                 const char *type, struct evbuffer *body);

/* The same with JSON on one line. */
void reply_json (struct connection *connection, struct evhttp_request *http, int status,
                 const json_t *body);

/* The same with {"error":`error`}. */
void reply_error (struct connection *connection, struct evhttp_request *http, int status,
                  const char *error);

#endif
