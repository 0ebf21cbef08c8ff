/*
 * The pool, through its public functions, with devices that do what the test says (fake_device.h)
 * and, where that is the matter, with a real CPU device. What every test must leave behind,
 * tear_down checks: each accepted job's callback has come exactly once, the counts add up, no nonce
 * was tried twice.
 */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "fake_device.h"
#include "seed.h"
#include "work/clock.h"
#include "work/pool.h"
#include "work/value.h"

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

#define BATCH_SECONDS 0.01
#define PATIENCE (30 * CLOCK_SECOND) /* nothing waits this long and passes */
#define IMPOSSIBLE 64u               /* bits of difficulty */

enum { MAX_JOBS = 16, MAX_CALLS = 256, MAX_FAKES = 4 };

struct bench;

/* A job that the pool accepted. */
struct call {
    struct scan_target target;
    uint64_t tag; /* fake_target's, and no other job's */
    uint64_t ticket;
    unsigned count; /* of callbacks */
    struct pool_answer answer;
    struct bench *bench;
    void (*hook) (struct call *call); /* run in the callback, or NULL */
};

struct bench {
    struct pool *pool;
    struct fake *fakes[MAX_FAKES];
    size_t fake_count;
    struct call calls[MAX_CALLS];
    size_t call_count;
    struct fake_log log; /* for reading */
};

/* A job's request, as far as tests care. */
struct wish {
    unsigned bits; /* of difficulty */
    enum pool_class class;
    uint64_t since;
};

/* The bench, its life and its checks. */

static int
set_up (void **state)
{
    *state = calloc (1, sizeof (struct bench));
    return *state != NULL ? 0 : -1;
}

static void
open_pool (struct bench *bench, size_t max_jobs, uint64_t sleep)
{
    const struct pool_settings settings = {max_jobs, BATCH_SECONDS, sleep};

    bench->pool = pool_new (&settings);
    assert_non_null (bench->pool);
}

static struct fake *
add_fake (struct bench *bench, const struct fake_settings *settings)
{
    struct fake *fake = fake_new (settings);

    assert_non_null (fake);
    assert_int_equal (pool_add (bench->pool, fake_device (fake)), 0);
    bench->fakes[bench->fake_count++] = fake;
    return fake;
}

/* A held device that finds nothing, for tests of who works on what. */
static struct fake *
add_held (struct bench *bench)
{
    return add_fake (bench, &(struct fake_settings){"held", FAKE_NEVER, .held = true});
}

static struct fake *
add_finder (struct bench *bench)
{
    return add_fake (bench, &(struct fake_settings){.name = "finder"});
}

static void
start (struct bench *bench)
{
    assert_int_equal (pool_start (bench->pool), 0);
}

static void
end_pool (struct bench *bench)
{
    for (size_t i = 0; i < bench->fake_count; i++) {
        fake_run_free (bench->fakes[i]);
    }
    pool_stop (bench->pool);
    pool_drain (bench->pool);
}

static int
compare_batches (const void *a, const void *b)
{
    const struct fake_batch *left = a;
    const struct fake_batch *right = b;

    if (left->tag != right->tag) {
        return left->tag < right->tag ? -1 : 1;
    }
    return left->first < right->first ? -1 : left->first > right->first;
}

/* Appends a fake's noted batches; returns how many. */
static size_t
append_batches (struct bench *bench, struct fake *fake, struct fake_batch *batches)
{
    size_t count;

    fake_read (fake, &bench->log);
    count = bench->log.submitted < FAKE_BATCHES ? bench->log.submitted : FAKE_BATCHES;
    memcpy (batches, bench->log.batches, count * sizeof *batches);
    return count;
}

/* (A job that starts so near 2^64 that it wraps would look wrong; that is one run in a million
 * millions.) */
static void
check_ranges (struct bench *bench)
{
    static struct fake_batch batches[MAX_FAKES * FAKE_BATCHES];
    size_t count = 0;

    for (size_t i = 0; i < bench->fake_count; i++) {
        count += append_batches (bench, bench->fakes[i], batches + count);
        assert_null (bench->log.violation);
    }
    qsort (batches, count, sizeof *batches, compare_batches);
    for (size_t i = 1; i < count; i++) {
        if (batches[i].tag == batches[i - 1].tag) {
            assert_true (batches[i].first - batches[i - 1].first >= batches[i - 1].count);
        }
    }
}

/* That the ended pool's counts add up to those of its callers. */
static void
check_counts (struct bench *bench)
{
    uint64_t outcomes[3] = {0};
    struct pool_statistics statistics;

    for (size_t i = 0; i < bench->call_count; i++) {
        assert_int_equal (bench->calls[i].count, 1);
        outcomes[bench->calls[i].answer.outcome]++;
    }
    pool_statistics (bench->pool, &statistics);
    assert_int_equal (statistics.jobs, 0);
    assert_int_equal (statistics.running, 0);
    assert_int_equal (statistics.in_class[POOL_ASKED], 0);
    assert_int_equal (statistics.in_class[POOL_AHEAD], 0);
    assert_int_equal (statistics.found, outcomes[POOL_FOUND]);
    assert_int_equal (statistics.cancelled, outcomes[POOL_CANCELLED]);
    assert_int_equal (statistics.failed, outcomes[POOL_FAILED]);
}

static int
tear_down (void **state)
{
    struct bench *bench = *state;

    if (bench->pool != NULL) {
        end_pool (bench);
        check_counts (bench);
        check_ranges (bench);
        pool_free (bench->pool);
    }
    free (bench);
    return 0;
}

/* Jobs. */

static void
on_done (void *data, const struct pool_answer *answer)
{
    struct call *call = data;

    call->count++;
    call->answer = *answer;
    if (call->hook != NULL) {
        call->hook (call);
    }
}

