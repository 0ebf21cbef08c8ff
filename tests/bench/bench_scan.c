/*
 * How fast each scanner is, beside its port limit (ports.h) and beside libb2 as a node calls it: a
 * streaming hash for each nonce.
 *
 *     make bench && tests/bench/bench_scan [--scanner NAME] [--rounds N]
 *
 * In each round every candidate has one slice, so that a change of clock rate or a busy neighbour
 * meets all of them alike. A slice is so much CPU time of this thread: what the system gives to
 * others does not count. Printed are medians, of rates and of the ratios of slices of one round.
 */
#include <blake2.h>
#include <endian.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ports.h"
#include "work/base/cpus.h"
#include "work/base/number.h"
#include "work/base/sample.h"
#include "work/scan/scan.h"
#include "work/scan/value.h"

/* A core with two clocks for wide vectors takes some milliseconds to settle on one. */
#define SLICE_SECONDS 0.05

#define ROUNDS_DEFAULT 40
#define ROUNDS_MOST 100000

/* libb2, and two for each scanner. */
#define CANDIDATES_MOST 32

struct candidate {
    const struct scanner *scanner; /* or NULL: libb2 */
    const struct ports *ports;     /* not NULL: the scanner's limit */
    double *rates;                 /* hashes a second, one a round */
};

struct bench {
    struct candidate candidates[CANDIDATES_MOST]; /* the first is libb2 */
    size_t count;
    size_t rounds;
    struct scan_midstate midstate;
};

static const uint8_t root[32];

/* What is timed: each tries some nonces from `first`, and returns how many. */

/* Returns 0 when libb2 refuses. */
static uint64_t
value_of_streaming (uint64_t nonce)
{
    const uint64_t nonce_le = htole64 (nonce);
    blake2b_state state;
    uint64_t digest_le = 0;

    if (blake2b_init (&state, sizeof digest_le) != 0 ||
        blake2b_update (&state, (const uint8_t *)&nonce_le, sizeof nonce_le) != 0 ||
        blake2b_update (&state, root, sizeof root) != 0 ||
        blake2b_final (&state, (uint8_t *)&digest_le, sizeof digest_le) != 0) {
        return 0;
    }
    return le64toh (digest_le);
}

static uint64_t
run_libb2 (uint64_t first)
{
    const uint64_t count = 256;
    static volatile uint64_t sum; /* so that no hash can be left out */

    for (uint64_t i = 0; i < count; i++) {
        sum += value_of_streaming (first + i);
    }
    return count;
}

static uint64_t
run_scanner (const struct scanner *scanner, const struct scan_midstate *midstate, uint64_t first)
{
    const uint64_t count = UINT64_C (128) * scanner->lanes;
    uint64_t nonce;

    (void)scanner->scan (midstate, first, count, &nonce); /* finds none: see main */
    return count;
}

/* As many adds as the hashes of PORTS_ADDS_A_TURN steps have operations. */
static uint64_t
run_ports (const struct scanner *scanner, const struct ports *ports)
{
    ports->adds (ports->operations);
    return (uint64_t)PORTS_ADDS_A_TURN * scanner->lanes;
}

static uint64_t
run (const struct bench *bench, const struct candidate *candidate, uint64_t first)
{
    if (candidate->scanner == NULL) {
        return run_libb2 (first);
    }
    if (candidate->ports == NULL) {
        return run_scanner (candidate->scanner, &bench->midstate, first);
    }
    return run_ports (candidate->scanner, candidate->ports);
}

/* Measuring. */

