/*
 * One client's connection, as evhttp made it: connections.h says what is kept of it, and why.
 *
 * Event-loop thread.
 */
#ifndef RPC_CONNECTION_H
#define RPC_CONNECTION_H

#include "rpc/access/cidr.h"

struct connection;

/*
 * Who is to be called, once, when evhttp closes the connection; the request that it handed out is
 * then gone, too. NULL for nobody, any more.
 */
void connection_on_close (struct connection *connection, void (*closed) (void *data), void *data);

/* The address of its other end; NULL when that is not known. */
const struct cidr_address *connection_address (const struct connection *connection);

int connection_fd (const struct connection *connection);

/*
 * To be called before an answer of ours is given to evhttp for the connection, if its status may be
 * 400 or more: it is not one of evhttp's own pages.
 */
void connection_expect_answer (struct connection *connection);

#endif