/* Submits; `*call` is the job when it was accepted. */
static enum pool_result
try_submit (struct bench *bench, struct wish wish, struct call **call)
{
    struct call *next = &bench->calls[bench->call_count];
    struct pool_request request = {
        .class = wish.class, .since = wish.since, .done = on_done, .data = next};
    enum pool_result result;

    assert_in_range (bench->call_count, 0, MAX_CALLS - 1);
    *next = (struct call){.bench = bench, .tag = bench->call_count + 1};
    fake_target (&next->target, next->tag, fake_threshold (wish.bits));
    request.target = next->target;
    result = pool_submit (bench->pool, &request, &next->ticket);
    if (result == POOL_ACCEPTED) {
        bench->call_count++;
        *call = next;
    }
    return result;
}

static struct call *
submit_wish (struct bench *bench, struct wish wish)
{
    struct call *call = NULL;

    assert_int_equal (try_submit (bench, wish, &call), POOL_ACCEPTED);
    assert_int_not_equal (call->ticket, 0);
    return call;
}

static struct call *
submit (struct bench *bench, unsigned bits)
{
    return submit_wish (bench, (struct wish){.bits = bits});
}

static void
assert_refused (struct bench *bench, enum pool_result result)
{
    struct call *call = NULL;

    assert_int_equal (try_submit (bench, (struct wish){0}, &call), result);
}

static void
cancel (struct call *call)
{
    pool_cancel (call->bench->pool, call->ticket);
}

/* Drains until the job has been answered so. */
static void
assert_answered (struct call *call, enum pool_outcome outcome)
{
    struct pollfd readable = {.fd = pool_fd (call->bench->pool), .events = POLLIN};
    uint64_t deadline = clock_now () + PATIENCE;

    while (call->count == 0 && clock_now () < deadline) {
        (void)poll (&readable, 1, 100);
        pool_drain (call->bench->pool);
    }
    assert_int_equal (call->count, 1);
    assert_int_equal (call->answer.outcome, outcome);
    assert_int_equal (call->answer.ticket, call->ticket);
    assert_true (call->answer.seconds >= 0);
}

static void
assert_works (const struct call *call)
{
    uint64_t value;

    assert_true (value_reaches (&call->target, call->answer.nonce, &value));
    assert_int_equal (call->answer.value, value);
}

static void
assert_found (struct call *call)
{
    assert_answered (call, POOL_FOUND);
    assert_works (call);
}

/* Time and states. */

static void
nap (void)
{
    const struct timespec millisecond = {.tv_nsec = 1000000};

    (void)nanosleep (&millisecond, NULL);
}

static struct pool_device
device_of (struct bench *bench, size_t index)
{
    struct pool_device device = {0};

    pool_device (bench->pool, index, &device);
    return device;
}

static void
wait_for_state (struct bench *bench, size_t index, enum pool_device_state state)
{
    uint64_t deadline = clock_now () + PATIENCE;

    while (device_of (bench, index).state != state) {
        assert_true (clock_now () < deadline);
        nap ();
    }
}

static void
wait_for_busy (struct bench *bench, size_t index, bool busy)
{
    uint64_t deadline = clock_now () + PATIENCE;

    while (device_of (bench, index).busy != busy) {
        assert_true (clock_now () < deadline);
        nap ();
    }
}

static struct pool_statistics
statistics_of (struct bench *bench)
{
    struct pool_statistics statistics;

    pool_statistics (bench->pool, &statistics);
    return statistics;
}

/* Whose batch number `index` of a fake's was, once it has come. */
static uint64_t
tag_of (struct bench *bench, struct fake *fake, unsigned index)
{
    assert_true (fake_wait_submitted (fake, index + 1));
    fake_read (fake, &bench->log);
    return bench->log.batches[index].tag;
}

/* Ends the batch that a held device has in hand; returns whose the next is. */
static uint64_t
next_tag (struct bench *bench, struct fake *fake)
{
    fake_read (fake, &bench->log);
    fake_release (fake, 1);
    return tag_of (bench, fake, bench->log.submitted);
}

/* A pool of one held device, and a job that keeps it from all others. */
static struct call *
start_blocked (struct bench *bench)
{
    struct call *blocker;

    open_pool (bench, MAX_JOBS, 0);
    add_held (bench);
    start (bench);
    blocker = submit (bench, IMPOSSIBLE);
    assert_int_equal (tag_of (bench, bench->fakes[0], 0), blocker->tag);
    return blocker;
}

/* Found. */

static void
found_is_checked_and_complete (void **state)
{
    struct bench *bench = *state;

    open_pool (bench, MAX_JOBS, 0);
    add_finder (bench);
    start (bench);
    for (unsigned bits = 0; bits <= 14; bits += 2) {
        struct call *call = submit (bench, bits);
        assert_found (call);
        assert_string_equal (call->answer.device, "finder");
    }
    assert_true (device_of (bench, 0).hashes >= 8);
}

static void
found_in_the_other_order (void **state)
{
    struct bench *bench = *state;
    struct call call = {.bench = bench};
    struct pool_request request = {.done = on_done, .data = &call};

    open_pool (bench, MAX_JOBS, 0);
    add_finder (bench);
    start (bench);
    fake_target (&call.target, 1, ~fake_threshold (10));
    call.target.order = DIFFICULTY_AT_MOST;
    request.target = call.target;
    assert_int_equal (pool_submit (bench->pool, &request, &call.ticket), POOL_ACCEPTED);
    assert_found (&call);
    bench->calls[bench->call_count++] = call; /* for the check of counts */
}

static void
submitted_before_the_start (void **state)
{
    struct bench *bench = *state;
    struct call *call;

    open_pool (bench, MAX_JOBS, 0);
    add_finder (bench);
    assert_int_equal (device_of (bench, 0).state, POOL_DEVICE_OPENING);
    call = submit (bench, 8);
    start (bench);
    assert_found (call);
}

