#include "node/tools/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "node/engine/choice.h"
#include "node/engine/gpu.h"
#include "node/tools/bench_report.h"
#include "work/base/atto.h"
#include "work/base/cpus.h"
#include "work/base/hex.h"
#include "work/base/number.h"
#include "work/measure/ports.h"
#include "work/measure/slices.h"
#include "work/measure/yardstick.h"
#include "work/pool/device_cpu.h"

#define DURATION_DEFAULT 10.0
#define DURATION_MOST 86400.0

/* Short, so that the candidates meet the same machine; never fewer than these, however short. */
#define SLICE_SECONDS 0.05
#define SLICES_LEAST 20

/* OpenCL devices that are measured in one run; the rest wait for another. */
#define GPUS_MOST 16

/* What is measured: libb2, for each scanner itself and its port limit, and OpenCL devices. */
#define CANDIDATES_MOST (1 + 2 * TRIAL_MOST + GPUS_MOST)
#define ENTRIES_MOST (TRIAL_MOST + GPUS_MOST)

struct bench {
    double duration;
    unsigned threads;
    bool compare;
    bool cpu;               /* whether the scanners are measured */
    struct gpu *gpu;        /* or NULL */
    size_t first_gpu;       /* which candidate its first device is */
    size_t gpus[GPUS_MOST]; /* indices of its devices */
    size_t gpu_count;
    const char *reason;
    struct choice choice;
    const struct scanner *scanners[TRIAL_MOST];
    size_t scanner_count;
    struct bench_threshold *thresholds;
    size_t threshold_count;
    struct slices slices;
    struct slices_candidate candidates[CANDIDATES_MOST];
    size_t limits[TRIAL_MOST]; /* which candidate is a scanner's limit; 0 for none */
    size_t libb2;              /* which candidate libb2 is, if compared */
};

/* The options. */

static int
complain (const char *message)
{
    fprintf (stderr, "%s\n", message);
    return -1;
}

static int
read_duration (const char *text, double *duration)
{
    *duration = DURATION_DEFAULT;
    if (text != NULL && (number_parse_double (text, duration) != 0 || !(*duration > 0) ||
                         *duration > DURATION_MOST)) {
        return complain ("Invalid duration: expected seconds, above 0 and up to 86400");
    }
    return 0;
}

static bool
is_numbered (const char *text)
{
    const char *colon = strchr (text, ':');
    char platform[32];
    uint64_t number;

    if (colon == NULL || colon - text >= (ptrdiff_t)sizeof platform) {
        return false;
    }
    (void)snprintf (platform, sizeof platform, "%.*s", (int)(colon - text), text);
    return number_parse_unsigned (platform, 0, UINT32_MAX, &number) == 0 &&
           number_parse_unsigned (colon + 1, 0, UINT32_MAX, &number) == 0;
}

/* The OpenCL devices of `gpu` that can be used. */
static void
take_gpus (struct bench *bench)
{
    for (size_t i = 0; i < gpu_count (bench->gpu) && bench->gpu_count < GPUS_MOST; i++) {
        if (gpu_defect (bench->gpu, i) == NULL) {
            bench->gpus[bench->gpu_count++] = i;
        }
    }
}

/* All there is, or one. A machine without OpenCL has measured all of it with the CPU. */
static int
read_opencl (const struct options *options, const struct config *config, bool all,
             struct bench *bench)
{
    const struct gpu_settings settings = {
        .config = config,
        .data_path = options->data_path,
        .everything = all,
        .select = options->device,
    };
    char error[GPU_TEXT_SIZE];

    bench->gpu = gpu_open (&settings, error);
    take_gpus (bench);
    if (bench->gpu_count > 0) {
        return 0;
    }
    if (bench->gpu != NULL) {
        (void)snprintf (error, sizeof error, "%s", gpu_defect (bench->gpu, 0));
    }
    if (all) {
        fprintf (stderr, "No OpenCL device: %s\n", error);
        return 0;
    }
    fprintf (stderr, "Invalid device %s: %s\n", options->device, error);
    return -1;
}

