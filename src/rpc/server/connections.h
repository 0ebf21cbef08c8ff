/*
 * The client connections of an evhttp: how many there are, how long a request may take to arrive,
 * who is told when one closes, and what evhttp says to those whose request it cannot read.
 *
 * evhttp bounds neither the number of connections nor the time from a request's first byte to its
 * last, and answers what it cannot parse with an HTML page and a 4xx, which nodes as clients cannot
 * read (they wait for ever). This object stands beside it, on public interfaces only: it makes each
 * connection's bufferevent and keeps a reference, watches its buffers, and puts an error of ours in
 * the place of such a page before it is sent: with status 200 where the RPC is served.
 *
 * The bufferevents own their descriptors, so that no descriptor is used again while libevent still
 * has events for it.
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

#include <event2/event.h>
#include <event2/http.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rpc/server/connection.h"

struct connections;

struct connections_settings {
    size_t max;             /* at least 1 */
    size_t max_per_address; /* 0 is no bound */
    size_t max_header_size; /* evhttp's, to tell what it objects to */
    size_t max_input;       /* bytes that may wait to be read: more than any request is long */
    uint64_t max_held;      /* bytes of all requests and answers under way; 0 is no bound */
    double read_timeout;    /* seconds from a request's first byte to its last */
    bool keep_status;       /* what evhttp refuses is told the status as well: no RPC */
};

/* Takes over the making of connections of `http`. To be freed after `http`. */
struct connections *connections_new (struct event_base *base, struct evhttp *http,
                                     const struct connections_settings *settings);
void connections_free (struct connections *connections);

/*
 * Goes by other settings from now on. Those who are connected stay; bounds on what one may have to
 * be read are those of when it came.
 */
void connections_set (struct connections *connections, const struct connections_settings *settings);

/* The connection that a request handed out by evhttp came on, good until it closes. */
struct connection *connections_find (struct connections *connections,
                                     struct evhttp_request *request);

/* How many are open. */
size_t connections_count (struct connections *connections);

struct connections_statistics {
    uint64_t accepted;   /* ever */
    uint64_t received;   /* bytes, ever */
    uint64_t sent;       /* bytes that were written, ever; a few may not have left yet */
    uint64_t unreadable; /* requests that evhttp refused, ever */
    uint64_t held;       /* bytes of requests and answers under way, now */
    uint64_t shed;       /* connections closed because too much was held, ever */
};

void connections_statistics (const struct connections *connections,
                             struct connections_statistics *statistics);

/* Whether everything that was written has left for the kernel. */
bool connections_flushed (struct connections *connections);

#endif
