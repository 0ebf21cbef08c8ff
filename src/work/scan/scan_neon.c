/*
 * The scanner for NEON (AArch64's Advanced SIMD).
 */
#include "work/scan/scan_neon.h"

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

#include "work/scan/scan_neon_loop.h"

bool
scan_neon (const struct scan_midstate *midstate, uint64_t first, uint64_t count, uint64_t *nonce)
{
    return scan_neon_loop (midstate, first, count, nonce);
}