static int
read_device (const struct options *options, const struct config *config, struct bench *bench)
{
    const char *text = options->device;

    bench->cpu = text == NULL || strcmp (text, "cpu") == 0 || strcmp (text, "all") == 0;
    if (text == NULL || strcmp (text, "cpu") == 0) {
        return 0;
    }
    if (bench->cpu || is_numbered (text)) {
        return read_opencl (options, config, bench->cpu, bench);
    }
    return complain ("Invalid device: expected cpu, all or an OpenCL device's PLATFORM:DEVICE");
}

static void
take_all_scanners (struct bench *bench)
{
    size_t count;
    const struct scanner *const *scanners = scan_all (&count);

    for (size_t i = 0; i < count && bench->scanner_count < TRIAL_MOST; i++) {
        if (scanners[i]->usable ()) {
            bench->scanners[bench->scanner_count++] = scanners[i];
        }
    }
}

/* A comparison is of all scanners, unless one is asked for. */
static int
read_scanner (const struct options *options, const struct config *config, struct bench *bench)
{
    const char *name = options->scanner;

    if (name == NULL) {
        name = bench->compare ? "all" : config->work_scanner;
    }
    if (strcmp (name, "all") == 0) {
        take_all_scanners (bench);
        return 0;
    }
    if (choice_scanner (name, &bench->choice) != 0) {
        fprintf (stderr,
                 "Invalid scanner: %s is not in this build or this CPU cannot run it; expected "
                 "all, auto or one of --list_devices\n",
                 name);
        return -1;
    }
    bench->scanners[bench->scanner_count++] = bench->choice.scanner;
    bench->reason = strcmp (name, "auto") == 0 ? bench->choice.reason : NULL;
    return 0;
}

static void
add_threshold (struct bench *bench, const char *name, enum difficulty_order order,
               uint64_t threshold)
{
    struct bench_threshold *added = &bench->thresholds[bench->threshold_count++];

    *added = (struct bench_threshold){.order = order, .threshold = threshold};
    (void)snprintf (added->name, sizeof added->name, "%s", name);
}

static void
add_atto (struct bench *bench)
{
    const int year = atto_year ((int64_t)time (NULL) * 1000);
    uint64_t threshold;
    char name[32];

    if (atto_threshold (ATTO_LIVE, year, &threshold) == 0) {
        (void)snprintf (name, sizeof name, "Atto LIVE %d", year);
        add_threshold (bench, name, DIFFICULTY_AT_MOST, threshold);
    }
}

/* Those asked for, or what one would have to find today. */
static int
read_thresholds (const struct options *options, const struct difficulty_network *network,
                 struct bench *bench)
{
    const size_t defaults = 3;

    bench->thresholds = calloc (defaults + options->difficulty_count, sizeof *bench->thresholds);
    if (bench->thresholds == NULL) {
        return complain ("Out of memory");
    }
    for (size_t i = 0; i < options->difficulty_count; i++) {
        uint64_t threshold;
        if (hex_parse_u64 (options->difficulties[i], &threshold) != 0) {
            return complain ("Invalid difficulty: expected 1 to 16 hexadecimal digits");
        }
        add_threshold (bench, "asked for", DIFFICULTY_AT_LEAST, threshold);
    }
    if (options->difficulty_count == 0) {
        add_threshold (bench, "send", DIFFICULTY_AT_LEAST, network->epoch_2);
        add_threshold (bench, "receive", DIFFICULTY_AT_LEAST, network->epoch_2_receive);
        add_atto (bench);
    }
    return 0;
}

static int
read_options (const struct options *options, const struct config *config,
              const struct difficulty_network *network, struct bench *bench)
{
    bench->compare = options->compare;
    if (read_duration (options->duration, &bench->duration) != 0 ||
        read_device (options, config, bench) != 0 ||
        read_thresholds (options, network, bench) != 0) {
        return -1;
    }
    if (!bench->cpu) {
        bench->threads = 1;
        return 0;
    }
    if (choice_threads (options->threads, config, &bench->threads) != 0) {
        return -1;
    }
    return read_scanner (options, config, bench);
}

/* Measuring. */

