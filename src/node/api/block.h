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
 * Decodes a block. All fields must be there, and all are JSON strings:
 *
 *   type            "state"
 *   account         an account, in any form that account_parse takes
 *   previous        1 to 64 hexadecimal digits, padded on the left
 *   representative  an account
 *   balance         0 to 2^128 - 1, decimal digits without leading zeros
 *   link            an account, or 1 to 64 hexadecimal digits; only where it is absent, an account
 *                   called link_as_account stands for it
 *   signature       1 to 128 hexadecimal digits, padded on the left
 *   work            what hex_parse_u64 reads
 *
 * The lengths are nano_node's (nano/lib/blocks.cpp, numbers.cpp), which pads what is short; it
 * always writes full ones. Other members are ignored. `json` is only read, and may be anything,
 * NULL too. Returns 0, or -1 with `block` untouched.
 */
int block_from_json (const json_t *json, struct block *block);

/* Whether this is its account's first block. */
bool block_is_open (const struct block *block);

/* What the block's work is for: `previous`, or `account` in a first block. */
void block_root (const struct block *block, uint8_t root[32]);

#endif
