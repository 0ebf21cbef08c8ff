/*
 * What a pool does over minutes and hours, on time that stands still but for the test: due times
 * that follow the devices' speed, speeds that were measured or not, and devices that come late, or
 * fail late, or again and again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "still_time.h"
#include "support_pool.h"

enum { JOBS = 8 };

static uint64_t now = STILL_TIME_BEGIN;

/* Until every device of the bench sleeps: held back, idle or resting. */
static void
settle (struct bench *bench)
{
    still_time_wait_sleepers ((unsigned)bench->fake_count);
}

static void
pass (struct bench *bench, uint64_t time)
{
    now += time;
    still_time_set (now);
    settle (bench);
}

/* Lets a held device's batch go, after it has taken `time`. */
static void
land_after (struct bench *bench, struct fake *fake, uint64_t time)
{
    pass (bench, time);
    fake_release (fake, 1);
    settle (bench);
}

static struct call *
submit (struct bench *bench, unsigned bits)
{
    struct call *call = support_submit (bench, bits);

    settle (bench);
    return call;
}

/* The job of the newest batch that a device was given. */
static uint64_t
tag_in_hand (struct bench *bench, struct fake *fake)
{
    fake_read (fake, &bench->log);
    assert_true (bench->log.submitted > 0);
    return bench->log.batches[bench->log.submitted - 1].tag;
}

static unsigned
count_opens (struct bench *bench, struct fake *fake)
{
    fake_read (fake, &bench->log);
    return bench->log.opens;
}

static struct fake *
start_held (struct bench *bench, unsigned depth)
{
    struct fake *fake;

    support_open (bench, MAX_JOBS, 0);
    fake = support_add_fake (
        bench, &(struct fake_settings){"held", FAKE_NEVER, .held = true, .depth = depth});
    support_start (bench);
    settle (bench);
    return fake;
}

/* A held device whose open waits until it is let; by its first guess it is slow. */
static struct fake *
add_late (struct bench *bench)
{
    return support_add_fake (bench, &(struct fake_settings){"late", FAKE_NEVER, .held = true,
                                                            .rate = 1e3, .open_waits = 1});
}

/* Lets the open go on: to a device of this speed, which it has measured or only guesses. */
static void
let_open (struct bench *bench, struct fake *fake, double rate, bool tuned)
{
    fake_device (fake)->rate = rate;
    fake_device (fake)->tuned = tuned;
    fake_open_waits (fake, 0);
    settle (bench);
}

/* Lets the open, which has waited long, fail. */
static void
let_open_fail (struct bench *bench, struct fake *fake)
{
    fake_fail (fake, 1, 0, 0);
    fake_open_waits (fake, 0);
    settle (bench);
}

static void
assert_rate (struct bench *bench, double rate, bool measured)
{
    const struct pool_device device = support_device (bench, 0);

    assert_true (device.rate > 0.999 * rate && device.rate < 1.001 * rate);
    assert_int_equal (device.measured, measured);
}

/* Order. */

/* At 1e5 nonces a second, 2^17 take 1.31 s: four times that is how long shorter ones may go by. */
static void
waiting_job_is_not_overtaken_for_ever (void **state)
{
    struct bench *bench = *state;
    struct fake *fake = start_held (bench, 1);
    struct call *blocker = submit (bench, IMPOSSIBLE);
    struct call *late =
        support_submit_wish (bench, (struct wish){0, POOL_ASKED, now + 6 * CLOCK_SECOND});
    struct call *in_time =
        support_submit_wish (bench, (struct wish){0, POOL_ASKED, now + 5 * CLOCK_SECOND});
    struct call *hard = support_submit_wish (bench, (struct wish){17, POOL_ASKED, now});

    support_cancel (blocker);
    land_after (bench, fake, 0);
    assert_int_equal (tag_in_hand (bench, fake), in_time->tag);
    support_cancel (in_time);
    land_after (bench, fake, 0);
    assert_int_equal (tag_in_hand (bench, fake), hard->tag);
    support_cancel (hard);
    land_after (bench, fake, 0);
    assert_int_equal (tag_in_hand (bench, fake), late->tag);
}

