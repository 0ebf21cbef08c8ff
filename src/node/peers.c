#include "node/peers.h"

#include <stdlib.h>

struct peers {
    struct endpoint *items;
    size_t count;
};

struct peers *
peers_new (const struct endpoint *endpoints, size_t count)
{
    struct peers *peers = calloc (1, sizeof *peers);

    for (size_t i = 0; peers != NULL && i < count; i++) {
        if (peers_add (peers, &endpoints[i]) != 0) {
            peers_free (peers);
            return NULL;
        }
    }
    return peers;
}

void
peers_free (struct peers *peers)
{
    if (peers != NULL) {
        free (peers->items);
        free (peers);
    }
}

int
peers_add (struct peers *peers, const struct endpoint *endpoint)
{
    struct endpoint *items = reallocarray (peers->items, peers->count + 1, sizeof *peers->items);

    if (items == NULL) {
        return -1;
    }
    peers->items = items;
    peers->items[peers->count++] = *endpoint;
    return 0;
}

void
peers_clear (struct peers *peers)
{
    free (peers->items);
    peers->items = NULL;
    peers->count = 0;
}

size_t
peers_count (const struct peers *peers)
{
    return peers->count;
}

const struct endpoint *
peers_at (const struct peers *peers, size_t index)
{
    return &peers->items[index];
}