static double
cpu_seconds (void)
{
    struct timespec now;

    (void)clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Hashes a second of CPU time. */
static double
run_slice (const struct bench *bench, const struct candidate *candidate)
{
    const double start = cpu_seconds ();
    uint64_t hashes = 0;
    double seconds;

    do {
        hashes += run (bench, candidate, hashes);
        seconds = cpu_seconds () - start;
    } while (seconds < SLICE_SECONDS);
    return (double)hashes / seconds;
}

static void
measure (const struct bench *bench)
{
    for (size_t i = 0; i < bench->count; i++) {
        (void)run_slice (bench, &bench->candidates[i]); /* warms up */
    }
    for (size_t round = 0; round < bench->rounds; round++) {
        for (size_t i = 0; i < bench->count; i++) {
            bench->candidates[i].rates[round] = run_slice (bench, &bench->candidates[i]);
        }
    }
}

/* Printing. */

static double
median (const struct bench *bench, const double *rates, const double *others)
{
    double *const values = calloc (bench->rounds, sizeof *values);
    double result;

    if (values == NULL) {
        return 0;
    }
    for (size_t i = 0; i < bench->rounds; i++) {
        values[i] = others != NULL ? rates[i] / others[i] : rates[i];
    }
    result = sample_median_of (values, bench->rounds);
    free (values);
    return result;
}

static void
print_candidate (const struct bench *bench, const struct candidate *candidate)
{
    const struct candidate *const next = candidate + 1; /* its limit, where it has one */
    const double *const rates = candidate->rates;

    if (candidate->ports != NULL) {
        return;
    }
    printf ("%-12s %10.2f %10.2f", candidate->scanner != NULL ? candidate->scanner->name : "libb2",
            median (bench, rates, NULL) / 1e6, median (bench, rates, bench->candidates[0].rates));
    if (next < bench->candidates + bench->count && next->ports != NULL) {
        printf (" %12.2f %10.3f", median (bench, next->rates, NULL) / 1e6,
                median (bench, rates, next->rates));
    }
    printf ("\n");
}

static int
print (const struct bench *bench)
{
    char machine[128];

    cpus_model (machine, sizeof machine);
    printf ("%s, one thread, %zu rounds, slices of %.0f ms of CPU time\n\n", machine, bench->rounds,
            SLICE_SECONDS * 1e3);
    printf ("%-12s %10s %10s %12s %10s   MH/s, medians\n", "Scanner", "rate", "x libb2",
            "port limit", "of limit");
    for (size_t i = 0; i < bench->count; i++) {
        print_candidate (bench, &bench->candidates[i]);
    }
    return fflush (stdout) == 0 ? 0 : 1;
}

/* What to measure. */

static int
add (struct bench *bench, const struct scanner *scanner, const struct ports *ports)
{
    double *const rates = calloc (bench->rounds, sizeof *rates);

    if (rates == NULL || bench->count == CANDIDATES_MOST) {
        fprintf (stderr, "bench_scan: out of memory\n");
        free (rates);
        return -1;
    }
    bench->candidates[bench->count++] = (struct candidate){scanner, ports, rates};
    return 0;
}

/* All scanners that this CPU can run, or the one called `name`. */
static int
add_all (struct bench *bench, const char *name)
{
    size_t count;
    const struct scanner *const *const scanners = scan_all (&count);

    if (add (bench, NULL, NULL) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        const struct scanner *const scanner = scanners[i];
        const struct ports *const ports = ports_of (scanner);

        if (!scanner->usable () || (name != NULL && strcmp (scanner->name, name) != 0)) {
            continue;
        }
        if (add (bench, scanner, NULL) != 0 ||
            (ports != NULL && add (bench, scanner, ports) != 0)) {
            return -1;
        }
    }
    return 0;
}

static int
usage (void)
{
    fprintf (stderr, "usage: bench_scan [--scanner NAME] [--rounds N], 1 to %d\n", ROUNDS_MOST);
    return -1;
}

static int
read_options (int argc, char **argv, size_t *rounds, const char **name)
{
    static const struct option options[] = {
        {"rounds", required_argument, NULL, 'r'},
        {"scanner", required_argument, NULL, 's'},
        {NULL, 0, NULL, 0},
    };
    uint64_t number = ROUNDS_DEFAULT;
    int option;

    while ((option = getopt_long (argc, argv, "", options, NULL)) != -1) {
        if (option == 's' && scan_named (optarg) != NULL) {
            *name = optarg;
        } else if (option != 'r' || number_parse_unsigned (optarg, 1, ROUNDS_MOST, &number) != 0) {
            return usage ();
        }
    }
    *rounds = (size_t)number;
    return optind == argc ? 0 : usage ();
}

/* The yardstick hashes what a node hashes. */
static bool
libb2_is_right (void)
{
    return value_of_streaming (1) == value_of (root, 1);
}

int
main (int argc, char **argv)
{
    /* In effect nothing reaches this: a value in 2^64. */
    const struct scan_target target = {.threshold = UINT64_MAX, .order = DIFFICULTY_AT_LEAST};
    struct bench bench = {.count = 0};
    const char *name = NULL;
    int status = 1;

    if (read_options (argc, argv, &bench.rounds, &name) != 0) {
        return 2;
    }
    scan_prepare (&bench.midstate, &target);
    if (!libb2_is_right ()) {
        fprintf (stderr, "bench_scan: libb2 refuses to hash\n");
    } else if (add_all (&bench, name) == 0) {
        measure (&bench);
        status = print (&bench);
    }
    for (size_t i = 0; i < bench.count; i++) {
        free (bench.candidates[i].rates);
    }
    return status;
}
