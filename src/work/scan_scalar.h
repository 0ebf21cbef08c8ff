/*
 * scan_rounds.h for plain 64-bit integers, one lane: for preparing a target and for the portable
 * scanner.
 */
#ifndef WORK_SCAN_SCALAR_H
#define WORK_SCAN_SCALAR_H

#include <stdint.h>

#include "work/scan_internal.h"

typedef uint64_t word;

SCAN_INLINE word
word_add (word a, word b)
{
    word sum = a + b;

    SCAN_OPAQUE (sum, "+r");
    return sum;
}

SCAN_INLINE word
word_xor (word a, word b)
{
    return a ^ b;
}

SCAN_INLINE word
word_rotate_32 (word a)
{
    return a >> 32 | a << 32;
}

SCAN_INLINE word
word_rotate_24 (word a)
{
    return a >> 24 | a << 40;
}

SCAN_INLINE word
word_rotate_16 (word a)
{
    return a >> 16 | a << 48;
}

SCAN_INLINE word
word_rotate_63 (word a)
{
    return a >> 63 | a << 1;
}

#include "work/scan_rounds.h"

#endif
