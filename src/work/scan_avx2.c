/*
 * The scanner for AVX2: four nonces a step.
 */
#include <immintrin.h>

#include "work/scan_internal.h"

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
word_rotate_32 (word a)
{
    SCAN_OPAQUE (a, "+x"); /* else clang shuffles both sides of the xor that made it */
    return _mm256_shuffle_epi32 (a, _MM_SHUFFLE (2, 3, 0, 1));
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
word_rotate_24 (word a)
{
    return rotate_bytes (a, rotate_24_mask);
}

SCAN_INLINE word
word_rotate_16 (word a)
{
    return rotate_bytes (a, rotate_16_mask);
}

/* AVX2 has no rotate: doubling is the cheapest way to shift left by one. */
SCAN_INLINE word
word_rotate_63 (word a)
{
    return _mm256_xor_si256 (_mm256_srli_epi64 (a, 63), word_add (a, a));
}

#include "work/scan_rounds.h"

SCAN_INLINE word
word_from (uint64_t value)
{
    return _mm256_set1_epi64x ((long long)value);
}

bool
scan_avx2 (const struct scan_midstate *midstate, uint64_t first, uint64_t count, uint64_t *nonce)
{
    /* AVX2 compares signed numbers only: both sides have their top bit inverted. */
    const uint64_t sign = UINT64_C (1) << 63;
    const word step = word_from (SCAN_AVX2_LANES);
    const word flip = word_from (midstate->flip ^ sign);
    const word at_least = word_from (midstate->at_least ^ sign);
    word v[16];
    word m[SCAN_MESSAGE_WORDS];
    uint64_t tail = count % SCAN_AVX2_LANES;

    for (unsigned i = 0; i < 16; i++)
        v[i] = word_from (midstate->v[i]);
    for (unsigned i = 1; i < SCAN_MESSAGE_WORDS; i++)
        m[i] = word_from (midstate->m[i]);

    m[0] = word_add (word_from (first), _mm256_setr_epi64x (0, 1, 2, 3));
    for (uint64_t end = first + (count - tail); first != end; first += SCAN_AVX2_LANES) {
        word value = word_xor (hash_from_midstate (v, m), flip);
        word misses = _mm256_cmpgt_epi64 (at_least, value);
        unsigned hits = 0xf ^ (unsigned)_mm256_movemask_pd (_mm256_castsi256_pd (misses));

        if (hits != 0) {
            *nonce = first + (unsigned)__builtin_ctz (hits);
            return true;
        }
        m[0] = word_add (m[0], step);
    }
    return scan_portable (midstate, first, tail, nonce);
}
