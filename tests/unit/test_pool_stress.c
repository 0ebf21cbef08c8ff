/*
 * Everything of the pool at once: callers on threads of their own that submit and cancel, devices
 * that find, fail and come back.
 */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "seed.h"
#include "support_pool.h"

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
        support_cancel (&caller->calls[count - 1 - seed_below (&caller->seed, among)]);
    }
}

/* Makes and submits call number `index`; while the pool is full, earlier ones are cancelled. */
static void
submit_random (struct caller *caller, unsigned index)
{
    static const unsigned bits[] = {0, 2, 4, 6, 8, 10, 11, IMPOSSIBLE};
    struct call *call = &caller->calls[index];
    struct pool_request request = {.done = support_done, .data = call};

    call->bench = caller->bench;
    fake_target (&call->target, caller->first_tag + index,
                 fake_threshold (bits[seed_below (&caller->seed, 8)]));
    request.target = call->target;
    request.class = seed_below (&caller->seed, POOL_CLASSES);
    while (pool_submit (caller->bench->pool, &request, &call->ticket) != POOL_ACCEPTED &&
           atomic_load (caller->go_on)) {
        cancel_some (caller, index);
        support_nap ();
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
            support_nap ();
        }
    }
    for (unsigned i = 0; i + 3 < CALLS_EACH; i++) {
        support_cancel (
            &caller->calls[i]); /* or the impossible ones would fill the pool; a few stay */
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
        support_assert_works (call);
    } else {
        assert_int_equal (call->answer.outcome, POOL_CANCELLED);
    }
}

static void
start_stressed (struct bench *bench)
{
    support_open (bench, MAX_JOBS, 0);
    support_add_finder (bench);
    support_add_fake (bench, &(struct fake_settings){"deep", FAKE_FINDS, .depth = 3});
    support_add_fake (bench, &(struct fake_settings){"failing", FAKE_FINDS, .collect_fails = 2});
    support_add_fake (bench, &(struct fake_settings){"failing", FAKE_FINDS, .submit_fails = 2});
    assert_int_equal (pool_add_cpus (bench->pool, 1, scan_named ("portable")), 0);
    support_start (bench);
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
    support_end (bench);
    for (unsigned i = 0; i < CALLERS * CALLS_EACH; i++) {
        check_call (&callers[i / CALLS_EACH].calls[i % CALLS_EACH]);
    }
    statistics = support_statistics (bench);
    assert_int_equal (statistics.jobs, 0);
    assert_int_equal (statistics.found + statistics.cancelled, CALLERS * CALLS_EACH);
    support_check_ranges (bench);
    pool_free (bench->pool);
    bench->pool = NULL;
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST (every_job_is_answered_once_whatever_happens),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
