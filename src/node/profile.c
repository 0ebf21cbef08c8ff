#include "node/profile.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "node/choice.h"
#include "work/clock.h"
#include "work/cpus.h"
#include "work/device_cpu.h"
#include "work/figures.h"
#include "work/hex.h"
#include "work/number.h"
#include "work/pool.h"
#include "work/value.h"

#define VALIDATIONS 10000000

static volatile sig_atomic_t interrupted;

static void
on_interrupt (int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

struct generation_profile {
    uint64_t base;
    uint64_t difficulty;
    unsigned threads;
    uint64_t sleep;
    uint64_t count; /* UINT64_MAX is until SIGINT */
    const struct scanner *scanner;
    sigset_t waiting; /* the signal mask of waits: SIGINT comes then and at no other time */
};

static void
print_summary (struct figures *figures, uint64_t difficulty)
{
    double count = (double)figures->count;
    double expected = difficulty_expected_hashes (DIFFICULTY_AT_LEAST, difficulty);

    if (figures->count == 0) {
        fprintf (stderr, "No work was found.\n");
        return;
    }
    fprintf (stderr, "Works: %zu\n", figures->count);
    fprintf (stderr, "Mean: %.0f us, median: %.0f us, standard error of the mean: %.0f us\n",
             figures->mean, figures_median (figures), figures_deviation (figures) / sqrt (count));
    fprintf (stderr, "Works a second: %.3f, which amounts to %.2f million hashes a second\n",
             1e6 / figures->mean, expected / figures->mean);
}

/* The options, checked with nano_node's words. */

static int
complain (const char *message)
{
    fprintf (stderr, "%s\n", message);
    return -1;
}

static int
read_difficulty (const struct options *options, struct generation_profile *profile)
{
    double multiplier = 0;

    profile->difficulty = profile->base;
    if (options->difficulty != NULL &&
        hex_parse_u64 (options->difficulty, &profile->difficulty) != 0) {
        return complain ("Invalid difficulty");
    }
    if (options->multiplier == NULL) {
        return 0;
    }
    if (number_parse_double (options->multiplier, &multiplier) != 0 || !(multiplier > 0) ||
        isinf (multiplier)) {
        return complain ("Invalid multiplier");
    }
    profile->difficulty = difficulty_from_multiplier (multiplier, profile->base);
    return 0;
}

static int
read_numbers (const struct options *options, struct generation_profile *profile)
{
    if (options->pow_sleep_interval != NULL &&
        number_parse_unsigned (options->pow_sleep_interval, 0, CLOCK_SECOND, &profile->sleep) !=
            0) {
        return complain ("Invalid pow_sleep_interval: expected 0 to 1000000000 nanoseconds");
    }
    if (options->count != NULL &&
        number_parse_unsigned (options->count, 1, UINT32_MAX, &profile->count) != 0) {
        return complain ("Invalid count: expected a whole number from 1");
    }
    return 0;
}

static int
read_profile (const struct options *options, const struct config *config,
              const struct difficulty_network *network, struct generation_profile *profile)
{
    struct choice choice;

    profile->base = network->base;
    profile->sleep = config->pow_sleep_interval;
    profile->count = UINT64_MAX;
    if (read_difficulty (options, profile) != 0 || read_numbers (options, profile) != 0 ||
        choice_threads (options->threads, config, &profile->threads) != 0) {
        return -1;
    }
    if (choice_scanner (config->work_scanner, &choice) != 0) {
        return complain (choice.reason);
    }
    profile->scanner = choice.scanner;
    return 0;
}

/* Generating. */

static void
on_done (void *data, const struct pool_answer *answer)
{
    struct pool_answer *kept = data;

    *kept = *answer;
}

/* Finds one work. Returns its microseconds, or a negative number when it was interrupted or failed.
 */
static double
generate_one (struct pool *pool, const struct generation_profile *profile)
{
    struct pool_answer answer = {0};
    struct pollfd ready = {.fd = pool_fd (pool), .events = POLLIN};
    struct pool_request request = {
        .target = {.threshold = profile->difficulty, .order = DIFFICULTY_AT_LEAST},
        .class = POOL_ASKED,
        .done = on_done,
        .data = &answer,
    };
    uint64_t start = clock_now ();
    uint64_t ticket;

    if (getrandom (request.target.root, sizeof request.target.root, 0) < 0 ||
        pool_submit (pool, &request, &ticket) != POOL_ACCEPTED) {
        return -1;
    }
    while (answer.ticket == 0) {
        if (interrupted) {
            pool_cancel (pool, ticket);
        }
        if (ppoll (&ready, 1, NULL, &profile->waiting) > 0 || interrupted) {
            pool_drain (pool);
        }
    }
    if (answer.outcome != POOL_FOUND) {
        return -1;
    }
    return clock_seconds (clock_now () - start) * 1e6;
}

/* Returns 0, or -1 for want of memory. */
static int
generate_all (struct pool *pool, const struct generation_profile *profile, struct figures *figures)
{
    while (!interrupted && figures->count < profile->count) {
        double microseconds = generate_one (pool, profile);
        if (microseconds < 0) {
            break;
        }
        fprintf (stderr, "%12.0f\n", microseconds);
        if (figures_add (figures, microseconds) != 0) {
            return complain ("Out of memory");
        }
    }
    return interrupted || figures->count == profile->count
               ? 0
               : complain ("Work generation cancellation or failure");
}

static int
run_profile (const struct generation_profile *profile)
{
    const struct pool_settings settings = {
        .max_jobs = 4, .batch_seconds = 0.005, .sleep = profile->sleep};
    struct figures figures = {0}; /* of works, in microseconds */
    struct pool *pool = pool_new (&settings);
    int failed = -1;

    if (pool == NULL || pool_add_cpus (pool, profile->threads, profile->scanner) != 0 ||
        pool_start (pool) != 0) {
        (void)complain ("Cannot start the work threads: out of memory or threads");
    } else {
        failed = generate_all (pool, profile, &figures);
        print_summary (&figures, profile->difficulty);
    }
    if (pool != NULL) {
        pool_stop (pool);
    }
    pool_free (pool);
    figures_clear (&figures);
    return failed == 0 ? 0 : 1;
}

/* Before threads start, which inherit the mask. Returns 0, or -1 with errno. */
static int
catch_interrupt (sigset_t *waiting)
{
    const struct sigaction interrupt = {.sa_handler = on_interrupt};
    sigset_t blocked;

    if (sigemptyset (&blocked) != 0 || sigaddset (&blocked, SIGINT) != 0 ||
        sigprocmask (SIG_BLOCK, &blocked, waiting) != 0 || sigdelset (waiting, SIGINT) != 0) {
        return -1;
    }
    return sigaction (SIGINT, &interrupt, NULL);
}

int
profile_generate (const struct options *options, const struct config *config,
                  const struct difficulty_network *network)
{
    struct generation_profile profile;

    if (read_profile (options, config, network, &profile) != 0) {
        return 1;
    }
    if (catch_interrupt (&profile.waiting) != 0) {
        (void)complain (strerror (errno));
        return 1;
    }
    fprintf (stderr,
             "Starting generation profiling. Difficulty: 0x%016" PRIx64
             " (%.4fx from base difficulty 0x%016" PRIx64 ")\n",
             profile.difficulty, difficulty_to_multiplier (profile.difficulty, profile.base),
             profile.base);
    return run_profile (&profile);
}

int
profile_validate (void)
{
    static const uint8_t root[32];
    uint64_t sum = 0;
    uint64_t start = clock_now ();
    double nanoseconds;

    fprintf (stderr, "Starting validation profile\n");
    for (uint64_t i = 0; i < VALIDATIONS; i++) {
        uint64_t value = 0;
        (void)value_of (root, i, &value);
        sum += value;
    }
    nanoseconds = (double)(clock_now () - start) / VALIDATIONS;
    /* The sum is of no interest, but nothing that is printed can be left out by a compiler. */
    fprintf (stderr, "Checksum: %016" PRIx64 "\n", sum);
    printf ("Average validation time: %.0f ns (%.0f validations/s)\n", nanoseconds,
            1e9 / nanoseconds);
    return fflush (stdout) == 0 ? 0 : 1;
}

int
profile_opencl (void)
{
    fprintf (stderr, "Error initializing OpenCL: this build of workpeer has no OpenCL\n");
    return 1;
}

int
profile_list_devices (const struct config *config)
{
    unsigned cpus = cpus_available ();
    size_t count;
    const struct scanner *const *scanners = scan_all (&count);
    struct choice choice;

    (void)choice_scanner (config->work_scanner, &choice); /* what it says is printed either way */
    printf ("CPU: %u threads can be used (node.work_threads = %" PRIu64 ")\n", cpus,
            config->work_threads);
    for (size_t i = 0; i < count; i++) {
        printf ("    scanner %-9s %s%s\n", scanners[i]->name,
                scanners[i]->usable () ? "usable" : "not on this CPU",
                scanners[i] == choice.scanner ? ", chosen" : "");
    }
    printf ("Scanner: %s\n", choice.reason);
    printf ("OpenCL: not in this build\n");
    return fflush (stdout) == 0 ? 0 : 1;
}

int
profile_diagnostics (const struct config *config)
{
    size_t count;
    const struct scanner *const *scanners = scan_all (&count);
    int status = 0;

    printf ("Testing hash function\n");
    for (size_t i = 0; i < count; i++) {
        struct device *device = scanners[i]->usable () ? device_cpu_new (0, scanners[i]) : NULL;
        if (device != NULL) {
            bool good = device->ops->open (device) == 0 && device_self_test (device) == 0;
            printf ("    scanner %s: %s\n", scanners[i]->name, good ? "correct" : device->reason);
            status |= !good;
        }
        device_free (device);
    }
    printf ("Dumping OpenCL information\n");
    printf ("OpenCL is not in this build\n");
    status |= profile_list_devices (config);
    return status;
}
