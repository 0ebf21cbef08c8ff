/*
 * The scanner for any CPU, one nonce at a time, in plain C.
 */
#include "work/scan_internal.h"
#include "work/scan_scalar.h"

bool
scan_portable (const struct scan_midstate *midstate, uint64_t first, uint64_t count,
               uint64_t *nonce)
{
    word m[SCAN_MESSAGE_WORDS];

    for (unsigned i = 1; i < SCAN_MESSAGE_WORDS; i++)
        m[i] = midstate->m[i];

    m[0] = first;
    for (; count > 0; count--, m[0]++) {
        if ((hash_from_midstate (midstate->v, m) ^ midstate->flip) >= midstate->at_least) {
            *nonce = m[0];
            return true;
        }
    }
    return false;
}
