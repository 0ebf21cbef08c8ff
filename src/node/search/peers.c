#include "node/search/peers.h"

#include <stdbool.h>
#include <stdlib.h>

struct item {
    struct peer *peer;
    bool added; /* by peers_add, not by the configuration */
    bool known; /* taken over from the last configuration */
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

static int
append (struct peer_list *list, struct peer *peer, bool added)
{
    struct item *items = reallocarray (list->items, list->count + 1, sizeof *items);

    if (items == NULL) {
        return -1;
    }
    list->items = items;
    items[list->count++] = (struct item){.peer = peer, .added = added};
    return 0;
}

/* Appends a new peer. */
static int
append_new (struct peers *peers, struct peer_list *list, const struct peer_settings *settings,
            bool added)
{
    struct peer *peer = peer_new (peers->client, settings);

    if (peer != NULL && append (list, peer, added) == 0) {
        return 0;
    }
    peer_free (peer);
    return -1;
}

static int
append_endpoints (struct peers *peers, struct peer_list *list,
                  const struct config_endpoints *endpoints)
{
    for (size_t i = 0; i < endpoints->count; i++) {
        const struct peer_settings settings = {.endpoint = endpoints->items[i]};

        if (append_new (peers, list, &settings, false) != 0) {
            return -1;
        }
    }
    return 0;
}

static struct peer_settings
settings_of (const struct config_peer *peer)
{
    return (struct peer_settings){
        .endpoint = peer->endpoint,
        .path = peer->path,
        .header_name = peer->header,
        .header_value = peer->key,
    };
}

static int
append_hosted (struct peers *peers, struct peer_list *list, const struct config_peers *hosted)
{
    for (size_t i = 0; i < hosted->count; i++) {
        const struct peer_settings settings = settings_of (&hosted->items[i]);

        if (append_new (peers, list, &settings, false) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Makes the lists of `config`, of new peers. On failure they hold what there is. */
static int
make_lists (struct peers *peers, const struct config *config, struct peer_list lists[PEERS_LISTS])
{
    if (append_endpoints (peers, &lists[PEERS_PRIMARY], &config->work_peers) != 0 ||
        append_hosted (peers, &lists[PEERS_PRIMARY], &config->peers_peer) != 0) {
        return -1;
    }
    return append_endpoints (peers, &lists[PEERS_SECONDARY], &config->secondary_work_peers);
}

/* The first peer of `list` that is the same, and new. */
static struct item *
find_fresh (struct peer_list *list, const struct peer *peer)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!list->items[i].known && !list->items[i].added &&
            peer_same (list->items[i].peer, peer)) {
            return &list->items[i];
        }
    }
    return NULL;
}

/* Appends what was added. Returns 0, or -1 for want of memory, `list` as it was. */
static int
append_added (struct peer_list *list, const struct peer_list *old)
{
    const size_t count = list->count;

    for (size_t i = 0; i < old->count; i++) {
        if (old->items[i].added && append (list, old->items[i].peer, true) != 0) {
            list->count = count;
            return -1;
        }
    }
    return 0;
}

/* Puts peers of `old` in the place of new ones that are the same, and frees the rest of it. */
static void
replace (struct peer_list *old, struct peer_list *list)
{
    for (size_t i = 0; i < old->count; i++) {
        struct item *fresh = find_fresh (list, old->items[i].peer);

        if (old->items[i].added) {
            continue;
        }
        if (fresh == NULL) {
            peer_free (old->items[i].peer);
        } else {
            peer_free (fresh->peer);
            fresh->peer = old->items[i].peer;
            fresh->known = true;
        }
    }
    free (old->items);
    for (size_t i = 0; i < list->count; i++) {
        list->items[i].known = false;
    }
    *old = *list;
}

int
peers_configure (struct peers *peers, const struct config *config)
{
    struct peer_list lists[PEERS_LISTS] = {{NULL, 0}};

    if (make_lists (peers, config, lists) != 0 ||
        append_added (&lists[PEERS_PRIMARY], &peers->lists[PEERS_PRIMARY]) != 0) {
        for (size_t i = 0; i < PEERS_LISTS; i++) {
            clear_list (&lists[i]);
        }
        return -1;
    }
    for (size_t i = 0; i < PEERS_LISTS; i++) {
        replace (&peers->lists[i], &lists[i]);
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
    if (peers_configure (peers, config) != 0) {
        free (peers);
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
    const struct peer_settings settings = {.endpoint = *endpoint};

    return append_new (peers, &peers->lists[PEERS_PRIMARY], &settings, true);
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
