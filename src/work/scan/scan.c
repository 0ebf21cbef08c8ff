/* Preparing a target, and choosing a scanner for it. */
#include "work/scan/scan.h"

#include <string.h>

#if defined __aarch64__ && defined __linux__
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include "work/scan/scan_internal.h"
#include "work/scan/scan_scalar.h"

/* RFC 7693, section 2.6. */
static const uint64_t iv[8] = {
    UINT64_C (0x6a09e667f3bcc908), UINT64_C (0xbb67ae8584caa73b), UINT64_C (0x3c6ef372fe94f82b),
    UINT64_C (0xa54ff53a5f1d36f1), UINT64_C (0x510e527fade682d1), UINT64_C (0x9b05688c2b3e6c1f),
    UINT64_C (0x1f83d9abfb41bd6b), UINT64_C (0x5be0cd19137e2179),
};

/* No key, a fan-out and a depth of 1, a digest of 8 bytes: xored into h[0]. */
#define PARAMETERS UINT64_C (0x01010008)

#define INPUT_SIZE 40 /* the nonce and the root */

static uint64_t
load_little_endian (const uint8_t bytes[8])
{
    uint64_t value = 0;

    for (unsigned i = 8; i > 0; i--)
        value = value << 8 | bytes[i - 1];
    return value;
}

void
scan_prepare (struct scan_midstate *midstate, const struct scan_target *target)
{
    const uint64_t invert = target->order == DIFFICULTY_AT_MOST ? UINT64_MAX : 0;
    uint64_t *v = midstate->v;

    midstate->m[0] = 0;
    for (unsigned i = 0; i < 4; i++)
        midstate->m[1 + i] = load_little_endian (target->root + 8 * i);

    memcpy (v, iv, sizeof iv);
    memcpy (v + 8, iv, sizeof iv);
    v[0] ^= PARAMETERS;
    v[12] ^= INPUT_SIZE;
    v[14] = ~v[14]; /* the final block */

    /* value <= threshold is ~value >= ~threshold. */
    midstate->flip = v[0] ^ invert;
    midstate->at_least = target->threshold ^ invert;
    begin_round_1 (v, midstate->m);
}

/* The compiler's run-time library asks the CPU, and whether the system saves its registers. */

#ifdef HAVE_SCAN_AVX512
static bool
avx512_usable (void)
{
    return __builtin_cpu_supports ("avx512f");
}

static const struct scanner avx512 = {"avx512", SCAN_AVX512_LANES, scan_avx512, avx512_usable};
#endif

#ifdef HAVE_SCAN_AVX2
static bool
avx2_usable (void)
{
    return __builtin_cpu_supports ("avx2");
}

static const struct scanner avx2 = {"avx2", SCAN_AVX2_LANES, scan_avx2, avx2_usable};
#endif

/* Advanced SIMD is part of every AArch64 system that is not Linux, too; of SHA3 only Linux tells.
 */

#ifdef HAVE_SCAN_NEON_SHA3
static bool
neon_sha3_usable (void)
{
#ifdef __linux__
    return (getauxval (AT_HWCAP) & HWCAP_ASIMD) && (getauxval (AT_HWCAP) & HWCAP_SHA3);
#else
    return false;
#endif
}

static const struct scanner neon_sha3 = {"neon-sha3", SCAN_NEON_LANES, scan_neon_sha3,
                                         neon_sha3_usable};
#endif

#ifdef HAVE_SCAN_NEON
static bool
neon_usable (void)
{
#ifdef __linux__
    return (getauxval (AT_HWCAP) & HWCAP_ASIMD) != 0;
#else
    return true;
#endif
}

static const struct scanner neon = {"neon", SCAN_NEON_LANES, scan_neon, neon_usable};
#endif

static bool
portable_usable (void)
{
    return true;
}

static const struct scanner portable = {"portable", SCAN_PORTABLE_LANES, scan_portable,
                                        portable_usable};

static const struct scanner *const scanners[] = {
#ifdef HAVE_SCAN_AVX512
    &avx512,
#endif
#ifdef HAVE_SCAN_AVX2
    &avx2,
#endif
#ifdef HAVE_SCAN_NEON_SHA3
    &neon_sha3,
#endif
#ifdef HAVE_SCAN_NEON
    &neon,
#endif
    &portable,
};

#define SCANNER_COUNT (sizeof scanners / sizeof scanners[0])

const struct scanner *const *
scan_all (size_t *count)
{
    *count = SCANNER_COUNT;
    return scanners;
}

const struct scanner *
scan_named (const char *name)
{
    for (size_t i = 0; i < SCANNER_COUNT; i++) {
        if (strcmp (scanners[i]->name, name) == 0)
            return scanners[i]->usable () ? scanners[i] : NULL;
    }
    return NULL;
}