static void
cpus_find_too (void **state)
{
    struct bench *bench = *state;
    struct call *calls[8];

    open_pool (bench, MAX_JOBS, 0);
    assert_int_equal (pool_add_cpus (bench->pool, 2, scan_best ()), 0);
    assert_int_equal (pool_device_count (bench->pool), 2);
    start (bench);
    for (size_t i = 0; i < 8; i++) {
        calls[i] = submit (bench, 16);
    }
    for (size_t i = 0; i < 8; i++) {
        assert_found (calls[i]);
        assert_memory_equal (calls[i]->answer.device, "cpu ", 4);
    }
    assert_string_equal (device_of (bench, 1).kind, "cpu");
    assert_string_equal (device_of (bench, 1).name, "cpu 1");
    assert_string_equal (device_of (bench, 1).detail, scan_best ()->name);
    assert_string_equal (device_of (bench, 1).reason, "");
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
    struct call *blocker = start_blocked (bench);
    struct call *other = submit (bench, 0);

    assert_false (is_readable (bench));
    pool_drain (bench->pool); /* nothing */
    cancel (blocker);
    assert_true (is_readable (bench));
    cancel (other);
    assert_true (is_readable (bench));
    assert_int_equal (blocker->count, 0); /* callbacks run in pool_drain, nowhere else */
    pool_drain (bench->pool);
    assert_int_equal (blocker->count, 1);
    assert_int_equal (other->count, 1);
    assert_false (is_readable (bench));
}

static void
submit_another (struct call *call)
{
    if (call->bench->call_count < 100) {
        submit (call->bench, 4)->hook = submit_another;
    }
}

static void
callbacks_submit (void **state)
{
    struct bench *bench = *state;
    uint64_t deadline = clock_now () + PATIENCE;

    open_pool (bench, 2, 0);
    add_finder (bench);
    start (bench);
    submit (bench, 4)->hook = submit_another;
    while (bench->calls[99].count == 0) {
        assert_true (clock_now () < deadline);
        pool_drain (bench->pool);
    }
    for (size_t i = 0; i < 100; i++) {
        assert_found (&bench->calls[i]);
    }
}

/* Cancels every job of the bench, itself, ended and delivered ones included. */
static void
cancel_all (struct call *call)
{
    for (size_t i = 0; i < call->bench->call_count; i++) {
        cancel (&call->bench->calls[i]);
    }
}

static void
callbacks_cancel (void **state)
{
    struct bench *bench = *state;
    struct call *blocker = start_blocked (bench);
    struct call *others[3];

    blocker->hook = cancel_all;
    for (size_t i = 0; i < 3; i++) {
        others[i] = submit (bench, 0);
        others[i]->hook = cancel_all;
    }
    cancel (blocker);
    pool_drain (bench->pool);
    assert_answered (blocker, POOL_CANCELLED);
    for (size_t i = 0; i < 3; i++) {
        assert_answered (others[i], POOL_CANCELLED);
    }
}

/* Cancel. */

static void
cancel_of_a_queued_job (void **state)
{
    struct bench *bench = *state;
    struct call *blocker = start_blocked (bench);
    struct call *queued = submit (bench, 0);

    cancel (queued);
    assert_answered (queued, POOL_CANCELLED);
    assert_int_equal (queued->answer.nonce, 0);
    assert_string_equal (queued->answer.device, "");
    assert_int_equal (next_tag (bench, bench->fakes[0]), blocker->tag); /* never worked on */
}

/* The answer does not wait for the batch in hand; the job's slot does. */
static void
cancel_of_a_running_job (void **state)
{
    struct bench *bench = *state;
    struct call *running;
    struct call *next = NULL;

    open_pool (bench, 1, 0);
    add_held (bench);
    start (bench);
    running = submit (bench, IMPOSSIBLE);
    assert_true (fake_wait_submitted (bench->fakes[0], 1));
    cancel (running);
    assert_answered (running, POOL_CANCELLED);
    assert_true (device_of (bench, 0).busy);
    assert_refused (bench, POOL_FULL);

    fake_release (bench->fakes[0], 1);
    wait_for_busy (bench, 0, false);
    assert_int_equal (try_submit (bench, (struct wish){.bits = 1}, &next), POOL_ACCEPTED);
    cancel (next);
}

/* A hit of a batch that came home after the cancel is nobody's. */
static void
found_after_a_cancel_is_dropped (void **state)
{
    struct bench *bench = *state;
    struct call *call;

    open_pool (bench, MAX_JOBS, 0);
    add_fake (bench, &(struct fake_settings){"late", FAKE_LIES, .held = true});
    start (bench);
    call = submit (bench, 0); /* everything passes: even a liar's nonce */
    assert_true (fake_wait_submitted (bench->fakes[0], 1));
    cancel (call);
    fake_release (bench->fakes[0], 1);
    wait_for_busy (bench, 0, false);
    assert_answered (call, POOL_CANCELLED);
    assert_int_equal (statistics_of (bench).found, 0);
}

static void
cancel_after_the_end_changes_nothing (void **state)
{
    struct bench *bench = *state;
    struct call *call;

    open_pool (bench, MAX_JOBS, 0);
    add_finder (bench);
    start (bench);
    call = submit (bench, 4);
    while (statistics_of (bench).found == 0) {
        nap ();
    }
    cancel (call);
    assert_found (call);
    cancel (call);
    pool_drain (bench->pool);
    assert_int_equal (call->count, 1);
}

