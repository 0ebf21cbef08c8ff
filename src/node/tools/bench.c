/*
 * --benchmark.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "node/engine/gpu.h"
#include "node/engine/scanner_choice.h"
#include "node/tools/bench_pool.h"
#include "node/tools/bench_report.h"
#include "node/tools/tools.h"
#include "rpc/base/memory.h"
#include "work/base/atto.h"
#include "work/base/cpus.h"
#include "work/base/hex.h"

#define DURATION_DEFAULT 10.0

/* Short, so that the candidates meet the same machine; never fewer than these, however short. */
#define SLICE_SECONDS 0.05
#define SLICES_LEAST 20

struct bench {
    const struct options *options;
    const struct config *config;
    struct scanner_choice choice; /* without a scanner: all are measured */
    struct gpu *gpu;              /* or NULL */
    struct bench_report report;
};

/* The options. */

static void
add_threshold (struct bench_report *report, const char *name, enum difficulty_order order,
               uint64_t threshold)
{
    struct bench_threshold *added;

    report->thresholds =
        memory_resize (report->thresholds, report->threshold_count + 1, sizeof *added);
    added = &report->thresholds[report->threshold_count++];
    *added = (struct bench_threshold){.order = order, .threshold = threshold};
    (void)snprintf (added->name, sizeof added->name, "%s", name);
}

/* What one would have to find today. */
static void
add_todays_thresholds (struct bench_report *report, const struct difficulty_network *network)
{
    const int year = atto_year ((int64_t)time (NULL) * 1000);
    uint64_t threshold;
    char name[32];

    add_threshold (report, "send", DIFFICULTY_AT_LEAST, network->epoch_2);
    add_threshold (report, "receive", DIFFICULTY_AT_LEAST, network->epoch_2_receive);
    if (atto_threshold (ATTO_LIVE, year, &threshold) == 0) {
        (void)snprintf (name, sizeof name, "Atto LIVE %d", year);
        add_threshold (report, name, DIFFICULTY_AT_MOST, threshold);
    }
}

static void
read_thresholds (struct bench *bench, const struct difficulty_network *network)
{
    const struct option_values *const given = &bench->options->given[OPTION_DIFFICULTY];

    for (size_t i = 0; i < given->count; i++) {
        uint64_t threshold = 0;

        (void)hex_parse_u64 (given->items[i], &threshold);
        add_threshold (&bench->report, "asked for", DIFFICULTY_AT_LEAST, threshold);
    }
    if (given->count == 0) {
        add_todays_thresholds (&bench->report, network);
    }
}

/* Whether one of the devices can be used; else why not, in `error`. */
static bool
is_usable (const struct gpu *gpu, char error[GPU_TEXT_SIZE])
{
    for (size_t i = 0; i < gpu_count (gpu); i++) {
        const char *const defect = gpu_defect (gpu, i);

        if (defect == NULL) {
            return true;
        }
        (void)snprintf (error, GPU_TEXT_SIZE, "%s", defect);
    }
    return false;
}

/* The one that `select` names, or with NULL all there is, without which the CPU has to do. */
static int
read_opencl (struct bench *bench, const char *select)
{
    const struct gpu_settings settings = {
        .config = bench->config,
        .data_path = bench->options->data_path,
        .everything = select == NULL,
        .select = select,
    };
    char error[GPU_TEXT_SIZE];

    bench->gpu = gpu_open (&settings, error);
    if (is_usable (bench->gpu, error)) {
        return 0;
    }
    if (select != NULL) {
        fprintf (stderr, "Invalid device %s: %s\n", select, error);
        return -1;
    }
    fprintf (stderr, "No OpenCL device: %s\n", error);
    return 0;
}

static int
read_scanner (struct bench *bench)
{
    const char *const given = options_text (bench->options, OPTION_SCANNER);
    const char *const name = given != NULL ? given : bench->config->work_scanner;

    if (strcmp (name, "all") == 0) {
        return 0;
    }
    if (scanner_choice_make (name, &bench->choice) == 0) {
        bench->report.reason = strcmp (name, "auto") == 0 ? bench->choice.reason : NULL;
        return 0;
    }
    fprintf (stderr,
             "Invalid scanner: %s is not in this build or this CPU cannot run it; expected "
             "all, auto or one of --list_devices\n",
             name);
    return -1;
}

