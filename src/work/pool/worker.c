/*
 * Threads: this file is a device's thread. It alone calls the device; it takes pool->lock to choose
 * batches and to report them, and holds it across no call of the device.
 */
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "work/base/thread.h"
#include "work/pool/pool_internal.h"
#include "work/scan/value.h"

/* A device that failed rests, twice as long each time it fails again. */
#define FIRST_REST (1 * CLOCK_SECOND)
#define LONGEST_REST (300 * CLOCK_SECOND)

/* A device that was up this long has recovered: its next rest is a first one. */
#define RECOVERED (60 * CLOCK_SECOND)

/* Returns whether the pool stops, which ends the pause. Lock held. */
static bool
pause_until (struct pool *pool, uint64_t until)
{
    while (!pool->stopping && clock_now () < until) {
        thread_wait (&pool->change, &pool->lock, until);
    }
    return pool->stopping;
}

/* However fast it was when it was open before, it may be another now. */
static void
begin_rate (struct worker *worker)
{
    worker->shown.rate = worker->device->rate;
    worker->shown.measured = worker->device->tuned;
    worker->sample_hashes = 0;
    worker->sample_seconds = 0;
}

static void
set_state (struct worker *worker, enum pool_device_state state)
{
    struct pool *pool = worker->pool;

    pthread_mutex_lock (&pool->lock);
    worker->shown.state = state;
    if (state == POOL_DEVICE_UP) {
        worker->shown.failed = false;
        begin_rate (worker);
    } else if (state == POOL_DEVICE_RESTING) {
        worker->shown.failed = true;
        memcpy (worker->shown.reason, worker->device->reason, sizeof worker->shown.reason);
    }
    if (!schedule_alive (pool)) {
        schedule_end_all (pool, POOL_FAILED);
    }
    schedule_reorder (pool);
    pthread_cond_broadcast (&pool->change); /* those on standby may have to begin */
    pthread_mutex_unlock (&pool->lock);
}

/*
 * Gives up what the device, now closed, had in hand: the jobs go on elsewhere, from nonces that
 * nobody has tried.
 */
static void
drop_flights (struct worker *worker)
{
    struct pool *pool = worker->pool;

    pthread_mutex_lock (&pool->lock);
    schedule_disown (worker);
    while (worker->flying > 0) {
        schedule_land (worker, 0);
    }
    pthread_cond_broadcast (&pool->change);
    pthread_mutex_unlock (&pool->lock);
}

/* Rests the device as its configured duty cycle asks after `hashes`. Lock held. */
static void
rest_after (struct worker *worker, uint64_t hashes)
{
    double sleeps = (double)hashes / POOL_SLEEP_HASHES;
    uint64_t sleep = (uint64_t)(sleeps * (double)schedule_sleep (worker));

    if (sleep > 0) {
        schedule_disown (worker);
        (void)pause_until (worker->pool, clock_now () + sleep);
    }
}

/*
 * Takes the next batch if the device has room for it; waits for one if it has nothing to do at all.
 * False when there is none, or the pool stops. Lock held.
 */
static bool
next_batch (struct worker *worker, struct device_batch *batch)
{
    struct pool *pool = worker->pool;

    while (!pool->stopping && worker->flying < worker->device->depth) {
        if (worker->flying > 0 && schedule_sleep (worker) > 0) {
            return false; /* a device that is to rest is given nothing to do meanwhile */
        }
        if (schedule_take (worker, batch)) {
            return true;
        }
        if (worker->flying > 0) {
            return false;
        }
        thread_wait (&pool->change, &pool->lock, 0);
    }
    return false;
}

/* Fills the device. Returns 0 when there is a batch to collect, 1 when the pool stops, -1 when it
 * fails. */
static int
feed (struct worker *worker)
{
    struct pool *pool = worker->pool;
    struct device_batch batch;
    int result = 0;

    pthread_mutex_lock (&pool->lock);
    while (result == 0 && next_batch (worker, &batch)) {
        pthread_mutex_unlock (&pool->lock);
        result = worker->device->ops->submit (worker->device, &batch);
        pthread_mutex_lock (&pool->lock);
    }
    if (result == 0 && worker->flying == 0) {
        result = 1;
    }
    pthread_mutex_unlock (&pool->lock);
    return result;
}