static struct device *
new_scanner (const struct scanner *scanner, unsigned thread)
{
    return device_cpu_new (thread, scanner);
}

static struct device *
new_limit (const struct scanner *scanner, unsigned thread)
{
    (void)thread;
    return yardstick_ports_new (scanner);
}

static struct device *
new_libb2 (const struct scanner *scanner, unsigned thread)
{
    (void)scanner;
    (void)thread;
    return yardstick_libb2_new ();
}

/* A device for each thread. Returns 0, or -1 for want of memory. */
static int
add_candidate (struct bench *bench,
               struct device *(*new_device) (const struct scanner *scanner, unsigned thread),
               const struct scanner *scanner)
{
    struct slices_candidate *candidate = &bench->candidates[bench->slices.candidate_count++];

    candidate->devices = calloc (bench->threads, sizeof *candidate->devices);
    for (unsigned i = 0; i < bench->threads && candidate->devices != NULL; i++) {
        candidate->devices[i] = new_device (scanner, i);
        if (candidate->devices[i] == NULL) {
            return -1;
        }
    }
    return candidate->devices != NULL ? 0 : -1;
}

/* An OpenCL device needs one thread. */
static int
add_gpus (struct bench *bench)
{
    bench->first_gpu = bench->slices.candidate_count;
    for (size_t i = 0; i < bench->gpu_count; i++) {
        struct slices_candidate *candidate = &bench->candidates[bench->slices.candidate_count++];

        candidate->devices = calloc (bench->threads, sizeof *candidate->devices);
        if (candidate->devices == NULL) {
            return -1;
        }
        candidate->devices[0] = gpu_device (bench->gpu, bench->gpus[i]);
        if (candidate->devices[0] == NULL) {
            return -1;
        }
    }
    return 0;
}

