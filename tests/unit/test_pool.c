/*
 * The pool as its callers see it: jobs submitted and cancelled, tickets, draining, statistics, and
 * the pool's end.
 */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "seed.h"
#include "support_pool.h"

/* Found. */

static void
found_is_checked_and_complete (void **state)
{
    struct bench *bench = *state;

    support_open (bench, MAX_JOBS, 0);
    support_add_finder (bench);
    support_start (bench);
    for (unsigned bits = 0; bits <= 14; bits += 2) {
        struct call *call = support_submit (bench, bits);
        support_assert_found (call);
        assert_string_equal (call->answer.device, "finder");
        assert_string_equal (call->answer.kind, "fake");
    }
    assert_true (support_device (bench, 0).hashes >= 8);
}

static void
found_in_the_other_order (void **state)
{
    struct bench *bench = *state;
    struct call call = {.bench = bench};
    struct pool_request request = {.done = support_done, .data = &call};

    support_open (bench, MAX_JOBS, 0);
    support_add_finder (bench);
    support_start (bench);
    fake_target (&call.target, 1, ~fake_threshold (10));
    call.target.order = DIFFICULTY_AT_MOST;
    request.target = call.target;
    assert_int_equal (pool_submit (bench->pool, &request, &call.ticket), POOL_ACCEPTED);
    support_assert_found (&call);
    bench->calls[bench->call_count++] = call; /* for the check of counts */
}

static void
submitted_before_the_start (void **state)
{
    struct bench *bench = *state;
    struct call *call;

    support_open (bench, MAX_JOBS, 0);
    support_add_finder (bench);
    assert_int_equal (support_device (bench, 0).state, POOL_DEVICE_OPENING);
    call = support_submit (bench, 8);
    support_start (bench);
    support_assert_found (call);
}

static void
cpus_find_too (void **state)
{
    struct bench *bench = *state;
    struct call *calls[8];

    support_open (bench, MAX_JOBS, 0);
    assert_int_equal (pool_add_cpus (bench->pool, 2, scan_named ("portable")), 0);
    assert_int_equal (pool_device_count (bench->pool), 2);
    support_start (bench);
    for (size_t i = 0; i < 8; i++) {
        calls[i] = support_submit (bench, 16);
    }
    for (size_t i = 0; i < 8; i++) {
        support_assert_found (calls[i]);
        assert_memory_equal (calls[i]->answer.device, "cpu ", 4);
    }
    assert_string_equal (support_device (bench, 1).kind, "cpu");
    assert_string_equal (support_device (bench, 1).name, "cpu 1");
    assert_string_equal (support_device (bench, 1).detail, scan_named ("portable")->name);
    assert_string_equal (support_device (bench, 1).reason, "");
}

static bool
is_readable (struct bench *bench)
{
    struct pollfd readable = {.fd = pool_fd (bench->pool), .events = POLLIN};

    return poll (&readable, 1, 0) > 0;
}

static void
fd_is_readable_while_there_is_something_to_drain (void **state)
{
    struct bench *bench = *state;
    struct call *blocker = support_start_blocked (bench);
    struct call *other = support_submit (bench, 0);

    assert_false (is_readable (bench));
    pool_drain (bench->pool); /* nothing */
    support_cancel (blocker);
    assert_true (is_readable (bench));
    support_cancel (other);
    assert_true (is_readable (bench));
    assert_int_equal (blocker->count, 0); /* callbacks run in pool_drain, nowhere else */
    pool_drain (bench->pool);
    assert_int_equal (blocker->count, 1);
    assert_int_equal (other->count, 1);
    assert_false (is_readable (bench));
}

/* What waits is what no device has in hand; its age is that of its asking, not of its submitting.
 */
