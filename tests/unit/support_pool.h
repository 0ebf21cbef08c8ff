/*
 * What the tests of the pool share: a bench of one pool and its devices, and the jobs submitted to
 * it. Every function fails the running test when something goes wrong, and runs on the test's own
 * thread, which is also the pool's drainer; but support_cancel and support_nap run on any.
 *
 * What every test must leave behind, support_tear_down checks: each accepted job's callback has
 * come exactly once, the counts add up, no nonce was tried twice.
 */
#ifndef SUPPORT_POOL_H
#define SUPPORT_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fake_device.h"
#include "work/base/clock.h"
#include "work/pool/pool.h"

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

/* A test of cmocka's with a bench of its own. */
#define SUPPORT_TEST(name) cmocka_unit_test_setup_teardown (name, support_set_up, support_tear_down)

int support_set_up (void **state);
int support_tear_down (void **state);

/* The bench's pool, for batches of 10 ms; `sleep` is the pool_settings'. */
void support_open (struct bench *bench, size_t max_jobs, uint64_t sleep);

/* Adds a device to the pool, before its start. The pool's. */
struct fake *support_add_fake (struct bench *bench, const struct fake_settings *settings);

/* A held device that finds nothing, for tests of who works on what. */
struct fake *support_add_held (struct bench *bench);

struct fake *support_add_finder (struct bench *bench);

void support_start (struct bench *bench);

/* A pool of one held device, and a job that keeps it from all others. */
struct call *support_start_blocked (struct bench *bench);

/* Lets all devices go, stops the pool and drains it. */
void support_end (struct bench *bench);

/* That no nonce of a job was tried twice, and no fake saw the pool break a rule. */
void support_check_ranges (struct bench *bench);

/* The callback; its data is a struct call. */
void support_done (void *data, const struct pool_answer *answer);

/* Submits; `*call`, the bench's, is the job when it was accepted. */
enum pool_result support_try_submit (struct bench *bench, struct wish wish, struct call **call);

/* Submits a job that must be accepted: by a wish, or by its difficulty alone. */
struct call *support_submit_wish (struct bench *bench, struct wish wish);
struct call *support_submit (struct bench *bench, unsigned bits);

void support_assert_refused (struct bench *bench, enum pool_result result);

void support_cancel (struct call *call);

/* Drains until the job has been answered so. */
void support_assert_answered (struct call *call, enum pool_outcome outcome);

/* That the answer's nonce reaches the threshold. */
void support_assert_works (const struct call *call);

/* Both of these. */
void support_assert_found (struct call *call);

/* A millisecond, between two looks at a state. */
void support_nap (void);

struct pool_device support_device (struct bench *bench, size_t index);
struct pool_statistics support_statistics (struct bench *bench);

/* Wait for device `index` to be so. */
void support_wait_for_state (struct bench *bench, size_t index, enum pool_device_state state);
void support_wait_for_busy (struct bench *bench, size_t index, bool busy);

/* Whose batch number `index` of a fake's was, once it has come. */
uint64_t support_tag (struct bench *bench, struct fake *fake, unsigned index);

/* Ends the batch that a held device has in hand; returns whose the next is. */
uint64_t support_next_tag (struct bench *bench, struct fake *fake);

#endif