static int
read_devices (struct bench *bench)
{
    const char *const device = options_text (bench->options, OPTION_DEVICE);
    const char *const threads = options_text (bench->options, OPTION_THREADS);
    const bool all = device != NULL && strcmp (device, "all") == 0;

    if (device != NULL && strchr (device, ':') != NULL) {
        return read_opencl (bench, device);
    }
    return (all && read_opencl (bench, NULL) != 0) ||
                   scanner_choice_threads (threads, bench->config, &bench->report.threads) != 0
               ? -1
               : read_scanner (bench);
}

/* Measuring. */

/* Starts the pool of one candidate. Returns 0, or -1 after having complained. */
static int
add_candidate (struct bench_report *report, const struct bench_pool_settings *settings)
{
    struct pool *const pool = bench_pool_start (settings);

    if (pool == NULL) {
        return -1;
    }
    report->candidates =
        memory_resize (report->candidates, report->candidate_count + 1, sizeof *report->candidates);
    report->candidates[report->candidate_count++] = (struct bench_candidate){.pool = pool};
    return 0;
}

static int
add_scanners (struct bench *bench)
{
    size_t count;
    const struct scanner *const *const scanners = scan_all (&count);

    for (size_t i = 0; i < count && bench->report.threads > 0; i++) {
        const struct bench_pool_settings settings = {
            .threads = bench->report.threads,
            .scanner = scanners[i],
            .batch_seconds = bench->config->work_batch_time,
        };
        if (bench->choice.scanner != NULL ? scanners[i] != bench->choice.scanner
                                          : !scanners[i]->usable ()) {
            continue;
        }
        if (add_candidate (&bench->report, &settings) != 0) {
            return -1;
        }
    }
    return 0;
}

/* The OpenCL devices that can be used; no batch of theirs is to be longer than a slice. */
static int
add_gpus (struct bench *bench)
{
    for (size_t i = 0; i < gpu_count (bench->gpu); i++) {
        struct bench_pool_settings settings = {.batch_seconds = SLICE_SECONDS / 4};

        if (gpu_defect (bench->gpu, i) != NULL) {
            continue;
        }
        settings.device = memory_need (gpu_device (bench->gpu, i));
        if (settings.device->batch_seconds > settings.batch_seconds) {
            settings.device->batch_seconds = settings.batch_seconds;
        }
        if (add_candidate (&bench->report, &settings) != 0) {
            return -1;
        }
    }
    return 0;
}

static void
show_progress (double done)
{
    fprintf (stderr, "\rMeasuring: %3.0f %%", done * 100);
    if (done >= 1) {
        fprintf (stderr, "\r%20s\r", ""); /* what follows begins on a clean line */
    }
}

static int
measure (struct bench_report *report, double duration)
{
    const double count = (double)report->candidate_count;
    const double rounds = duration / (count * SLICE_SECONDS) - 1; /* one warms up */

    report->slices = rounds > SLICES_LEAST ? (size_t)rounds : SLICES_LEAST;
    report->slice_seconds = duration / ((double)(report->slices + 1) * count);
    return bench_pool_compare (report->candidates, report->candidate_count, report->slices,
                               report->slice_seconds,
                               isatty (STDERR_FILENO) ? show_progress : NULL);
}

static void
print (struct bench *bench)
{
    bench->report.cpus = cpus_available ();
    cpus_model (bench->report.machine, sizeof bench->report.machine);
    if (options_given (bench->options, OPTION_JSON)) {
        bench_report_json (&bench->report, stdout);
    } else {
        bench_report_text (&bench->report, stdout);
    }
}

static void
clear (struct bench *bench)
{
    for (size_t i = 0; i < bench->report.candidate_count; i++) {
        pool_free (bench->report.candidates[i].pool);
        sample_clear (&bench->report.candidates[i].rates);
    }
    free (bench->report.candidates);
    free (bench->report.thresholds);
    gpu_free (bench->gpu);
}

int
bench_run (const struct options *options, const struct config *config,
           const struct difficulty_network *network)
{
    struct bench bench = {.options = options, .config = config};
    int status = 1;

    read_thresholds (&bench, network);
    if (read_devices (&bench) == 0 && add_scanners (&bench) == 0 && add_gpus (&bench) == 0 &&
        measure (&bench.report, options_number (options, OPTION_DURATION, DURATION_DEFAULT)) == 0) {
        print (&bench);
        status = 0;
    }
    clear (&bench);
    return status;
}
