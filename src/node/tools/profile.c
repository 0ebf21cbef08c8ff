#include "node/tools/profile.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "node/engine/gpu.h"
#include "node/engine/scanner_choice.h"
#include "node/tools/bench_pool.h"
#include "node/tools/bench_works.h"
#include "rpc/base/memory.h"
#include "work/base/clock.h"
#include "work/base/hex.h"
#include "work/base/number.h"
#include "work/scan/value.h"

#define VALIDATIONS 10000000

/* One profile of generating. */
struct profile {
    struct bench_works works;
    struct bench_pool_settings pool;
    uint64_t count; /* of works; UINT64_MAX is until SIGINT */
};

/* The options, checked with nano_node's words. */

static int
complain (const char *message)
{
    fprintf (stderr, "%s\n", message);
    return -1;
}

static int
read_difficulty (const struct options *options, struct profile *profile)
{
    const uint64_t base = profile->works.network->base;
    uint64_t *const threshold = &profile->works.threshold;
    double multiplier = 0;

    *threshold = base;
    if (options->difficulty != NULL && hex_parse_u64 (options->difficulty, threshold) != 0) {
        return complain ("Invalid difficulty");
    }
    if (options->multiplier == NULL) {
        return 0;
    }
    if (number_parse_double (options->multiplier, &multiplier) != 0 || !(multiplier > 0) ||
        isinf (multiplier)) {
        return complain ("Invalid multiplier");
    }
    *threshold = difficulty_from_multiplier (multiplier, base);
    return 0;
}

/* A number that was not given stays as it is. */
static int
read_number (const char *text, uint64_t least, uint64_t most, uint64_t *number,
             const char *complaint)
{
    return text == NULL || number_parse_unsigned (text, least, most, number) == 0
               ? 0
               : complain (complaint);
}

/* What both kinds have. */
static int
read_profile (const struct options *options, const struct config *config,
              const struct difficulty_network *network, struct profile *profile)
{
    *profile = (struct profile){
        .works = {.network = network},
        .pool = {.batch_seconds = 0.005, .sleep = config->pow_sleep_interval},
        .count = UINT64_MAX,
    };
    if (read_difficulty (options, profile) != 0 ||
        read_number (options->pow_sleep_interval, 0, CLOCK_SECOND, &profile->pool.sleep,
                     "Invalid pow_sleep_interval: expected 0 to 1000000000 nanoseconds") != 0) {
        return -1;
    }
    return read_number (options->count, 1, UINT32_MAX, &profile->count,
                        "Invalid count: expected a whole number from 1");
}

/* Generating. */

/* Until there are enough. Returns 0, or -1 after having said why there are not. */
static int
generate_all (struct pool *pool, struct profile *profile, int interrupt)
{
    enum pool_outcome outcome = POOL_FOUND;

    while (outcome == POOL_FOUND && profile->works.seconds.count < profile->count) {
        struct scan_target target;
        double seconds;

        if (bench_works_next (&profile->works, &target) != 0) {
            return complain (strerror (errno));
        }
        outcome = bench_pool_search (pool, &target, INFINITY, interrupt, &seconds);
        if (outcome == POOL_FOUND) {
            fprintf (stderr, "%12.0f\n", seconds * 1e6);
            bench_works_add (&profile->works, seconds);
        }
    }
    return outcome != POOL_FAILED ? 0 : complain ("Work generation cancellation or failure");
}

/* Has a descriptor tell of SIGINT. Before threads start, which inherit the mask. -1 with errno. */
static int
catch_interrupt (void)
{
    sigset_t interrupt;

    if (sigemptyset (&interrupt) != 0 || sigaddset (&interrupt, SIGINT) != 0 ||
        sigprocmask (SIG_BLOCK, &interrupt, NULL) != 0) {
        return -1;
    }
    return signalfd (-1, &interrupt, SFD_CLOEXEC);
}