static void
queue_is_what_waits (void **state)
{
    struct bench *bench = *state;
    struct call *blocker = support_start_blocked (bench);
    const uint64_t minute_ago = clock_now () - 60 * CLOCK_SECOND;
    struct pool_statistics queue;
    struct call *calls[3];

    pool_statistics (bench->pool, &queue);
    for (size_t i = 0; i < POOL_CLASSES; i++) {
        assert_int_equal (queue.waiting[i], 0);
        assert_true (queue.age[i] == 0);
    }
    calls[0] = support_submit_wish (bench, (struct wish){.bits = 50, .class = POOL_AHEAD});
    calls[1] = support_submit_wish (
        bench, (struct wish){.bits = 50, .class = POOL_AHEAD, .since = minute_ago});
    calls[2] = support_submit_wish (bench, (struct wish){.bits = 50, .class = POOL_ASKED});
    pool_statistics (bench->pool, &queue);
    assert_int_equal (queue.waiting[POOL_ASKED], 1);
    assert_int_equal (queue.waiting[POOL_AHEAD], 2);
    assert_true (queue.age[POOL_AHEAD] >= 60 && queue.age[POOL_AHEAD] < 120);
    assert_true (queue.age[POOL_ASKED] < 60);
    support_cancel (calls[1]);
    support_cancel (calls[2]);
    pool_statistics (bench->pool, &queue);
    assert_int_equal (queue.waiting[POOL_ASKED], 0);
    assert_true (queue.age[POOL_ASKED] == 0);
    assert_int_equal (queue.waiting[POOL_AHEAD], 1);
    assert_true (queue.age[POOL_AHEAD] < 60);
    support_cancel (calls[0]);
    support_cancel (blocker);
}

static void
submit_another (struct call *call)
{
    if (call->bench->call_count < 100) {
        support_submit (call->bench, 4)->hook = submit_another;
    }
}

static void
callbacks_submit (void **state)
{
    struct bench *bench = *state;
    uint64_t deadline = clock_now () + PATIENCE;

    support_open (bench, 2, 0);
    support_add_finder (bench);
    support_start (bench);
    support_submit (bench, 4)->hook = submit_another;
    while (bench->calls[99].count == 0) {
        assert_true (clock_now () < deadline);
        pool_drain (bench->pool);
    }
    for (size_t i = 0; i < 100; i++) {
        support_assert_found (&bench->calls[i]);
    }
}

/* Cancels every job of the bench, itself, ended and delivered ones included. */
static void
cancel_all (struct call *call)
{
    for (size_t i = 0; i < call->bench->call_count; i++) {
        support_cancel (&call->bench->calls[i]);
    }
}

static void
callbacks_cancel (void **state)
{
    struct bench *bench = *state;
    struct call *blocker = support_start_blocked (bench);
    struct call *others[3];

    blocker->hook = cancel_all;
    for (size_t i = 0; i < 3; i++) {
        others[i] = support_submit (bench, 0);
        others[i]->hook = cancel_all;
    }
    support_cancel (blocker);
    pool_drain (bench->pool);
    support_assert_answered (blocker, POOL_CANCELLED);
    for (size_t i = 0; i < 3; i++) {
        support_assert_answered (others[i], POOL_CANCELLED);
    }
}

/* Cancel. */

static void
cancel_of_a_queued_job (void **state)
{
    struct bench *bench = *state;
    struct call *blocker = support_start_blocked (bench);
    struct call *queued = support_submit (bench, 0);

    support_cancel (queued);
    support_assert_answered (queued, POOL_CANCELLED);
    assert_int_equal (queued->answer.nonce, 0);
    assert_string_equal (queued->answer.device, "");
    assert_int_equal (support_next_tag (bench, bench->fakes[0]),
                      blocker->tag); /* never worked on */
}

