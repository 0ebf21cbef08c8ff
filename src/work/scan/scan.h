/*
 * Scanners: the inner loop that tries nonces, one implementation for each instruction set.
 *
 * A work's value is one BLAKE2b compression of a single final block: the nonce is message word 0,
 * the root words 1 to 4, the other eleven are zero. Everything that does not depend on the nonce is
 * worked out once by scan_prepare; a scanner then only looks for the first nonce of a range.
 *
 * All functions are pure, and may be called on any thread. Nothing here can fail for want of
 * memory.
 */
#ifndef WORK_SCAN_H
#define WORK_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "work/base/difficulty.h"

/* What is searched for: a nonce whose value, for `root`, satisfies `threshold` in `order`. */
struct scan_target {
    uint8_t root[32];
    uint64_t threshold;
    enum difficulty_order order;
};

/*
 * A target made ready for scanning. Its contents belong to the scanners, the OpenCL kernel's
 * launcher among them.
 *
 * `v` is BLAKE2b's working state with as much of round 1 done as does not depend on the nonce: the
 * columns 1 to 3 whole; v[0] += v[4] of column 0; then, of the diagonals that start at v[1] and
 * v[2], v[1] += v[6], v[2] += v[7] and v[13] = (v[13] ^ v[2]) rotated right by 32. What is left
 * begins with v[0] += nonce.
 *
 * A value is v[0] ^ v[8] ^ h[0] after round 12. An AT_MOST target is turned into an AT_LEAST one by
 * inverting values and threshold, so the loops know one direction only.
 */
struct scan_midstate {
    uint64_t m[5];  /* message words: the root in m[1..4]; m[0] is the nonce's place and 0 here */
    uint64_t v[16]; /* the state to start from */
    uint64_t flip;  /* h[0], or its inverse for AT_MOST */
    uint64_t at_least; /* a nonce is found when (v[0] ^ v[8] ^ flip) >= at_least */
};

/* Fills `midstate` from `target`, which is not kept. */
void scan_prepare (struct scan_midstate *midstate, const struct scan_target *target);

/*
 * Tries `count` nonces upward from `first`, modulo 2^64. True when one of them satisfies the
 * target:
 * `*nonce` is then the FIRST such nonce in scanning order, the same for every scanner. False when
 * none does; `*nonce` is untouched. A count of 0 is false.
 */
typedef bool (*scan_fn) (const struct scan_midstate *midstate, uint64_t first, uint64_t count,
                         uint64_t *nonce);

struct scanner {
    const char *name; /* "portable", "avx2", "avx512", "neon" or "neon-sha3" */
    unsigned lanes;   /* nonces in a step of the loop: counts that are multiples of it cost least */
    scan_fn scan;
    bool (*usable) (
        void); /* whether this CPU, and its operating system's saved state, can run it */
};

/* Every scanner compiled into this build, the widest first and "portable" last; `*count` of them.
 * Static. trial.h finds the fastest. */
const struct scanner *const *scan_all (size_t *count);

/* The scanner called `name`, or NULL when this build has none of that name or this CPU cannot run
 * it. */
const struct scanner *scan_named (const char *name);

#endif
