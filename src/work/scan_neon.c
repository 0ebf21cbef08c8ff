/*
 * The scanner for NEON (AArch64's Advanced SIMD): two nonces a step.
 */
#include <arm_neon.h>

#include "work/scan_internal.h"

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

SCAN_INLINE word
word_rotate_32 (word a)
{
    return vreinterpretq_u64_u32 (vrev64q_u32 (vreinterpretq_u32_u64 (a)));
}

SCAN_INLINE word
word_rotate_24 (word a)
{
    return vsriq_n_u64 (vshlq_n_u64 (a, 40), a, 24);
}

SCAN_INLINE word
word_rotate_16 (word a)
{
    return vsriq_n_u64 (vshlq_n_u64 (a, 48), a, 16);
}

/* Doubling leaves the shifter, of which many cores have one, with half the work. */
SCAN_INLINE word
word_rotate_63 (word a)
{
    return vsriq_n_u64 (vaddq_u64 (a, a), a, 63);
}

#include "work/scan_rounds.h"

bool
scan_neon (const struct scan_midstate *midstate, uint64_t first, uint64_t count, uint64_t *nonce)
{
    const word step = vdupq_n_u64 (SCAN_NEON_LANES);
    const word flip = vdupq_n_u64 (midstate->flip);
    const word at_least = vdupq_n_u64 (midstate->at_least);
    word v[16];
    word m[SCAN_MESSAGE_WORDS];
    uint64_t tail = count % SCAN_NEON_LANES;

    for (unsigned i = 0; i < 16; i++)
        v[i] = vdupq_n_u64 (midstate->v[i]);
    for (unsigned i = 1; i < SCAN_MESSAGE_WORDS; i++)
        m[i] = vdupq_n_u64 (midstate->m[i]);

    m[0] = vcombine_u64 (vcreate_u64 (first), vcreate_u64 (first + 1));
    for (uint64_t end = first + (count - tail); first != end; first += SCAN_NEON_LANES) {
        word value = word_xor (hash_from_midstate (v, m), flip);
        word hits = vcgeq_u64 (value, at_least);

        if (vmaxvq_u32 (vreinterpretq_u32_u64 (hits)) != 0) {
            *nonce = vgetq_lane_u64 (hits, 0) != 0 ? first : first + 1;
            return true;
        }
        m[0] = word_add (m[0], step);
    }
    return scan_portable (midstate, first, tail, nonce);
}
