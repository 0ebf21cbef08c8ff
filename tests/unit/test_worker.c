/*
 * A device's thread: devices that do not open, fail, lie, rest and come back, and how soon the
 * others stop.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "support_pool.h"

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SLOWNESS 20
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLOWNESS 20
#endif
#endif
#ifndef SLOWNESS
#define SLOWNESS 1
#endif

/* Devices that do not open, or fail. */

/*
 * A device that never opens is resting but for the moments of its attempts: a job accepted in one
 * of these must fail.
 */
static void
assert_down (struct bench *bench)
{
    uint64_t deadline = clock_now () + PATIENCE;
    struct call *call = NULL;

    while (support_try_submit (bench, (struct wish){0}, &call) != POOL_DOWN) {
        assert_true (clock_now () < deadline);
        support_assert_answered (call, POOL_FAILED);
    }
}

static void
down_when_no_device_opens (void **state)
{
    struct bench *bench = *state;
    struct call *early;

    support_open (bench, MAX_JOBS, 0);
    for (unsigned i = 0; i < 2; i++) {
        support_add_fake (bench,
                          &(struct fake_settings){"dead", FAKE_FINDS, .open_fails = FAKE_ALWAYS});
    }
    early = support_submit (bench, IMPOSSIBLE);
    support_start (bench);
    support_assert_answered (early, POOL_FAILED);
    assert_down (bench);
    support_wait_for_state (bench, 0, POOL_DEVICE_RESTING);
    assert_string_equal (support_device (bench, 0).reason, "open fails as told");
}

static void
jobs_fail_with_the_last_device (void **state)
{
    struct bench *bench = *state;
    struct call *shared;
    struct call *queued;

    support_open (bench, MAX_JOBS, 0);
    support_add_held (bench);
    support_add_held (bench);
    support_start (bench);
    shared = support_submit (bench, IMPOSSIBLE);
    assert_true (fake_wait_submitted (bench->fakes[0], 1));
    assert_true (fake_wait_submitted (bench->fakes[1], 1));
    queued = support_submit_wish (bench, (struct wish){.class = POOL_AHEAD});

    fake_break (bench->fakes[0]);
    fake_run_free (bench->fakes[0]);
    support_wait_for_state (bench, 0, POOL_DEVICE_RESTING);
    assert_int_equal (support_statistics (bench).jobs, 2); /* the other one goes on */

    fake_break (bench->fakes[1]);
    fake_run_free (bench->fakes[1]);
    support_assert_answered (shared, POOL_FAILED);
    support_assert_answered (queued, POOL_FAILED);
    assert_down (bench);
}

static void
lying_device_is_set_aside (void **state)
{
    struct bench *bench = *state;
    struct fake *liar;
    struct fake *finder;
    struct call *call;

    support_open (bench, MAX_JOBS, 0);
    liar = support_add_fake (bench, &(struct fake_settings){"liar", FAKE_LIES, .held = true});
    finder = support_add_fake (bench, &(struct fake_settings){"finder", FAKE_FINDS, .held = true});
    support_start (bench);
    call = support_submit (bench, 12);
    assert_true (fake_wait_submitted (liar, 1));
    assert_true (fake_wait_submitted (finder, 1));
    fake_run_free (liar);
    support_wait_for_state (bench, 0, POOL_DEVICE_RESTING);
    assert_memory_equal (support_device (bench, 0).reason, "it returned nonce ", 18);
    assert_non_null (
        strstr (support_device (bench, 0).reason, "does not reach the threshold fff0000000000000"));
    assert_int_equal (support_statistics (bench).jobs, 1);

    fake_run_free (finder);
    support_assert_found (call);
    assert_string_equal (call->answer.device, "finder");
}

