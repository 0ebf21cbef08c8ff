/*
 * The scanner for any CPU, two nonces a step, in plain C.
 */
#include "work/scan/scan_internal.h"
#include "work/scan/scan_scalar.h"

static bool
reached (const struct scan_midstate *midstate, word value)
{
    return (value ^ midstate->flip) >= midstate->at_least;
}

bool
scan_portable (const struct scan_midstate *midstate, uint64_t first, uint64_t count,
               uint64_t *nonce)
{
    word m[2][SCAN_MESSAGE_WORDS];
    word values[2];
    uint64_t tail = count % SCAN_PORTABLE_LANES;

    for (unsigned i = 1; i < SCAN_MESSAGE_WORDS; i++)
        m[0][i] = m[1][i] = midstate->m[i];

    for (uint64_t end = first + (count - tail); first != end; first += SCAN_PORTABLE_LANES) {
        m[0][0] = first;
        m[1][0] = first + 1;
        SCAN_IN_MEMORY (m);
        hash_two (midstate->v, m, TURNS_OF_A_MIX, values);
        if (reached (midstate, values[0]) || reached (midstate, values[1])) {
            *nonce = reached (midstate, values[0]) ? first : first + 1;
            return true;
        }
    }
    m[0][0] = first;
    if (tail == 0 || !reached (midstate, hash_one (midstate->v, m[0])))
        return false;
    *nonce = first;
    return true;
}
