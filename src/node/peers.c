#include "node/peers.h"

#include <stdlib.h>

struct list {
    struct peer **items;
    size_t count;
};

struct peers {
    struct peer_client *client;
    struct list lists[PEERS_LISTS];
};

static void
clear_list (struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        peer_free (list->items[i]);
    }
    free (list->items);
    *list = (struct list){NULL, 0};
}

static int
add (struct peers *peers, enum peers_list which, const struct peer_settings *settings)
{
    struct list *list = &peers->lists[which];
    struct peer **items = reallocarray (list->items, list->count + 1, sizeof *items);

    if (items == NULL) {
        return -1;
    }
    list->items = items;
    items[list->count] = peer_new (peers->client, settings);
    if (items[list->count] == NULL) {
        return -1;
    }
    list->count++;
    return 0;
}

static int
add_endpoint (struct peers *peers, enum peers_list which, const struct endpoint *endpoint)
{
    const struct peer_settings settings = {.endpoint = *endpoint};

    return add (peers, which, &settings);
}

static int
add_endpoints (struct peers *peers, enum peers_list which, const struct config_endpoints *endpoints)
{
    for (size_t i = 0; i < endpoints->count; i++) {
        if (add_endpoint (peers, which, &endpoints->items[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

static int
add_hosted (struct peers *peers, const struct config_peers *hosted)
{
    for (size_t i = 0; i < hosted->count; i++) {
        const struct config_peer *peer = &hosted->items[i];
        const struct peer_settings settings = {
            .endpoint = peer->endpoint,
            .path = peer->path,
            .header_name = peer->header,
            .header_value = peer->key,
        };
        if (add (peers, PEERS_PRIMARY, &settings) != 0) {
            return -1;
        }
    }
    return 0;
}

struct peers *
peers_new (struct peer_client *client, const struct config *config)
{
    struct peers *peers = calloc (1, sizeof *peers);

    if (peers == NULL) {
        return NULL;
    }
    peers->client = client;
    if (add_endpoints (peers, PEERS_PRIMARY, &config->work_peers) != 0 ||
        add_hosted (peers, &config->peers_peer) != 0 ||
        add_endpoints (peers, PEERS_SECONDARY, &config->secondary_work_peers) != 0) {
        peers_free (peers);
        return NULL;
    }
    return peers;
}

void
peers_free (struct peers *peers)
{
    if (peers == NULL) {
        return;
    }
    for (size_t i = 0; i < PEERS_LISTS; i++) {
        clear_list (&peers->lists[i]);
    }
    free (peers);
}

int
peers_add (struct peers *peers, const struct endpoint *endpoint)
{
    return add_endpoint (peers, PEERS_PRIMARY, endpoint);
}

void
peers_clear (struct peers *peers)
{
    clear_list (&peers->lists[PEERS_PRIMARY]);
}

size_t
peers_count (const struct peers *peers, enum peers_list list)
{
    return peers->lists[list].count;
}

struct peer *
peers_at (const struct peers *peers, enum peers_list list, size_t index)
{
    return peers->lists[list].items[index];
}