/* The scanners come first and in their order: candidate `i` is scanner `i`. */
static int
add_candidates (struct bench *bench)
{
    int result = 0;

    for (size_t i = 0; i < bench->scanner_count && result == 0; i++) {
        result = add_candidate (bench, new_scanner, bench->scanners[i]);
    }
    for (size_t i = 0; i < bench->scanner_count && result == 0 && bench->compare; i++) {
        if (ports_of (bench->scanners[i]) != NULL) {
            bench->limits[i] = bench->slices.candidate_count;
            result = add_candidate (bench, new_limit, bench->scanners[i]);
        }
    }
    if (result == 0 && bench->compare) {
        bench->libb2 = bench->slices.candidate_count;
        result = add_candidate (bench, new_libb2, NULL);
    }
    if (result == 0) {
        result = add_gpus (bench);
    }
    return result == 0 ? 0 : complain ("Out of memory");
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
measure (struct bench *bench, const struct config *config)
{
    struct slices *slices = &bench->slices;
    char error[DEVICE_NAME_SIZE + DEVICE_REASON_SIZE + 8];

    slices->candidates = bench->candidates;
    slices->threads = bench->threads;
    slices->rounds =
        slices_rounds (bench->duration, slices->candidate_count, SLICE_SECONDS, SLICES_LEAST);
    slices->slice_seconds =
        bench->duration / (double)((slices->rounds + 1) * slices->candidate_count);
    slices->batch_seconds = config->work_batch_time;
    slices->progress = isatty (STDERR_FILENO) ? show_progress : NULL;
    if (slices_run (slices, error, sizeof error) != 0) {
        fprintf (stderr, "Cannot measure: %s\n", error);
        return -1;
    }
    return 0;
}

/*
 * The median of the ratios of two candidates' slices, each to the one of its round: what slows down
 * a whole round leaves them as they are. Before figures_median sorts the slices.
 */
static double
median_ratio (const struct bench *bench, size_t candidate, size_t to)
{
    const struct figures *rates = &bench->candidates[candidate].rates;
    const struct figures *others = &bench->candidates[to].rates;
    struct figures ratios = {0};
    double median;

    for (size_t i = 0; i < rates->count; i++) {
        if (figures_add (&ratios, rates->values[i] / others->values[i]) != 0) {
            break; /* the median of those before */
        }
    }
    median = figures_median (&ratios);
    figures_clear (&ratios);
    return median;
}

static void
compare_scanner (const struct bench *bench, size_t index, struct bench_entry *entry)
{
    entry->times_libb2 = median_ratio (bench, index, bench->libb2);
    if (bench->limits[index] > 0) {
        entry->of_limit = median_ratio (bench, index, bench->limits[index]);
    }
}

static void
fill_entry (struct bench *bench, size_t index, struct bench_entry *entry)
{
    struct slices_candidate *measured = &bench->candidates[index];

    entry->scanner = bench->scanners[index]->name;
    entry->hashes_per_second = measured->rates.mean;
    entry->stddev = figures_deviation (&measured->rates);
    entry->median = figures_median (&measured->rates);
    entry->batch_seconds = measured->batch_seconds;
    if (bench->limits[index] > 0) {
        entry->limit = figures_median (&bench->candidates[bench->limits[index]].rates);
    }
}

static void
fill_gpu_entry (struct bench *bench, size_t index, struct bench_entry *entry)
{
    struct slices_candidate *measured = &bench->candidates[bench->first_gpu + index];

    if (bench->compare) {
        entry->times_libb2 = median_ratio (bench, bench->first_gpu + index, bench->libb2);
    }
    entry->scanner = measured->devices[0]->name;
    entry->device = measured->devices[0]->detail;
    entry->hashes_per_second = measured->rates.mean;
    entry->stddev = figures_deviation (&measured->rates);
    entry->median = figures_median (&measured->rates);
    entry->batch_seconds = measured->batch_seconds;
}

static int
report (struct bench *bench, bool json)
{
    struct bench_entry entries[ENTRIES_MOST] = {{0}};
    double fastest = 0;
    char machine[128];
    struct bench_report report = {
        .machine = machine,
        .reason = bench->reason,
        .cpus = cpus_available (),
        .threads = bench->cpu ? bench->threads : 0,
        .slices = bench->slices.rounds,
        .slice_seconds = bench->slices.slice_seconds,
        .entries = entries,
        .entry_count = bench->scanner_count + bench->gpu_count,
        .thresholds = bench->thresholds,
        .threshold_count = bench->threshold_count,
    };

    cpus_model (machine, sizeof machine);
    for (size_t i = 0; i < bench->scanner_count && bench->compare; i++) {
        compare_scanner (bench, i, &entries[i]);
    }
    for (size_t i = 0; i < bench->gpu_count; i++) {
        fill_gpu_entry (bench, i, &entries[bench->scanner_count + i]);
    }
    for (size_t i = 0; i < bench->scanner_count; i++) {
        fill_entry (bench, i, &entries[i]);
    }
    for (size_t i = 0; i < report.entry_count; i++) {
        fastest = entries[i].hashes_per_second > fastest ? entries[i].hashes_per_second : fastest;
    }
    if (bench->compare) {
        report.libb2 = figures_median (&bench->candidates[bench->libb2].rates);
    }
    for (size_t i = 0; i < bench->threshold_count; i++) {
        bench_report_expect (&bench->thresholds[i], fastest);
    }
    return json ? bench_report_json (&report, stdout) : bench_report_text (&report, stdout);
}

static void
clear (struct bench *bench)
{
    for (size_t i = 0; i < bench->slices.candidate_count; i++) {
        struct slices_candidate *candidate = &bench->candidates[i];
        for (unsigned j = 0; j < bench->threads && candidate->devices != NULL; j++) {
            device_free (candidate->devices[j]);
        }
        free (candidate->devices);
        figures_clear (&candidate->rates);
    }
    free (bench->thresholds);
    gpu_free (bench->gpu);
}

int
bench_run (const struct options *options, const struct config *config,
           const struct difficulty_network *network)
{
    struct bench bench = {.compare = false};
    int status = 1;

    if (read_options (options, config, network, &bench) == 0 && add_candidates (&bench) == 0 &&
        measure (&bench, config) == 0) {
        status = report (&bench, options->json) == 0 ? 0 : 1;
    }
    clear (&bench);
    return status;
}
