#include "node/tools/bench_report.h"

#include <jansson.h>
#include <math.h>

#include "build_config.h"
#include "work/base/hex.h"

#define THRESHOLD_SIZE (HEX_U64_SIZE + 2)

void
bench_report_expect (struct bench_threshold *threshold, double rate)
{
    threshold->mean_seconds =
        difficulty_expected_hashes (threshold->order, threshold->threshold) / rate;
    threshold->works_per_second = 1 / threshold->mean_seconds;
    threshold->p95_seconds = threshold->mean_seconds * log (20);
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

/* For people. */

static void
print_entries (const struct bench_report *report, FILE *stream)
{
    (void)fprintf (stream, "\n%-12s %10s %10s %10s   MH/s\n", "Scanner", "rate", "spread", "batch");
    for (size_t i = 0; i < report->entry_count; i++) {
        const struct bench_entry *entry = &report->entries[i];
        (void)fprintf (stream, "%-12s %10.2f %10.2f %7.2f ms\n", entry->scanner,
                       entry->hashes_per_second / 1e6, entry->stddev / 1e6,
                       entry->batch_seconds * 1e3);
    }
}

static void
print_comparison (const struct bench_report *report, FILE *stream)
{
    (void)fprintf (stream, "\n%-12s %10s %10s %12s %10s   MH/s, medians\n", "Compared", "rate",
                   "x libb2", "port limit", "of limit");
    (void)fprintf (stream, "%-12s %10.2f %10.2f\n", "libb2", report->libb2 / 1e6, 1.0);
    for (size_t i = 0; i < report->entry_count; i++) {
        const struct bench_entry *entry = &report->entries[i];
        (void)fprintf (stream, "%-12s %10.2f %10.2f", entry->scanner, entry->median / 1e6,
                       entry->times_libb2);
        if (entry->limit > 0) {
            (void)fprintf (stream, " %12.2f %10.3f", entry->limit / 1e6, entry->of_limit);
        }
        (void)fputc ('\n', stream);
    }
}

static void
print_thresholds (const struct bench_report *report, FILE *stream)
{
    (void)fprintf (stream, "\n%-15s %-18s %14s %12s %14s\n", "Threshold", "", "works a second",
                   "mean wait", "95 % within");
    for (size_t i = 0; i < report->threshold_count; i++) {
        const struct bench_threshold *threshold = &report->thresholds[i];
        char text[THRESHOLD_SIZE];
        threshold_text (threshold, text);
        (void)fprintf (stream, "%-15s %18s %14.4g %10.4g s %12.4g s\n", threshold->name, text,
                       threshold->works_per_second, threshold->mean_seconds,
                       threshold->p95_seconds);
    }
}

int
bench_report_text (const struct bench_report *report, FILE *stream)
{
    (void)fprintf (stream, "Machine: %s, CPUs: %u\n", report->machine, report->cpus);
    if (report->threads > 0) {
        (void)fprintf (stream, "Device: cpu, threads: %u, slices of each scanner: %zu of %.1f ms\n",
                       report->threads, report->slices, report->slice_seconds * 1e3);
    }
    for (size_t i = 0; i < report->entry_count; i++) {
        if (report->entries[i].device != NULL) {
            (void)fprintf (stream, "Device: %s, %s, slices: %zu of %.1f ms\n",
                           report->entries[i].scanner, report->entries[i].device, report->slices,
                           report->slice_seconds * 1e3);
        }
    }
    if (report->reason != NULL) {
        (void)fprintf (stream, "Scanner %s: %s\n", report->entries[0].scanner, report->reason);
    }
    print_entries (report, stream);
    if (report->libb2 > 0) {
        print_comparison (report, stream);
    }
    print_thresholds (report, stream);
    return fflush (stream) == 0 && ferror (stream) == 0 ? 0 : -1;
}

/* For programs. A NULL anywhere makes the whole NULL: jansson takes care of that. */

static json_t *
devices_of (const struct bench_report *report)
{
    json_t *devices = json_array ();

    for (size_t i = 0; i < report->entry_count; i++) {
        const struct bench_entry *entry = &report->entries[i];
        bool opencl = entry->device != NULL;
        json_t *device = json_pack (
            "{s:s, s:s, s:s, s:i, s:f, s:f, s:f}", "kind", opencl ? "opencl" : "cpu", "name",
            opencl ? entry->device : report->machine, "scanner", entry->scanner, "threads",
            opencl ? 1 : (int)report->threads, "hashes_per_second", entry->hashes_per_second,
            "stddev", entry->stddev, "batch_seconds", entry->batch_seconds);
        if (json_array_append_new (devices, device) != 0) {
            json_decref (devices);
            return NULL;
        }
    }
    return devices;
}

static json_t *
thresholds_of (const struct bench_report *report)
{
    json_t *thresholds = json_array ();

    for (size_t i = 0; i < report->threshold_count; i++) {
        const struct bench_threshold *threshold = &report->thresholds[i];
        char text[THRESHOLD_SIZE];
        json_t *entry;
        threshold_text (threshold, text);
        entry = json_pack ("{s:s, s:f, s:f, s:f}", "threshold", text, "works_per_second",
                           threshold->works_per_second, "mean_seconds", threshold->mean_seconds,
                           "p95_seconds", threshold->p95_seconds);
        if (json_array_append_new (thresholds, entry) != 0) {
            json_decref (thresholds);
            return NULL;
        }
    }
    return thresholds;
}

/* Every figure of it is a median; a limit that was not measured is null. */
static json_t *
comparison_of (const struct bench_report *report)
{
    json_t *scanners = json_array ();

    for (size_t i = 0; i < report->entry_count; i++) {
        const struct bench_entry *entry = &report->entries[i];
        bool limited = entry->limit > 0;
        json_t *scanner =
            json_pack ("{s:s, s:f, s:f, s:o, s:o}", "scanner", entry->scanner, "hashes_per_second",
                       entry->median, "times_libb2", entry->times_libb2, "port_limit",
                       limited ? json_real (entry->limit) : json_null (), "of_port_limit",
                       limited ? json_real (entry->of_limit) : json_null ());
        if (json_array_append_new (scanners, scanner) != 0) {
            json_decref (scanners);
            return NULL;
        }
    }
    return json_pack ("{s:f, s:o}", "libb2_hashes_per_second", report->libb2, "scanners", scanners);
}

int
bench_report_json (const struct bench_report *report, FILE *stream)
{
    json_t *body =
        json_pack ("{s:{s:s, s:i, s:s, s:s}, s:o, s:o}", "machine", "cpu", report->machine, "cpus",
                   (int)report->cpus, "version", PACKAGE_VERSION, "build_info", BUILD_INFO,
                   "devices", devices_of (report), "thresholds", thresholds_of (report));
    int result = -1;

    if (report->libb2 == 0 || json_object_set_new (body, "compare", comparison_of (report)) == 0) {
        result = json_dumpf (body, stream, JSON_INDENT (4) | JSON_REAL_PRECISION (10));
    }
    json_decref (body);
    return result == 0 && fputc ('\n', stream) != EOF && fflush (stream) == 0 ? 0 : -1;
}