/* `header` says what is profiled; the difficulty follows it, as in nano_node. Frees the works. */
static int
run_profile (struct profile *profile, const char *header)
{
    const uint64_t base = profile->works.network->base;
    const int interrupt = catch_interrupt ();
    struct pool *pool;
    int failed = -1;

    if (interrupt < 0) {
        (void)complain (strerror (errno));
        return 1;
    }
    fprintf (stderr,
             "%sDifficulty: 0x%016" PRIx64 " (%.4fx from base difficulty 0x%016" PRIx64 ")\n",
             header, profile->works.threshold,
             difficulty_to_multiplier (profile->works.threshold, base), base);
    pool = bench_pool_start (&profile->pool);
    if (pool != NULL) {
        failed = generate_all (pool, profile, interrupt);
        (void)bench_pool_explain (pool); /* why no work could be had */
        bench_works_summarize (&profile->works);
    }
    bench_pool_free (pool);
    bench_works_clear (&profile->works);
    (void)close (interrupt);
    return failed == 0 ? 0 : 1;
}

int
profile_generate (const struct options *options, const struct config *config,
                  const struct difficulty_network *network)
{
    struct profile profile;
    struct scanner_choice choice;

    if (read_profile (options, config, network, &profile) != 0 ||
        scanner_choice_threads (options->threads, config, &profile.pool.threads) != 0) {
        return 1;
    }
    if (scanner_choice_make (config->work_scanner, &choice) != 0) {
        (void)complain (choice.reason);
        return 1;
    }
    profile.pool.scanner = choice.scanner;
    return run_profile (&profile, "Starting generation profiling. ");
}

/* OpenCL. */

struct opencl_profile {
    uint64_t platform;
    uint64_t device;
    uint64_t threads;
};

static int
read_opencl (const struct options *options, const struct config *config,
             struct opencl_profile *wanted)
{
    *wanted = (struct opencl_profile){config->opencl_platform, config->opencl_device,
                                      config->opencl_threads};
    if (read_number (options->platform, 0, UINT32_MAX, &wanted->platform, "Invalid platform id") !=
            0 ||
        read_number (options->device, 0, UINT32_MAX, &wanted->device, "Invalid device id") != 0) {
        return -1;
    }
    return read_number (options->threads, 1, UINT32_MAX, &wanted->threads, "Invalid threads count");
}

/* The device that was asked for, among all. NULL after having said that it is not there. */
static struct device *
find_opencl (const struct gpu *gpu, const struct opencl_profile *wanted)
{
    size_t index;

    switch (gpu_find (gpu, wanted->platform, wanted->device, &index)) {
    case GPU_NO_PLATFORM:
        printf ("Not available platform id\n\n");
        return NULL;
    case GPU_NO_DEVICE:
        printf ("Not available device id\n\n");
        return NULL;
    default:
        return memory_need (gpu_device (gpu, index));
    }
}

static int
run_opencl (const struct gpu *gpu, const struct opencl_profile *wanted, struct profile *profile)
{
    char header[160];

    profile->pool.device = find_opencl (gpu, wanted);
    if (profile->pool.device == NULL) {
        return 1;
    }
    (void)snprintf (header, sizeof header,
                    "Starting OpenCL generation profiling. Platform: %" PRIu64 ". Device: %" PRIu64
                    ". Threads: %" PRIu64 ". ",
                    wanted->platform, wanted->device, wanted->threads);
    return run_profile (profile, header);
}

int
profile_opencl (const struct options *options, const struct config *config,
                const struct difficulty_network *network)
{
    struct profile profile;
    struct opencl_profile wanted;
    char error[GPU_TEXT_SIZE];
    struct gpu *gpu;
    int status;

    if (read_opencl (options, config, &wanted) != 0 ||
        read_profile (options, config, network, &profile) != 0) {
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
    status = run_opencl (gpu, &wanted, &profile);
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