/* The answer does not wait for the batch in hand; the job's slot does. */
static void
cancel_of_a_running_job (void **state)
{
    struct bench *bench = *state;
    struct call *running;
    struct call *next = NULL;

    support_open (bench, 1, 0);
    support_add_held (bench);
    support_start (bench);
    running = support_submit (bench, IMPOSSIBLE);
    assert_true (fake_wait_submitted (bench->fakes[0], 1));
    support_cancel (running);
    support_assert_answered (running, POOL_CANCELLED);
    assert_true (support_device (bench, 0).busy);
    support_assert_refused (bench, POOL_FULL);

    fake_release (bench->fakes[0], 1);
    support_wait_for_busy (bench, 0, false);
    assert_int_equal (support_try_submit (bench, (struct wish){.bits = 1}, &next), POOL_ACCEPTED);
    support_cancel (next);
}

/* A hit of a batch that came home after the cancel is nobody's. */
static void
found_after_a_cancel_is_dropped (void **state)
{
    struct bench *bench = *state;
    struct call *call;

    support_open (bench, MAX_JOBS, 0);
    support_add_fake (bench, &(struct fake_settings){"late", FAKE_LIES, .held = true});
    support_start (bench);
    call = support_submit (bench, 0); /* everything passes: even a liar's nonce */
    assert_true (fake_wait_submitted (bench->fakes[0], 1));
    support_cancel (call);
    fake_release (bench->fakes[0], 1);
    support_wait_for_busy (bench, 0, false);
    support_assert_answered (call, POOL_CANCELLED);
    assert_int_equal (support_statistics (bench).found, 0);
}

static void
cancel_after_the_end_changes_nothing (void **state)
{
    struct bench *bench = *state;
    struct call *call;

    support_open (bench, MAX_JOBS, 0);
    support_add_finder (bench);
    support_start (bench);
    call = support_submit (bench, 4);
    while (support_statistics (bench).found == 0) {
        support_nap ();
    }
    support_cancel (call);
    support_assert_found (call);
    support_cancel (call);
    pool_drain (bench->pool);
    assert_int_equal (call->count, 1);
}

static void
old_ticket_does_not_reach_the_next_job (void **state)
{
    struct bench *bench = *state;
    struct call *last;

    support_open (bench, 1, 0); /* one slot for all */
    support_add_held (bench);
    last = support_submit (bench, IMPOSSIBLE);
    for (unsigned i = 0; i < 100; i++) {
        struct call *next;
        support_cancel (last);
        support_assert_answered (last, POOL_CANCELLED);
        next = support_submit (bench, IMPOSSIBLE);
        for (size_t j = 0; j + 1 < bench->call_count; j++) {
            assert_int_not_equal (bench->calls[j].ticket, next->ticket);
            support_cancel (&bench->calls[j]);
        }
        assert_int_equal (support_statistics (bench).jobs, 1);
        last = next;
    }
}

static void
garbage_tickets_are_ignored (void **state)
{
    struct bench *bench = *state;
    struct seed seed = seed_new ();
    struct call *blocker = support_start_blocked (bench);
    struct call *queued = support_submit (bench, 0);

    pool_cancel (bench->pool, 0);
    pool_cancel (bench->pool, UINT64_MAX);
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t near = blocker->ticket ^ UINT64_C (1) << bit;
        if (near != queued->ticket) {
            pool_cancel (bench->pool, near);
        }
    }
    for (unsigned i = 0; i < 100000; i++) {
        /* Never generation 1, which is the jobs'. */
        pool_cancel (bench->pool, (uint64_t)(seed_below (&seed, 1 << 30) + 2) << 32 |
                                      seed_below (&seed, 2 * MAX_JOBS));
    }
    assert_int_equal (support_statistics (bench).jobs, 2);
    assert_int_equal (support_statistics (bench).cancelled, 0);
}

/* Full and down. */

