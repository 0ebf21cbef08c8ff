/*
 * Preparing a target, and choosing a scanner for it.
 *
 * Threads: the CPU is asked for its features once, whichever thread comes first; after that they
 * are only read.
 */
#include "work/scan/scan.h"

#include <pthread.h>
#include <string.h>

#if defined __x86_64__ || defined __i386__
#include <cpuid.h>
#elif defined __aarch64__ && defined __linux__
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

/* A portable-only build asks the CPU nothing. */
#if defined HAVE_SCAN_AVX2 || defined HAVE_SCAN_AVX512 || defined HAVE_SCAN_NEON

enum feature {
    FEATURE_NEON = 1 << 0,
    FEATURE_NEON_SHA3 = 1 << 1,
    FEATURE_AVX2 = 1 << 2,
    FEATURE_AVX512 = 1 << 3, /* foundation */
};

static pthread_once_t features_once = PTHREAD_ONCE_INIT;
static unsigned features; /* of enum feature; constant after features_once */

#if defined __x86_64__ || defined __i386__

/* Which register state the operating system saves: XCR0. The instruction needs OSXSAVE. */
static uint32_t
read_xcr0 (void)
{
    uint32_t low, high;

    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static unsigned
detect_features (void)
{
    const uint32_t xcr0_avx = 0x06;    /* SSE and AVX */
    const uint32_t xcr0_avx512 = 0xe6; /* and opmask, the upper halves, the upper sixteen */
    unsigned eax, ebx, ecx, edx;
    unsigned found = 0;
    uint32_t xcr0;

    if (!__get_cpuid (1, &eax, &ebx, &ecx, &edx) || !(ecx & bit_OSXSAVE) || !(ecx & bit_AVX))
        return 0;
    if (!__get_cpuid_count (7, 0, &eax, &ebx, &ecx, &edx))
        return 0;

    xcr0 = read_xcr0 ();
    if ((ebx & bit_AVX2) && (xcr0 & xcr0_avx) == xcr0_avx)
        found |= FEATURE_AVX2;
    if ((ebx & bit_AVX512F) && (xcr0 & xcr0_avx512) == xcr0_avx512)
        found |= FEATURE_AVX512;
    return found;
}

#elif defined __aarch64__ && defined __linux__

static unsigned
detect_features (void)
{
    unsigned long capabilities = getauxval (AT_HWCAP);
    unsigned found = 0;

    if (capabilities & HWCAP_ASIMD)
        found |= FEATURE_NEON;
    if ((capabilities & HWCAP_ASIMD) && (capabilities & HWCAP_SHA3))
        found |= FEATURE_NEON_SHA3;
    return found;
}

#elif defined __aarch64__

/* Advanced SIMD is part of every AArch64 system that is not Linux, too. */
static unsigned
detect_features (void)
{
    return FEATURE_NEON;
}

#endif

static void
set_features (void)
{
    features = detect_features ();
}

static bool
have_feature (enum feature feature)
{
    pthread_once (&features_once, set_features);
    return (features & (unsigned)feature) != 0;
}

#endif

#ifdef HAVE_SCAN_AVX512
static bool
avx512_usable (void)
{
    return have_feature (FEATURE_AVX512);
}

static const struct scanner avx512 = {"avx512", SCAN_AVX512_LANES, scan_avx512, avx512_usable};
#endif

#ifdef HAVE_SCAN_AVX2
static bool
avx2_usable (void)
{
    return have_feature (FEATURE_AVX2);
}

static const struct scanner avx2 = {"avx2", SCAN_AVX2_LANES, scan_avx2, avx2_usable};
#endif

#ifdef HAVE_SCAN_NEON_SHA3
static bool
neon_sha3_usable (void)
{
    return have_feature (FEATURE_NEON_SHA3);
}

static const struct scanner neon_sha3 = {"neon-sha3", SCAN_NEON_LANES, scan_neon_sha3,
                                         neon_sha3_usable};
#endif

#ifdef HAVE_SCAN_NEON
static bool
neon_usable (void)
{
    return have_feature (FEATURE_NEON);
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
scan_best (void)
{
    for (size_t i = 0; i < SCANNER_COUNT; i++) {
        if (scanners[i]->usable ())
            return scanners[i];
    }
    return &portable;
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
