#include "work/store/store_pending.h"

#include <stdlib.h>
#include <string.h>

#include "work/scan/value.h"

int
store_pending_init (struct store_pending *pending, size_t capacity, uint64_t seed)
{
    uint32_t chains = 1;

    while (chains < capacity) {
        chains *= 2;
    }
    *pending = (struct store_pending){.capacity = capacity, .mask = chains - 1, .seed = seed};
    pending->changes = calloc (capacity, sizeof *pending->changes);
    pending->chains = calloc (chains, sizeof *pending->chains);
    if (pending->changes == NULL || pending->chains == NULL) {
        store_pending_clear (pending);
        return -1;
    }
    return 0;
}

void
store_pending_clear (struct store_pending *pending)
{
    free (pending->changes);
    free (pending->chains);
    *pending = (struct store_pending){.count = 0};
}

/* The oracle hashes: roots come from strangers, who know neither the seed nor how to invert it. */
uint32_t
store_pending_chain (const struct store_pending *pending, enum store_kind kind,
                     const uint8_t key[STORE_KEY_SIZE])
{
    const uint64_t salt = pending->seed + ((uint64_t)kind << 8 | key[0]);
    uint64_t hash = 0;

    (void)value_of (key + 1, salt, &hash); /* without libb2 all are in one chain */
    return (uint32_t)hash & pending->mask;
}

struct store_change *
store_pending_find (const struct store_pending *pending, uint32_t chain, enum store_kind kind,
                    const uint8_t key[STORE_KEY_SIZE])
{
    for (uint32_t i = pending->chains[chain]; i != 0; i = pending->changes[i - 1].next) {
        struct store_change *const change = &pending->changes[i - 1];

        if (change->kind == kind && memcmp (change->key, key, STORE_KEY_SIZE) == 0) {
            return change;
        }
    }
    return NULL;
}

struct store_change *
store_pending_take (struct store_pending *pending, uint32_t chain, enum store_kind kind,
                    const uint8_t key[STORE_KEY_SIZE])
{
    struct store_change *change = store_pending_find (pending, chain, kind, key);

    if (change != NULL || pending->count == pending->capacity) {
        return change;
    }
    change = &pending->changes[pending->count++];
    *change = (struct store_change){.kind = kind, .next = pending->chains[chain]};
    memcpy (change->key, key, STORE_KEY_SIZE);
    pending->chains[chain] = (uint32_t)pending->count;
    return change;
}

void
store_pending_empty (struct store_pending *pending)
{
    memset (pending->chains, 0, ((size_t)pending->mask + 1) * sizeof *pending->chains);
    pending->count = 0;
}