/* The batch that a device fails with is lost; its job is not, and goes on elsewhere. */
static void
others_finish_what_a_failing_device_began (void **state)
{
    static const struct fake_settings settings[] = {
        {"failing", FAKE_FINDS, .submit_fails = FAKE_ALWAYS},
        {"failing", FAKE_FINDS, .collect_fails = FAKE_ALWAYS},
        {"failing", FAKE_FINDS, .collect_fails = FAKE_ALWAYS, .depth = 3},
        {"finder", FAKE_FINDS, .held = true},
    };
    struct bench *bench = *state;
    struct call *call;

    support_open (bench, MAX_JOBS, 0);
    for (size_t i = 0; i < 4; i++) {
        support_add_fake (bench, &settings[i]);
    }
    support_start (bench);
    for (size_t i = 0; i < 4; i++) {
        support_wait_for_state (bench, i, POOL_DEVICE_UP);
    }
    call = support_submit (bench, 12);
    for (size_t i = 0; i < 3; i++) {
        support_wait_for_state (bench, i, POOL_DEVICE_RESTING);
        fake_read (bench->fakes[i], &bench->log);
        assert_int_not_equal (bench->log.closes, 0);
    }
    assert_string_equal (support_device (bench, 0).reason, "submit fails as told");
    assert_string_equal (support_device (bench, 2).reason, "collect fails as told");

    fake_run_free (bench->fakes[3]);
    support_assert_found (call);
    assert_string_equal (call->answer.device, "finder");
}

static void
failed_device_rests_and_comes_back (void **state)
{
    struct bench *bench = *state;
    uint64_t before;

    support_open (bench, MAX_JOBS, 0);
    support_add_fake (bench, &(struct fake_settings){"failing", FAKE_FINDS, .collect_fails = 1});
    support_start (bench);
    before = clock_now ();
    support_assert_answered (support_submit (bench, 8), POOL_FAILED);
    support_wait_for_state (bench, 0, POOL_DEVICE_UP);
    assert_true (clock_now () - before >= CLOCK_SECOND);
    support_assert_found (support_submit (bench, 8));

    assert_string_equal (support_device (bench, 0).reason, "collect fails as told");
    fake_read (bench->fakes[0], &bench->log);
    assert_int_equal (bench->log.opens, 2);
    assert_int_equal (bench->log.closes, 1);
}

/* On standby. */

static struct fake *
add_standby (struct bench *bench)
{
    struct fake *fake = support_add_fake (bench, &(struct fake_settings){.name = "standby"});

    fake_device (fake)->standby = true;
    return fake;
}

/* While another device works, whatever there is to do is left to it. */
static void
standby_leaves_the_work (void **state)
{
    struct bench *bench = *state;

    support_open (bench, MAX_JOBS, 0);
    support_add_finder (bench);
    add_standby (bench);
    support_start (bench);
    support_wait_for_state (bench, 1, POOL_DEVICE_STANDBY);
    for (unsigned i = 0; i < 20; i++) {
        struct call *call = support_submit (bench, i);
        support_assert_found (call);
        assert_string_equal (call->answer.device, "finder");
    }
    assert_int_equal (support_device (bench, 0).state, POOL_DEVICE_UP);
    assert_int_equal (support_device (bench, 1).hashes, 0);
}

/* It is waited for while it is opened, which may take its compiler a while. */
static void
standby_begins_when_no_other_works (void **state)
{
    struct bench *bench = *state;
    struct call *call;

    support_open (bench, MAX_JOBS, 0);
    support_add_fake (bench, &(struct fake_settings){"broken", .open_fails = FAKE_ALWAYS});
    add_standby (bench);
    support_start (bench);
    call = support_submit (bench, 8);
    support_assert_found (call);
    assert_string_equal (call->answer.device, "standby");
    support_wait_for_state (bench, 0, POOL_DEVICE_RESTING);
    assert_int_equal (support_device (bench, 1).state, POOL_DEVICE_UP);
}

/* A device is waited for while it is first opened, which may take a compiler its time: what comes
 * meanwhile is for standby once that has failed. */
static void
standby_waits_for_the_first_open (void **state)
{
    struct bench *bench = *state;
    struct call *call;

    support_open (bench, MAX_JOBS, 0);
    support_add_fake (bench, &(struct fake_settings){"late", .held = true, .open_waits = 1,
                                                     .open_fails = FAKE_ALWAYS});
    add_standby (bench);
    support_start (bench);
    support_wait_for_state (bench, 1, POOL_DEVICE_STANDBY);
    call = support_submit (bench, 8);
    for (unsigned i = 0; i < 50; i++) {
        support_nap ();
        assert_false (support_device (bench, 1).busy);
    }
    fake_run_free (bench->fakes[0]);
    support_assert_found (call);
    assert_string_equal (call->answer.device, "standby");
}

