/*
 * How answers leave: the RPC's, as nano_node prints them, and those that routes give. To a HEAD
 * only the headers are sent.
 *
 * Event-loop thread.
 */
#ifndef RPC_REPLY_H
#define RPC_REPLY_H

#include <event2/buffer.h>
#include <jansson.h>
#include <stdbool.h>

#include "rpc/server/connection.h"

/* To the pending request of `connection`: a header that its answer shall have besides. */
void reply_add_header (struct connection *connection, const char *name, const char *value);

/*
 * Answers it with `status` and what `body` holds, which is emptied; NULL is an empty body. `type`
 * is its Content-Type, NULL for none.
 */
void reply_send (struct connection *connection, int status, const char *type,
                 struct evbuffer *body);

/* The same with JSON: `is_rpc` as json_print has it, else on one line. Takes the reference. */
void reply_json (struct connection *connection, int status, bool is_rpc, json_t *body);

/* The same with {"error": `error`}. */
void reply_error (struct connection *connection, int status, bool is_rpc, const char *error);

#endif
