/*
 * Who works on what: order, classes, ageing, sharing, the size of batches, and the rate that it all
 * goes by.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support_pool.h"

/* Order. All of a test's jobs come while a blocker is in hand. */

static void
shortest_first_and_asked_before_ahead (void **state)
{
    struct bench *bench = *state;
    struct call *blocker = support_start_blocked (bench);
    struct fake *fake = bench->fakes[0];
    const uint64_t now = clock_now ();
    struct call *ahead = support_submit_wish (bench, (struct wish){0, POOL_AHEAD, now});
    struct call *hard = support_submit_wish (bench, (struct wish){40, POOL_ASKED, now});
    struct call *middling = support_submit_wish (bench, (struct wish){30, POOL_ASKED, now});
    struct call *easy = support_submit_wish (bench, (struct wish){0, POOL_ASKED, now});
    struct call *later = support_submit_wish (bench, (struct wish){0, POOL_ASKED, now});
    struct call *const order[] = {easy, later, middling, hard, ahead};

    assert_int_equal (support_statistics (bench).in_class[POOL_ASKED], 5);
    assert_int_equal (support_statistics (bench).in_class[POOL_AHEAD], 1);
    support_cancel (blocker);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal (support_next_tag (bench, fake), order[i]->tag);
        assert_int_equal (support_next_tag (bench, fake), order[i]->tag); /* until it ends */
        support_cancel (order[i]);
    }
}

static void
longer_one_yields_between_batches (void **state)
{
    struct bench *bench = *state;
    struct call *hard = support_start_blocked (bench);
    struct fake *fake = bench->fakes[0];
    struct call *middling;
    struct call *easy;

    assert_int_equal (support_next_tag (bench, fake), hard->tag);
    middling = support_submit (bench, 8);
    assert_int_equal (support_next_tag (bench, fake), middling->tag);
    easy = support_submit_wish (bench, (struct wish){.bits = 0, .since = 1});
    assert_int_equal (support_next_tag (bench, fake), easy->tag);
    support_cancel (easy);
    assert_int_equal (support_next_tag (bench, fake), middling->tag);
    support_cancel (middling);
    assert_int_equal (support_next_tag (bench, fake), hard->tag);
    assert_int_equal (support_next_tag (bench, fake), hard->tag);
}

static void
ahead_yields_to_asked (void **state)
{
    struct bench *bench = *state;
    struct fake *fake;
    struct call *ahead;
    struct call *asked;

    support_open (bench, MAX_JOBS, 0);
    fake = support_add_held (bench);
    support_start (bench);
    ahead = support_submit_wish (bench, (struct wish){.bits = 0, .class = POOL_AHEAD, .since = 1});
    assert_int_equal (support_tag (bench, fake, 0), ahead->tag);
    asked = support_submit (bench, IMPOSSIBLE); /* however long, and however late */
    assert_int_equal (support_next_tag (bench, fake), asked->tag);
    assert_int_equal (support_next_tag (bench, fake), asked->tag);
    support_cancel (asked);
    assert_int_equal (support_next_tag (bench, fake), ahead->tag);
}

/* A job without a time of its own is asked for at its submission. */
static void
since_is_now_by_default (void **state)
{
    struct bench *bench = *state;
    struct call *blocker = support_start_blocked (bench);
    struct fake *fake = bench->fakes[0];
    const uint64_t soon = clock_now () + 3600 * CLOCK_SECOND;
    struct call *later = support_submit_wish (bench, (struct wish){.since = soon});
    struct call *now = support_submit (bench, 0);
    struct call *earlier = support_submit_wish (bench, (struct wish){.since = 1});

    support_cancel (blocker);
    assert_int_equal (support_next_tag (bench, fake), earlier->tag);
    support_cancel (earlier);
    assert_int_equal (support_next_tag (bench, fake), now->tag);
    support_cancel (now);
    assert_int_equal (support_next_tag (bench, fake), later->tag);
}

/* Sharing. */

static void
long_job_is_shared_by_all (void **state)
{
    struct bench *bench = *state;
    struct pool_statistics statistics;
    struct call *call;

    support_open (bench, MAX_JOBS, 0);
    for (size_t i = 0; i < 3; i++) {
        support_add_held (bench);
    }
    support_start (bench);
    call = support_submit (bench, IMPOSSIBLE);
    support_submit_wish (bench, (struct wish){IMPOSSIBLE, POOL_AHEAD, 0});
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal (support_tag (bench, bench->fakes[i], 0), call->tag);
        assert_int_equal (support_next_tag (bench, bench->fakes[i]), call->tag);
        assert_true (support_device (bench, i).busy);
        assert_memory_equal (support_device (bench, i).root, call->target.root, 32);
    }
    statistics = support_statistics (bench);
    assert_int_equal (statistics.jobs, 2);
    assert_int_equal (statistics.running, 1);
}

