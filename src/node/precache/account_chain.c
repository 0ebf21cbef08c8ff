#include "node/precache/account_chain.h"

#include <stdlib.h>
#include <string.h>

#include "rpc/base/memory.h"

void
account_chain_clear (struct account_chain *chain)
{
    free (chain->blocks);
    *chain = (struct account_chain){0};
}

struct account_chain_block *
account_chain_find (const struct account_chain *chain, const uint8_t hash[32])
{
    for (size_t i = 0; i < chain->count; i++) {
        if (memcmp (chain->blocks[i].hash, hash, 32) == 0) {
            return &chain->blocks[i];
        }
    }
    return NULL;
}

struct account_chain_block *
account_chain_frontier (const struct account_chain *chain)
{
    for (size_t i = 0; i < chain->count; i++) {
        if (chain->blocks[i].head) {
            return &chain->blocks[i];
        }
    }
    return NULL;
}

/* Whether a block that follows it is known. */
static bool
is_followed (const struct account_chain *chain, const uint8_t hash[32])
{
    for (size_t i = 0; i < chain->count; i++) {
        const struct account_chain_block *block = &chain->blocks[i];

        if (block->has_previous && memcmp (block->previous, hash, 32) == 0) {
            return true;
        }
    }
    return false;
}

/* The place of a new block: the first that is free, or that of the one to forget. */
static size_t
make_place (struct account_chain *chain)
{
    size_t place = ACCOUNT_CHAIN_BLOCKS - 1;

    if (chain->count < ACCOUNT_CHAIN_BLOCKS) {
        chain->blocks = memory_resize (chain->blocks, chain->count + 1, sizeof *chain->blocks);
        return chain->count++;
    }
    while (place > 0 && chain->blocks[place].head) {
        place--;
    }
    return place;
}

/* Finds or adds a block, which is the one told of last from now on. */
static struct account_chain_block *
put_first (struct account_chain *chain, const uint8_t hash[32])
{
    const struct account_chain_block *found = account_chain_find (chain, hash);
    struct account_chain_block block = {0};
    size_t place;

    if (found != NULL) {
        block = *found;
        place = (size_t)(found - chain->blocks);
    } else {
        memcpy (block.hash, hash, sizeof block.hash);
        place = make_place (chain);
    }
    memmove (&chain->blocks[1], &chain->blocks[0], place * sizeof block);
    chain->blocks[0] = block;
    return &chain->blocks[0];
}

static void
leave_heads_beyond_bound (struct account_chain *chain)
{
    size_t heads = 0;

    for (size_t i = 0; i < chain->count; i++) {
        heads += chain->blocks[i].head;
        chain->blocks[i].head = chain->blocks[i].head && heads <= ACCOUNT_CHAIN_HEADS;
    }
}

/* What comes before a block is no head. Whoever tells may tell of a circle. */
static void
leave_ancestors (struct account_chain *chain, const struct account_chain_block *block)
{
    for (size_t i = 0; i < chain->count && block != NULL && block->has_previous; i++) {
        struct account_chain_block *before = account_chain_find (chain, block->previous);

        if (before != NULL) {
            before->head = false;
        }
        block = before;
    }
}

void
account_chain_tell (struct account_chain *chain, const uint8_t hash[32], const uint8_t previous[32],
                    uint64_t now)
{
    const bool followed = is_followed (chain, hash); /* before what follows it makes room */
    struct account_chain_block *block = put_first (chain, hash);

    block->head = block->head || !followed;
    block->told = now;
    block->has_previous = true;
    memcpy (block->previous, previous, sizeof block->previous);
    leave_ancestors (chain, block);
    leave_heads_beyond_bound (chain);
}

static bool
is_recent (const struct account_chain_block *block, uint64_t now)
{
    return block->told != 0 && now - block->told < ACCOUNT_CHAIN_LAG;
}

/* Whether a node that names `hash` may have looked before it knew of a head. */
static bool
lags_behind (const struct account_chain *chain, const uint8_t hash[32], uint64_t now)
{
    const struct account_chain_block *block = account_chain_find (chain, hash);
    bool recent = false;

    for (size_t i = 0; i < chain->count; i++) {
        recent = recent || (chain->blocks[i].head && is_recent (&chain->blocks[i], now));
    }
    return recent && is_followed (chain, hash) && (block == NULL || !block->head);
}

void
account_chain_poll (struct account_chain *chain, const uint8_t hash[32], uint64_t now)
{
    if (lags_behind (chain, hash, now)) {
        return;
    }
    put_first (chain, hash)->head = true;
    for (size_t i = 1; i < chain->count; i++) {
        chain->blocks[i].head = chain->blocks[i].head && is_recent (&chain->blocks[i], now);
    }
    leave_heads_beyond_bound (chain);
}

void
account_chain_set (struct account_chain *chain, const uint8_t hash[32])
{
    put_first (chain, hash)->head = true;
    for (size_t i = 1; i < chain->count; i++) {
        chain->blocks[i].head = false;
    }
}
