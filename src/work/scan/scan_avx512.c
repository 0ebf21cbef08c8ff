/*
 * The scanner for AVX-512, of which the foundation is enough: sixteen nonces a step.
 */
#include <immintrin.h>

#include "work/scan/scan_internal.h"

typedef __m512i word;

SCAN_INLINE word
word_add (word a, word b)
{
    word sum = _mm512_add_epi64 (a, b);

    SCAN_OPAQUE (sum, "+v");
    return sum;
}

SCAN_INLINE word
word_xor (word a, word b)
{
    return _mm512_xor_si512 (a, b);
}

SCAN_INLINE word
word_xor_rotate_32 (word a, word b)
{
    return _mm512_ror_epi64 (word_xor (a, b), 32);
}

SCAN_INLINE word
word_xor_rotate_24 (word a, word b)
{
    return _mm512_ror_epi64 (word_xor (a, b), 24);
}

SCAN_INLINE word
word_xor_rotate_16 (word a, word b)
{
    return _mm512_ror_epi64 (word_xor (a, b), 16);
}

SCAN_INLINE word
word_xor_rotate_63 (word a, word b)
{
    return _mm512_ror_epi64 (word_xor (a, b), 63);
}

#include "work/scan/scan_rounds.h"

SCAN_INLINE word
word_from (uint64_t value)
{
    return _mm512_set1_epi64 ((long long)value);
}

bool
scan_avx512 (const struct scan_midstate *midstate, uint64_t first, uint64_t count, uint64_t *nonce)
{
    const word step = word_from (SCAN_AVX512_LANES);
    const word flip = word_from (midstate->flip);
    const word at_least = word_from (midstate->at_least);
    word v[16];
    word m[2][SCAN_MESSAGE_WORDS];
    word values[2];
    uint64_t tail = count % SCAN_AVX512_LANES;

    for (unsigned i = 0; i < 16; i++)
        v[i] = word_from (midstate->v[i]);
    for (unsigned i = 1; i < SCAN_MESSAGE_WORDS; i++)
        m[0][i] = m[1][i] = word_from (midstate->m[i]);

    m[0][0] = word_add (word_from (first), _mm512_setr_epi64 (0, 1, 2, 3, 4, 5, 6, 7));
    m[1][0] = word_add (m[0][0], word_from (SCAN_AVX512_LANES / 2));
    for (uint64_t end = first + (count - tail); first != end; first += SCAN_AVX512_LANES) {
        unsigned hits;

        SCAN_IN_MEMORY (m);
        hash_two (v, m, TURNS_OF_A_MIX, values);
        hits = _mm512_cmpge_epu64_mask (word_xor (values[0], flip), at_least);
        hits |= (unsigned)_mm512_cmpge_epu64_mask (word_xor (values[1], flip), at_least) << 8;
        if (hits != 0) {
            *nonce = first + (unsigned)__builtin_ctz (hits);
            return true;
        }
        m[0][0] = word_add (m[0][0], step);
        m[1][0] = word_add (m[1][0], step);
    }
    return scan_portable (midstate, first, tail, nonce);
}