/* Two held devices, both busy with one long job that is cancelled, and two short jobs that wait. */
static void
start_two_short (struct bench *bench, struct call *calls[2])
{
    struct call *blocker;

    support_open (bench, MAX_JOBS, 0);
    support_add_held (bench);
    support_add_held (bench);
    support_start (bench);
    blocker = support_submit (bench, IMPOSSIBLE);
    assert_int_equal (support_tag (bench, bench->fakes[0], 0), blocker->tag);
    assert_int_equal (support_tag (bench, bench->fakes[1], 0), blocker->tag);
    calls[0] = support_submit (bench, 0);
    calls[1] = support_submit (bench, 0);
    support_cancel (blocker);
}

static void
short_jobs_run_side_by_side (void **state)
{
    struct bench *bench = *state;
    struct call *calls[2];

    start_two_short (bench, calls);
    for (unsigned round = 0; round < 3; round++) {
        assert_int_equal (support_next_tag (bench, bench->fakes[0]), calls[0]->tag);
        assert_int_equal (support_next_tag (bench, bench->fakes[1]), calls[1]->tag);
    }
    assert_int_equal (support_statistics (bench).running, 2);
}

static void
idle_device_helps_with_a_short_job (void **state)
{
    struct bench *bench = *state;
    struct call *calls[2];

    start_two_short (bench, calls);
    assert_int_equal (support_next_tag (bench, bench->fakes[0]), calls[0]->tag);
    assert_int_equal (support_next_tag (bench, bench->fakes[1]), calls[1]->tag);
    support_cancel (calls[1]);
    assert_int_equal (support_next_tag (bench, bench->fakes[1]), calls[0]->tag);
    assert_int_equal (support_next_tag (bench, bench->fakes[0]), calls[0]->tag);
    assert_int_equal (support_statistics (bench).running, 1);
}

/* It is not forgotten, nor does it fall behind what was behind it. */
static void
short_job_of_a_failing_device_goes_on (void **state)
{
    struct bench *bench = *state;
    struct call *calls[2];

    start_two_short (bench, calls);
    assert_int_equal (support_next_tag (bench, bench->fakes[0]), calls[0]->tag);
    assert_int_equal (support_next_tag (bench, bench->fakes[1]), calls[1]->tag);
    support_submit (bench, IMPOSSIBLE);
    fake_break (bench->fakes[0]);
    fake_run_free (bench->fakes[0]);
    support_wait_for_state (bench, 0, POOL_DEVICE_RESTING);
    support_cancel (calls[1]);
    assert_int_equal (support_next_tag (bench, bench->fakes[1]), calls[0]->tag);
}

/* Batches and rests. */

/* Tear_down checks it; here are many batches of many sizes, failures included. */
static void
no_nonce_is_tried_twice (void **state)
{
    struct bench *bench = *state;

    support_open (bench, MAX_JOBS, 0);
    support_add_fake (bench, &(struct fake_settings){"quick", FAKE_NEVER, .speed = 1e8});
    support_add_fake (bench, &(struct fake_settings){"deep", FAKE_NEVER, .speed = 1e6, .depth = 3});
    support_add_fake (bench, &(struct fake_settings){"failing", FAKE_NEVER, .collect_fails = 1});
    support_start (bench);
    support_submit (bench, IMPOSSIBLE);
    support_submit_wish (bench, (struct wish){.bits = 0, .class = POOL_AHEAD});
    assert_true (fake_wait_submitted (bench->fakes[0], 100));
    assert_true (fake_wait_submitted (bench->fakes[1], 30));
    support_cancel (&bench->calls[0]);
    assert_true (fake_wait_submitted (bench->fakes[0], 200));
    assert_true (fake_wait_submitted (bench->fakes[2], 2)); /* it came back */
}

/* 256 hashes for every 10 ms at most: a hundredth of what the slowest CPU would do. */
static void
sleep_rests_the_device (void **state)
{
    const double sleep = 0.01;
    struct bench *bench = *state;
    uint64_t begin = clock_now ();
    uint64_t hashes;
    double most;

    support_open (bench, MAX_JOBS, clock_from_seconds (sleep));
    assert_int_equal (pool_add_cpus (bench->pool, 1, scan_named ("portable")), 0);
    support_start (bench);
    support_submit (bench, IMPOSSIBLE);
    do {
        support_nap ();
        hashes = support_device (bench, 0).hashes;
        most = 256 * (clock_seconds (clock_now () - begin) / sleep + 2);
        assert_true ((double)hashes <= most);
        assert_true (clock_now () - begin < PATIENCE);
    } while (hashes < 256 * 20);
}

