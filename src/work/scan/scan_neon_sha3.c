/*
 * The scanner for NEON with the SHA-3 instructions (Armv8.2): one of them xors and rotates at once.
 */
#include "work/scan/scan_neon.h"

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

#include "work/scan/scan_neon_loop.h"

bool
scan_neon_sha3 (const struct scan_midstate *midstate, uint64_t first, uint64_t count,
                uint64_t *nonce)
{
    return scan_neon_loop (midstate, first, count, nonce);
}
