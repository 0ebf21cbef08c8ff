/*
 * How fast each scanner is, and how many times faster than libb2 called the way a node calls it: a
 * streaming hash with an 8-byte digest, updated with the nonce and then with the root.
 *
 *     bench_scan [slices]
 *
 * The candidates take turns in slices of SLICE_SECONDS, so that a change of clock rate or a busy
 * neighbour meets all of them alike; each one's figure is the median of its slices.
 */
#include <blake2.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "work/scan.h"

#define SLICE_SECONDS 0.05
#define SLICES_DEFAULT 40
#define SLICES_LEAST 20
#define SLICES_MOST 10000
#define CANDIDATES_MOST 8

/* Tries `count` nonces upward from `first`; no nonce is ever found. */
typedef void (*batch_fn) (const struct scanner *scanner, uint64_t first, uint64_t count);

struct candidate {
    const char *name;
    const struct scanner *scanner; /* NULL for libb2 */
    batch_fn batch;
    uint64_t batch_count; /* nonces, about a millisecond's worth */
    double *rates;        /* hashes a second, one a slice */
};

/* Nothing is above 2^64 - 1 but that value itself, which no nonce tried here has. */
static const struct scan_target target = {
    .root = {0x71, 0x8c, 0xc2, 0x12, 0x1c, 0x3e, 0x64, 0x10},
    .threshold = UINT64_MAX,
    .order = DIFFICULTY_AT_LEAST,
};
static struct scan_midstate midstate;
static uint64_t found; /* keeps the results alive */

static void
batch_libb2 (const struct scanner *scanner, uint64_t first, uint64_t count)
{
    (void)scanner;
    for (uint64_t i = 0; i < count; i++) {
        blake2b_state state;
        uint64_t nonce = first + i;
        uint64_t value = 0;

        blake2b_init (&state, sizeof value);
        blake2b_update (&state, (const uint8_t *)&nonce, sizeof nonce);
        blake2b_update (&state, target.root, sizeof target.root);
        blake2b_final (&state, (uint8_t *)&value, sizeof value);
        found += value == UINT64_MAX;
    }
}

static void
batch_scanner (const struct scanner *scanner, uint64_t first, uint64_t count)
{
    uint64_t nonce;

    found += scanner->scan (&midstate, first, count, &nonce);
}

static double
seconds_now (void)
{
    struct timespec now;

    clock_gettime (CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* One slice; returns hashes a second. */
static double
run_slice (const struct candidate *candidate, uint64_t *next_nonce)
{
    double start = seconds_now ();
    double elapsed = 0;
    uint64_t hashes = 0;

    while (elapsed < SLICE_SECONDS) {
        candidate->batch (candidate->scanner, *next_nonce, candidate->batch_count);
        *next_nonce += candidate->batch_count;
        hashes += candidate->batch_count;
        elapsed = seconds_now () - start;
    }
    return (double)hashes / elapsed;
}

static int
compare_rates (const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;

    return (a > b) - (a < b);
}

static double
median (double *rates, size_t count)
{
    qsort (rates, count, sizeof rates[0], compare_rates);
    return count % 2 != 0 ? rates[count / 2] : (rates[count / 2 - 1] + rates[count / 2]) / 2;
}

/* libb2 first, then every scanner that this CPU can run. Returns how many there are. */
static size_t
list_candidates (struct candidate list[CANDIDATES_MOST])
{
    size_t scanner_count;
    const struct scanner *const *scanners = scan_all (&scanner_count);
    size_t count = 0;

    list[count++] = (struct candidate){"libb2", NULL, batch_libb2, 4096, NULL};
    for (size_t i = 0; i < scanner_count && count < CANDIDATES_MOST; i++) {
        if (scanners[i]->usable ())
            list[count++] = (struct candidate){scanners[i]->name, scanners[i], batch_scanner,
                                               UINT64_C (8192) * scanners[i]->lanes, NULL};
    }
    return count;
}

static int
measure (struct candidate *list, size_t count, size_t slices)
{
    uint64_t next_nonce = 0;
    double baseline;

    for (size_t i = 0; i < count; i++) {
        list[i].rates = calloc (slices, sizeof list[i].rates[0]);
        if (list[i].rates == NULL)
            return -1;
        run_slice (&list[i], &next_nonce); /* warms up; not counted */
    }
    for (size_t slice = 0; slice < slices; slice++) {
        for (size_t i = 0; i < count; i++)
            list[i].rates[slice] = run_slice (&list[i], &next_nonce);
    }

    baseline = median (list[0].rates, slices);
    for (size_t i = 0; i < count; i++) {
        double rate = median (list[i].rates, slices);

        printf ("%-10s %8.2f MH/s  %5.2f x libb2\n", list[i].name, rate / 1e6, rate / baseline);
    }
    return 0;
}

/* The number of slices asked for, or 0 when `text` is not one. */
static size_t
parse_slices (const char *text)
{
    char *end;
    unsigned long slices = strtoul (text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0')
        return 0;
    return slices >= SLICES_LEAST && slices <= SLICES_MOST ? (size_t)slices : 0;
}

int
main (int argc, char **argv)
{
    struct candidate list[CANDIDATES_MOST];
    size_t slices = argc == 2 ? parse_slices (argv[1]) : SLICES_DEFAULT;
    size_t count;
    int result;

    if (argc > 2 || slices == 0) {
        fprintf (stderr, "usage: %s [slices, %d to %d]\n", argv[0], SLICES_LEAST, SLICES_MOST);
        return 2;
    }

    scan_prepare (&midstate, &target);
    count = list_candidates (list);
    result = measure (list, count, slices);
    for (size_t i = 0; i < count; i++)
        free (list[i].rates);
    if (result != 0 || found != 0) {
        fprintf (stderr, "%s\n", result != 0 ? "out of memory" : "a value of 2^64 - 1 was found");
        return 1;
    }
    return 0;
}
