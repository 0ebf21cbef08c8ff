#include "work/store/store_pending.h"

#include <stdlib.h>
#include <string.h>

#include "work/base/clock.h"
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
    return pending->changes != NULL && pending->chains != NULL ? 0 : -1;
}

void
store_pending_clear (struct store_pending *pending)
{
    free (pending->changes);
    free (pending->chains);
}

/* The oracle hashes: roots come from strangers, who know neither the seed nor how to invert it. */
static uint32_t *
chain_of (const struct store_pending *pending, enum store_kind kind,
          const uint8_t key[STORE_KEY_SIZE])
{
    const uint64_t salt = pending->seed + ((uint64_t)kind << 8 | key[0]);

    return &pending->chains[(uint32_t)value_of (key + 1, salt) & pending->mask];
}

/* The change of a key in that chain, or NULL. */
static struct store_change *
find (const struct store_pending *pending, uint32_t chain, enum store_kind kind,
      const uint8_t key[STORE_KEY_SIZE])
{
    for (uint32_t i = chain; i != 0; i = pending->changes[i - 1].next) {
        struct store_change *const change = &pending->changes[i - 1];

        if (change->kind == kind && memcmp (change->key, key, STORE_KEY_SIZE) == 0) {
            return change;
        }
    }
    return NULL;
}

const struct store_change *
store_pending_find (const struct store_pending *pending, enum store_kind kind,
                    const uint8_t key[STORE_KEY_SIZE])
{
    return pending->count > 0 ? find (pending, *chain_of (pending, kind, key), kind, key) : NULL;
}

int
store_pending_put (struct store_pending *pending, enum store_kind kind,
                   const uint8_t key[STORE_KEY_SIZE], const struct store_record *record)
{
    uint32_t *const chain = chain_of (pending, kind, key);
    struct store_change *change = find (pending, *chain, kind, key);

    if (change == NULL) {
        if (pending->count == pending->capacity) {
            return -1;
        }
        if (pending->count == 0) {
            pending->since = clock_now ();
        }
        change = &pending->changes[pending->count++];
        *change = (struct store_change){.kind = kind, .next = *chain};
        memcpy (change->key, key, STORE_KEY_SIZE);
        *chain = (uint32_t)pending->count;
    }
    change->record = *record;
    return 0;
}

void
store_pending_empty (struct store_pending *pending)
{
    memset (pending->chains, 0, ((size_t)pending->mask + 1) * sizeof *pending->chains);
    pending->count = 0;
}
