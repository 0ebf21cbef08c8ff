/*
 * Work peers as a source: for each search, and each list of peers, a few peer searches
 * (peer_search.h), at thresholds that become easier from one to the next.
 *
 * A waiter waits with a peer search that asks for as much as it wants, or for less: then what is
 * found comes sooner, and the peers are asked again for the rest. Who came through other daemons
 * waits only with one that tells the peers so: they may be those who are asked, and then everybody
 * would wait for everybody else.
 *
 * Event-loop thread.
 */
#ifndef NODE_PEER_SOURCE_H
#define NODE_PEER_SOURCE_H

#include "node/search/peers.h"
#include "node/search/search.h"

/* Embedded in the broker. */
struct peer_source {
    struct event_base *base;
    struct peers *peers;
    const struct broker_settings *settings;
};

/* `self` is a struct peer_source. */
extern const struct source_calls peer_source_calls;

#endif