static void
submit_equal (struct bench *bench, unsigned bits, struct call *calls[JOBS])
{
    for (size_t i = 0; i < JOBS; i++) {
        calls[i] = support_submit (bench, bits);
        pass (bench, CLOCK_SECOND / 10);
    }
}

/* Each in turn is what the device has in hand, and then is nobody's wish any more. */
static void
assert_worked_on (struct bench *bench, struct fake *fake, struct call *calls[JOBS])
{
    for (size_t i = 0; i < JOBS; i++) {
        assert_int_equal (tag_in_hand (bench, fake), calls[i]->tag);
        support_cancel (calls[i]);
        land_after (bench, fake, CLOCK_SECOND / 100);
    }
}

/* By the first guess 2^20 hashes are a quarter of an hour. */
static void
early_jobs_are_first (struct bench *bench, double rate, bool tuned)
{
    struct call *early[JOBS];
    struct call *late[JOBS];
    struct fake *fake;

    support_open (bench, MAX_JOBS, 0);
    fake = add_late (bench);
    support_start (bench);
    settle (bench);
    submit_equal (bench, 20, early);
    pass (bench, 60 * CLOCK_SECOND);
    let_open (bench, fake, rate, tuned);
    submit_equal (bench, 20, late);
    assert_worked_on (bench, fake, early);
    assert_worked_on (bench, fake, late);
}

static void
jobs_before_a_fast_device_is_up_keep_their_turn (void **state)
{
    early_jobs_are_first (*state, 1e7, true);
}

static void
jobs_before_a_slow_device_is_up_keep_their_turn (void **state)
{
    early_jobs_are_first (*state, 1e2, true);
}

static void
jobs_before_a_device_of_unknown_speed_is_up_keep_their_turn (void **state)
{
    early_jobs_are_first (*state, 1e5, false);
}

/* The guess holds until the first batches have landed, many times as fast. */
static void
jobs_before_the_first_measurement_keep_their_turn (void **state)
{
    struct bench *bench = *state;
    struct fake *fake;
    struct call *early[JOBS];
    struct call *late[JOBS / 2];

    support_open (bench, MAX_JOBS, 0);
    fake = support_add_fake (
        bench, &(struct fake_settings){"misjudged", FAKE_NEVER, .held = true, .rate = 1e3});
    support_start (bench);
    settle (bench);
    for (size_t i = 0; i < JOBS; i++) {
        early[i] = submit (bench, 20);
    }
    assert_rate (bench, 1e3, false);
    land_after (bench, fake, CLOCK_SECOND / 10000);
    land_after (bench, fake, CLOCK_SECOND / 1000);
    assert_true (support_device (bench, 0).measured);
    assert_true (support_device (bench, 0).rate > 5e3);
    for (size_t i = 0; i < JOBS / 2; i++) {
        late[i] = submit (bench, 20);
    }
    assert_worked_on (bench, fake, early);
    assert_int_equal (tag_in_hand (bench, fake), late[0]->tag);
}

/*
 * What moves here from another pool comes with its age, in whatever order, and before newcomers.
 */
static void
moved_jobs_keep_their_turn (void **state)
{
    struct bench *bench = *state;
    struct fake *fake;
    struct call *moved[JOBS];
    struct call *late[JOBS];

    support_open (bench, MAX_JOBS, 0);
    fake = add_late (bench);
    support_start (bench);
    settle (bench);
    for (size_t i = JOBS; i-- > 0;) {
        moved[i] = support_submit_wish (
            bench, (struct wish){.bits = 20, .since = now - (JOBS - i) * 60 * CLOCK_SECOND});
    }
    pass (bench, CLOCK_SECOND);
    let_open (bench, fake, 1e7, true);
    submit_equal (bench, 20, late);
    assert_worked_on (bench, fake, moved);
    assert_worked_on (bench, fake, late);
}