/* The measured rate. */

/*
 * A device can only be slower than its speed, on a loaded machine: its rate gets near, and never
 * above. A hundred batches do for that. A pool that forgot the short ones would get there too, by
 * those that a loaded machine makes long, but after tens of thousands.
 */
static void
assert_rate_follows (struct bench *bench, const struct fake_settings *settings)
{
    uint64_t deadline = clock_now () + PATIENCE;
    struct pool_device device;

    support_open (bench, MAX_JOBS, 0);
    support_add_fake (bench, settings);
    support_start (bench);
    support_submit (bench, IMPOSSIBLE);
    assert_true (fake_wait_collected (bench->fakes[0], 2)); /* the first measurement counts whole */
    do {
        assert_true (clock_now () < deadline);
        support_nap ();
        device = support_device (bench, 0);
        assert_true (device.rate < 1.01 * settings->speed);
        fake_read (bench->fakes[0], &bench->log);
        assert_in_range (bench->log.collected, 2, 2000);
    } while (device.rate < 0.5 * settings->speed);
}

static void
rate_follows_a_device_slower_than_its_guess (void **state)
{
    assert_rate_follows (
        *state, &(struct fake_settings){"misjudged", FAKE_NEVER, .rate = 1e7, .speed = 1e6});
}

static void
rate_follows_a_device_faster_than_its_guess (void **state)
{
    assert_rate_follows (
        *state, &(struct fake_settings){"misjudged", FAKE_NEVER, .rate = 1e5, .speed = 1e6});
}

/* The first batches take a second where 10 ms were meant. */
static void
rate_follows_a_device_far_slower_than_its_guess (void **state)
{
    assert_rate_follows (
        *state, &(struct fake_settings){"misjudged", FAKE_NEVER, .rate = 1e8, .speed = 1e6});
}

static void
rate_follows_a_deep_device_far_slower_than_its_guess (void **state)
{
    assert_rate_follows (*state, &(struct fake_settings){"misjudged", FAKE_NEVER, .depth = 2,
                                                         .rate = 1e8, .speed = 1e6});
}

/* No batch that the guess allows lasts long enough to be measured: only their sum does. */
static void
rate_follows_a_device_far_faster_than_its_guess (void **state)
{
    assert_rate_follows (
        *state, &(struct fake_settings){"misjudged", FAKE_NEVER, .rate = 1e4, .speed = 1e8});
}

static void
rate_follows_a_deep_device_far_faster_than_its_guess (void **state)
{
    assert_rate_follows (*state, &(struct fake_settings){"misjudged", FAKE_NEVER, .depth = 2,
                                                         .rate = 1e4, .speed = 1e8});
}

/* Where every batch ends with a hit, what was tried until then is still a measurement. */
static void
rate_comes_down_though_every_batch_ends_early (void **state)
{
    struct bench *bench = *state;

    support_open (bench, MAX_JOBS, 0);
    support_add_fake (bench, &(struct fake_settings){"misjudged", FAKE_FINDS, .rate = 1e12});
    support_start (bench);
    for (unsigned i = 0; i < 200; i++) {
        support_assert_found (support_submit (bench, 16));
    }
    assert_true (support_device (bench, 0).rate < 1e10); /* no CPU does a hundredth of that */
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST (shortest_first_and_asked_before_ahead),
        SUPPORT_TEST (longer_one_yields_between_batches),
        SUPPORT_TEST (ahead_yields_to_asked),
        SUPPORT_TEST (since_is_now_by_default),
        SUPPORT_TEST (long_job_is_shared_by_all),
        SUPPORT_TEST (short_jobs_run_side_by_side),
        SUPPORT_TEST (idle_device_helps_with_a_short_job),
        SUPPORT_TEST (short_job_of_a_failing_device_goes_on),
        SUPPORT_TEST (no_nonce_is_tried_twice),
        SUPPORT_TEST (rate_follows_a_device_slower_than_its_guess),
        SUPPORT_TEST (rate_follows_a_device_faster_than_its_guess),
        SUPPORT_TEST (rate_follows_a_device_far_slower_than_its_guess),
        SUPPORT_TEST (rate_follows_a_deep_device_far_slower_than_its_guess),
        SUPPORT_TEST (rate_follows_a_device_far_faster_than_its_guess),
        SUPPORT_TEST (rate_follows_a_deep_device_far_faster_than_its_guess),
        SUPPORT_TEST (rate_comes_down_though_every_batch_ends_early),
        SUPPORT_TEST (sleep_rests_the_device),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
