/*
 * What a client is told whom access keeps from something: an error in JSON with status 401, 403 or
 * 429. On the RPC a caller that is a node gets it with status 200: nano_node handles no other, and
 * would wait for ever.
 *
 * Event-loop thread.
 */
#ifndef RPC_REFUSAL_H
#define RPC_REFUSAL_H

#include <stdbool.h>

#include "rpc/access/access.h"
#include "rpc/server/connection.h"

/* Answers the request of `connection`, for an action or a route, with a verdict on `pass`. */
void refusal_send (enum access_verdict verdict, const struct access_pass *pass, bool is_rpc,
                   struct connection *connection);

/* What verdict an answer's error tells of; ACCESS_GRANTED when it is another error. Pure. */
enum access_verdict refusal_by_error (const char *error);

#endif
