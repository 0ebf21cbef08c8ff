/*
 * What the scanners for AArch64's vectors share: a word is two lanes.
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

#endif
