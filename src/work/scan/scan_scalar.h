/*
 * scan_rounds.h for plain 64-bit integers, one lane: for preparing a target and for the portable
 * scanner.
 */
#ifndef WORK_SCAN_SCALAR_H
#define WORK_SCAN_SCALAR_H

#include <stdint.h>

#include "work/scan/scan_internal.h"

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
word_xor_rotate_32 (word a, word b)
{
    word c = word_xor (a, b);

    return c >> 32 | c << 32;
}

SCAN_INLINE word
word_xor_rotate_24 (word a, word b)
{
    word c = word_xor (a, b);

    return c >> 24 | c << 40;
}

SCAN_INLINE word
word_xor_rotate_16 (word a, word b)
{
    word c = word_xor (a, b);

    return c >> 16 | c << 48;
}

SCAN_INLINE word
word_xor_rotate_63 (word a, word b)
{
    word c = word_xor (a, b);

    return c >> 63 | c << 1;
}

#include "work/scan/scan_rounds.h"

#endif
