/*
 * What is counted: requests by name and result, with names bounded, and durations by source.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "node/metrics/metrics.h"

static const struct metrics_requests *
requests_named (const struct metrics *metrics, const char *name)
{
    const struct metrics_requests *found = NULL;

    for (size_t i = 0; i < metrics->name_count; i++) {
        if (strcmp (metrics->requests[i].name, name) == 0) {
            assert_null (found); /* one each */
            found = &metrics->requests[i];
        }
    }
    return found;
}

static uint64_t
count_of (const struct metrics *metrics, const char *name, enum request_result result)
{
    const struct metrics_requests *requests = requests_named (metrics, name);

    assert_non_null (requests);
    return requests != NULL ? requests->count[result] : UINT64_MAX;
}

static void
test_requests (void **state)
{
    static const char again[] = "work_generate"; /* perhaps at another address */
    struct metrics metrics;

    (void)state;
    metrics_init (&metrics);
    metrics_expect (&metrics, "work_generate");
    metrics_expect (&metrics, "work_cancel");
    assert_int_equal (metrics.name_count, 3);
    metrics_request (&metrics, "work_generate", REQUEST_OK);
    metrics_request (&metrics, again, REQUEST_OK);
    metrics_request (&metrics, "work_generate", REQUEST_LEFT);
    metrics_request (&metrics, "/health", REQUEST_ERROR);
    metrics_request (&metrics, NULL, REQUEST_REFUSED);
    assert_int_equal (metrics.name_count, 4);
    assert_int_equal (count_of (&metrics, "work_generate", REQUEST_OK), 2);
    assert_int_equal (count_of (&metrics, "work_generate", REQUEST_LEFT), 1);
    assert_int_equal (count_of (&metrics, "work_generate", REQUEST_ERROR), 0);
    assert_int_equal (count_of (&metrics, "work_cancel", REQUEST_OK), 0);
    assert_int_equal (count_of (&metrics, "/health", REQUEST_ERROR), 1);
    assert_int_equal (count_of (&metrics, METRICS_UNKNOWN, REQUEST_REFUSED), 1);
    assert_int_equal (count_of (&metrics, METRICS_UNKNOWN, REQUEST_OK), 0);
}

static void
test_names_are_bounded (void **state)
{
    static char names[3 * METRICS_MAX_NAMES][16];
    struct metrics metrics;
    uint64_t count = 0;

    (void)state;
    metrics_init (&metrics);
    for (size_t i = 0; i < 3 * METRICS_MAX_NAMES; i++) {
        snprintf (names[i], sizeof names[i], "name %zu", i);
        metrics_request (&metrics, names[i], REQUEST_OK);
    }
    assert_int_equal (metrics.name_count, METRICS_MAX_NAMES);
    assert_int_equal (count_of (&metrics, METRICS_UNKNOWN, REQUEST_OK), 2 * METRICS_MAX_NAMES + 1);
    for (size_t i = 0; i < metrics.name_count; i++) {
        count += metrics.requests[i].count[REQUEST_OK];
    }
    assert_int_equal (count, 3 * METRICS_MAX_NAMES);
}

static uint64_t
observed (const struct histogram *histogram)
{
    uint64_t count = 0;

    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        count += histogram->counts[i];
    }
    return count;
}

static void
test_buckets (void **state)
{
    struct histogram histogram = {.sum = 0};

    (void)state;
    for (size_t i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
        if (i > 0) {
            assert_true (histogram_bounds[i] > histogram_bounds[i - 1]);
        }
        histogram_observe (&histogram, histogram_bounds[i]);
        assert_int_equal (histogram.counts[i], 1);
        histogram_observe (&histogram, histogram_bounds[i] * 1.0001);
        assert_int_equal (histogram.counts[i + 1], 1);
        histogram.counts[i + 1] = 0;
    }
    histogram_observe (&histogram, 0);
    assert_int_equal (histogram.counts[0], 2);
    assert_int_equal (observed (&histogram), HISTOGRAM_BUCKETS);
}

static void
test_work (void **state)
{
    struct metrics metrics;

    (void)state;
    metrics_init (&metrics);
    metrics_work (&metrics, METRICS_GPU, 0.5);
    metrics_work (&metrics, METRICS_GPU, 0.25);
    metrics_work (&metrics, METRICS_CACHE, 0.125);
    assert_int_equal (observed (&metrics.work[METRICS_GPU]), 2);
    assert_true (metrics.work[METRICS_GPU].sum == 0.75);
    assert_int_equal (observed (&metrics.work[METRICS_CACHE]), 1);
    assert_int_equal (observed (&metrics.work[METRICS_CPU]), 0);
    assert_int_equal (observed (&metrics.work[METRICS_PEER]), 0);
}

static void
test_newest_works (void **state)
{
    struct metrics metrics;
    struct metrics_found found[METRICS_FOUND];

    (void)state;
    metrics_init (&metrics);
    assert_int_equal (metrics_newest (&metrics, found), 0);
    metrics_work (&metrics, METRICS_PEER, 1);
    assert_int_equal (metrics_newest (&metrics, found), 1);
    assert_int_equal (found[0].source, METRICS_PEER);
    assert_true (found[0].at >= metrics.started);
    for (unsigned i = 2; i <= METRICS_FOUND + 3; i++) {
        metrics_work (&metrics, METRICS_CPU, i);
    }
    assert_int_equal (metrics_newest (&metrics, found), METRICS_FOUND);
    for (unsigned i = 0; i < METRICS_FOUND; i++) {
        assert_true (found[i].seconds == METRICS_FOUND + 3 - i);
    }
}

static void
assert_quantile (const struct histogram *histogram, double share, double seconds)
{
    const double quantile = histogram_quantile (histogram, share);

    assert_true (quantile > 0.999999 * seconds && quantile < 1.000001 * seconds);
}

static void
test_quantiles (void **state)
{
    struct histogram histogram = {.sum = 0};

    (void)state;
    assert_true (histogram_quantile (&histogram, 0.5) == 0);
    histogram_observe (&histogram, 0.7); /* in the bucket from 0.5 to 1 */
    assert_quantile (&histogram, 1, 1);
    assert_quantile (&histogram, 0.5, 0.75);
    for (int i = 0; i < 9; i++) {
        histogram_observe (&histogram, 7); /* from 5 to 10 */
    }
    assert_quantile (&histogram, 0.1, 1);
    assert_quantile (&histogram, 0.55, 7.5);
    histogram_observe (&histogram, 1000); /* past the last bound, 300 */
    assert_quantile (&histogram, 1, 300);
}

static void
test_names (void **state)
{
    static const char *const results[] = {"ok", "error", "cancelled", "refused", "left"};
    static const char *const sources[] = {"cache", "cpu", "gpu", "peer"};
    struct metrics metrics;

    (void)state;
    for (enum request_result result = 0; result < REQUEST_RESULTS; result++) {
        assert_string_equal (metrics_result_names[result], results[result]);
    }
    for (enum metrics_source source = 0; source < METRICS_SOURCES; source++) {
        assert_string_equal (metrics_source_names[source], sources[source]);
    }
    metrics_init (&metrics);
    assert_true (metrics.started > (double)time (NULL) - 5);
    assert_true (metrics.started < (double)time (NULL) + 5);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_requests),  cmocka_unit_test (test_names_are_bounded),
        cmocka_unit_test (test_buckets),   cmocka_unit_test (test_work),
        cmocka_unit_test (test_names),     cmocka_unit_test (test_newest_works),
        cmocka_unit_test (test_quantiles),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
