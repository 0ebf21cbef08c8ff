/*
 * The node's --debug_* flags.
 */
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
#include "node/tools/tools.h"
#include "rpc/base/memory.h"
#include "work/base/clock.h"
#include "work/scan/value.h"

#define VALIDATIONS 10000000

/* One profile of generating. */
struct profile {
    struct bench_works works;
    struct bench_pool_settings pool;
    double count; /* of works; INFINITY is until SIGINT */
};

static int
complain (const char *message)
{
    fprintf (stderr, "%s\n", message);
    return -1;
}

/* What both kinds have. */
static struct profile
make_profile (const struct options *options, const struct config *config,
              const struct difficulty_network *network)
{
    const double sleep =
        options_number (options, OPTION_POW_SLEEP_INTERVAL, (double)config->pow_sleep_interval);

    return (struct profile){
        .works = {.network = network, .threshold = options_threshold (options, network)},
        .pool = {.batch_seconds = 0.005, .sleep = (uint64_t)sleep},
        .count = options_number (options, OPTION_COUNT, INFINITY),
    };
}

/* Generating. */

/* Until there are enough. Returns 0, or -1 after having said why there are not. */
static int
generate_all (struct pool *pool, struct profile *profile, int interrupt)
{
    enum pool_outcome outcome = POOL_FOUND;

    while (outcome == POOL_FOUND && (double)profile->works.seconds.count < profile->count) {
        struct scan_target target;
        double seconds;

        bench_works_next (&profile->works, &target);
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
    pool_free (pool);
    sample_clear (&profile->works.seconds);
    (void)close (interrupt);
    return failed == 0 ? 0 : 1;
}

int
profile_generate (const struct options *options, const struct config *config,
                  const struct difficulty_network *network)
{
    struct profile profile = make_profile (options, config, network);
    struct scanner_choice choice;

    if (scanner_choice_threads (options_text (options, OPTION_THREADS), config,
                                &profile.pool.threads) != 0) {
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
run_opencl (const struct gpu *gpu, const struct opencl_profile *wanted, struct profile *profile)
{
    char header[160];
    size_t index;
    const enum gpu_found found = gpu_find (gpu, wanted->platform, wanted->device, &index);

    if (found != GPU_FOUND) {
        printf ("Not available %s id\n\n", found == GPU_NO_PLATFORM ? "platform" : "device");
        return 1;
    }
    profile->pool.device = memory_need (gpu_device (gpu, index));
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
    struct profile profile = make_profile (options, config, network);
    const struct opencl_profile wanted = {
        .platform =
            (uint64_t)options_number (options, OPTION_PLATFORM, (double)config->opencl_platform),
        .device = (uint64_t)options_number (options, OPTION_DEVICE, (double)config->opencl_device),
        .threads =
            (uint64_t)options_number (options, OPTION_THREADS, (double)config->opencl_threads),
    };
    char error[GPU_TEXT_SIZE];
    struct gpu *const gpu = gpu_open (&(struct gpu_settings){.config = config,
                                                             .data_path = options->data_path,
                                                             .everything = true,
                                                             .threads = wanted.threads},
                                      error);
    int status;

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
        sum += value_of (root, i);
    }
    nanoseconds = (double)(clock_now () - start) / VALIDATIONS;
    /* The sum is of no interest, but nothing that is printed can be left out by a compiler. */
    fprintf (stderr, "Checksum: %016" PRIx64 "\n", sum);
    printf ("Average validation time: %.0f ns (%.0f validations/s)\n", nanoseconds,
            1e9 / nanoseconds);
    return 0;
}