/* A hit is nothing until the oracle has seen it. Returns 0, or -1 when the device lies. */
static int
report_hit (struct worker *worker, struct job *job, uint64_t nonce)
{
    struct device *device = worker->device;
    struct pool *pool = worker->pool;
    uint64_t value = 0;

    if (!value_reaches (&job->target, nonce, &value)) {
        snprintf (device->reason, sizeof device->reason,
                  "it returned nonce %016" PRIx64 ", whose value %016" PRIx64
                  " does not reach the threshold %016" PRIx64,
                  nonce, value, job->target.threshold);
        return -1;
    }
    pthread_mutex_lock (&pool->lock);
    if (job->state == JOB_LIVE) {
        job->answer.nonce = nonce;
        job->answer.value = value;
        snprintf (job->answer.device, sizeof job->answer.device, "%s", device->name);
        job->answer.kind = device->kind;
        schedule_end (pool, job, POOL_FOUND);
    }
    pthread_mutex_unlock (&pool->lock);
    return 0;
}

/* Returns 0, or -1 when the device fails. */
static int
collect (struct worker *worker)
{
    struct pool *pool = worker->pool;
    struct job *job = worker->flights[worker->oldest].job; /* this thread's own to read */
    struct device_result result = {0};

    worker->device->ops->collect (worker->device, &result);
    if (result.outcome == DEVICE_FAILED) {
        return -1;
    }
    if (result.outcome == DEVICE_HIT && report_hit (worker, job, result.nonce) != 0) {
        return -1;
    }
    pthread_mutex_lock (&pool->lock);
    schedule_land (worker, result.hashes);
    rest_after (worker, result.hashes);
    pthread_mutex_unlock (&pool->lock);
    return 0;
}

/* Works until the pool stops (returns 0) or the device fails (-1, with device->reason set). */
static int
work (struct worker *worker)
{
    for (;;) {
        int fed = feed (worker);
        if (fed != 0) {
            return fed > 0 ? 0 : -1;
        }
        if (collect (worker) != 0) {
            return -1;
        }
    }
}

/*
 * Opens, tests and works. Returns 0 when the pool stops, or -1 when the device failed, after having
 * been up for `*up`: to be opened, or to fail at that, takes some a minute.
 */
static int
open_and_work (struct worker *worker, uint64_t *up)
{
    struct device *device = worker->device;
    uint64_t start;
    int failed;

    device->reason[0] = '\0';
    if (device->ops->open (device) != 0) {
        return -1;
    }
    failed = device_self_test (device);
    if (failed == 0) {
        set_state (worker, POOL_DEVICE_UP);
        start = clock_now ();
        failed = work (worker);
        *up = clock_now () - start;
    }
    device->ops->close (device);
    drop_flights (worker);
    return failed;
}

/* Batch scheduling: the kernel then lets whoever wakes up, a node or the event loop, go first. */
static void
yield_to_others (void)
{
    const struct sched_param parameters = {.sched_priority = 0};

    (void)pthread_setschedparam (pthread_self (), SCHED_BATCH, &parameters);
}

void *
worker_run (void *data)
{
    struct worker *worker = data;
    struct pool *pool = worker->pool;
    uint64_t rest = FIRST_REST;

    yield_to_others ();
    for (;;) {
        uint64_t up = 0;
        bool stops;
        if (open_and_work (worker, &up) == 0) {
            return NULL;
        }
        if (up > RECOVERED) {
            rest = FIRST_REST;
        }
        set_state (worker, POOL_DEVICE_RESTING);
        pthread_mutex_lock (&pool->lock);
        stops = pause_until (pool, clock_now () + rest);
        pthread_mutex_unlock (&pool->lock);
        if (stops) {
            return NULL;
        }
        rest = 2 * rest < LONGEST_REST ? 2 * rest : LONGEST_REST;
        set_state (worker, POOL_DEVICE_OPENING);
    }
}
