#include "node/tools/profile.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "node/engine/choice.h"
#include "node/engine/gpu.h"
#include "work/base/clock.h"
#include "work/base/figures.h"
#include "work/base/hex.h"
#include "work/base/number.h"
#include "work/pool/pool.h"
#include "work/scan/value.h"

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
    const struct gpu *gpu; /* with whose device `gpu_index` to search; NULL: on the CPU */
    size_t gpu_index;
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

/* What all searches have. */
static int
read_search (const struct options *options, const struct config *config,
             const struct difficulty_network *network, struct generation_profile *profile)
{
    *profile = (struct generation_profile){
        .base = network->base,
        .sleep = config->pow_sleep_interval,
        .count = UINT64_MAX,
    };
    return read_difficulty (options, profile) == 0 && read_numbers (options, profile) == 0 ? 0 : -1;
}

static int
read_profile (const struct options *options, const struct config *config,
              const struct difficulty_network *network, struct generation_profile *profile)
{
    struct choice choice;

    if (read_search (options, config, network, profile) != 0 ||
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
add_devices (const struct generation_profile *profile, struct pool *pool)
{
    struct device *device;

    if (profile->gpu == NULL) {
        return pool_add_cpus (pool, profile->threads, profile->scanner);
    }
    device = gpu_device (profile->gpu, profile->gpu_index);
    return device != NULL ? pool_add (pool, device) : -1;
}

/* When no work could be had, the device's own words are the best explanation. */
static void
explain_failure (struct pool *pool)
{
    for (size_t i = 0; i < pool_device_count (pool); i++) {
        struct pool_device device;

        pool_device (pool, i, &device);
        if (device.reason[0] != '\0') {
            fprintf (stderr, "Device %s (%s) failed: %s\n", device.name, device.detail,
                     device.reason);
        }
    }
}

static int
run_profile (const struct generation_profile *profile)
{
    const struct pool_settings settings = {
        .max_jobs = 4, .batch_seconds = 0.005, .sleep = profile->sleep};
    struct figures figures = {0}; /* of works, in microseconds */
    struct pool *pool = pool_new (&settings);
    int failed = -1;

    if (pool == NULL || add_devices (profile, pool) != 0 || pool_start (pool) != 0) {
        (void)complain ("Cannot start the work threads: out of memory or threads");
    } else {
        failed = generate_all (pool, profile, &figures);
        explain_failure (pool);
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

/* What nano_node's headers end with. */
static void
print_difficulty (const struct generation_profile *profile)
{
    fprintf (stderr, "Difficulty: 0x%016" PRIx64 " (%.4fx from base difficulty 0x%016" PRIx64 ")\n",
             profile->difficulty, difficulty_to_multiplier (profile->difficulty, profile->base),
             profile->base);
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
    fprintf (stderr, "Starting generation profiling. ");
    print_difficulty (&profile);
    return run_profile (&profile);
}

/* OpenCL. */

struct opencl_profile {
    uint64_t platform;
    uint64_t device;
    uint64_t threads;
};

static int
read_opencl (const struct options *options, const struct config *config,
             struct opencl_profile *profile)
{
    const struct {
        const char *text;
        uint64_t least;
        uint64_t initial;
        uint64_t *number;
        const char *complaint;
    } numbers[] = {
        {options->platform, 0, config->opencl_platform, &profile->platform, "Invalid platform id"},
        {options->device, 0, config->opencl_device, &profile->device, "Invalid device id"},
        {options->threads, 1, config->opencl_threads, &profile->threads, "Invalid threads count"},
    };

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        *numbers[i].number = numbers[i].initial;
        if (numbers[i].text != NULL && number_parse_unsigned (numbers[i].text, numbers[i].least,
                                                              UINT32_MAX, numbers[i].number) != 0) {
            return complain (numbers[i].complaint);
        }
    }
    return 0;
}

/* The device that was asked for, among all. Returns 0, or -1 after having said that it is not. */
static int
find_opencl (const struct gpu *gpu, const struct opencl_profile *wanted, size_t *index)
{
    switch (gpu_find (gpu, wanted->platform, wanted->device, index)) {
    case GPU_NO_PLATFORM:
        printf ("Not available platform id\n\n");
        return -1;
    case GPU_NO_DEVICE:
        printf ("Not available device id\n\n");
        return -1;
    default:
        return 0;
    }
}

static int
run_opencl (const struct opencl_profile *wanted, struct generation_profile *profile)
{
    if (find_opencl (profile->gpu, wanted, &profile->gpu_index) != 0) {
        return 1;
    }
    if (catch_interrupt (&profile->waiting) != 0) {
        (void)complain (strerror (errno));
        return 1;
    }
    fprintf (stderr,
             "Starting OpenCL generation profiling. Platform: %" PRIu64 ". Device: %" PRIu64
             ". Threads: %" PRIu64 ". ",
             wanted->platform, wanted->device, wanted->threads);
    print_difficulty (profile);
    return run_profile (profile);
}

int
profile_opencl (const struct options *options, const struct config *config,
                const struct difficulty_network *network)
{
    struct generation_profile profile;
    struct opencl_profile wanted;
    char error[GPU_TEXT_SIZE];
    struct gpu *gpu;
    int status;

    if (read_opencl (options, config, &wanted) != 0 ||
        read_search (options, config, network, &profile) != 0) {
        return 1;
    }
    gpu = gpu_open (&(struct gpu_settings){.config = config,
                                           .data_path = options->data_path,
                                           .everything = true,
                                           .threads = wanted.threads},
                    error);
    if (gpu == NULL) {
        printf ("Error initializing OpenCL\n");
        fprintf (stderr, "Error initializing OpenCL: %s\n", error);
        return 1;
    }
    profile.gpu = gpu;
    status = run_opencl (&wanted, &profile);
    gpu_free (gpu);
    return status;
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
