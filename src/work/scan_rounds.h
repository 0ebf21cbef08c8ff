/*
 * BLAKE2b's rounds, written once for every word type. A file includes this after it has defined
 *
 *     word                            one or several 64-bit lanes
 *     word_add, word_xor              (word, word), lane by lane
 *     word_rotate_32, _24, _16, _63   (word), each lane to the right
 *
 * Message words 5 to 15 are zero: nothing is added for them. That, the choice of words, and the
 * parts of the last round that reach nothing all vanish in the compiler, because every function
 * here is inlined and every index a constant.
 */
#ifndef WORK_SCAN_ROUNDS_H
#define WORK_SCAN_ROUNDS_H

#include "work/scan_internal.h"

#define SCAN_MESSAGE_WORDS 5

/* RFC 7693, section 2.7: which message word goes where. Rounds 11 and 12 repeat the first two. */
static const uint8_t sigma[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

/*
 * A mix is the RFC's function G, here in four quarters. Mix `k` of a half-round works on v[k] and
 * on one word of each other row: straight below it in the columns (`turn` 0), each row one further
 * to the right in the diagonals (`turn` 1).
 */
#define ROW_B(k, turn) (4 + (((k) + (turn)) & 3))
#define ROW_C(k, turn) (8 + (((k) + 2 * (turn)) & 3))
#define ROW_D(k, turn) (12 + (((k) + 3 * (turn)) & 3))

/* The message word first: v[k] has been there for a while, row b is what everybody waits for. */
SCAN_INLINE void
add_to_a (word v[16], const word m[SCAN_MESSAGE_WORDS], unsigned k, unsigned turn, unsigned index)
{
    if (index < SCAN_MESSAGE_WORDS)
        v[k] = word_add (v[k], m[index]);
    v[k] = word_add (v[k], v[ROW_B (k, turn)]);
}

SCAN_INLINE void
quarter_1 (word v[16], const word m[SCAN_MESSAGE_WORDS], unsigned k, unsigned turn, unsigned index)
{
    unsigned d = ROW_D (k, turn);

    add_to_a (v, m, k, turn, index);
    v[d] = word_rotate_32 (word_xor (v[d], v[k]));
}

SCAN_INLINE void
quarter_2 (word v[16], unsigned k, unsigned turn)
{
    unsigned b = ROW_B (k, turn);
    unsigned c = ROW_C (k, turn);

    v[c] = word_add (v[c], v[ROW_D (k, turn)]);
    v[b] = word_rotate_24 (word_xor (v[b], v[c]));
}

SCAN_INLINE void
quarter_3 (word v[16], const word m[SCAN_MESSAGE_WORDS], unsigned k, unsigned turn, unsigned index)
{
    unsigned d = ROW_D (k, turn);

    add_to_a (v, m, k, turn, index);
    v[d] = word_rotate_16 (word_xor (v[d], v[k]));
}

SCAN_INLINE void
quarter_4 (word v[16], unsigned k, unsigned turn)
{
    unsigned b = ROW_B (k, turn);
    unsigned c = ROW_C (k, turn);

    v[c] = word_add (v[c], v[ROW_D (k, turn)]);
    v[b] = word_rotate_63 (word_xor (v[b], v[c]));
}

SCAN_INLINE void
mix (word v[16], const word m[SCAN_MESSAGE_WORDS], unsigned k, unsigned turn, const uint8_t s[16])
{
    quarter_1 (v, m, k, turn, s[8 * turn + 2 * k]);
    quarter_2 (v, k, turn);
    quarter_3 (v, m, k, turn, s[8 * turn + 2 * k + 1]);
    quarter_4 (v, k, turn);
}

/* The four mixes advance together: none waits for its own last instruction. */
SCAN_INLINE void
half_round (word v[16], const word m[SCAN_MESSAGE_WORDS], unsigned turn, const uint8_t s[16])
{
    quarter_1 (v, m, 0, turn, s[8 * turn + 0]);
    quarter_1 (v, m, 1, turn, s[8 * turn + 2]);
    quarter_1 (v, m, 2, turn, s[8 * turn + 4]);
    quarter_1 (v, m, 3, turn, s[8 * turn + 6]);
    quarter_2 (v, 0, turn);
    quarter_2 (v, 1, turn);
    quarter_2 (v, 2, turn);
    quarter_2 (v, 3, turn);
    quarter_3 (v, m, 0, turn, s[8 * turn + 1]);
    quarter_3 (v, m, 1, turn, s[8 * turn + 3]);
    quarter_3 (v, m, 2, turn, s[8 * turn + 5]);
    quarter_3 (v, m, 3, turn, s[8 * turn + 7]);
    quarter_4 (v, 0, turn);
    quarter_4 (v, 1, turn);
    quarter_4 (v, 2, turn);
    quarter_4 (v, 3, turn);
}

SCAN_INLINE void
full_round (word v[16], const word m[SCAN_MESSAGE_WORDS], unsigned row)
{
    half_round (v, m, 0, sigma[row]);
    half_round (v, m, 1, sigma[row]);
}

/*
 * Round 1 up to where the nonce comes in: the part that is the same for every nonce of a root. It
 * takes BLAKE2b's initial state to the midstate; finish_round_1 takes it from there.
 */
SCAN_INLINE void
begin_round_1 (word v[16], const word m[SCAN_MESSAGE_WORDS])
{
    v[0] = word_add (v[0], v[4]);
    mix (v, m, 1, 0, sigma[0]);
    mix (v, m, 2, 0, sigma[0]);
    mix (v, m, 3, 0, sigma[0]);
    v[1] = word_add (v[1], v[6]);
    v[2] = word_add (v[2], v[7]);
    v[13] = word_rotate_32 (word_xor (v[13], v[2]));
}

SCAN_INLINE void
finish_round_1 (word v[16], const word m[SCAN_MESSAGE_WORDS])
{
    v[0] = word_add (v[0], m[0]);
    v[12] = word_rotate_32 (word_xor (v[12], v[0]));
    quarter_2 (v, 0, 0);
    quarter_3 (v, m, 0, 0, 1);
    quarter_4 (v, 0, 0);

    /* The diagonals take message words 8 to 15, all of them zero. */
    quarter_1 (v, m, 0, 1, 8);
    v[12] = word_rotate_32 (word_xor (v[12], v[1]));
    quarter_1 (v, m, 3, 1, 14);
    quarter_2 (v, 0, 1);
    quarter_2 (v, 1, 1);
    quarter_2 (v, 2, 1);
    quarter_2 (v, 3, 1);
    quarter_3 (v, m, 0, 1, 9);
    quarter_3 (v, m, 1, 1, 11);
    quarter_3 (v, m, 2, 1, 13);
    quarter_3 (v, m, 3, 1, 15);
    quarter_4 (v, 0, 1);
    quarter_4 (v, 1, 1);
    quarter_4 (v, 2, 1);
    quarter_4 (v, 3, 1);
}

/* v[0] ^ v[8] after all twelve rounds, from a midstate's `v`; m[0] holds the nonces. */
SCAN_INLINE word
hash_from_midstate (const word midstate[16], const word m[SCAN_MESSAGE_WORDS])
{
    word v[16];

    __builtin_memcpy (v, midstate, sizeof v);
    finish_round_1 (v, m);
    full_round (v, m, 1);
    full_round (v, m, 2);
    full_round (v, m, 3);
    full_round (v, m, 4);
    full_round (v, m, 5);
    full_round (v, m, 6);
    full_round (v, m, 7);
    full_round (v, m, 8);
    full_round (v, m, 9);
    full_round (v, m, 0);

    /* Of the last round only v[0] and v[8] are wanted: two of the diagonals. */
    half_round (v, m, 0, sigma[1]);
    mix (v, m, 0, 1, sigma[1]);
    mix (v, m, 2, 1, sigma[1]);
    return word_xor (v[0], v[8]);
}

#endif
