/*
 * Threads: every function here is called with pool->lock held, by callers and by workers alike.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "work/pool/pool_internal.h"

/* A job that one device should find within this many of its batches is not worth sharing. */
#define SHORT_BATCHES 4.0

/* A batch need not be longer than this many times what its job is expected to take. */
#define ENOUGH_EXPECTED 8.0

static struct job *
job_of (struct queue_place *place)
{
    return (struct job *)place;
}

/* How long a batch of `worker` should take. */
static double
batch_seconds_of (const struct worker *worker)
{
    double own = worker->device->batch_seconds;

    return own > 0 ? own : worker->pool->settings.batch_seconds;
}

uint64_t
schedule_sleep (const struct worker *worker)
{
    return worker->device->tireless ? 0 : worker->pool->settings.sleep;
}

static bool
is_short (const struct worker *worker, const struct job *job)
{
    double batch = worker->shown.rate * batch_seconds_of (worker);

    return job->expected < SHORT_BATCHES * batch;
}

void
schedule_disown (struct worker *worker)
{
    if (worker->own != NULL) {
        queue_insert (&worker->pool->queue, &worker->own->place);
        worker->own = NULL;
    }
}

static void
own (struct worker *worker, struct job *job)
{
    queue_remove (&worker->pool->queue, &job->place);
    worker->own = job;
}

/* The best job that some worker has to itself: better helped with than idled by. */
static struct job *
job_to_help (const struct pool *pool)
{
    struct job *best = NULL;

    for (size_t i = 0; i < pool->worker_count; i++) {
        struct job *job = pool->workers[i]->own;
        if (job != NULL && (best == NULL || queue_before (&job->place, &best->place))) {
            best = job;
        }
    }
    return best;
}

static struct job *
choose (struct worker *worker)
{
    struct pool *pool = worker->pool;
    struct queue_place *first = queue_first (&pool->queue);

    if (schedule_stands_by (worker)) {
        schedule_disown (worker);
        return NULL;
    }

    if (worker->own != NULL && (first == NULL || queue_before (&worker->own->place, first))) {
        return worker->own;
    }
    if (first == NULL) {
        return job_to_help (pool);
    }
    schedule_disown (worker);
    if (is_short (worker, job_of (first))) {
        own (worker, job_of (first));
    }
    return job_of (first);
}

/* How many hashes `worker` gets through in a batch, rests included. */
static double
batch_hashes (const struct worker *worker)
{
    double seconds = batch_seconds_of (worker);
    uint64_t sleep = schedule_sleep (worker);
    double cycle = POOL_SLEEP_HASHES / worker->shown.rate + clock_seconds (sleep);

    if (sleep == 0) {
        return worker->shown.rate * seconds;
    }
    return POOL_SLEEP_HASHES * seconds / cycle;
}

static uint64_t
batch_count (const struct worker *worker, const struct job *job)
{
    uint64_t granule = worker->device->granule;
    double hashes = batch_hashes (worker);
    double enough = ENOUGH_EXPECTED * job->expected;
    double granules = (hashes < enough ? hashes : enough) / (double)granule;

    if (granules < 1) {
        return granule;
    }
    return granules < 0x1p32 ? (uint64_t)granules * granule : (UINT64_C (1) << 32) * granule;
}

bool
schedule_take (struct worker *worker, struct device_batch *batch)
{
    struct job *job = choose (worker);
    unsigned slot = (worker->oldest + worker->flying) % WORKER_MAX_DEPTH;

    if (job == NULL) {
        return false;
    }
    batch->midstate = &job->midstate;
    batch->stop = &job->stop;
    batch->count = batch_count (worker, job);
    batch->first = job->next;
    job->next += batch->count;
    job->flights++;
    worker->flights[slot] = (struct flight){job, clock_now ()};
    worker->flying++;
    return true;
}

/* Hashes a second of the devices that are at work; above 0. */
static double
rate_at_work (const struct pool *pool)
{
    double rate = 0;

    for (size_t i = 0; i < pool->worker_count; i++) {
        const struct worker *worker = pool->workers[i];
        if (worker->shown.state == POOL_DEVICE_UP && !schedule_stands_by (worker)) {
            rate += worker->shown.rate;
        }
    }
    return rate > 1 ? rate : 1;
}

void
schedule_due (const struct pool *pool, struct job *job)
{
    job->place.due = queue_due (clock_seconds (job->since), job->expected / pool->rate);
}

void
schedule_reorder (struct pool *pool)
{
    pool->rate = rate_at_work (pool);
    for (size_t i = 0; i < pool->used; i++) {
        if (pool->jobs[i].state == JOB_LIVE) {
            schedule_due (pool, &pool->jobs[i]);
        }
    }
    queue_reorder (&pool->queue);
}

