#include "node/search/peers.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/base/memory.h"

struct item {
    struct peer *peer;
    bool added; /* by peers_add, not by the configuration */
};

struct peer_list {
    struct item *items;
    size_t count;
};

struct peers {
    struct peer_client *client;
    struct peer_list lists[PEERS_LISTS];
};

static void
clear_list (struct peer_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        peer_free (list->items[i].peer);
    }
    free (list->items);
    *list = (struct peer_list){NULL, 0};
}

static void
append (struct peer_list *list, struct peer *peer, bool added)
{
    list->items = memory_resize (list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = (struct item){.peer = peer, .added = added};
}

/* The configured peer of `old` that is the same as `fresh`, taken out of it, or `fresh`. */
static struct peer *
known (struct peer_list *old, struct peer *fresh)
{
    for (size_t i = 0; i < old->count; i++) {
        struct peer *peer = old->items[i].peer;

        if (peer != NULL && !old->items[i].added && peer_same (peer, fresh)) {
            old->items[i].peer = NULL;
            peer_free (fresh);
            return peer;
        }
    }
    return fresh;
}

static void
append_endpoints (struct peers *peers, const struct config_endpoints *endpoints,
                  struct peer_list *old, struct peer_list *list)
{
    for (size_t i = 0; i < endpoints->count; i++) {
        const struct peer_settings settings = {.endpoint = endpoints->items[i]};

        append (list, known (old, peer_new (peers->client, &settings)), false);
    }
}

static void
append_hosted (struct peers *peers, const struct config_peers *hosted, struct peer_list *old,
               struct peer_list *list)
{
    for (size_t i = 0; i < hosted->count; i++) {
        const struct config_peer *const peer = &hosted->items[i];
        const struct peer_settings settings = {
            .endpoint = peer->url.endpoint,
            .secure = peer->url.secure,
            .path = peer->url.path,
            .header_name = peer->header,
            .header_value = peer->key,
        };

        append (list, known (old, peer_new (peers->client, &settings)), false);
    }
}

/* Keeps what was added. */
static void
append_added (struct peer_list *old, struct peer_list *list)
{
    for (size_t i = 0; i < old->count; i++) {
        if (old->items[i].added) {
            append (list, old->items[i].peer, true);
            old->items[i].peer = NULL;
        }
    }
}

void
peers_configure (struct peers *peers, const struct config *config)
{
    struct peer_list old[PEERS_LISTS];
    struct peer_list *lists = peers->lists;

    memcpy (old, lists, sizeof old);
    memset (lists, 0, sizeof old);
    append_endpoints (peers, &config->work_peers, &old[PEERS_PRIMARY], &lists[PEERS_PRIMARY]);
    append_hosted (peers, &config->peers_peer, &old[PEERS_PRIMARY], &lists[PEERS_PRIMARY]);
    append_endpoints (peers, &config->secondary_work_peers, &old[PEERS_SECONDARY],
                      &lists[PEERS_SECONDARY]);
    append_added (&old[PEERS_PRIMARY], &lists[PEERS_PRIMARY]);
    for (size_t i = 0; i < PEERS_LISTS; i++) {
        clear_list (&old[i]);
    }
}

struct peers *
peers_new (struct peer_client *client, const struct config *config)
{
    struct peers *peers = memory_new (1, sizeof *peers);

    peers->client = client;
    peers_configure (peers, config);
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

void
peers_add (struct peers *peers, const struct endpoint *endpoint)
{
    const struct peer_settings settings = {.endpoint = *endpoint};

    append (&peers->lists[PEERS_PRIMARY], peer_new (peers->client, &settings), true);
}

void
peers_clear (struct peers *peers)
{
    clear_list (&peers->lists[PEERS_PRIMARY]);
}

const char *
peers_list_name (enum peers_list list)
{
    return list == PEERS_PRIMARY ? "primary" : "secondary";
}

size_t
peers_count (const struct peers *peers, enum peers_list list)
{
    return peers->lists[list].count;
}

struct peer *
peers_at (const struct peers *peers, enum peers_list list, size_t index)
{
    return peers->lists[list].items[index].peer;
}
