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

static void
test_expectations (void **state)
{
    struct bench_threshold send = {.order = DIFFICULTY_AT_LEAST, .threshold = 0xfffffff800000000};
    struct bench_threshold atto = {.order = DIFFICULTY_AT_MOST, .threshold = 0x00000000ffffffff};
    struct bench_threshold none = {.order = DIFFICULTY_AT_LEAST, .threshold = 0};

    (void)state;
    bench_report_expect (&send, 0x1p28);
    assert_true (near (send.mean_seconds, 2));
    assert_true (near (send.works_per_second, 0.5));
    assert_true (near (send.p95_seconds, 5.991464547107982));
    bench_report_expect (&atto, 0x1p32);
    assert_true (near (atto.mean_seconds, 1));
    bench_report_expect (&none, 100);
    assert_true (near (none.works_per_second, 100));
}

static const struct bench_entry entries[] = {
    {.scanner = "wide",
     .hashes_per_second = 40e6,
     .stddev = 1e6,
     .median = 41e6,
     .batch_seconds = 0.005,
     .limit = 50e6,
     .times_libb2 = 8.2,
     .of_limit = 0.82},
    {.scanner = "portable",
     .hashes_per_second = 8e6,
     .median = 8e6,
     .batch_seconds = 0.005,
     .times_libb2 = 1.6},
};

static struct bench_report
make_report (const struct bench_threshold *threshold)
{
    return (struct bench_report){
        .machine = "A \"machine\"",
        .cpus = 4,
        .threads = 2,
        .slices = 20,
        .slice_seconds = 0.05,
        .libb2 = 5e6,
        .entries = entries,
        .entry_count = 2,
        .thresholds = threshold,
        .threshold_count = 1,
    };
}

static char *
print (const struct bench_report *report,
       int (*how) (const struct bench_report *report, FILE *stream))
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream (&text, &size);

    assert_non_null (stream);
    assert_int_equal (how (report, stream), 0);
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
    bench_report_expect (&threshold, 40e6);
    text = print (&report, bench_report_text);
    assert_non_null (strstr (text, "Machine: A \"machine\", CPUs: 4\n"));
    assert_non_null (strstr (text, "wide              41.00       8.20        50.00      0.820\n"));
    assert_non_null (strstr (text, "portable           8.00       1.60\n"));
    assert_non_null (strstr (text, "<=00000000ffffffff"));
    free (text);

    report.libb2 = 0;
    report.reason = "because";
    text = print (&report, bench_report_text);
    assert_null (strstr (text, "libb2"));
    assert_non_null (strstr (text, "Scanner wide: because\n"));
    free (text);
}

static void
test_json (void **state)
{
    struct bench_threshold threshold = {.order = DIFFICULTY_AT_LEAST, .threshold = 0xff};
    struct bench_report report = make_report (&threshold);
    const char *kind, *name, *scanner, *of;
    json_t *compared, *limit;
    double rate, times;
    int threads;

    (void)state;
    bench_report_expect (&threshold, 40e6);
    char *text = print (&report, bench_report_json);
    json_t *body = json_loads (text, JSON_REJECT_DUPLICATES, NULL);

    assert_non_null (body);
    assert_int_equal (json_unpack (body, "{s:[{s:s, s:s, s:s, s:i, s:f}]}", "devices", "kind",
                                   &kind, "name", &name, "scanner", &scanner, "threads", &threads,
                                   "hashes_per_second", &rate),
                      0);
    assert_string_equal (kind, "cpu");
    assert_string_equal (name, "A \"machine\"");
    assert_string_equal (scanner, "wide");
    assert_int_equal (threads, 2);
    assert_true (near (rate, 40e6));
    assert_int_equal (json_unpack (body, "{s:[{s:s}]}", "thresholds", "threshold", &of), 0);
    assert_string_equal (of, "00000000000000ff");
    assert_int_equal (json_unpack (body, "{s:{s:o}}", "compare", "scanners", &compared), 0);
    assert_int_equal (json_unpack (json_array_get (compared, 1), "{s:f, s:o}", "times_libb2",
                                   &times, "port_limit", &limit),
                      0);
    assert_true (near (times, 1.6));
    assert_true (json_is_null (limit));
    json_decref (body);
    free (text);

    report.libb2 = 0;
    text = print (&report, bench_report_json);
    assert_null (strstr (text, "compare"));
    free (text);
}

static void
test_a_failing_stream (void **state)
{
    struct bench_threshold threshold = {.order = DIFFICULTY_AT_LEAST};
    struct bench_report report = make_report (&threshold);
    FILE *full = fopen ("/dev/full", "w");

    (void)state;
    if (full == NULL) {
        skip ();
    }
    assert_int_equal (bench_report_text (&report, full), -1);
    assert_int_equal (bench_report_json (&report, full), -1);
    (void)fclose (full); /* it fails, as it should */
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_expectations),
        cmocka_unit_test (test_text),
        cmocka_unit_test (test_json),
        cmocka_unit_test (test_a_failing_stream),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
