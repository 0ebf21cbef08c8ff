#include "support_pool.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "work/scan/value.h"

#define BATCH_SECONDS 0.01

/* The bench, its life and its checks. */

int
support_set_up (void **state)
{
    *state = calloc (1, sizeof (struct bench));
    return *state != NULL ? 0 : -1;
}

void
support_open (struct bench *bench, size_t max_jobs, uint64_t sleep)
{
    const struct pool_settings settings = {max_jobs, BATCH_SECONDS, sleep};

    bench->pool = pool_new (&settings);
    assert_non_null (bench->pool);
}

struct fake *
support_add_fake (struct bench *bench, const struct fake_settings *settings)
{
    struct fake *fake = fake_new (settings);

    assert_non_null (fake);
    assert_int_equal (pool_add (bench->pool, fake_device (fake)), 0);
    bench->fakes[bench->fake_count++] = fake;
    return fake;
}

/* A held device that finds nothing, for tests of who works on what. */
struct fake *
support_add_held (struct bench *bench)
{
    return support_add_fake (bench, &(struct fake_settings){"held", FAKE_NEVER, .held = true});
}

struct fake *
support_add_finder (struct bench *bench)
{
    return support_add_fake (bench, &(struct fake_settings){.name = "finder"});
}

void
support_start (struct bench *bench)
{
    assert_int_equal (pool_start (bench->pool), 0);
}

void
support_end (struct bench *bench)
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
void
support_check_ranges (struct bench *bench)
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

int
support_tear_down (void **state)
{
    struct bench *bench = *state;

    if (bench->pool != NULL) {
        support_end (bench);
        check_counts (bench);
        support_check_ranges (bench);
        pool_free (bench->pool);
    }
    free (bench);
    return 0;
}

/* Jobs. */

void
support_done (void *data, const struct pool_answer *answer)
{
    struct call *call = data;

    call->count++;
    call->answer = *answer;
    if (call->hook != NULL) {
        call->hook (call);
    }
}

/* Submits; `*call` is the job when it was accepted. */
enum pool_result
support_try_submit (struct bench *bench, struct wish wish, struct call **call)
{
    struct call *next = &bench->calls[bench->call_count];
    struct pool_request request = {
        .class = wish.class, .since = wish.since, .done = support_done, .data = next};
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

struct call *
support_submit_wish (struct bench *bench, struct wish wish)
{
    struct call *call = NULL;

    assert_int_equal (support_try_submit (bench, wish, &call), POOL_ACCEPTED);
    assert_int_not_equal (call->ticket, 0);
    return call;
}

struct call *
support_submit (struct bench *bench, unsigned bits)
{
    return support_submit_wish (bench, (struct wish){.bits = bits});
}

void
support_assert_refused (struct bench *bench, enum pool_result result)
{
    struct call *call = NULL;

    assert_int_equal (support_try_submit (bench, (struct wish){0}, &call), result);
}

void
support_cancel (struct call *call)
{
    pool_cancel (call->bench->pool, call->ticket);
}

/* Drains until the job has been answered so. */
void
support_assert_answered (struct call *call, enum pool_outcome outcome)
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

void
support_assert_works (const struct call *call)
{
    uint64_t value;

    assert_true (value_reaches (&call->target, call->answer.nonce, &value));
    assert_int_equal (call->answer.value, value);
}

void
support_assert_found (struct call *call)
{
    support_assert_answered (call, POOL_FOUND);
    support_assert_works (call);
}

/* Time and states. */

void
support_nap (void)
{
    const struct timespec millisecond = {.tv_nsec = 1000000};

    (void)nanosleep (&millisecond, NULL);
}

struct pool_device
support_device (struct bench *bench, size_t index)
{
    struct pool_device device = {0};

    pool_device (bench->pool, index, &device);
    return device;
}

void
support_wait_for_state (struct bench *bench, size_t index, enum pool_device_state state)
{
    uint64_t deadline = clock_now () + PATIENCE;

    while (support_device (bench, index).state != state) {
        assert_true (clock_now () < deadline);
        support_nap ();
    }
}

void
support_wait_for_busy (struct bench *bench, size_t index, bool busy)
{
    uint64_t deadline = clock_now () + PATIENCE;

    while (support_device (bench, index).busy != busy) {
        assert_true (clock_now () < deadline);
        support_nap ();
    }
}

struct pool_statistics
support_statistics (struct bench *bench)
{
    struct pool_statistics statistics;

    pool_statistics (bench->pool, &statistics);
    return statistics;
}

/* Whose batch number `index` of a fake's was, once it has come. */
uint64_t
support_tag (struct bench *bench, struct fake *fake, unsigned index)
{
    assert_true (fake_wait_submitted (fake, index + 1));
    fake_read (fake, &bench->log);
    return bench->log.batches[index].tag;
}

/* Ends the batch that a held device has in hand; returns whose the next is. */
uint64_t
support_next_tag (struct bench *bench, struct fake *fake)
{
    fake_read (fake, &bench->log);
    fake_release (fake, 1);
    return support_tag (bench, fake, bench->log.submitted);
}

/* A pool of one held device, and a job that keeps it from all others. */
struct call *
support_start_blocked (struct bench *bench)
{
    struct call *blocker;

    support_open (bench, MAX_JOBS, 0);
    support_add_held (bench);
    support_start (bench);
    blocker = support_submit (bench, IMPOSSIBLE);
    assert_int_equal (support_tag (bench, bench->fakes[0], 0), blocker->tag);
    return blocker;
}
