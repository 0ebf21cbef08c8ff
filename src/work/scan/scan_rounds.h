/*
 * BLAKE2b's rounds, written once for every word type. A file includes this after it has defined
 *
 *     word                                one or several 64-bit lanes
 *     word_add, word_xor                  (word, word), lane by lane
 *     word_xor_rotate_32, _24, _16, _63   (word, word), xored, then each lane to the right
 *
 * Message words 5 to 15 are zero: nothing is added for them. That, the choice of words, and the
 * parts of the last round that reach nothing all vanish in the compiler, because every function
 * here is inlined and every index a constant.
 *
 * Scanners work on two hashes at once. The four mixes of half a round are four chains of twelve or
 * more instructions that wait for each other, and the next half waits for all four of them: a core
 * that looks a hundred instructions ahead finds too few that are ready to keep all of its vector
 * ports busy. A second hash waits for nothing in the first and fills the gaps.
 */
#ifndef WORK_SCAN_ROUNDS_H
#define WORK_SCAN_ROUNDS_H

#include "work/scan/scan_internal.h"

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
    v[d] = word_xor_rotate_32 (v[d], v[k]);
}

SCAN_INLINE void
quarter_2 (word v[16], unsigned k, unsigned turn)
{
    unsigned b = ROW_B (k, turn);
    unsigned c = ROW_C (k, turn);

    v[c] = word_add (v[c], v[ROW_D (k, turn)]);
    v[b] = word_xor_rotate_24 (v[b], v[c]);
}

SCAN_INLINE void
quarter_3 (word v[16], const word m[SCAN_MESSAGE_WORDS], unsigned k, unsigned turn, unsigned index)
{
    unsigned d = ROW_D (k, turn);

    add_to_a (v, m, k, turn, index);
    v[d] = word_xor_rotate_16 (v[d], v[k]);
}

SCAN_INLINE void
quarter_4 (word v[16], unsigned k, unsigned turn)
{
    unsigned b = ROW_B (k, turn);
    unsigned c = ROW_C (k, turn);

    v[c] = word_add (v[c], v[ROW_D (k, turn)]);
    v[b] = word_xor_rotate_63 (v[b], v[c]);
}

/* A mix whose first quarter has been done. */
SCAN_INLINE void
finish_mix (word v[16], const word m[SCAN_MESSAGE_WORDS], unsigned k, unsigned turn,
            const uint8_t s[16])
{
    quarter_2 (v, k, turn);
    quarter_3 (v, m, k, turn, s[8 * turn + 2 * k + 1]);
    quarter_4 (v, k, turn);
}

SCAN_INLINE void
mix (word v[16], const word m[SCAN_MESSAGE_WORDS], unsigned k, unsigned turn, const uint8_t s[16])
{
    quarter_1 (v, m, k, turn, s[8 * turn + 2 * k]);
    finish_mix (v, m, k, turn, s);
}

SCAN_INLINE void
half_round (word v[16], const word m[SCAN_MESSAGE_WORDS], unsigned turn, const uint8_t s[16])
{
    mix (v, m, 0, turn, s);
    mix (v, m, 1, turn, s);
    mix (v, m, 2, turn, s);
    mix (v, m, 3, turn, s);
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
    v[13] = word_xor_rotate_32 (v[13], v[2]);
}

/* The diagonals take message words 8 to 15, all of them zero. */
SCAN_INLINE void
finish_round_1 (word v[16], const word m[SCAN_MESSAGE_WORDS])
{
    v[0] = word_add (v[0], m[0]);
    v[12] = word_xor_rotate_32 (v[12], v[0]);
    finish_mix (v, m, 0, 0, sigma[0]);

    mix (v, m, 0, 1, sigma[0]);
    v[12] = word_xor_rotate_32 (v[12], v[1]);
    finish_mix (v, m, 1, 1, sigma[0]);
    finish_mix (v, m, 2, 1, sigma[0]);
    mix (v, m, 3, 1, sigma[0]);
}

/* v[0] ^ v[8] after all twelve rounds, from a midstate's `v`; m[0] holds the nonces. */
SCAN_INLINE word
hash_one (const word midstate[16], const word m[SCAN_MESSAGE_WORDS])
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

/* How the instructions of two hashes take turns. NOTES.md says which suits what. */
enum turns {
    TURNS_OF_A_MIX,
    TURNS_OF_HALF_A_ROUND,
};

SCAN_INLINE void
two_mixes (word v[2][16], const word m[2][SCAN_MESSAGE_WORDS], unsigned k, unsigned turn,
           const uint8_t s[16])
{
    mix (v[0], m[0], k, turn, s);
    mix (v[1], m[1], k, turn, s);
}

SCAN_INLINE void
two_half_rounds (word v[2][16], const word m[2][SCAN_MESSAGE_WORDS], unsigned turn,
                 const uint8_t s[16], enum turns turns)
{
    if (turns == TURNS_OF_HALF_A_ROUND) {
        half_round (v[0], m[0], turn, s);
        half_round (v[1], m[1], turn, s);
        return;
    }
    two_mixes (v, m, 0, turn, s);
    two_mixes (v, m, 1, turn, s);
    two_mixes (v, m, 2, turn, s);
    two_mixes (v, m, 3, turn, s);
}

SCAN_INLINE void
two_rounds (word v[2][16], const word m[2][SCAN_MESSAGE_WORDS], unsigned row, enum turns turns)
{
    two_half_rounds (v, m, 0, sigma[row], turns);
    two_half_rounds (v, m, 1, sigma[row], turns);
}

/*
 * hash_one of both messages, into `values`. The messages stay in memory, which costs nothing where
 * an add can read it: a caller says SCAN_IN_MEMORY of them before.
 */
SCAN_INLINE void
hash_two (const word midstate[16], const word m[2][SCAN_MESSAGE_WORDS], enum turns turns,
          word values[2])
{
    word v[2][16];

    __builtin_memcpy (v[0], midstate, sizeof v[0]);
    __builtin_memcpy (v[1], midstate, sizeof v[1]);
    finish_round_1 (v[0], m[0]);
    finish_round_1 (v[1], m[1]);
    two_rounds (v, m, 1, turns);
    two_rounds (v, m, 2, turns);
    two_rounds (v, m, 3, turns);
    two_rounds (v, m, 4, turns);
    two_rounds (v, m, 5, turns);
    two_rounds (v, m, 6, turns);
    two_rounds (v, m, 7, turns);
    two_rounds (v, m, 8, turns);
    two_rounds (v, m, 9, turns);
    two_rounds (v, m, 0, turns);

    two_half_rounds (v, m, 0, sigma[1], turns);
    two_mixes (v, m, 0, 1, sigma[1]);
    two_mixes (v, m, 2, 1, sigma[1]);
    values[0] = word_xor (v[0][0], v[0][8]);
    values[1] = word_xor (v[1][0], v[1][8]);
}

#endif
