/*
 * The client connections of an evhttp, and their bounds.
 *
 * evhttp bounds neither the number of connections nor the time that a request takes to come. This
 * object stands beside it, on public interfaces only: it makes each connection's bufferevent and
 * watches its buffers (connection.h). The bufferevents own their descriptors, so that none is used
 * again while libevent still has events for it.
 *
 * At the bound the connection that has been idle longest, or else sending its request longest, is
 * closed to make room, but none whose request is pending or being answered. So it is among the
 * connections of one address, be it of IPv4 or a /64 of IPv6, which a PROXY header may have told; a
 * trusted proxy's own has no such bound. Where what clients have sent or not read takes too much
 * memory, those that hold most are closed, pending ones too, and those that are just being answered
 * last.
 *
 * Event-loop thread.
 */
#ifndef RPC_CONNECTIONS_H
#define RPC_CONNECTIONS_H

#include "rpc/server/connection.h"

/*
 * Takes over the making of connections of `http`; connections_set comes next. To be freed after
 * `http`.
 */
struct connections *connections_new (struct event_base *base, struct evhttp *http);
void connections_free (struct connections *connections);

/* Goes by other settings from now on. Those who are connected stay. */
void connections_set (struct connections *connections, const struct connections_settings *settings);

/* The connection that a request just handed out by evhttp came on: its answer is pending now. */
struct connection *connections_take (struct connections *connections,
                                     struct evhttp_request *request);

/* Whether everything that was written has left for the kernel. */
bool connections_flushed (const struct connections *connections);

#endif
