/*
 * Difficulty: the networks' thresholds, the multiplier arithmetic, and what it costs to reach one.
 *
 * Scanners, devices and the pool know only a target and an order. All functions are pure unless
 * they say otherwise; any thread.
 */
#ifndef WORK_DIFFICULTY_H
#define WORK_DIFFICULTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which way a value is compared with a threshold. */
enum difficulty_order {
    DIFFICULTY_AT_LEAST, /* value >= threshold: Nano and its kin */
    DIFFICULTY_AT_MOST,  /* value <= threshold: Atto */
};

enum difficulty_network_id {
    DIFFICULTY_LIVE,
    DIFFICULTY_BETA,
    DIFFICULTY_TEST,
    DIFFICULTY_DEV,
    DIFFICULTY_BANANO,
};

/* A network's thresholds. All compare with DIFFICULTY_AT_LEAST. */
struct difficulty_network {
    const char *name;         /* "live", "beta", "test", "dev" or "banano"; static */
    const char *prefix;       /* of its accounts, as "nano_"; static */
    uint64_t epoch_1;         /* legacy and epoch 1 blocks */
    uint64_t epoch_2;         /* epoch 2 sends and changes */
    uint64_t epoch_2_receive; /* epoch 2 receives, opens and epoch blocks */
    uint64_t base;            /* the highest of the three: multiplier 1, and the default request */
    uint64_t entry;           /* the lowest of the three: nothing below is accepted anywhere;
                                 0 is Banano's right: there a block that receives needs no work */
};

/* The network called `name`. Returns 0, or -1 with `id` untouched when nobody knows that name. */
int difficulty_network_by_name (const char *name, enum difficulty_network_id *id);

/*
 * Fills `network` with the thresholds of `id`. For DIFFICULTY_TEST the environment variables
 * NANO_TEST_EPOCH_1, NANO_TEST_EPOCH_2 and NANO_TEST_EPOCH_2_RECV (what hex_parse_u64 reads)
 * override the live values. Returns 0, or -1 with a message for the user in `error` when one of
 * them cannot be read; `network` is untouched then. Reads the environment: call it before threads
 * start.
 */
int difficulty_network_load (enum difficulty_network_id id, struct difficulty_network *network,
                             char *error, size_t error_size);

/*
 * How many times `difficulty` is harder than `base`: (2^64 - base) / (2^64 - difficulty), both
 * differences converted to double before dividing, as nano_node does (nano/lib/numbers.cpp,
 * difficulty::to_multiplier). A base or difficulty of 0, which all 2^64 values reach, counts as
 * those and not as the 0 that they are modulo 2^64, by which nano_node would divide.
 */
double difficulty_to_multiplier (uint64_t difficulty, uint64_t base);

/*
 * The difficulty `multiplier` times harder than `base`, with nano_node's rounding and saturation
 * (difficulty::from_multiplier): q = (double) (2^64 - base) / multiplier, which is 2^64 /
 * multiplier for a base of 0, cut to an integer; above 2^64 - 1 the result is 0; otherwise 2^64 -
 * q, except that q = 0, which only a multiplier above 1 can make, saturates at 2^64 - 1.
 * `multiplier` must be greater than 0 and not NaN, else the result is 0; +infinity saturates.
 */
uint64_t difficulty_from_multiplier (double multiplier, uint64_t base);

/* Whether `value` satisfies `threshold` in `order`. */
bool difficulty_reached (enum difficulty_order order, uint64_t value, uint64_t threshold);

/*
 * The mean number of nonces to try before one reaches `threshold`: 2^64 over the count of values
 * that do. From 1 (everything passes) to 2^64.
 */
double difficulty_expected_hashes (enum difficulty_order order, uint64_t threshold);

#endif
