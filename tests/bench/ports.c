#include "ports.h"

#include <stddef.h>
#include <string.h>

/*
 * What a hash cannot do without, in instructions on 64-bit lanes:
 *
 *     12 rounds of 8 mixes, each with 4 adds, 4 xors and 4 rotates      1152
 *     5 message words that are not zero, once a round                     60
 *     round 1, what does not depend on the nonce: three mixes with        39
 *         their three message words, and five steps more                   5
 *     round 12, what does not reach v[0] and v[8]: two whole mixes        24
 *         with three message words, and eleven steps of the others        14
 *
 * and, for the result: v[0] ^ v[8], ^ flip, the comparison and the next nonce.
 */
#define HASH (1152 + 60 - 39 - 5 - 24 - 14)
#define RESULT 4

/* How many rotates these are: 96 of each, less those of round 1 and of round 12. */
#define ROTATES_32 (96 - 4 - 2)
#define ROTATES_24 (96 - 3 - 2)
#define ROTATES_16 (96 - 3 - 3)
#define ROTATES_63 (96 - 3 - 6)
#define ROTATES (ROTATES_32 + ROTATES_24 + ROTATES_16 + ROTATES_63)

/* A step is two hashes in each lane. */
enum {
    /* Scalar: one instruction each. The jump goes with the comparison. */
    OPERATIONS_PORTABLE = 2 * (HASH + RESULT),
    /* AVX2 rotates by 63 with three instructions; each comparison's mask is moved to a register. */
    OPERATIONS_AVX2 = 2 * (HASH + RESULT + 2 * ROTATES_63 + 1),
    /* AVX-512 does both xors of the result at once; both masks are tested on a vector port. */
    OPERATIONS_AVX512 = 2 * (HASH + RESULT - 1) + 1,
    /* NEON rotates by 63 with two instructions; both masks are united, reduced and moved. */
    OPERATIONS_NEON = 2 * (HASH + RESULT + ROTATES_63) + 3,
    /* With SHA-3 it xors and rotates at once, and does both xors of the result at once. */
    OPERATIONS_NEON_SHA3 = 2 * (HASH + RESULT - ROTATES - 1) + 3,
};

/*
 * Twelve registers, each added to itself or to a thirteenth, eight times a turn. An add of a
 * constant would not do: newer cores take it off the ports when they rename registers.
 */
#define EIGHT_TIMES(twelve) twelve twelve twelve twelve twelve twelve twelve twelve

/* Formatted by hand: a column for each register. */
/* clang-format off */
#if defined __x86_64__

#define LOOP(twelve) "1:\n\t" EIGHT_TIMES (twelve) "dec %0\n\tjnz 1b\n\t"

#define SCALAR(r) "add %%r11, %%" r "\n\t"
#define TWELVE_SCALARS \
    SCALAR ("rax") SCALAR ("rbx") SCALAR ("rcx") SCALAR ("rdx") SCALAR ("rsi") SCALAR ("rdi") \
    SCALAR ("r8")  SCALAR ("r9")  SCALAR ("r10") SCALAR ("r12") SCALAR ("r13") SCALAR ("r14")
#define SCALARS_CLOBBERED \
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r12", "r13", "r14", "r11", "cc"

#define VECTOR(r) "vpaddq %%" r ", %%" r ", %%" r "\n\t"
#define TWELVE_VECTORS(v) \
    VECTOR (v "0") VECTOR (v "1") VECTOR (v "2") VECTOR (v "3") VECTOR (v "4")  VECTOR (v "5") \
    VECTOR (v "6") VECTOR (v "7") VECTOR (v "8") VECTOR (v "9") VECTOR (v "10") VECTOR (v "11")
#define VECTORS_CLOBBERED \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", \
    "xmm11", "cc"

#elif defined __aarch64__

#define LOOP(twelve) "1:\n\t" EIGHT_TIMES (twelve) "subs %0, %0, #1\n\tb.ne 1b\n\t"

#define SCALAR(r) "add " r ", " r ", x12\n\t"
#define TWELVE_SCALARS \
    SCALAR ("x0") SCALAR ("x1") SCALAR ("x2") SCALAR ("x3") SCALAR ("x4")  SCALAR ("x5") \
    SCALAR ("x6") SCALAR ("x7") SCALAR ("x8") SCALAR ("x9") SCALAR ("x10") SCALAR ("x11")
#define SCALARS_CLOBBERED \
    "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "cc"

/* Not 8 to 15, whose lower halves the caller keeps. */
#define VECTOR(r) "add " r ".2d, " r ".2d, " r ".2d\n\t"
#define TWELVE_VECTORS(v) \
    VECTOR (v "0") VECTOR (v "1") VECTOR (v "2")  VECTOR (v "3")  VECTOR (v "4")  VECTOR (v "5") \
    VECTOR (v "6") VECTOR (v "7") VECTOR (v "16") VECTOR (v "17") VECTOR (v "18") VECTOR (v "19")
#define VECTORS_CLOBBERED \
    "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18", "v19", "cc"

#endif
/* clang-format on */

#ifdef SCALAR
static void
adds_scalar (uint64_t turns)
{
    __asm__ volatile(LOOP (TWELVE_SCALARS) : "+r"(turns) : : SCALARS_CLOBBERED);
}
#endif

#ifdef HAVE_SCAN_AVX2
static void
adds_avx2 (uint64_t turns)
{
    __asm__ volatile(LOOP (TWELVE_VECTORS ("ymm")) "vzeroupper"
                     : "+r"(turns)
                     :
                     : VECTORS_CLOBBERED);
}
#endif

#ifdef HAVE_SCAN_AVX512
static void
adds_avx512 (uint64_t turns)
{
    __asm__ volatile(LOOP (TWELVE_VECTORS ("zmm")) "vzeroupper"
                     : "+r"(turns)
                     :
                     : VECTORS_CLOBBERED);
}
#endif

#ifdef HAVE_SCAN_NEON
static void
adds_neon (uint64_t turns)
{
    __asm__ volatile(LOOP (TWELVE_VECTORS ("v")) : "+r"(turns) : : VECTORS_CLOBBERED);
}
#endif

static const struct ports all[] = {
#ifdef HAVE_SCAN_AVX512
    {"avx512", OPERATIONS_AVX512, adds_avx512},
#endif
#ifdef HAVE_SCAN_AVX2
    {"avx2", OPERATIONS_AVX2, adds_avx2},
#endif
#ifdef HAVE_SCAN_NEON_SHA3
    {"neon-sha3", OPERATIONS_NEON_SHA3, adds_neon},
#endif
#ifdef HAVE_SCAN_NEON
    {"neon", OPERATIONS_NEON, adds_neon},
#endif
#ifdef SCALAR
    {"portable", OPERATIONS_PORTABLE, adds_scalar},
#endif
    {NULL, 0, NULL},
};

const struct ports *
ports_of (const struct scanner *scanner)
{
    for (const struct ports *ports = all; ports->scanner != NULL; ports++) {
        if (strcmp (ports->scanner, scanner->name) == 0) {
            return ports;
        }
    }
    return NULL;
}