static void
full_until_drained (void **state)
{
    struct bench *bench = *state;
    struct call *calls[4];

    support_open (bench, 4, 0);
    support_add_held (bench);
    for (size_t i = 0; i < 4; i++) {
        calls[i] = support_submit (bench, IMPOSSIBLE);
    }
    support_assert_refused (bench, POOL_FULL);
    support_cancel (calls[2]);
    support_assert_refused (
        bench, POOL_FULL); /* an answer that waits for the drainer has its place still */
    pool_drain (bench->pool);
    support_submit (bench, IMPOSSIBLE);
    support_assert_refused (bench, POOL_FULL);
    assert_int_equal (support_statistics (bench).jobs, 4);
}

static void
down_without_devices (void **state)
{
    struct bench *bench = *state;

    support_open (bench, MAX_JOBS, 0);
    support_assert_refused (bench, POOL_DOWN);
    support_start (bench);
    support_assert_refused (bench, POOL_DOWN);
    assert_int_equal (pool_device_count (bench->pool), 0);
}

/* The end. */

static void
stop_cancels_what_is_left (void **state)
{
    struct bench *bench = *state;
    struct call *calls[5];

    support_open (bench, MAX_JOBS, 0);
    for (size_t i = 0; i < 2; i++) {
        /* A batch takes a quarter of an hour: only its stop flag ends it. */
        support_add_fake (bench,
                          &(struct fake_settings){"slow", FAKE_NEVER, .depth = 2, .speed = 1});
    }
    support_start (bench);
    for (size_t i = 0; i < 5; i++) {
        calls[i] = support_submit_wish (bench, (struct wish){.bits = IMPOSSIBLE, .class = i % 2});
    }
    assert_true (fake_wait_submitted (bench->fakes[0], 2));
    assert_true (fake_wait_submitted (bench->fakes[1], 2));
    pool_stop (bench->pool);
    support_assert_refused (bench, POOL_DOWN);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal (calls[i]->count, 0);
        support_cancel (calls[i]); /* too late */
    }
    for (size_t i = 0; i < 5; i++) {
        support_assert_answered (calls[i], POOL_CANCELLED);
    }
    fake_read (bench->fakes[0], &bench->log);
    assert_int_equal (bench->log.opens, bench->log.closes);
}

static void
free_without_start (void **state)
{
    struct bench *bench = *state;

    pool_free (NULL);
    support_open (bench, 1, 0);
    pool_free (bench->pool);
    support_open (bench, 1, 0);
    support_add_finder (bench);
    pool_free (bench->pool);
    bench->pool = NULL;
}

static void
free_drops_what_was_not_drained (void **state)
{
    struct bench *bench = *state;
    struct call *call;

    support_open (bench, MAX_JOBS, 0);
    support_add_finder (bench);
    support_start (bench);
    call = support_submit (bench, IMPOSSIBLE);
    pool_stop (bench->pool);
    pool_free (bench->pool);
    assert_int_equal (call->count, 0);
    bench->pool = NULL;
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST (found_is_checked_and_complete),
        SUPPORT_TEST (found_in_the_other_order),
        SUPPORT_TEST (submitted_before_the_start),
        SUPPORT_TEST (cpus_find_too),
        SUPPORT_TEST (fd_is_readable_while_there_is_something_to_drain),
        SUPPORT_TEST (queue_is_what_waits),
        SUPPORT_TEST (callbacks_submit),
        SUPPORT_TEST (callbacks_cancel),
        SUPPORT_TEST (cancel_of_a_queued_job),
        SUPPORT_TEST (cancel_of_a_running_job),
        SUPPORT_TEST (found_after_a_cancel_is_dropped),
        SUPPORT_TEST (cancel_after_the_end_changes_nothing),
        SUPPORT_TEST (old_ticket_does_not_reach_the_next_job),
        SUPPORT_TEST (garbage_tickets_are_ignored),
        SUPPORT_TEST (full_until_drained),
        SUPPORT_TEST (down_without_devices),
        SUPPORT_TEST (stop_cancels_what_is_left),
        SUPPORT_TEST (free_without_start),
        SUPPORT_TEST (free_drops_what_was_not_drained),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
