/*
 * The portable scanner and, built for AArch64, the NEON ones: a program that needs nothing but the
 * C library, so that it can be cross-built and run under an emulator. Exits 0 when all is well and
 * 1 otherwise; each failure has a line on standard error.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "vectors.h"
#include "work/scan/scan.h"

#define SEED UINT64_C (0x776f726b70656572)
#define UNTOUCHED UINT64_C (0x5ca1ab1e0ddba115)
#define RANDOM_SCANS 2000

static unsigned failures;

/* splitmix64 */
static uint64_t
random_u64 (uint64_t *state)
{
    uint64_t z = (*state += UINT64_C (0x9e3779b97f4a7c15));

    z = (z ^ z >> 30) * UINT64_C (0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C (0x94d049bb133111eb);
    return z ^ z >> 31;
}

static struct scan_midstate
prepare (const uint8_t root[32], uint64_t threshold, enum difficulty_order order)
{
    struct scan_target target = {.threshold = threshold, .order = order};
    struct scan_midstate midstate;

    memcpy (target.root, root, sizeof target.root);
    scan_prepare (&midstate, &target);
    return midstate;
}

/* The nonce found, or UNTOUCHED. */
static uint64_t
scan (const struct scanner *scanner, const struct scan_midstate *midstate, uint64_t first,
      uint64_t count)
{
    uint64_t nonce = UNTOUCHED;
    bool found = scanner->scan (midstate, first, count, &nonce);

    if (found != (nonce != UNTOUCHED)) {
        fprintf (stderr, "%s: returned %d with nonce %016" PRIx64 "\n", scanner->name, found,
                 nonce);
        failures++;
    }
    return nonce;
}

static void
expect (const struct scanner *scanner, const char *what, size_t index, uint64_t expected,
        uint64_t got)
{
    if (got == expected)
        return;
    fprintf (stderr, "%s: %s %zu: expected %016" PRIx64 ", got %016" PRIx64 "\n", scanner->name,
             what, index, expected, got);
    failures++;
}

/* Each value from both sides, alone (the scalar tail) and behind another nonce that misses. */
static void
check_value_vectors (const struct scanner *scanner)
{
    for (size_t i = 0; i < VALUE_VECTOR_COUNT; i++) {
        const struct value_vector *vector = &value_vectors[i];
        uint64_t nonce = vector->nonce;
        struct scan_midstate reached = prepare (vector->root, vector->value, DIFFICULTY_AT_LEAST);
        struct scan_midstate missed =
            prepare (vector->root, vector->value + 1, DIFFICULTY_AT_LEAST);
        struct scan_midstate reached_down =
            prepare (vector->root, vector->value, DIFFICULTY_AT_MOST);
        struct scan_midstate missed_down =
            prepare (vector->root, vector->value - 1, DIFFICULTY_AT_MOST);

        expect (scanner, "value", i, nonce, scan (scanner, &reached, nonce, 1));
        expect (scanner, "value", i, nonce, scan (scanner, &reached, nonce, scanner->lanes));
        expect (scanner, "value + 1", i, UNTOUCHED, scan (scanner, &missed, nonce, 1));
        expect (scanner, "value", i, nonce, scan (scanner, &reached_down, nonce, 1));
        expect (scanner, "value", i, nonce, scan (scanner, &reached_down, nonce, scanner->lanes));
        expect (scanner, "value - 1", i, UNTOUCHED, scan (scanner, &missed_down, nonce, 1));
    }
}

static void
check_first_vectors (const struct scanner *scanner)
{
    for (size_t i = 0; i < FIRST_VECTOR_COUNT; i++) {
        const struct first_vector *vector = &first_vectors[i];
        uint64_t before = vector->first - vector->start;
        struct scan_midstate midstate =
            prepare (vector->root, vector->threshold, DIFFICULTY_AT_LEAST);

        expect (scanner, "first", i, UNTOUCHED, scan (scanner, &midstate, vector->start, before));
        expect (scanner, "first", i, vector->first,
                scan (scanner, &midstate, vector->start, before + 1));
        expect (scanner, "first", i, vector->first,
                scan (scanner, &midstate, vector->start, UINT64_MAX));
    }
}

/* Short and long ranges, a quarter of them across 2^64, in both orders. */
static void
check_like (const struct scanner *scanner, const struct scanner *reference)
{
    uint64_t random = SEED;

    for (size_t i = 0; i < RANDOM_SCANS; i++) {
        enum difficulty_order order = i % 2 != 0 ? DIFFICULTY_AT_MOST : DIFFICULTY_AT_LEAST;
        uint64_t near_zero = random_u64 (&random) >> (random_u64 (&random) % 11);
        uint64_t threshold = order == DIFFICULTY_AT_MOST ? near_zero : ~near_zero;
        uint64_t count = random_u64 (&random) % 500;
        uint64_t first = i % 4 == 0 ? UINT64_MAX - count / 2 : random_u64 (&random);
        struct scan_midstate midstate;
        uint8_t root[32];

        for (size_t j = 0; j < sizeof root; j++)
            root[j] = (uint8_t)random_u64 (&random);
        midstate = prepare (root, threshold, order);
        expect (scanner, "random scan", i, scan (reference, &midstate, first, count),
                scan (scanner, &midstate, first, count));
    }
}

static void
check (const struct scanner *scanner, const struct scanner *portable)
{
    check_value_vectors (scanner);
    check_first_vectors (scanner);
    if (scanner != portable) {
        check_like (scanner, portable);
    }
    printf ("%s%s", scanner->name, scanner != portable ? ", " : ": all well\n");
}

int
main (void)
{
    const struct scanner *neon = scan_named ("neon");
    const struct scanner *neon_sha3 = scan_named ("neon-sha3"); /* NULL on a CPU without SHA-3 */
    const struct scanner *portable = scan_named ("portable");

#ifdef HAVE_SCAN_NEON
    if (neon == NULL) {
        fprintf (stderr, "the NEON scanner is missing\n");
        return 1;
    }
#endif
    if (portable == NULL) {
        fprintf (stderr, "the portable scanner is missing\n");
        return 1;
    }
    if (neon != NULL) {
        check (neon, portable);
    }
    if (neon_sha3 != NULL) {
        check (neon_sha3, portable);
    }
    check (portable, portable);
    if (failures != 0) {
        fprintf (stderr, "%u failures; seed %016" PRIx64 "\n", failures, SEED);
        return 1;
    }
    return 0;
}
