/*
 * The loop of the scanners for AArch64's vectors, four nonces a step. A file includes this after
 * scan_neon.h and its own word_xor_rotate_32, _24, _16 and _63.
 */
#ifndef WORK_SCAN_NEON_LOOP_H
#define WORK_SCAN_NEON_LOOP_H

#include "work/scan/scan_neon.h"
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