static void
old_ticket_does_not_reach_the_next_job (void **state)
{
    struct bench *bench = *state;
    struct call *last;

    open_pool (bench, 1, 0); /* one slot for all */
    add_held (bench);
    last = submit (bench, IMPOSSIBLE);
    for (unsigned i = 0; i < 100; i++) {
        struct call *next;
        cancel (last);
        assert_answered (last, POOL_CANCELLED);
        next = submit (bench, IMPOSSIBLE);
        for (size_t j = 0; j + 1 < bench->call_count; j++) {
            assert_int_not_equal (bench->calls[j].ticket, next->ticket);
            cancel (&bench->calls[j]);
        }
        assert_int_equal (statistics_of (bench).jobs, 1);
        last = next;
    }
}

static void
garbage_tickets_are_ignored (void **state)
{
    struct bench *bench = *state;
    struct seed seed = seed_new ();
    struct call *blocker = start_blocked (bench);
    struct call *queued = submit (bench, 0);

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
    assert_int_equal (statistics_of (bench).jobs, 2);
    assert_int_equal (statistics_of (bench).cancelled, 0);
}

/* Full and down. */

static void
full_until_drained (void **state)
{
    struct bench *bench = *state;
    struct call *calls[4];

    open_pool (bench, 4, 0);
    add_held (bench);
    for (size_t i = 0; i < 4; i++) {
        calls[i] = submit (bench, IMPOSSIBLE);
    }
    assert_refused (bench, POOL_FULL);
    cancel (calls[2]);
    assert_refused (bench,
                    POOL_FULL); /* an answer that waits for the drainer has its place still */
    pool_drain (bench->pool);
    submit (bench, IMPOSSIBLE);
    assert_refused (bench, POOL_FULL);
    assert_int_equal (statistics_of (bench).jobs, 4);
}

static void
down_without_devices (void **state)
{
    struct bench *bench = *state;

    open_pool (bench, MAX_JOBS, 0);
    assert_refused (bench, POOL_DOWN);
    start (bench);
    assert_refused (bench, POOL_DOWN);
    assert_int_equal (pool_device_count (bench->pool), 0);
}

/*
 * A device that never opens is resting but for the moments of its attempts: a job accepted in one
 * of these must fail.
 */
static void
assert_down (struct bench *bench)
{
    uint64_t deadline = clock_now () + PATIENCE;
    struct call *call = NULL;

    while (try_submit (bench, (struct wish){0}, &call) != POOL_DOWN) {
        assert_true (clock_now () < deadline);
        assert_answered (call, POOL_FAILED);
    }
}

static void
down_when_no_device_opens (void **state)
{
    struct bench *bench = *state;
    struct call *early;

    open_pool (bench, MAX_JOBS, 0);
    for (unsigned i = 0; i < 2; i++) {
        add_fake (bench, &(struct fake_settings){"dead", FAKE_FINDS, .open_fails = FAKE_ALWAYS});
    }
    early = submit (bench, IMPOSSIBLE);
    start (bench);
    assert_answered (early, POOL_FAILED);
    assert_down (bench);
    wait_for_state (bench, 0, POOL_DEVICE_RESTING);
    assert_string_equal (device_of (bench, 0).reason, "open fails as told");
}

static void
jobs_fail_with_the_last_device (void **state)
{
    struct bench *bench = *state;
    struct call *shared;
    struct call *queued;

    open_pool (bench, MAX_JOBS, 0);
    add_held (bench);
    add_held (bench);
    start (bench);
    shared = submit (bench, IMPOSSIBLE);
    assert_true (fake_wait_submitted (bench->fakes[0], 1));
    assert_true (fake_wait_submitted (bench->fakes[1], 1));
    queued = submit_wish (bench, (struct wish){.class = POOL_AHEAD});

    fake_break (bench->fakes[0]);
    fake_run_free (bench->fakes[0]);
    wait_for_state (bench, 0, POOL_DEVICE_RESTING);
    assert_int_equal (statistics_of (bench).jobs, 2); /* the other one goes on */

    fake_break (bench->fakes[1]);
    fake_run_free (bench->fakes[1]);
    assert_answered (shared, POOL_FAILED);
    assert_answered (queued, POOL_FAILED);
    assert_down (bench);
}

/* Devices that fail. */

static void
lying_device_is_set_aside (void **state)
{
    struct bench *bench = *state;
    struct fake *liar;
    struct fake *finder;
    struct call *call;

    open_pool (bench, MAX_JOBS, 0);
    liar = add_fake (bench, &(struct fake_settings){"liar", FAKE_LIES, .held = true});
    finder = add_fake (bench, &(struct fake_settings){"finder", FAKE_FINDS, .held = true});
    start (bench);
    call = submit (bench, 12);
    assert_true (fake_wait_submitted (liar, 1));
    assert_true (fake_wait_submitted (finder, 1));
    fake_run_free (liar);
    wait_for_state (bench, 0, POOL_DEVICE_RESTING);
    assert_memory_equal (device_of (bench, 0).reason, "it answered nonce ", 18);
    assert_non_null (
        strstr (device_of (bench, 0).reason, "does not reach the threshold fff0000000000000"));
    assert_int_equal (statistics_of (bench).jobs, 1);

    fake_run_free (finder);
    assert_found (call);
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

    open_pool (bench, MAX_JOBS, 0);
    for (size_t i = 0; i < 4; i++) {
        add_fake (bench, &settings[i]);
    }
    start (bench);
    for (size_t i = 0; i < 4; i++) {
        wait_for_state (bench, i, POOL_DEVICE_UP);
    }
    call = submit (bench, 12);
    for (size_t i = 0; i < 3; i++) {
        wait_for_state (bench, i, POOL_DEVICE_RESTING);
        fake_read (bench->fakes[i], &bench->log);
        assert_int_not_equal (bench->log.closes, 0);
    }
    assert_string_equal (device_of (bench, 0).reason, "submit fails as told");
    assert_string_equal (device_of (bench, 2).reason, "collect fails as told");

    fake_run_free (bench->fakes[3]);
    assert_found (call);
    assert_string_equal (call->answer.device, "finder");
}

