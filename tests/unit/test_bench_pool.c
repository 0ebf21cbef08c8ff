/* Searches that are waited for, and rates that are measured in turns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "fake_device.h"
#include "node/tools/bench_pool.h"

static struct pool *
start_fake (const struct fake_settings *settings)
{
    struct fake *fake = fake_new (settings);

    assert_non_null (fake);
    return bench_pool_start (
        &(struct bench_pool_settings){.device = fake_device (fake), .batch_seconds = 0.001});
}

static enum pool_outcome
search (struct pool *pool, double most, int interrupt)
{
    struct scan_target target;
    double seconds = -1;
    enum pool_outcome outcome;

    fake_target (&target, 1, fake_threshold (0));
    outcome = bench_pool_search (pool, &target, most, interrupt, &seconds);
    assert_true (outcome == POOL_FAILED || seconds >= 0);
    return outcome;
}

static void
test_found (void **state)
{
    struct pool *pool = start_fake (&(struct fake_settings){.name = "good"});

    (void)state;
    assert_int_equal (search (pool, INFINITY, -1), POOL_FOUND);
    assert_int_equal (search (pool, INFINITY, -1), POOL_FOUND);
    assert_false (bench_pool_explain (pool));
    pool_free (pool);
}

static void
test_time_is_over (void **state)
{
    struct pool *pool =
        start_fake (&(struct fake_settings){.name = "slow", .behaviour = FAKE_NEVER});

    (void)state;
    assert_int_equal (search (pool, 0, -1), POOL_CANCELLED);
    assert_int_equal (search (pool, 0.01, -1), POOL_CANCELLED);
    pool_free (pool);
}

static void
test_interrupted (void **state)
{
    struct pool *pool =
        start_fake (&(struct fake_settings){.name = "slow", .behaviour = FAKE_NEVER});
    int ends[2];

    (void)state;
    assert_int_equal (pipe (ends), 0);
    assert_int_equal (search (pool, 0.01, ends[0]), POOL_CANCELLED);
    assert_int_equal (write (ends[1], "!", 1), 1);
    assert_int_equal (search (pool, INFINITY, ends[0]), POOL_CANCELLED);
    pool_free (pool);
    (void)close (ends[0]);
    (void)close (ends[1]);
}

static void
test_broken (void **state)
{
    struct pool *pool =
        start_fake (&(struct fake_settings){.name = "broken", .collect_fails = FAKE_ALWAYS});

    (void)state;
    assert_int_equal (search (pool, INFINITY, -1), POOL_FAILED);
    assert_true (bench_pool_explain (pool));
    pool_free (pool);
}

static double last_progress;

static void
on_progress (double done)
{
    assert_true (done > last_progress);
    last_progress = done;
}

static void
test_rates (void **state)
{
    struct bench_candidate candidates[] = {
        {.pool = bench_pool_start (&(struct bench_pool_settings){
             .threads = 2, .scanner = scan_named ("portable"), .batch_seconds = 0.001})},
        {.pool = start_fake (&(struct fake_settings){.name = "other", .depth = 2})},
    };

    (void)state;
    last_progress = 0;
    assert_int_equal (bench_pool_compare (candidates, 2, 3, 0.001, on_progress), 0);
    assert_true (last_progress == 1);
    assert_string_equal (candidates[0].device.detail, "portable");
    assert_string_equal (candidates[1].device.name, "other");
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal (candidates[i].rates.count, 3); /* the first round warms up */
        assert_true (candidates[i].rates.mean > 0);
        assert_true (candidates[i].batch_seconds > 0);
        sample_clear (&candidates[i].rates);
        pool_free (candidates[i].pool);
    }
}

static void
test_a_device_that_cannot_be_measured (void **state)
{
    struct bench_candidate candidates[] = {
        {.pool = start_fake (&(struct fake_settings){.name = "good"})},
        {.pool = start_fake (&(struct fake_settings){.name = "shut", .open_fails = FAKE_ALWAYS})},
    };

    (void)state;
    assert_int_equal (bench_pool_compare (candidates, 2, 3, 0.001, NULL), -1);
    for (size_t i = 0; i < 2; i++) {
        sample_clear (&candidates[i].rates);
        pool_free (candidates[i].pool);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_found),
        cmocka_unit_test (test_time_is_over),
        cmocka_unit_test (test_interrupted),
        cmocka_unit_test (test_broken),
        cmocka_unit_test (test_rates),
        cmocka_unit_test (test_a_device_that_cannot_be_measured),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
