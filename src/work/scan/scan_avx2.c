/*
 * The scanner for AVX2: eight nonces a step.
 */
#include <immintrin.h>

#include "work/scan/scan_internal.h"

typedef __m256i word;

SCAN_INLINE word
word_add (word a, word b)
{
    word sum = _mm256_add_epi64 (a, b);

    SCAN_OPAQUE (sum, "+x");
    return sum;
}

SCAN_INLINE word
word_xor (word a, word b)
{
    return _mm256_xor_si256 (a, b);
}

SCAN_INLINE word
word_xor_rotate_32 (word a, word b)
{
    word c = word_xor (a, b);

    SCAN_OPAQUE (c, "+x"); /* else clang shuffles a and b each */
    return _mm256_shuffle_epi32 (c, _MM_SHUFFLE (2, 3, 0, 1));
}

/* For _mm256_shuffle_epi8: each lane rotated to the right by whole bytes. */
static const uint8_t rotate_24_mask[32] = {
    3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10,
    3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10,
};
static const uint8_t rotate_16_mask[32] = {
    2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9,
    2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9,
};

/*
 * Clang replaces a shuffle whose mask it knows by two others, which costs an eighth of the speed.
 * So the mask comes through a pointer of which it knows nothing.
 */
SCAN_INLINE word
rotate_bytes (word a, const uint8_t mask[32])
{
    __asm__("" : "+r"(mask));
    return _mm256_shuffle_epi8 (a, _mm256_loadu_si256 ((const __m256i *)mask));
}

SCAN_INLINE word
word_xor_rotate_24 (word a, word b)
{
    return rotate_bytes (word_xor (a, b), rotate_24_mask);
}

SCAN_INLINE word
word_xor_rotate_16 (word a, word b)
{
    return rotate_bytes (word_xor (a, b), rotate_16_mask);
}

/* AVX2 has no rotate: doubling is the cheapest way to shift left by one. */
SCAN_INLINE word
word_xor_rotate_63 (word a, word b)
{
    word c = word_xor (a, b);

    return word_xor (_mm256_srli_epi64 (c, 63), word_add (c, c));
}

#include "work/scan/scan_rounds.h"

SCAN_INLINE word
word_from (uint64_t value)
{
    return _mm256_set1_epi64x ((long long)value);
}

/* A bit for each lane in which `value` is less. AVX2 compares signed numbers only. */
SCAN_INLINE unsigned
misses (word value, word at_least)
{
    return (unsigned)_mm256_movemask_pd (
        _mm256_castsi256_pd (_mm256_cmpgt_epi64 (at_least, value)));
}

bool
scan_avx2 (const struct scan_midstate *midstate, uint64_t first, uint64_t count, uint64_t *nonce)
{
    const uint64_t sign = UINT64_C (1) << 63; /* inverted in both that are compared */
    const word step = word_from (SCAN_AVX2_LANES);
    const word flip = word_from (midstate->flip ^ sign);
    const word at_least = word_from (midstate->at_least ^ sign);
    word v[16];
    word m[2][SCAN_MESSAGE_WORDS];
    word values[2];
    uint64_t tail = count % SCAN_AVX2_LANES;

    for (unsigned i = 0; i < 16; i++)
        v[i] = word_from (midstate->v[i]);
    for (unsigned i = 1; i < SCAN_MESSAGE_WORDS; i++)
        m[0][i] = m[1][i] = word_from (midstate->m[i]);

    m[0][0] = word_add (word_from (first), _mm256_setr_epi64x (0, 1, 2, 3));
    m[1][0] = word_add (m[0][0], word_from (SCAN_AVX2_LANES / 2));
    for (uint64_t end = first + (count - tail); first != end; first += SCAN_AVX2_LANES) {
        unsigned hits = 0xff;

        SCAN_IN_MEMORY (m);
        hash_two (v, m, TURNS_OF_HALF_A_ROUND, values);
        hits ^= misses (word_xor (values[0], flip), at_least);
        hits ^= misses (word_xor (values[1], flip), at_least) << 4;
        if (hits != 0) {
            *nonce = first + (unsigned)__builtin_ctz (hits);
            return true;
        }
        m[0][0] = word_add (m[0][0], step);
        m[1][0] = word_add (m[1][0], step);
    }
    return scan_portable (midstate, first, tail, nonce);
}