static void
failed_device_rests_and_comes_back (void **state)
{
    struct bench *bench = *state;
    uint64_t before;

    open_pool (bench, MAX_JOBS, 0);
    add_fake (bench, &(struct fake_settings){"failing", FAKE_FINDS, .collect_fails = 1});
    start (bench);
    before = clock_now ();
    assert_answered (submit (bench, 8), POOL_FAILED);
    wait_for_state (bench, 0, POOL_DEVICE_UP);
    assert_true (clock_now () - before >= CLOCK_SECOND);
    assert_found (submit (bench, 8));

    assert_string_equal (device_of (bench, 0).reason, "collect fails as told");
    fake_read (bench->fakes[0], &bench->log);
    assert_int_equal (bench->log.opens, 2);
    assert_int_equal (bench->log.closes, 1);
}

static void
rests_grow (void **state)
{
    struct bench *bench = *state;
    uint64_t before = clock_now ();

    open_pool (bench, MAX_JOBS, 0);
    add_fake (bench, &(struct fake_settings){"late", FAKE_FINDS, .open_fails = 2});
    start (bench);
    wait_for_state (bench, 0, POOL_DEVICE_UP);
    assert_true (clock_now () - before >= 3 * CLOCK_SECOND); /* 1 and 2 */
    assert_found (submit (bench, 8));
    fake_read (bench->fakes[0], &bench->log);
    assert_int_equal (bench->log.opens, 3);
    assert_int_equal (bench->log.closes, 0);
}

/* Order. Due times are fixed when a job comes, so all of a test's jobs come while a blocker is in
 * hand. */

static void
shortest_first_and_asked_before_ahead (void **state)
{
    struct bench *bench = *state;
    struct call *blocker = start_blocked (bench);
    struct fake *fake = bench->fakes[0];
    const uint64_t now = clock_now ();
    struct call *ahead = submit_wish (bench, (struct wish){0, POOL_AHEAD, now});
    struct call *hard = submit_wish (bench, (struct wish){40, POOL_ASKED, now});
    struct call *middling = submit_wish (bench, (struct wish){30, POOL_ASKED, now});
    struct call *easy = submit_wish (bench, (struct wish){0, POOL_ASKED, now});
    struct call *later = submit_wish (bench, (struct wish){0, POOL_ASKED, now});
    struct call *const order[] = {easy, later, middling, hard, ahead};

    assert_int_equal (statistics_of (bench).in_class[POOL_ASKED], 5);
    assert_int_equal (statistics_of (bench).in_class[POOL_AHEAD], 1);
    cancel (blocker);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal (next_tag (bench, fake), order[i]->tag);
        assert_int_equal (next_tag (bench, fake), order[i]->tag); /* until it ends */
        cancel (order[i]);
    }
}

static void
longer_one_yields_between_batches (void **state)
{
    struct bench *bench = *state;
    struct call *hard = start_blocked (bench);
    struct fake *fake = bench->fakes[0];
    struct call *middling;
    struct call *easy;

    assert_int_equal (next_tag (bench, fake), hard->tag);
    middling = submit (bench, 8);
    assert_int_equal (next_tag (bench, fake), middling->tag);
    easy = submit_wish (bench, (struct wish){.bits = 0, .since = 1});
    assert_int_equal (next_tag (bench, fake), easy->tag);
    cancel (easy);
    assert_int_equal (next_tag (bench, fake), middling->tag);
    cancel (middling);
    assert_int_equal (next_tag (bench, fake), hard->tag);
    assert_int_equal (next_tag (bench, fake), hard->tag);
}

static void
ahead_yields_to_asked (void **state)
{
    struct bench *bench = *state;
    struct fake *fake;
    struct call *ahead;
    struct call *asked;

    open_pool (bench, MAX_JOBS, 0);
    fake = add_held (bench);
    start (bench);
    ahead = submit_wish (bench, (struct wish){.bits = 0, .class = POOL_AHEAD, .since = 1});
    assert_int_equal (tag_of (bench, fake, 0), ahead->tag);
    asked = submit (bench, IMPOSSIBLE); /* however long, and however late */
    assert_int_equal (next_tag (bench, fake), asked->tag);
    assert_int_equal (next_tag (bench, fake), asked->tag);
    cancel (asked);
    assert_int_equal (next_tag (bench, fake), ahead->tag);
}

/* At 1e5 nonces a second, 2^17 take 1.31 s: four times that is how long shorter ones may go by. */
static void
waiting_job_is_not_overtaken_for_ever (void **state)
{
    struct bench *bench = *state;
    struct call *blocker = start_blocked (bench);
    struct fake *fake = bench->fakes[0];
    const uint64_t now = clock_now ();
    struct call *late = submit_wish (bench, (struct wish){0, POOL_ASKED, now + 6 * CLOCK_SECOND});
    struct call *in_time =
        submit_wish (bench, (struct wish){0, POOL_ASKED, now + 5 * CLOCK_SECOND});
    struct call *hard = submit_wish (bench, (struct wish){17, POOL_ASKED, now});

    cancel (blocker);
    assert_int_equal (next_tag (bench, fake), in_time->tag);
    cancel (in_time);
    assert_int_equal (next_tag (bench, fake), hard->tag);
    cancel (hard);
    assert_int_equal (next_tag (bench, fake), late->tag);
}

