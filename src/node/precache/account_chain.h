/*
 * The end of an account's chain: the blocks that were told of last, and which of them may be the
 * account's frontier.
 *
 * Blocks that are confirmed together are told of in any order, and some never are. So a block is
 * old only when another names it as its previous one. All others are heads: where there are
 * several, a block between them is missing (or they are a fork), and any may be the frontier.
 *
 * A node that is asked for the frontier names no previous block, but its answer is later than every
 * block that it confirmed ACCOUNT_CHAIN_LAG ago: of the heads before it, only those told of since
 * remain. Only then may an old block become the frontier again (the node has rolled back).
 *
 * When there is no room, the block told of longest ago that is no head goes. The head beyond
 * ACCOUNT_CHAIN_HEADS that was told of longest ago is a head no more. The block told of last stays.
 *
 * Any thread.
 */
#ifndef NODE_ACCOUNT_CHAIN_H
#define NODE_ACCOUNT_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "work/base/clock.h"

#define ACCOUNT_CHAIN_BLOCKS 16
#define ACCOUNT_CHAIN_HEADS 8

/* How much later a node may say what its frontier was. */
#define ACCOUNT_CHAIN_LAG (60 * CLOCK_SECOND)

struct account_chain_block {
    uint8_t hash[32];
    uint8_t previous[32]; /* if has_previous */
    bool has_previous;
    bool head;
    /* The user's, zero in the beginning. A block with work stays until it is no head, and until the
     * next call then. */
    uint8_t work;
    uint64_t threshold;
    uint64_t told; /* clock_now, by account_chain_tell; else 0 */
};

/* All zero in the beginning. */
struct account_chain {
    struct account_chain_block *blocks; /* the one told of last first */
    size_t count;
};

/* Forgets all. */
void account_chain_clear (struct account_chain *chain);

/* A block was told of, with the one before it. `now` is clock_now. */
void account_chain_tell (struct account_chain *chain, const uint8_t hash[32],
                         const uint8_t previous[32], uint64_t now);

/* A node that was asked names the frontier, or one tells of a block without its previous one. */
void account_chain_poll (struct account_chain *chain, const uint8_t hash[32], uint64_t now);

/* The frontier is this, and no other. */
void account_chain_set (struct account_chain *chain, const uint8_t hash[32]);

/* NULL when it is not known. */
struct account_chain_block *account_chain_find (const struct account_chain *chain,
                                                const uint8_t hash[32]);

/* The head that was told of last: the frontier as far as anybody knows. NULL when there is none. */
struct account_chain_block *account_chain_frontier (const struct account_chain *chain);

#endif
