/*
 * The client connections of an evhttp, and their bounds.
 *
 * evhttp bounds neither the number of connections nor the time from a request's first byte to its
 * last. This object stands beside it, on public interfaces only: it makes each connection's
 * bufferevent, keeps a reference, and watches its buffers (connection.h). The bufferevents own
 * their descriptors, so that none is used again while libevent still has events for it.
 *
 * At the bound the connection that has been idle longest, or else the one that has been sending its
 * request longest, is closed to make room; one whose request is pending or being answered never is.
 * So it is with the connections of one address, be it of IPv4 or a /64 of IPv6, among themselves.
 *
 * What clients have sent and not been answered yet, and what they have not read, is held in memory.
 * Where all of that together is over its bound, the connections that hold most are closed, those
 * that wait for their answer too, and those that are just being answered last.
 *
 * Event-loop thread.
 */
#ifndef RPC_CONNECTIONS_H
#define RPC_CONNECTIONS_H

#include "rpc/server/connection.h"

struct connections;

struct connections_settings {
    size_t max;             /* at least 1 */
    size_t max_per_address; /* 0 is no bound */
    struct framing_limits limits;
    uint64_t max_held;   /* bytes of all requests and answers under way; 0 is no bound */
    double read_timeout; /* seconds from a request's first byte to its last */
};

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

/* How many are open. */
size_t connections_count (const struct connections *connections);

const struct connection_statistics *connections_statistics (const struct connections *connections);

/* Whether everything that was written has left for the kernel. */
bool connections_flushed (const struct connections *connections);

#endif