/* 2^30 hashes are hours of the device that is up, and seconds of the one that comes. */
static void
hard_job_is_soon_due_once_a_faster_device_is_up (void **state)
{
    struct bench *bench = *state;
    struct fake *slow;
    struct fake *fast;
    struct call *hard;

    support_open (bench, MAX_JOBS, 0);
    slow = support_add_held (bench);
    fast = add_late (bench);
    support_start (bench);
    settle (bench);
    hard = submit (bench, 30);
    pass (bench, 60 * CLOCK_SECOND);
    let_open (bench, fast, 1e9, true);
    submit (bench, 0);
    fake_release (slow, 1);
    fake_release (fast, 1);
    settle (bench);
    assert_int_equal (tag_in_hand (bench, slow), hard->tag);
    assert_int_equal (tag_in_hand (bench, fast), hard->tag);
}

/* While only a slow device is left, what is hard for it lets much more by. */
static void
hard_job_is_later_due_once_the_faster_device_has_failed (void **state)
{
    struct bench *bench = *state;
    struct fake *fast;
    struct fake *slow;
    struct call *hard;
    struct call *easy;

    support_open (bench, MAX_JOBS, 0);
    fast = add_late (bench);
    slow = support_add_held (bench);
    support_start (bench);
    let_open (bench, fast, 1e9, true);
    hard = submit (bench, 30);
    pass (bench, 60 * CLOCK_SECOND);
    fake_fail (fast, 0, 0, 1);
    fake_release (fast, 1);
    settle (bench);
    assert_int_equal (support_device (bench, 0).state, POOL_DEVICE_RESTING);
    assert_int_equal (tag_in_hand (bench, slow), hard->tag);
    easy = submit (bench, 0);
    fake_release (slow, 1);
    settle (bench);
    assert_int_equal (tag_in_hand (bench, slow), easy->tag);
}

/* Measuring. */

/* Neither what was given up nor what waited behind it, however long it was in hand. */
static void
failed_batches_are_no_measurement (void **state)
{
    struct bench *bench = *state;
    struct fake *fake = start_held (bench, 3);

    submit (bench, IMPOSSIBLE);
    fake_fail (fake, 0, 0, 1);
    land_after (bench, fake, 1000 * CLOCK_SECOND);
    assert_int_equal (support_device (bench, 0).state, POOL_DEVICE_RESTING);
    assert_rate (bench, 1e5, false);
    pass (bench, CLOCK_SECOND);
    assert_int_equal (support_device (bench, 0).state, POOL_DEVICE_UP);
    assert_rate (bench, 1e5, false);
}

static void
lies_are_no_measurement (void **state)
{
    struct bench *bench = *state;
    struct fake *fake = start_held (bench, 1);

    fake_behave (fake, FAKE_LIES);
    submit (bench, IMPOSSIBLE);
    land_after (bench, fake, 1000 * CLOCK_SECOND);
    assert_int_equal (support_device (bench, 0).state, POOL_DEVICE_RESTING);
    assert_rate (bench, 1e5, false);
}

/* Its batch was stopped before it had looked at one nonce. */
static void
untried_batch_is_no_measurement (void **state)
{
    struct bench *bench = *state;
    struct fake *fake = start_held (bench, 1);

    fake_behave (fake, FAKE_FINDS);
    support_cancel (submit (bench, IMPOSSIBLE));
    land_after (bench, fake, 1000 * CLOCK_SECOND);
    assert_int_equal (support_device (bench, 0).hashes, 0);
    assert_rate (bench, 1e5, false);
}

/* A hundredth of its speed was measured before it failed. */
static void
device_opened_again_is_unmeasured (void **state)
{
    struct bench *bench = *state;
    struct fake *fake = start_held (bench, 1);

    submit (bench, IMPOSSIBLE);
    land_after (bench, fake, CLOCK_SECOND);
    assert_rate (bench, 1e3, true);
    fake_fail (fake, 0, 0, 1);
    land_after (bench, fake, CLOCK_SECOND / 100);
    assert_rate (bench, 1e3, true);
    pass (bench, CLOCK_SECOND);
    assert_int_equal (support_device (bench, 0).state, POOL_DEVICE_UP);
    assert_rate (bench, 1e5, false);
    submit (bench, IMPOSSIBLE);
    land_after (bench, fake, CLOCK_SECOND / 50);
    assert_rate (bench, 5e4, true); /* the first counts whole */
}