/* A job without a time of its own is asked for at its submission. */
static void
since_is_now_by_default (void **state)
{
    struct bench *bench = *state;
    struct call *blocker = start_blocked (bench);
    struct fake *fake = bench->fakes[0];
    const uint64_t soon = clock_now () + 3600 * CLOCK_SECOND;
    struct call *later = submit_wish (bench, (struct wish){.since = soon});
    struct call *now = submit (bench, 0);
    struct call *earlier = submit_wish (bench, (struct wish){.since = 1});

    cancel (blocker);
    assert_int_equal (next_tag (bench, fake), earlier->tag);
    cancel (earlier);
    assert_int_equal (next_tag (bench, fake), now->tag);
    cancel (now);
    assert_int_equal (next_tag (bench, fake), later->tag);
}

/* Sharing. */

static void
long_job_is_shared_by_all (void **state)
{
    struct bench *bench = *state;
    struct pool_statistics statistics;
    struct call *call;

    open_pool (bench, MAX_JOBS, 0);
    for (size_t i = 0; i < 3; i++) {
        add_held (bench);
    }
    start (bench);
    call = submit (bench, IMPOSSIBLE);
    submit_wish (bench, (struct wish){IMPOSSIBLE, POOL_AHEAD, 0});
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal (tag_of (bench, bench->fakes[i], 0), call->tag);
        assert_int_equal (next_tag (bench, bench->fakes[i]), call->tag);
        assert_true (device_of (bench, i).busy);
        assert_memory_equal (device_of (bench, i).root, call->target.root, 32);
    }
    statistics = statistics_of (bench);
    assert_int_equal (statistics.jobs, 2);
    assert_int_equal (statistics.running, 1);
}

/* Two held devices, both busy with one long job that is cancelled, and two short jobs that wait. */
static void
start_two_short (struct bench *bench, struct call *calls[2])
{
    struct call *blocker;

    open_pool (bench, MAX_JOBS, 0);
    add_held (bench);
    add_held (bench);
    start (bench);
    blocker = submit (bench, IMPOSSIBLE);
    assert_int_equal (tag_of (bench, bench->fakes[0], 0), blocker->tag);
    assert_int_equal (tag_of (bench, bench->fakes[1], 0), blocker->tag);
    calls[0] = submit (bench, 0);
    calls[1] = submit (bench, 0);
    cancel (blocker);
}

static void
short_jobs_run_side_by_side (void **state)
{
    struct bench *bench = *state;
    struct call *calls[2];

    start_two_short (bench, calls);
    for (unsigned round = 0; round < 3; round++) {
        assert_int_equal (next_tag (bench, bench->fakes[0]), calls[0]->tag);
        assert_int_equal (next_tag (bench, bench->fakes[1]), calls[1]->tag);
    }
    assert_int_equal (statistics_of (bench).running, 2);
}

static void
idle_device_helps_with_a_short_job (void **state)
{
    struct bench *bench = *state;
    struct call *calls[2];

    start_two_short (bench, calls);
    assert_int_equal (next_tag (bench, bench->fakes[0]), calls[0]->tag);
    assert_int_equal (next_tag (bench, bench->fakes[1]), calls[1]->tag);
    cancel (calls[1]);
    assert_int_equal (next_tag (bench, bench->fakes[1]), calls[0]->tag);
    assert_int_equal (next_tag (bench, bench->fakes[0]), calls[0]->tag);
    assert_int_equal (statistics_of (bench).running, 1);
}

/* It is not forgotten, nor does it fall behind what was behind it. */
static void
short_job_of_a_failing_device_goes_on (void **state)
{
    struct bench *bench = *state;
    struct call *calls[2];

    start_two_short (bench, calls);
    assert_int_equal (next_tag (bench, bench->fakes[0]), calls[0]->tag);
    assert_int_equal (next_tag (bench, bench->fakes[1]), calls[1]->tag);
    submit (bench, IMPOSSIBLE);
    fake_break (bench->fakes[0]);
    fake_run_free (bench->fakes[0]);
    wait_for_state (bench, 0, POOL_DEVICE_RESTING);
    cancel (calls[1]);
    assert_int_equal (next_tag (bench, bench->fakes[1]), calls[0]->tag);
}

