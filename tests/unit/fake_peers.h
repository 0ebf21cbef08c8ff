/*
 * Work peers without a network: it takes the place of rpc/peer/peer.c in a test program, and the
 * test answers each ask itself.
 */
#ifndef TESTS_FAKE_PEERS_H
#define TESTS_FAKE_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rpc/peer/hops.h"
#include "rpc/peer/peer.h"

/* One peer_ask. */
struct fake_ask {
    char peer[ENDPOINT_TEXT_SIZE];
    struct scan_target target;
    struct hops hops;
    char account[80]; /* "" is none */
    double timeout;
    bool open; /* neither answered nor dropped */
    bool dropped;
    peer_done_fn done;
    void *data;
};

/* As it is at the start of a program: no ask, and all peers well. */
void fake_peers_reset (void);

/* How many there were, and number `index`, in the order in which they came. */
size_t fake_peers_asks (void);
const struct fake_ask *fake_peers_ask (size_t index);

/* Answers it with work of this value, or with failure. */
void fake_peers_find (size_t index, uint64_t value);
void fake_peers_fail (size_t index);

/* The peers of that name rest until then, in nanoseconds; 0 is not at all. */
void fake_peers_rest (const char *name, uint64_t until);

/* How long the peers of that name usually take at the most. */
void fake_peers_usual (const char *name, double seconds);

#endif