/* But not while it is tried again after a failure. */
static void
standby_works_during_later_opens (void **state)
{
    struct bench *bench = *state;

    support_open (bench, MAX_JOBS, 0);
    support_add_fake (bench, &(struct fake_settings){"late", .held = true, .open_waits = 2,
                                                     .open_fails = FAKE_ALWAYS});
    add_standby (bench);
    support_start (bench);
    assert_true (fake_wait_opens (bench->fakes[0], 2));
    assert_int_equal (support_device (bench, 0).state, POOL_DEVICE_OPENING);
    assert_int_equal (support_device (bench, 1).state, POOL_DEVICE_UP);
    support_assert_found (support_submit (bench, 8));
}

/* A device that fails in the midst of a job leaves it to standby, and takes over once it is back.
 */
static void
standby_ends_when_another_is_back (void **state)
{
    struct bench *bench = *state;
    struct call *call;

    support_open (bench, MAX_JOBS, 0);
    support_add_fake (bench, &(struct fake_settings){"failing", FAKE_FINDS, .collect_fails = 1});
    add_standby (bench);
    support_start (bench);
    call = support_submit (bench, 8);
    support_assert_found (call);
    assert_string_equal (call->answer.device, "standby");
    support_wait_for_state (bench, 0, POOL_DEVICE_UP);
    support_wait_for_state (bench, 1, POOL_DEVICE_STANDBY);
    call = support_submit (bench, 8);
    support_assert_found (call);
    assert_string_equal (call->answer.device, "failing");
}

/* A job that nobody finds goes over to the device that is back. */
static void
standby_gives_its_job_back (void **state)
{
    struct bench *bench = *state;

    support_open (bench, MAX_JOBS, 0);
    support_add_fake (
        bench, &(struct fake_settings){"failing", FAKE_NEVER, .collect_fails = 1, .speed = 1e5});
    fake_device (
        support_add_fake (bench, &(struct fake_settings){"standby", FAKE_NEVER, .speed = 1e5}))
        ->standby = true;
    support_start (bench);
    support_submit (bench, IMPOSSIBLE);
    support_wait_for_state (bench, 0, POOL_DEVICE_RESTING);
    support_wait_for_busy (bench, 1, true);
    support_wait_for_state (bench, 0, POOL_DEVICE_UP);
    support_wait_for_busy (bench, 0, true);
    support_wait_for_busy (bench, 1, false);
    assert_int_equal (support_device (bench, 1).state, POOL_DEVICE_STANDBY);
}

/* What a device says of itself. */

/* Rests are for CPUs: a device that takes no CPU time has none, however long they are. */
static void
tireless_device_does_not_rest (void **state)
{
    struct bench *bench = *state;

    support_open (bench, MAX_JOBS, 3600 * CLOCK_SECOND);
    fake_device (support_add_finder (bench))->tireless = true;
    support_start (bench);
    for (unsigned i = 0; i < 5; i++) {
        support_assert_found (support_submit (bench, 10));
    }
}

static void
device_has_its_own_batch_time (void **state)
{
    struct bench *bench = *state;
    struct fake *fake;

    support_open (bench, MAX_JOBS, 0);
    fake = support_add_held (bench);
    fake_device (fake)->batch_seconds = 3;
    support_start (bench);
    support_submit (bench, IMPOSSIBLE);
    assert_true (fake_wait_submitted (fake, 1));
    fake_read (fake, &bench->log);
    assert_in_range (bench->log.batches[0].count, 299000, 300000); /* of 1e5 a second */
}

/* Batches in hand, and an end to them. */

static void
device_is_fed_to_its_depth (void **state)
{
    struct bench *bench = *state;

    support_open (bench, MAX_JOBS, 0);
    for (unsigned depth = 1; depth <= 4; depth++) {
        support_add_fake (
            bench, &(struct fake_settings){"deep", FAKE_NEVER, .held = true, .depth = depth});
    }
    support_start (bench);
    support_submit (bench, IMPOSSIBLE);
    for (unsigned round = 0; round < 10; round++) {
        for (unsigned i = 0; i < 4; i++) {
            assert_true (fake_wait_submitted (bench->fakes[i], round + i + 1));
            fake_read (bench->fakes[i], &bench->log);
            assert_null (bench->log.violation);
            assert_int_equal (bench->log.collected, round);
            fake_release (bench->fakes[i], 1);
        }
    }
}

