#include "node/tools/bench_report.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "build_config.h"
#include "rpc/base/memory.h"
#include "work/base/hex.h"

#define THRESHOLD_SIZE (HEX_U64_SIZE + 2)

struct bench_cost
bench_report_cost (const struct bench_report *report, const struct bench_threshold *threshold)
{
    const double expected = difficulty_expected_hashes (threshold->order, threshold->threshold);
    double fastest = 0;

    for (size_t i = 0; i < report->candidate_count; i++) {
        fastest = fmax (fastest, report->candidates[i].rates.mean);
    }
    return (struct bench_cost){
        .works_per_second = fastest / expected,
        .mean_seconds = expected / fastest,
        .p95_seconds = expected / fastest * log (20),
    };
}

/* Values are to be at least this, or "<=" it. */
static void
threshold_text (const struct bench_threshold *threshold, char text[THRESHOLD_SIZE])
{
    char digits[HEX_U64_SIZE];

    hex_print_u64 (threshold->threshold, digits);
    (void)snprintf (text, THRESHOLD_SIZE, "%s%s",
                    threshold->order == DIFFICULTY_AT_MOST ? "<=" : "", digits);
}

static bool
is_opencl (const struct bench_candidate *candidate)
{
    return strcmp (candidate->device.kind, "opencl") == 0;
}

/* What is measured: a scanner, or "opencl PLATFORM:DEVICE". */
static const char *
name_of (const struct bench_candidate *candidate)
{
    return is_opencl (candidate) ? candidate->device.name : candidate->device.detail;
}

/* For people. */

static void
print_candidates (const struct bench_report *report, FILE *stream)
{
    (void)fprintf (stream, "\n%-12s %10s %10s %10s   MH/s\n", "Scanner", "rate", "spread", "batch");
    for (size_t i = 0; i < report->candidate_count; i++) {
        const struct bench_candidate *candidate = &report->candidates[i];
        (void)fprintf (stream, "%-12s %10.2f %10.2f %7.2f ms\n", name_of (candidate),
                       candidate->rates.mean / 1e6, sample_deviation (&candidate->rates) / 1e6,
                       candidate->batch_seconds * 1e3);
    }
}

static void
print_thresholds (const struct bench_report *report, FILE *stream)
{
    (void)fprintf (stream, "\n%-15s %-18s %14s %12s %14s\n", "Threshold", "", "works a second",
                   "mean wait", "95 % within");
    for (size_t i = 0; i < report->threshold_count; i++) {
        const struct bench_threshold *threshold = &report->thresholds[i];
        const struct bench_cost cost = bench_report_cost (report, threshold);
        char text[THRESHOLD_SIZE];
        threshold_text (threshold, text);
        (void)fprintf (stream, "%-15s %18s %14.4g %10.4g s %12.4g s\n", threshold->name, text,
                       cost.works_per_second, cost.mean_seconds, cost.p95_seconds);
    }
}

void
bench_report_text (const struct bench_report *report, FILE *stream)
{
    (void)fprintf (stream, "Machine: %s, CPUs: %u\n", report->machine, report->cpus);
    if (report->threads > 0) {
        (void)fprintf (stream, "Device: cpu, threads: %u, slices of each scanner: %zu of %.1f ms\n",
                       report->threads, report->slices, report->slice_seconds * 1e3);
    }
    for (size_t i = 0; i < report->candidate_count; i++) {
        if (is_opencl (&report->candidates[i])) {
            (void)fprintf (stream, "Device: %s, %s, slices: %zu of %.1f ms\n",
                           report->candidates[i].device.name, report->candidates[i].device.detail,
                           report->slices, report->slice_seconds * 1e3);
        }
    }
    if (report->reason != NULL) {
        (void)fprintf (stream, "Scanner %s: %s\n", name_of (report->candidates), report->reason);
    }
    print_candidates (report, stream);
    print_thresholds (report, stream);
}

/* For programs. A NULL anywhere makes the whole NULL: jansson takes care of that. */

static json_t *
devices_of (const struct bench_report *report)
{
    json_t *devices = json_array ();

    for (size_t i = 0; i < report->candidate_count; i++) {
        const struct bench_candidate *candidate = &report->candidates[i];
        const bool opencl = is_opencl (candidate);
        json_t *device = json_pack (
            "{s:s, s:s, s:s, s:i, s:f, s:f, s:f}", "kind", candidate->device.kind, "name",
            opencl ? candidate->device.detail : report->machine, "scanner", name_of (candidate),
            "threads", opencl ? 1 : (int)report->threads, "hashes_per_second",
            candidate->rates.mean, "stddev", sample_deviation (&candidate->rates), "batch_seconds",
            candidate->batch_seconds);
        memory_require (json_array_append_new (devices, device) == 0);
    }
    return devices;
}

static json_t *
thresholds_of (const struct bench_report *report)
{
    json_t *thresholds = json_array ();

    for (size_t i = 0; i < report->threshold_count; i++) {
        const struct bench_cost cost = bench_report_cost (report, &report->thresholds[i]);
        char text[THRESHOLD_SIZE];
        threshold_text (&report->thresholds[i], text);
        memory_require (
            json_array_append_new (thresholds, json_pack ("{s:s, s:f, s:f, s:f}", "threshold", text,
                                                          "works_per_second", cost.works_per_second,
                                                          "mean_seconds", cost.mean_seconds,
                                                          "p95_seconds", cost.p95_seconds)) == 0);
    }
    return thresholds;
}

void
bench_report_json (const struct bench_report *report, FILE *stream)
{
    json_t *body = memory_need (
        json_pack ("{s:{s:s, s:i, s:s, s:s}, s:o, s:o}", "machine", "cpu", report->machine, "cpus",
                   (int)report->cpus, "version", PACKAGE_VERSION, "build_info", BUILD_INFO,
                   "devices", devices_of (report), "thresholds", thresholds_of (report)));

    (void)json_dumpf (body, stream, JSON_INDENT (4) | JSON_REAL_PRECISION (10));
    (void)fputc ('\n', stream);
    json_decref (body);
}
