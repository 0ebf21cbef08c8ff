/*
 * The work peers that this daemon asks: two lists, the primary one and that for requests that say
 * secondary_work_peers. Peers come from the configuration; work_peer_add adds to the primary list,
 * in memory only, as nano_node does, and duplicates are kept, as it does.
 *
 * Event-loop thread.
 */
#ifndef NODE_PEERS_H
#define NODE_PEERS_H

#include <stddef.h>

#include "node/config/config.h"
#include "rpc/base/endpoint.h"
#include "rpc/peer/peer.h"

struct peers;

enum peers_list { PEERS_PRIMARY, PEERS_SECONDARY, PEERS_LISTS };

/* The peers of `config`, all clients of `client`, which outlives them. */
struct peers *peers_new (struct peer_client *client, const struct config *config);

/*
 * The peers of another `config` take the place of those of the last; whoever is in both stays, with
 * what is known of it, and so do those that were added.
 */
void peers_configure (struct peers *peers, const struct config *config);

/* NULL is fine. */
void peers_free (struct peers *peers);

/* Adds to the primary list. */
void peers_add (struct peers *peers, const struct endpoint *endpoint);

/* Empties the primary list. */
void peers_clear (struct peers *peers);

/* What a list is called: "primary", "secondary". Static. */
const char *peers_list_name (enum peers_list list);

size_t peers_count (const struct peers *peers, enum peers_list list);

/* Peer `index`, below peers_count, of a list; good until the list changes unless it is held. */
struct peer *peers_at (const struct peers *peers, enum peers_list list, size_t index);

#endif
