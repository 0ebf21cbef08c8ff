/*
 * The scanners for AArch64's vectors, four nonces a step, a word being two lanes: with the SHA-3
 * instructions (Armv8.2) where the compiler may use them, else without.
 */
#ifndef WORK_SCAN_NEON_H
#define WORK_SCAN_NEON_H

#include <arm_neon.h>

#include "work/scan/scan_internal.h"

typedef uint64x2_t word;

SCAN_INLINE word
word_add (word a, word b)
{
    return vaddq_u64 (a, b);
}

SCAN_INLINE word
word_xor (word a, word b)
{
    return veorq_u64 (a, b);
}

#ifdef __ARM_FEATURE_SHA3 /* one of them xors and rotates at once */

SCAN_INLINE word
word_xor_rotate_32 (word a, word b)
{
    return vxarq_u64 (a, b, 32);
}

SCAN_INLINE word
word_xor_rotate_24 (word a, word b)
{
    return vxarq_u64 (a, b, 24);
}

SCAN_INLINE word
word_xor_rotate_16 (word a, word b)
{
    return vxarq_u64 (a, b, 16);
}

SCAN_INLINE word
word_xor_rotate_63 (word a, word b)
{
    return vxarq_u64 (a, b, 63);
}

#else

SCAN_INLINE word
word_xor_rotate_32 (word a, word b)
{
    return vreinterpretq_u64_u32 (vrev64q_u32 (vreinterpretq_u32_u64 (word_xor (a, b))));
}

/* For vqtbl1q_u8: each lane rotated to the right by whole bytes. */
static const uint8_t rotate_24_table[16] = {3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10};
static const uint8_t rotate_16_table[16] = {2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9};

SCAN_INLINE word
rotate_bytes (word a, const uint8_t table[16])
{
    return vreinterpretq_u64_u8 (vqtbl1q_u8 (vreinterpretq_u8_u64 (a), vld1q_u8 (table)));
}

SCAN_INLINE word
word_xor_rotate_24 (word a, word b)
{
    return rotate_bytes (word_xor (a, b), rotate_24_table);
}

SCAN_INLINE word
word_xor_rotate_16 (word a, word b)
{
    return rotate_bytes (word_xor (a, b), rotate_16_table);
}

/* Doubling leaves the shifter, of which many cores have one, with half the work. */
SCAN_INLINE word
word_xor_rotate_63 (word a, word b)
{
    word c = word_xor (a, b);

    return vsriq_n_u64 (vaddq_u64 (c, c), c, 63);
}

#endif

#include "work/scan/scan_rounds.h"

SCAN_INLINE unsigned
first_hit (word low, word high)
{
    if (vgetq_lane_u64 (low, 0) != 0)
        return 0;
    if (vgetq_lane_u64 (low, 1) != 0)
        return 1;
    return vgetq_lane_u64 (high, 0) != 0 ? 2 : 3;
}

SCAN_INLINE bool
scan_neon_loop (const struct scan_midstate *midstate, uint64_t first, uint64_t count,
                uint64_t *nonce)
{
    const word step = vdupq_n_u64 (SCAN_NEON_LANES);
    const word flip = vdupq_n_u64 (midstate->flip);
    const word at_least = vdupq_n_u64 (midstate->at_least);
    word v[16];
    word m[2][SCAN_MESSAGE_WORDS];
    word values[2];
    uint64_t tail = count % SCAN_NEON_LANES;

    for (unsigned i = 0; i < 16; i++)
        v[i] = vdupq_n_u64 (midstate->v[i]);
    for (unsigned i = 1; i < SCAN_MESSAGE_WORDS; i++)
        m[0][i] = m[1][i] = vdupq_n_u64 (midstate->m[i]);

    m[0][0] = vcombine_u64 (vcreate_u64 (first), vcreate_u64 (first + 1));
    m[1][0] = vcombine_u64 (vcreate_u64 (first + 2), vcreate_u64 (first + 3));
    for (uint64_t end = first + (count - tail); first != end; first += SCAN_NEON_LANES) {
        word low, high; /* all ones in a lane that hits */

        SCAN_IN_MEMORY (m);
        hash_two (v, m, TURNS_OF_A_MIX, values);
        low = vcgeq_u64 (word_xor (values[0], flip), at_least);
        high = vcgeq_u64 (word_xor (values[1], flip), at_least);
        if (vmaxvq_u32 (vreinterpretq_u32_u64 (vorrq_u64 (low, high))) != 0) {
            *nonce = first + first_hit (low, high);
            return true;
        }
        m[0][0] = word_add (m[0][0], step);
        m[1][0] = word_add (m[1][0], step);
    }
    return scan_portable (midstate, first, tail, nonce);
}

#endif
