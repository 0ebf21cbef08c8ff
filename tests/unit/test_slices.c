/* Turns: how many there are, who has them, and what happens when a device fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "work/measure/slices.h"

#define THREADS 2
#define CANDIDATES 3

/* A device that claims to hash, and keeps count of what it was asked for. */
struct counter {
    struct device device;
    int open; /* opened and not closed */
    uint64_t submitted;
    uint64_t collected;
    uint64_t pending[4]; /* their counts */
    uint64_t fail_at;    /* the batch, from 1, at which it breaks; 0 for none */
    bool refuses;        /* to be opened */
    bool misused;        /* noted here: cmocka's assertions are for the main thread */
};

static struct counter *
counter_of (struct device *device)
{
    return (struct counter *)device;
}

static int
counter_open (struct device *device)
{
    if (counter_of (device)->refuses) {
        (void)snprintf (device->reason, sizeof device->reason, "refuses");
        return -1;
    }
    counter_of (device)->open++;
    return 0;
}

static int
counter_submit (struct device *device, const struct device_batch *batch)
{
    struct counter *counter = counter_of (device);

    counter->misused |= batch->count < device->granule || batch->count % device->granule != 0 ||
                        counter->submitted - counter->collected >= device->depth;
    counter->pending[counter->submitted++ % 4] = batch->count;
    return 0;
}

static void
counter_collect (struct device *device, struct device_result *result)
{
    struct counter *counter = counter_of (device);

    counter->misused |= counter->collected >= counter->submitted;
    *result = (struct device_result){.outcome = DEVICE_NOTHING,
                                     .hashes = counter->pending[counter->collected++ % 4]};
    if (counter->collected == counter->fail_at) {
        (void)snprintf (device->reason, sizeof device->reason, "broke");
        result->outcome = DEVICE_FAILED;
    }
}

static void
counter_close (struct device *device)
{
    counter_of (device)->open--;
}

static const struct device_ops counter_ops = {
    .open = counter_open,
    .submit = counter_submit,
    .collect = counter_collect,
    .close = counter_close,
};

struct bench {
    struct counter counters[CANDIDATES][THREADS];
    struct device *devices[CANDIDATES][THREADS];
    struct slices_candidate candidates[CANDIDATES];
    struct slices slices;
    char error[128];
};

static void
bench_init (struct bench *bench)
{
    *bench = (struct bench){.slices = {
                                .candidate_count = CANDIDATES,
                                .threads = THREADS,
                                .rounds = 5,
                                .slice_seconds = 0.001,
                                .batch_seconds = 0.005,
                            }};
    bench->slices.candidates = bench->candidates;
    for (size_t i = 0; i < CANDIDATES; i++) {
        bench->candidates[i].devices = bench->devices[i];
        for (size_t j = 0; j < THREADS; j++) {
            struct device *device = &bench->counters[i][j].device;
            bench->devices[i][j] = device;
            device->ops = &counter_ops;
            device->depth = 1 + (unsigned)i;
            device->granule = 8;
            device->rate = 1e6;
            (void)snprintf (device->name, sizeof device->name, "counter %zu.%zu", i, j);
        }
    }
}

static void
bench_clear (struct bench *bench)
{
    for (size_t i = 0; i < CANDIDATES; i++) {
        figures_clear (&bench->candidates[i].rates);
        for (size_t j = 0; j < THREADS; j++) {
            assert_int_equal (bench->counters[i][j].open, 0);
            assert_false (bench->counters[i][j].misused);
        }
    }
}

static void
test_everybody_has_every_turn (void **state)
{
    struct bench bench;

    (void)state;
    bench_init (&bench);
    assert_int_equal (slices_run (&bench.slices, bench.error, sizeof bench.error), 0);
    for (size_t i = 0; i < CANDIDATES; i++) {
        assert_int_equal (bench.candidates[i].rates.count, 5);
        assert_true (bench.candidates[i].rates.mean > 0);
        assert_true (bench.candidates[i].batch_seconds > 0);
        for (size_t j = 0; j < THREADS; j++) {
            assert_true (bench.counters[i][j].collected >= 6); /* the one that warms up, too */
            assert_int_equal (bench.counters[i][j].collected, bench.counters[i][j].submitted);
        }
    }
    bench_clear (&bench);
}

static void
test_a_device_that_cannot_be_opened (void **state)
{
    struct bench bench;

    (void)state;
    bench_init (&bench);
    bench.counters[1][1].refuses = true;
    assert_int_equal (slices_run (&bench.slices, bench.error, sizeof bench.error), -1);
    assert_string_equal (bench.error, "counter 1.1: refuses");
    bench_clear (&bench);
}

static void
test_a_device_that_breaks (void **state)
{
    struct bench bench;

    (void)state;
    bench_init (&bench);
    bench.counters[2][0].fail_at = 3;
    assert_int_equal (slices_run (&bench.slices, bench.error, sizeof bench.error), -1);
    assert_string_equal (bench.error, "counter 2.0: broke");
    bench_clear (&bench);
}

static void
test_rounds (void **state)
{
    (void)state;
    assert_int_equal (slices_rounds (10, 1, 0.05, 20), 199);
    assert_int_equal (slices_rounds (10, 7, 0.05, 20), 27);
    assert_int_equal (slices_rounds (0.001, 7, 0.05, 20), 20);
    assert_int_equal (slices_rounds (1.05, 1, 0.05, 20), 20);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_everybody_has_every_turn),
        cmocka_unit_test (test_a_device_that_cannot_be_opened),
        cmocka_unit_test (test_a_device_that_breaks),
        cmocka_unit_test (test_rounds),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