static void
stop_interrupts_a_rest (void **state)
{
    struct bench *bench = *state;

    support_open (bench, MAX_JOBS, 3600 * CLOCK_SECOND);
    support_add_held (bench);
    support_start (bench);
    support_submit (bench, IMPOSSIBLE);
    assert_true (fake_wait_submitted (bench->fakes[0], 1));
    fake_run_free (bench->fakes[0]);
    support_wait_for_busy (bench, 0, false);
    pool_stop (bench->pool);
}

/* Time, on a real CPU device. */

struct delay {
    double wall;
    double cpu; /* of the whole process: what other processes do is not in it */
};

static double
cpu_seconds (void)
{
    struct timespec time = {0};

    (void)clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* From the cancel of an impossible job until its device is no longer busy with it. */
static struct delay
measure_stop (struct bench *bench)
{
    const struct timespec look = {.tv_nsec = 100000};
    struct call *call = support_submit (bench, IMPOSSIBLE);
    struct delay delay;
    uint64_t wall;
    double cpu;

    support_wait_for_busy (bench, 0, true);
    support_nap ();
    wall = clock_now ();
    cpu = cpu_seconds ();
    support_cancel (call);
    while (support_device (bench, 0).busy) {
        (void)nanosleep (&look, NULL);
    }
    delay = (struct delay){clock_seconds (clock_now () - wall), cpu_seconds () - cpu};
    pool_drain (bench->pool);
    return delay;
}

static int
compare_doubles (const void *a, const void *b)
{
    const double *left = a;
    const double *right = b;

    return *left < *right ? -1 : *left > *right;
}

/* How much slower a second is here: by a sanitizer, or as who emulates the CPU says. */
static double
slowness (void)
{
    const char *const factor = getenv ("UNIT_SLOW_FACTOR");

    return factor != NULL ? strtod (factor, NULL) : SLOWNESS;
}

/*
 * A loaded machine can make any one wall time long, but not every one, and not the process's own
 * time: of the first the shortest has to do, of the second the median.
 */
static void
assert_stops_soon (struct bench *bench)
{
    enum { TRIES = 15 };
    double wall[TRIES];
    double cpu[TRIES];

    for (size_t i = 0; i < TRIES; i++) {
        struct delay delay = measure_stop (bench);
        wall[i] = delay.wall;
        cpu[i] = delay.cpu;
    }
    qsort (wall, TRIES, sizeof wall[0], compare_doubles);
    qsort (cpu, TRIES, sizeof cpu[0], compare_doubles);
    assert_true (wall[0] < 0.01 * slowness ());
    assert_true (cpu[TRIES / 2] < 0.01 * slowness ());
}

/* Batches of a tenth of a second: it must be the stop flag that ends them. */
static void
cpu_stops_within_10_ms (void **state)
{
    const struct pool_settings settings = {.max_jobs = MAX_JOBS, .batch_seconds = 0.1};
    struct bench *bench = *state;
    size_t count;
    const struct scanner *const *scanners = scan_all (&count);

    for (size_t i = 0; i < count; i++) {
        if (!scanners[i]->usable ()) {
            continue;
        }
        if (bench->pool != NULL) {
            support_end (bench);
            pool_free (bench->pool);
        }
        bench->call_count = 0;
        bench->pool = pool_new (&settings);
        assert_non_null (bench->pool);
        assert_int_equal (pool_add_cpus (bench->pool, 1, scanners[i]), 0);
        support_start (bench);
        assert_stops_soon (bench);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST (down_when_no_device_opens),
        SUPPORT_TEST (jobs_fail_with_the_last_device),
        SUPPORT_TEST (lying_device_is_set_aside),
        SUPPORT_TEST (others_finish_what_a_failing_device_began),
        SUPPORT_TEST (failed_device_rests_and_comes_back),
        SUPPORT_TEST (standby_leaves_the_work),
        SUPPORT_TEST (standby_begins_when_no_other_works),
        SUPPORT_TEST (standby_waits_for_the_first_open),
        SUPPORT_TEST (standby_works_during_later_opens),
        SUPPORT_TEST (standby_ends_when_another_is_back),
        SUPPORT_TEST (standby_gives_its_job_back),
        SUPPORT_TEST (tireless_device_does_not_rest),
        SUPPORT_TEST (device_has_its_own_batch_time),
        SUPPORT_TEST (device_is_fed_to_its_depth),
        SUPPORT_TEST (cpu_stops_within_10_ms),
        SUPPORT_TEST (stop_interrupts_a_rest),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
