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

#include "rpc/access/access.h"
#include "rpc/base/fault.h"
#include "rpc/server/connection.h"

/* To the pending request of `connection`: a header that its answer shall have besides. */
void reply_add_header (struct connection *connection, const char *name, const char *value);

/*
 * Answers it with `status` and what `body` holds, which is emptied; NULL is an empty body. `type`
 * is its Content-Type, NULL for none.
 */
void reply_send (struct connection *connection, int status, const char *type,
                 struct evbuffer *body);

/*
 * The same in pieces: begins an answer of status 200, adds to it a copy of what `bytes` hold, and
 * ends it, which alone makes the request pending no more.
 */
void reply_begin (struct connection *connection, const char *type);
void reply_add (struct connection *connection, struct evbuffer *bytes);
void reply_end (struct connection *connection);

/* The same as reply_send with JSON: `is_rpc` as json_print has it, else on one line. Takes the
 * reference. */
void reply_json (struct connection *connection, int status, bool is_rpc, json_t *body);

/* The same with an error: all of `fault` on the RPC, and elsewhere its text alone. */
void reply_fault (struct connection *connection, int status, bool is_rpc,
                  const struct fault *fault);

/*
 * The same for whom access keeps from something, with a verdict on `pass`: with status 401, 403 or
 * 429; but on the RPC a caller that is a node gets 200, as it handles no other and would wait for
 * ever.
 */
void reply_refusal (enum access_verdict verdict, const struct access_pass *pass, bool is_rpc,
                    struct connection *connection);

/* What verdict an answer's error tells of; ACCESS_GRANTED when it is another error. Pure. */
enum access_verdict reply_refusal_by_error (const char *error);

#endif