/* A batch this long, in batch times, is a measurement by itself. */
#define LONG_BATCH 0.5

/* Shorter ones are added up until they are this long together. */
#define LONG_ENOUGH 0.05

/* The total must have changed by this part of it before the order follows. */
#define LARGE_CHANGE 0.5

static void
follow (struct worker *worker, double rate, double share)
{
    struct pool *pool = worker->pool;
    double weight = worker->shown.measured ? 0.2 * (share < 1 ? share : 1) : 1;

    worker->shown.rate += weight * (rate - worker->shown.rate);
    worker->shown.measured = true;
    worker->sample_seconds = 0;
    worker->sample_hashes = 0;
    if (fabs (rate_at_work (pool) - pool->rate) >= LARGE_CHANGE * pool->rate) {
        schedule_reorder (pool);
    }
}

/*
 * Counts a batch, and follows the device's speed. Most of a short batch's time may be the way to
 * the device and back, so short batches, added up, can only show that it is faster than thought;
 * and one in which nothing was tried shows nothing.
 */
static void
measure (struct worker *worker, const struct flight *flight, uint64_t now, uint64_t hashes)
{
    uint64_t start = flight->since > worker->last_collect ? flight->since : worker->last_collect;
    double batch_seconds = batch_seconds_of (worker);
    double seconds = clock_seconds (now - start);

    if (hashes == 0) {
        return;
    }
    worker->shown.hashes += hashes;
    worker->shown.batches++;
    worker->shown.seconds += seconds;
    if (seconds >= LONG_BATCH * batch_seconds) {
        follow (worker, (double)hashes / seconds, seconds / batch_seconds);
        return;
    }
    worker->sample_seconds += seconds;
    worker->sample_hashes += (double)hashes;
    if (worker->sample_seconds < LONG_ENOUGH * batch_seconds) {
        return;
    }
    if (worker->sample_hashes > worker->shown.rate * worker->sample_seconds) {
        follow (worker, worker->sample_hashes / worker->sample_seconds,
                worker->sample_seconds / batch_seconds);
    }
    worker->sample_seconds = 0;
    worker->sample_hashes = 0;
}

void
schedule_land (struct worker *worker, uint64_t hashes)
{
    struct flight flight = worker->flights[worker->oldest];
    uint64_t now = clock_now ();

    worker->oldest = (worker->oldest + 1) % WORKER_MAX_DEPTH;
    worker->flying--;
    measure (worker, &flight, now, hashes);
    worker->last_collect = now;
    flight.job->flights--;
    schedule_release (worker->pool, flight.job);
}

void
schedule_release (struct pool *pool, struct job *job)
{
    if (job->state != JOB_DELIVERED || job->flights > 0) {
        return;
    }
    job->state = JOB_FREE;
    job->generation = job->generation == UINT32_MAX ? 1 : job->generation + 1;
    STAILQ_INSERT_HEAD (&pool->free, job, link);
}

/* An eventfd takes a write unless its counter is about to overflow, which the drainer's reads
 * prevent. */
static void
wake_drainer (const struct pool *pool)
{
    const uint64_t one = 1;

    while (write (pool->event_fd, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

void
schedule_end (struct pool *pool, struct job *job, enum pool_outcome outcome)
{
    bool first = STAILQ_EMPTY (&pool->ended);

    if (job->state != JOB_LIVE) {
        return;
    }
    atomic_store_explicit (&job->stop, true, memory_order_relaxed);
    queue_remove (&pool->queue, &job->place);
    for (size_t i = 0; i < pool->worker_count; i++) {
        if (pool->workers[i]->own == job) {
            pool->workers[i]->own = NULL;
        }
    }
    job->state = JOB_DONE;
    job->answer.outcome = outcome;
    job->answer.seconds = clock_seconds (clock_now () - job->submitted);
    pool->ended_as[outcome]++;
    STAILQ_INSERT_TAIL (&pool->ended, job, link);
    if (first) {
        wake_drainer (pool);
    }
}

void
schedule_end_all (struct pool *pool, enum pool_outcome outcome)
{
    for (size_t i = 0; i < pool->used; i++) {
        schedule_end (pool, &pool->jobs[i], outcome);
    }
}

/* One that has failed is not waited for while it is tried again. */
bool
schedule_stands_by (const struct worker *worker)
{
    const struct pool *pool = worker->pool;

    for (size_t i = 0; i < pool->worker_count && worker->device->standby; i++) {
        const struct worker *other = pool->workers[i];
        if (!other->device->standby && !other->shown.failed) {
            return true;
        }
    }
    return false;
}

bool
schedule_alive (const struct pool *pool)
{
    for (size_t i = 0; i < pool->worker_count; i++) {
        if (!pool->workers[i]->shown.failed) {
            return true;
        }
    }
    return false;
}
