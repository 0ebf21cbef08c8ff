/* The scanner for NEON with the SHA-3 instructions. */
#include "work/scan/scan_neon.h"

bool
scan_neon_sha3 (const struct scan_midstate *midstate, uint64_t first, uint64_t count,
                uint64_t *nonce)
{
    return scan_neon_loop (midstate, first, count, nonce);
}
