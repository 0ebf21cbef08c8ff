/*
 * The list of work peers, as the configuration gives it and work_peer_add and work_peers_clear
 * change it, in memory only, as nano_node's. Duplicates are kept. Event-loop thread.
 */
#ifndef NODE_PEERS_H
#define NODE_PEERS_H

#include <stddef.h>

#include "rpc/endpoint.h"

struct peers;

/* A list that starts as a copy of `endpoints`. NULL for want of memory. */
struct peers *peers_new (const struct endpoint *endpoints, size_t count);
void peers_free (struct peers *peers);

/* Appends a peer. Returns 0, or -1 for want of memory. */
int peers_add (struct peers *peers, const struct endpoint *endpoint);

void peers_clear (struct peers *peers);

size_t peers_count (const struct peers *peers);

/* Peer `index`, below peers_count; good until the list changes. */
const struct endpoint *peers_at (const struct peers *peers, size_t index);

#endif
