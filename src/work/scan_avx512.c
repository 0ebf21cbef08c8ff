/*
 * The scanner for AVX-512, of which the foundation is enough: eight nonces a step.
 */
#include <immintrin.h>

#include "work/scan_internal.h"

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
word_rotate_32 (word a)
{
    return _mm512_ror_epi64 (a, 32);
}

SCAN_INLINE word
word_rotate_24 (word a)
{
    return _mm512_ror_epi64 (a, 24);
}

SCAN_INLINE word
word_rotate_16 (word a)
{
    return _mm512_ror_epi64 (a, 16);
}

SCAN_INLINE word
word_rotate_63 (word a)
{
    return _mm512_ror_epi64 (a, 63);
}

#include "work/scan_rounds.h"

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
    word m[SCAN_MESSAGE_WORDS];
    uint64_t tail = count % SCAN_AVX512_LANES;

    for (unsigned i = 0; i < 16; i++)
        v[i] = word_from (midstate->v[i]);
    for (unsigned i = 1; i < SCAN_MESSAGE_WORDS; i++)
        m[i] = word_from (midstate->m[i]);

    m[0] = word_add (word_from (first), _mm512_setr_epi64 (0, 1, 2, 3, 4, 5, 6, 7));
    for (uint64_t end = first + (count - tail); first != end; first += SCAN_AVX512_LANES) {
        word value = word_xor (hash_from_midstate (v, m), flip);
        __mmask8 hits = _mm512_cmpge_epu64_mask (value, at_least);

        if (hits != 0) {
            *nonce = first + (unsigned)__builtin_ctz (hits);
            return true;
        }
        m[0] = word_add (m[0], step);
    }
    return scan_portable (midstate, first, tail, nonce);
}