static void
device_is_fed_to_its_depth (void **state)
{
    struct bench *bench = *state;

    open_pool (bench, MAX_JOBS, 0);
    for (unsigned depth = 1; depth <= 4; depth++) {
        add_fake (bench, &(struct fake_settings){"deep", FAKE_NEVER, .held = true, .depth = depth});
    }
    start (bench);
    submit (bench, IMPOSSIBLE);
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

/* Tear_down checks it; here are many batches of many sizes, failures included. */
static void
no_nonce_is_tried_twice (void **state)
{
    struct bench *bench = *state;

    open_pool (bench, MAX_JOBS, 0);
    add_fake (bench, &(struct fake_settings){"quick", FAKE_NEVER, .speed = 1e8});
    add_fake (bench, &(struct fake_settings){"deep", FAKE_NEVER, .speed = 1e6, .depth = 3});
    add_fake (bench, &(struct fake_settings){"failing", FAKE_NEVER, .collect_fails = 1});
    start (bench);
    submit (bench, IMPOSSIBLE);
    submit_wish (bench, (struct wish){.bits = 0, .class = POOL_AHEAD});
    assert_true (fake_wait_submitted (bench->fakes[0], 100));
    assert_true (fake_wait_submitted (bench->fakes[1], 30));
    cancel (&bench->calls[0]);
    assert_true (fake_wait_submitted (bench->fakes[0], 200));
    assert_true (fake_wait_submitted (bench->fakes[2], 2)); /* it came back */
}

/* The measured rate. */

/* A device can only be slower than its speed, on a loaded machine: its rate gets near, and never
 * above. */
static void
assert_rate_follows (struct bench *bench, double guess, double speed)
{
    uint64_t deadline = clock_now () + PATIENCE;
    struct pool_device device;

    open_pool (bench, MAX_JOBS, 0);
    add_fake (bench,
              &(struct fake_settings){"misjudged", FAKE_NEVER, .rate = guess, .speed = speed});
    start (bench);
    submit (bench, IMPOSSIBLE);
    assert_true (fake_wait_collected (bench->fakes[0], 2)); /* the first measurement counts whole */
    do {
        assert_true (clock_now () < deadline);
        nap ();
        device = device_of (bench, 0);
        assert_true (device.rate < 1.01 * speed);
    } while (device.rate < 0.5 * speed);
}

static void
rate_follows_a_device_slower_than_its_guess (void **state)
{
    assert_rate_follows (*state, 1e7, 1e6);
}

static void
rate_follows_a_device_faster_than_its_guess (void **state)
{
    assert_rate_follows (*state, 1e5, 1e6);
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
    struct call *call = submit (bench, IMPOSSIBLE);
    struct delay delay;
    uint64_t wall;
    double cpu;

    wait_for_busy (bench, 0, true);
    nap ();
    wall = clock_now ();
    cpu = cpu_seconds ();
    cancel (call);
    while (device_of (bench, 0).busy) {
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
    assert_true (wall[0] < 0.01 * SLOWNESS);
    assert_true (cpu[TRIES / 2] < 0.01 * SLOWNESS);
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
            end_pool (bench);
            pool_free (bench->pool);
        }
        bench->call_count = 0;
        bench->pool = pool_new (&settings);
        assert_non_null (bench->pool);
        assert_int_equal (pool_add_cpus (bench->pool, 1, scanners[i]), 0);
        start (bench);
        assert_stops_soon (bench);
    }
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

    open_pool (bench, MAX_JOBS, clock_from_seconds (sleep));
    assert_int_equal (pool_add_cpus (bench->pool, 1, scan_best ()), 0);
    start (bench);
    submit (bench, IMPOSSIBLE);
    do {
        nap ();
        hashes = device_of (bench, 0).hashes;
        most = 256 * (clock_seconds (clock_now () - begin) / sleep + 2);
        assert_true ((double)hashes <= most);
        assert_true (clock_now () - begin < PATIENCE);
    } while (hashes < 256 * 20);
}

/* The end. */

static void
stop_cancels_what_is_left (void **state)
{
    struct bench *bench = *state;
    struct call *calls[5];

    open_pool (bench, MAX_JOBS, 0);
    for (size_t i = 0; i < 2; i++) {
        /* A batch takes a quarter of an hour: only its stop flag ends it. */
        add_fake (bench, &(struct fake_settings){"slow", FAKE_NEVER, .depth = 2, .speed = 1});
    }
    start (bench);
    for (size_t i = 0; i < 5; i++) {
        calls[i] = submit_wish (bench, (struct wish){.bits = IMPOSSIBLE, .class = i % 2});
    }
    assert_true (fake_wait_submitted (bench->fakes[0], 2));
    assert_true (fake_wait_submitted (bench->fakes[1], 2));
    pool_stop (bench->pool);
    assert_refused (bench, POOL_DOWN);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal (calls[i]->count, 0);
        cancel (calls[i]); /* too late */
    }
    for (size_t i = 0; i < 5; i++) {
        assert_answered (calls[i], POOL_CANCELLED);
    }
    fake_read (bench->fakes[0], &bench->log);
    assert_int_equal (bench->log.opens, bench->log.closes);
}

static void
stop_interrupts_a_rest (void **state)
{
    struct bench *bench = *state;

    open_pool (bench, MAX_JOBS, 3600 * CLOCK_SECOND);
    add_held (bench);
    start (bench);
    submit (bench, IMPOSSIBLE);
    assert_true (fake_wait_submitted (bench->fakes[0], 1));
    fake_run_free (bench->fakes[0]);
    wait_for_busy (bench, 0, false);
    pool_stop (bench->pool);
}

static void
free_without_start (void **state)
{
    struct bench *bench = *state;

    pool_free (NULL);
    open_pool (bench, 1, 0);
    pool_free (bench->pool);
    open_pool (bench, 1, 0);
    add_finder (bench);
    pool_free (bench->pool);
    bench->pool = NULL;
}

static void
free_drops_what_was_not_drained (void **state)
{
    struct bench *bench = *state;
    struct call *call;

    open_pool (bench, MAX_JOBS, 0);
    add_finder (bench);
    start (bench);
    call = submit (bench, IMPOSSIBLE);
    pool_stop (bench->pool);
    pool_free (bench->pool);
    assert_int_equal (call->count, 0);
    bench->pool = NULL;
}

/* All at once: callers that submit and cancel, devices that find, fail and come back. */

enum { CALLERS = 4, CALLS_EACH = 150 };

struct caller {
    struct bench *bench;
    pthread_t thread;
    struct seed seed;
    uint64_t first_tag;
    atomic_bool *go_on; /* false: give up, the test is late */
    atomic_uint *ended;
    struct call calls[CALLS_EACH];
};

/* Cancels some of the last calls, or of all, `count` so far; most of them have ended already. */
static void
cancel_some (struct caller *caller, unsigned count)
{
    unsigned among = seed_below (&caller->seed, 2) == 0 && count > 10 ? 10 : count;

    for (unsigned i = 0; i < 10 && among > 0; i++) {
        cancel (&caller->calls[count - 1 - seed_below (&caller->seed, among)]);
    }
}

/* Makes and submits call number `index`; while the pool is full, earlier ones are cancelled. */
static void
submit_random (struct caller *caller, unsigned index)
{
    static const unsigned bits[] = {0, 2, 4, 6, 8, 10, 11, IMPOSSIBLE};
    struct call *call = &caller->calls[index];
    struct pool_request request = {.done = on_done, .data = call};

    call->bench = caller->bench;
    fake_target (&call->target, caller->first_tag + index,
                 fake_threshold (bits[seed_below (&caller->seed, 8)]));
    request.target = call->target;
    request.class = seed_below (&caller->seed, POOL_CLASSES);
    while (pool_submit (caller->bench->pool, &request, &call->ticket) != POOL_ACCEPTED &&
           atomic_load (caller->go_on)) {
        cancel_some (caller, index);
        nap ();
    }
}

