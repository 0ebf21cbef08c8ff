/* What a rate amounts to, and the two ways of printing it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "node/tools/bench_report.h"

static bool
near (double a, double b)
{
    return fabs (a - b) <= 1e-9 * fabs (b);
}

/* Two scanners, the faster one with a spread of 1 MH/s. */
static struct bench_candidate candidates[] = {
    {.device = {.kind = "cpu", .name = "cpu 0", .detail = "wide"},
     .rates = {.count = 2, .mean = 40e6, .squares = 1e12},
     .batch_seconds = 0.005},
    {.device = {.kind = "cpu", .name = "cpu 0", .detail = "portable"},
     .rates = {.count = 2, .mean = 8e6},
     .batch_seconds = 0.005},
    {.device = {.kind = "opencl", .name = "opencl 0:1", .detail = "A GPU"},
     .rates = {.count = 2, .mean = 10e6},
     .batch_seconds = 0.01},
};

static struct bench_report
make_report (struct bench_threshold *threshold)
{
    return (struct bench_report){
        .machine = "A \"machine\"",
        .cpus = 4,
        .threads = 2,
        .slices = 20,
        .slice_seconds = 0.05,
        .candidates = candidates,
        .candidate_count = 3,
        .thresholds = threshold,
        .threshold_count = 1,
    };
}

static void
assert_mean (double rate, enum difficulty_order order, uint64_t threshold, double seconds)
{
    struct bench_candidate alone = {.rates = {.count = 1, .mean = rate}};
    struct bench_threshold asked = {.order = order, .threshold = threshold};
    const struct bench_report report = {.candidates = &alone, .candidate_count = 1};
    const struct bench_cost cost = bench_report_cost (&report, &asked);

    assert_true (near (cost.mean_seconds, seconds));
    assert_true (near (cost.works_per_second, 1 / seconds));
    assert_true (near (cost.p95_seconds, seconds * 2.9957322735539909));
}

static void
test_costs (void **state)
{
    struct bench_threshold send = {.order = DIFFICULTY_AT_LEAST, .threshold = 0xfffffff800000000};
    const struct bench_report report = make_report (&send);

    (void)state;
    assert_mean (0x1p28, DIFFICULTY_AT_LEAST, 0xfffffff800000000, 2);
    assert_mean (0x1p32, DIFFICULTY_AT_MOST, 0x00000000ffffffff, 1);
    assert_mean (100, DIFFICULTY_AT_LEAST, 0, 0.01);
    assert_true (near (bench_report_cost (&report, &send).mean_seconds, 0x1p29 / 40e6));
}

static char *
print (const struct bench_report *report,
       void (*how) (const struct bench_report *report, FILE *stream))
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream (&text, &size);

    assert_non_null (stream);
    how (report, stream);
    assert_int_equal (fclose (stream), 0);
    return text;
}

static void
test_text (void **state)
{
    struct bench_threshold threshold = {
        .name = "Atto", .order = DIFFICULTY_AT_MOST, .threshold = 0xffffffff};
    struct bench_report report = make_report (&threshold);
    char *text;

    (void)state;
    text = print (&report, bench_report_text);
    assert_non_null (strstr (text, "Machine: A \"machine\", CPUs: 4\n"));
    assert_non_null (
        strstr (text, "Device: cpu, threads: 2, slices of each scanner: 20 of 50.0 ms\n"));
    assert_non_null (strstr (text, "Device: opencl 0:1, A GPU, slices: 20 of 50.0 ms\n"));
    assert_non_null (strstr (text, "\nwide              40.00       1.00    5.00 ms\n"));
    assert_non_null (strstr (text, "\nopencl 0:1        10.00       0.00   10.00 ms\n"));
    assert_non_null (strstr (text, "<=00000000ffffffff"));
    assert_null (strstr (text, "Scanner wide:"));
    free (text);

    report.reason = "because";
    text = print (&report, bench_report_text);
    assert_non_null (strstr (text, "Scanner wide: because\n"));
    free (text);
}

static void
assert_device (json_t *device, const char *kind, const char *name, const char *scanner)
{
    const char *k, *n, *s;

    assert_int_equal (
        json_unpack (device, "{s:s, s:s, s:s}", "kind", &k, "name", &n, "scanner", &s), 0);
    assert_string_equal (k, kind);
    assert_string_equal (n, name);
    assert_string_equal (s, scanner);
}

static void
test_json (void **state)
{
    struct bench_threshold threshold = {.order = DIFFICULTY_AT_LEAST, .threshold = 0xff};
    struct bench_report report = make_report (&threshold);
    const char *of;
    double rate, deviation;
    int threads;

    (void)state;
    char *text = print (&report, bench_report_json);
    json_t *body = json_loads (text, JSON_REJECT_DUPLICATES, NULL);
    json_t *devices = json_object_get (body, "devices");

    assert_int_equal (json_array_size (devices), 3);
    assert_device (json_array_get (devices, 0), "cpu", "A \"machine\"", "wide");
    assert_device (json_array_get (devices, 2), "opencl", "A GPU", "opencl 0:1");
    assert_int_equal (json_unpack (body, "{s:[{s:i, s:f, s:f}]}", "devices", "threads", &threads,
                                   "hashes_per_second", &rate, "stddev", &deviation),
                      0);
    assert_int_equal (threads, 2);
    assert_true (near (rate, 40e6));
    assert_true (near (deviation, 1e6));
    assert_int_equal (json_unpack (body, "{s:[{s:s}]}", "thresholds", "threshold", &of), 0);
    assert_string_equal (of, "00000000000000ff");
    json_decref (body);
    free (text);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_costs),
        cmocka_unit_test (test_text),
        cmocka_unit_test (test_json),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
