/*
 * A state block, as the RPC's "block" parameter and its confirmations carry one. Pure; any thread.
 *
 * Legacy blocks (send, receive, open, change) are refused. The network has taken none since state
 * blocks came, so nobody can need work for one.
 */
#ifndef NODE_BLOCK_H
#define NODE_BLOCK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct block {
    uint8_t account[32];        /* public key */
    uint8_t previous[32];       /* the frontier that it follows; zero in a first block */
    uint8_t representative[32]; /* public key */
    uint8_t balance[16];        /* raw, big-endian */
    uint8_t link[32];           /* a destination's public key, a source's hash, or zero */
    uint8_t signature[64];      /* as given: nothing here verifies it */
    uint64_t work;              /* as given, too */
};

/*
 * Decodes a block of JSON strings, all mandatory but `link_as_account`, an account that stands for
 * an absent `link`, which is an account or a hash. As nano_node, takes fewer hexadecimal digits
 * than a field has, padded on the left, and ignores other members. `json` may be NULL. Returns 0,
 * or -1 with `block` untouched.
 */
int block_from_json (const json_t *json, struct block *block);

/* Whether this is its account's first block. */
bool block_is_open (const struct block *block);

/* What the block's work is for: `previous`, or `account` in a first block. */
void block_root (const struct block *block, uint8_t root[32]);

#endif