/* A guess is shown to nobody; what the device has measured itself is no guess. */
static void
rate_is_measured_by_the_device_or_the_pool (void **state)
{
    struct bench *bench = *state;
    struct fake *fake;

    support_open (bench, MAX_JOBS, 0);
    fake = add_late (bench);
    support_start (bench);
    settle (bench);
    submit (bench, IMPOSSIBLE);
    assert_rate (bench, 1e3, false);
    let_open (bench, fake, 3e6, true);
    assert_rate (bench, 3e6, true);
    assert_true (support_statistics (bench).rate > 2.99e6);
    fake_fail (fake, 0, 0, 1);
    land_after (bench, fake, CLOCK_SECOND / 100);
    fake_device (fake)->tuned = false;
    pass (bench, CLOCK_SECOND);
    submit (bench, IMPOSSIBLE);
    assert_true (support_device (bench, 0).busy);
    assert_rate (bench, 3e6, false);
    assert_true (support_statistics (bench).rate <= 0);
}

/* Failing. */

/* Its next open begins after this rest, and no sooner. */
static void
assert_rests (struct bench *bench, struct fake *fake, uint64_t rest)
{
    const unsigned opens = count_opens (bench, fake);

    assert_int_equal (support_device (bench, 0).state, POOL_DEVICE_RESTING);
    pass (bench, rest - 1);
    assert_int_equal (count_opens (bench, fake), opens);
    pass (bench, 1);
    assert_int_equal (count_opens (bench, fake), opens + 1);
}

/* The next opens wait until they are let. */
static void
hold_opens (struct bench *bench, struct fake *fake)
{
    fake_open_waits (fake, count_opens (bench, fake) + 1);
}

static void
slow_failures_to_open_rest_longer_and_longer (void **state)
{
    struct bench *bench = *state;
    struct fake *fake;

    support_open (bench, MAX_JOBS, 0);
    fake = add_late (bench);
    support_start (bench);
    settle (bench);
    for (uint64_t rest = 1; rest < 300; rest *= 2) {
        pass (bench, 61 * CLOCK_SECOND);
        let_open_fail (bench, fake);
        hold_opens (bench, fake);
        assert_rests (bench, fake, rest * CLOCK_SECOND);
    }
    pass (bench, 3600 * CLOCK_SECOND);
    let_open_fail (bench, fake);
    hold_opens (bench, fake);
    assert_rests (bench, fake, 300 * CLOCK_SECOND);
}

/* Only that it was up for long counts, not that it was being opened for long before. */
static void
device_that_was_up_rests_shortly (void **state)
{
    struct bench *bench = *state;
    struct fake *fake;

    support_open (bench, MAX_JOBS, 0);
    fake = add_late (bench);
    support_start (bench);
    settle (bench);
    for (unsigned i = 0; i < 3; i++) {
        let_open_fail (bench, fake);
        hold_opens (bench, fake);
        assert_rests (bench, fake, CLOCK_SECOND << i);
    }
    pass (bench, 3600 * CLOCK_SECOND);
    let_open (bench, fake, 1e5, false);
    submit (bench, IMPOSSIBLE);
    pass (bench, 60 * CLOCK_SECOND);
    fake_fail (fake, 0, 0, 1);
    hold_opens (bench, fake);
    land_after (bench, fake, 0);
    assert_rests (bench, fake, 8 * CLOCK_SECOND);

    let_open (bench, fake, 1e5, false);
    submit (bench, IMPOSSIBLE);
    pass (bench, 60 * CLOCK_SECOND + 1);
    fake_fail (fake, 0, 0, 1);
    land_after (bench, fake, 0);
    assert_rests (bench, fake, CLOCK_SECOND);
}

