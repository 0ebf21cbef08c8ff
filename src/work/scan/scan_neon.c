/* The scanner for NEON (AArch64's Advanced SIMD). */
#include "work/scan/scan_neon.h"

bool
scan_neon (const struct scan_midstate *midstate, uint64_t first, uint64_t count, uint64_t *nonce)
{
    return scan_neon_loop (midstate, first, count, nonce);
}
