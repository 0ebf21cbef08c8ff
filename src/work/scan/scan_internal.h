/*
 * What the scanners share among themselves; only the scan*.c files include it. A scanner exists
 * only when its HAVE_SCAN_ macro is defined: the build defines those that fit the architecture.
 */
#ifndef WORK_SCAN_INTERNAL_H
#define WORK_SCAN_INTERNAL_H

#include "work/scan/scan.h"

/* For functions of constant arguments that must not survive as calls. */
#define SCAN_INLINE static inline __attribute__ ((always_inline))

/*
 * Makes the compiler forget how `value`, a register of the kind that `constraint` says, came about.
 * Clang otherwise adds message words to each other before the loop and has half as many adds again
 * in it, and both order a loop better when sums stay where they are written.
 */
#define SCAN_OPAQUE(value, constraint) __asm__("" : constraint (value))

/*
 * Makes the compiler keep `object` in memory and read it where it is wanted, instead of in
 * registers that other words need more.
 */
#define SCAN_IN_MEMORY(object) __asm__ volatile("" : "+m"(object))

/* Nonces a step: two hashes at once, and as many nonces in each as a word has lanes. */
enum {
    SCAN_PORTABLE_LANES = 2 * 1,
    SCAN_NEON_LANES = 2 * 2,
    SCAN_AVX2_LANES = 2 * 4,
    SCAN_AVX512_LANES = 2 * 8,
};

/* Also the others' tail: what is left of a count that is not a multiple of their lanes. */
bool scan_portable (const struct scan_midstate *midstate, uint64_t first, uint64_t count,
                    uint64_t *nonce);

/* Each is there where its HAVE_SCAN_ macro is defined. */
bool scan_neon (const struct scan_midstate *midstate, uint64_t first, uint64_t count,
                uint64_t *nonce);
bool scan_neon_sha3 (const struct scan_midstate *midstate, uint64_t first, uint64_t count,
                     uint64_t *nonce);
bool scan_avx2 (const struct scan_midstate *midstate, uint64_t first, uint64_t count,
                uint64_t *nonce);
bool scan_avx512 (const struct scan_midstate *midstate, uint64_t first, uint64_t count,
                  uint64_t *nonce);

#endif