static void *
call_at_random (void *data)
{
    struct caller *caller = data;

    for (unsigned i = 0; i < CALLS_EACH; i++) {
        submit_random (caller, i);
        if (seed_below (&caller->seed, 3) == 0) {
            cancel_some (caller, i + 1);
        }
        if (seed_below (&caller->seed, 50) == 0) {
            nap ();
        }
    }
    for (unsigned i = 0; i + 3 < CALLS_EACH; i++) {
        cancel (&caller->calls[i]); /* or the impossible ones would fill the pool; a few stay */
    }
    atomic_fetch_add (caller->ended, 1);
    return NULL;
}

static void
drain_while_called (struct bench *bench, atomic_uint *ended, atomic_bool *go_on)
{
    struct pollfd readable = {.fd = pool_fd (bench->pool), .events = POLLIN};
    uint64_t deadline = clock_now () + PATIENCE;

    while (atomic_load (ended) < CALLERS) {
        atomic_store (go_on, clock_now () < deadline);
        (void)poll (&readable, 1, 1);
        pool_drain (bench->pool);
    }
}

static void
check_call (const struct call *call)
{
    assert_int_equal (call->count, 1);
    assert_int_equal (call->answer.ticket, call->ticket);
    if (call->answer.outcome == POOL_FOUND) {
        assert_works (call);
    } else {
        assert_int_equal (call->answer.outcome, POOL_CANCELLED);
    }
}

static void
start_stressed (struct bench *bench)
{
    open_pool (bench, MAX_JOBS, 0);
    add_finder (bench);
    add_fake (bench, &(struct fake_settings){"deep", FAKE_FINDS, .depth = 3});
    add_fake (bench, &(struct fake_settings){"failing", FAKE_FINDS, .collect_fails = 2});
    add_fake (bench, &(struct fake_settings){"failing", FAKE_FINDS, .submit_fails = 2});
    assert_int_equal (pool_add_cpus (bench->pool, 1, scan_best ()), 0);
    start (bench);
}

static void
every_job_is_answered_once_whatever_happens (void **state)
{
    static struct caller callers[CALLERS];
    struct bench *bench = *state;
    struct seed seed = seed_new ();
    atomic_bool go_on = true;
    atomic_uint ended = 0;
    struct pool_statistics statistics;

    start_stressed (bench);
    for (unsigned i = 0; i < CALLERS; i++) {
        callers[i].bench = bench;
        callers[i].seed = seed_of (seed_below (&seed, 1 << 30));
        callers[i].first_tag = i * CALLS_EACH;
        callers[i].go_on = &go_on;
        callers[i].ended = &ended;
        assert_int_equal (pthread_create (&callers[i].thread, NULL, call_at_random, &callers[i]),
                          0);
    }
    drain_while_called (bench, &ended, &go_on);
    for (unsigned i = 0; i < CALLERS; i++) {
        assert_int_equal (pthread_join (callers[i].thread, NULL), 0);
    }
    end_pool (bench);
    for (unsigned i = 0; i < CALLERS * CALLS_EACH; i++) {
        check_call (&callers[i / CALLS_EACH].calls[i % CALLS_EACH]);
    }
    statistics = statistics_of (bench);
    assert_int_equal (statistics.jobs, 0);
    assert_int_equal (statistics.found + statistics.cancelled, CALLERS * CALLS_EACH);
    check_ranges (bench);
    pool_free (bench->pool);
    bench->pool = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (found_is_checked_and_complete),
        TEST (found_in_the_other_order),
        TEST (submitted_before_the_start),
        TEST (cpus_find_too),
        TEST (fd_is_readable_while_there_is_something_to_drain),
        TEST (callbacks_submit),
        TEST (callbacks_cancel),
        TEST (cancel_of_a_queued_job),
        TEST (cancel_of_a_running_job),
        TEST (found_after_a_cancel_is_dropped),
        TEST (cancel_after_the_end_changes_nothing),
        TEST (old_ticket_does_not_reach_the_next_job),
        TEST (garbage_tickets_are_ignored),
        TEST (full_until_drained),
        TEST (down_without_devices),
        TEST (down_when_no_device_opens),
        TEST (jobs_fail_with_the_last_device),
        TEST (lying_device_is_set_aside),
        TEST (others_finish_what_a_failing_device_began),
        TEST (failed_device_rests_and_comes_back),
        TEST (rests_grow),
        TEST (shortest_first_and_asked_before_ahead),
        TEST (longer_one_yields_between_batches),
        TEST (ahead_yields_to_asked),
        TEST (waiting_job_is_not_overtaken_for_ever),
        TEST (since_is_now_by_default),
        TEST (long_job_is_shared_by_all),
        TEST (short_jobs_run_side_by_side),
        TEST (idle_device_helps_with_a_short_job),
        TEST (short_job_of_a_failing_device_goes_on),
        TEST (device_is_fed_to_its_depth),
        TEST (no_nonce_is_tried_twice),
        TEST (rate_follows_a_device_slower_than_its_guess),
        TEST (rate_follows_a_device_faster_than_its_guess),
        TEST (cpu_stops_within_10_ms),
        TEST (sleep_rests_the_device),
        TEST (stop_cancels_what_is_left),
        TEST (stop_interrupts_a_rest),
        TEST (free_without_start),
        TEST (free_drops_what_was_not_drained),
        TEST (every_job_is_answered_once_whatever_happens),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