/* The first open is waited for; later ones are nothing to wait for. */
static void
down_from_a_failure_until_a_device_is_up (void **state)
{
    struct bench *bench = *state;
    struct fake *fake;
    struct call *early;

    support_open (bench, MAX_JOBS, 0);
    fake = add_late (bench);
    support_start (bench);
    settle (bench);
    early = submit (bench, 0);
    for (unsigned i = 0; i < 3; i++) {
        let_open_fail (bench, fake);
        support_assert_refused (bench, POOL_DOWN);
        hold_opens (bench, fake);
        assert_rests (bench, fake, CLOCK_SECOND << i);
        assert_int_equal (support_device (bench, 0).state, POOL_DEVICE_OPENING);
        assert_true (support_device (bench, 0).failed);
        support_assert_refused (bench, POOL_DOWN);
    }
    support_assert_answered (early, POOL_FAILED);
    let_open (bench, fake, 1e5, false);
    assert_false (support_device (bench, 0).failed);
    submit (bench, 0);
}

/* One that has not failed is waited for, whatever has become of the others. */
static void
not_down_while_another_is_first_opened (void **state)
{
    struct bench *bench = *state;
    struct fake *failing;
    struct fake *fake;
    struct call *early;

    support_open (bench, MAX_JOBS, 0);
    failing = add_late (bench);
    fake = add_late (bench);
    support_start (bench);
    settle (bench);
    early = submit (bench, 0);
    let_open_fail (bench, failing);
    submit (bench, 0);
    let_open (bench, fake, 1e5, false);
    assert_int_equal (tag_in_hand (bench, fake), early->tag);
}

/* Progress. */

static void
assert_progress (struct bench *bench, const struct call *call, double expected, double tried)
{
    struct pool_progress progress;

    assert_true (pool_progress (bench->pool, call->ticket, &progress));
    assert_true (progress.expected == expected);
    assert_true (progress.tried == tried);
}

static void
job_counts_what_devices_have_taken_of_it (void **state)
{
    struct bench *bench = *state;
    struct fake *fake = start_held (bench, 1);
    struct call *call = submit (bench, 30);
    struct call *waiting = submit (bench, 31);
    struct pool_progress untouched = {.expected = 7};
    double tried;

    fake_read (fake, &bench->log);
    tried = (double)bench->log.batches[0].count;
    assert_progress (bench, call, 0x1p30, tried);
    assert_progress (bench, waiting, 0x1p31, 0);
    land_after (bench, fake, CLOCK_SECOND / 10);
    fake_read (fake, &bench->log);
    assert_int_equal (bench->log.submitted, 2);
    assert_progress (bench, call, 0x1p30, tried + (double)bench->log.batches[1].count);
    support_cancel (call);
    assert_false (pool_progress (bench->pool, call->ticket, &untouched));
    assert_false (pool_progress (bench->pool, 0, &untouched));
    assert_true (untouched.expected == 7);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST (waiting_job_is_not_overtaken_for_ever),
        SUPPORT_TEST (jobs_before_a_fast_device_is_up_keep_their_turn),
        SUPPORT_TEST (jobs_before_a_slow_device_is_up_keep_their_turn),
        SUPPORT_TEST (jobs_before_a_device_of_unknown_speed_is_up_keep_their_turn),
        SUPPORT_TEST (jobs_before_the_first_measurement_keep_their_turn),
        SUPPORT_TEST (moved_jobs_keep_their_turn),
        SUPPORT_TEST (hard_job_is_soon_due_once_a_faster_device_is_up),
        SUPPORT_TEST (hard_job_is_later_due_once_the_faster_device_has_failed),
        SUPPORT_TEST (failed_batches_are_no_measurement),
        SUPPORT_TEST (lies_are_no_measurement),
        SUPPORT_TEST (untried_batch_is_no_measurement),
        SUPPORT_TEST (device_opened_again_is_unmeasured),
        SUPPORT_TEST (rate_is_measured_by_the_device_or_the_pool),
        SUPPORT_TEST (slow_failures_to_open_rest_longer_and_longer),
        SUPPORT_TEST (device_that_was_up_rests_shortly),
        SUPPORT_TEST (down_from_a_failure_until_a_device_is_up),
        SUPPORT_TEST (not_down_while_another_is_first_opened),
        SUPPORT_TEST (job_counts_what_devices_have_taken_of_it),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
