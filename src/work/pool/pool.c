/*
 * Threads: the callers' side. Public functions take pool->lock, except those that run before
 * pool_start or after pool_stop, when there is one thread only.
 */
#include "work/pool/pool.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "work/base/thread.h"
#include "work/pool/device_cpu.h"
#include "work/pool/pool_internal.h"
#include "work/scan/value.h"

/* splitmix64 (Steele, Lea, Flood 2014): plenty for nonces, which need to be spread, not secret. */
static uint64_t
next_random (struct pool *pool)
{
    uint64_t z = (pool->random += UINT64_C (0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C (0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C (0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* The kernel's entropy, or, where it gives none, a clock: daemons that start together still differ.
 */
static uint64_t
first_random (void)
{
    uint64_t seed = 0;

    if (getrandom (&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed) {
        seed = clock_now () ^ (uint64_t)getpid () << 32;
    }
    return seed;
}

struct pool *
pool_new (const struct pool_settings *settings)
{
    struct pool *pool = calloc (1, sizeof *pool);

    if (pool == NULL) {
        return NULL;
    }
    pool->settings = *settings;
    pool->rate = 1; /* until a device is up */
    pool->random = first_random ();
    pool->event_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
    pool->jobs = calloc (settings->max_jobs, sizeof *pool->jobs);
    if (pool->event_fd < 0 || pool->jobs == NULL ||
        queue_init (&pool->queue, settings->max_jobs) != 0 ||
        thread_lock_init (&pool->lock, &pool->change) != 0) {
        if (pool->event_fd >= 0) {
            (void)close (pool->event_fd);
        }
        queue_clear (&pool->queue);
        free (pool->jobs);
        free (pool);
        return NULL;
    }
    STAILQ_INIT (&pool->free);
    STAILQ_INIT (&pool->ended);
    return pool;
}

static struct worker *
worker_new (struct pool *pool, struct device *device)
{
    struct worker *worker = calloc (1, sizeof *worker);

    if (worker == NULL) {
        return NULL;
    }
    worker->pool = pool;
    worker->device = device;
    worker->shown = (struct pool_device){
        .kind = device->kind, .state = POOL_DEVICE_OPENING, .rate = device->rate};
    memcpy (worker->shown.name, device->name, sizeof device->name);
    memcpy (worker->shown.detail, device->detail, sizeof device->detail);
    return worker;
}

int
pool_add (struct pool *pool, struct device *device)
{
    size_t count = pool->worker_count + 1;
    struct worker *worker = worker_new (pool, device);
    struct worker **workers = realloc (pool->workers, count * sizeof (struct worker *));

    if (workers != NULL) {
        pool->workers = workers;
    }
    if (worker == NULL || workers == NULL) {
        free (worker);
        device_free (device);
        return -1;
    }
    pool->workers[pool->worker_count] = worker;
    pool->worker_count = count;
    return 0;
}

int
pool_add_cpus (struct pool *pool, unsigned count, const struct scanner *scanner)
{
    for (unsigned i = 0; i < count; i++) {
        struct device *device = device_cpu_new (i, scanner);
        if (device == NULL || pool_add (pool, device) != 0) {
            return -1;
        }
    }
    return 0;
}

int
pool_start (struct pool *pool)
{
    static const uint8_t root[32];

    /* libb2 chooses its implementation at its first use, which must not happen in two threads. */
    (void)value_of (root, 0);
    for (; pool->started < pool->worker_count; pool->started++) {
        struct worker *worker = pool->workers[pool->started];
        if (thread_start (&worker->thread, worker_run, worker) != 0) {
            return -1;
        }
    }
    return 0;
}

static uint64_t
ticket_of (const struct pool *pool, const struct job *job)
{
    return (uint64_t)job->generation << 32 | (uint64_t)(job - pool->jobs);
}

/* Takes a free slot. NULL when there is none. */
static struct job *
take_slot (struct pool *pool)
{
    struct job *job = STAILQ_FIRST (&pool->free);

    if (job != NULL) {
        STAILQ_REMOVE_HEAD (&pool->free, link);
        return job;
    }
    if (pool->used == pool->settings.max_jobs) {
        return NULL;
    }
    job = &pool->jobs[pool->used++];
    job->generation = 1;
    job->place.index = QUEUE_NOWHERE;
    return job;
}

/* The live job that `ticket` names, or NULL. */
static struct job *
job_named (struct pool *pool, uint64_t ticket)
{
    uint64_t slot = ticket & UINT32_MAX;
    struct job *job = slot < pool->used ? &pool->jobs[slot] : NULL;

    return job != NULL && job->state == JOB_LIVE && job->generation == ticket >> 32 ? job : NULL;
}

/* Fills in a free slot. What is outside the lock's care (target, midstate) nobody else reads yet.
 */
static void
job_begin (struct pool *pool, struct job *job, const struct pool_request *request)
{
    const struct scan_target *target = &request->target;
    uint64_t now = clock_now ();

    job->target = *target;
    scan_prepare (&job->midstate, target);
    job->expected = difficulty_expected_hashes (target->order, target->threshold);
    job->place.class = request->class;
    job->place.order = ++pool->order;
    job->state = JOB_LIVE;
    job->first = next_random (pool);
    job->next = job->first;
    job->submitted = now;
    job->since = request->since != 0 ? request->since : now;
    schedule_due (pool, job);
    job->done = request->done;
    job->data = request->data;
    job->answer = (struct pool_answer){.ticket = ticket_of (pool, job)};
    atomic_store_explicit (&job->stop, false, memory_order_relaxed);
}

enum pool_result
pool_submit (struct pool *pool, const struct pool_request *request, uint64_t *ticket)
{
    enum pool_result result = POOL_ACCEPTED;
    struct job *job;

    pthread_mutex_lock (&pool->lock);
    if (pool->stopping || !schedule_alive (pool)) {
        result = POOL_DOWN;
    } else if ((job = take_slot (pool)) == NULL) {
        result = POOL_FULL;
    } else {
        job_begin (pool, job, request);
        queue_insert (&pool->queue, &job->place);
        *ticket = job->answer.ticket;
        pthread_cond_broadcast (&pool->change);
    }
    pthread_mutex_unlock (&pool->lock);
    return result;
}

void
pool_cancel (struct pool *pool, uint64_t ticket)
{
    struct job *job;

    pthread_mutex_lock (&pool->lock);
    job = job_named (pool, ticket);
    if (job != NULL) {
        schedule_end (pool, job, POOL_CANCELLED);
    }
    pthread_mutex_unlock (&pool->lock);
}

int
pool_fd (const struct pool *pool)
{
    return pool->event_fd;
}

static void
take_ended (struct pool *pool, struct job_list *ended)
{
    uint64_t wakes;

    STAILQ_INIT (ended);
    pthread_mutex_lock (&pool->lock);
    while (read (pool->event_fd, &wakes, sizeof wakes) < 0 && errno == EINTR) {
    }
    STAILQ_CONCAT (ended, &pool->ended);
    pthread_mutex_unlock (&pool->lock);
}

void
pool_drain (struct pool *pool)
{
    struct job_list ended;
    struct job *job;

    take_ended (pool, &ended);
    STAILQ_FOREACH (job, &ended, link)
    {
        job->done (job->data, &job->answer);
    }
    pthread_mutex_lock (&pool->lock);
    while ((job = STAILQ_FIRST (&ended)) != NULL) {
        STAILQ_REMOVE_HEAD (&ended, link);
        job->state = JOB_DELIVERED;
        schedule_release (pool, job);
    }
    pthread_mutex_unlock (&pool->lock);
}

void
pool_stop (struct pool *pool)
{
    pthread_mutex_lock (&pool->lock);
    pool->stopping = true;
    schedule_end_all (pool, POOL_CANCELLED);
    pthread_cond_broadcast (&pool->change);
    pthread_mutex_unlock (&pool->lock);
    for (; pool->started > 0; pool->started--) {
        (void)pthread_join (pool->workers[pool->started - 1]->thread, NULL);
    }
}

void
pool_free (struct pool *pool)
{
    if (pool == NULL) {
        return;
    }
    pool_stop (pool);
    for (size_t i = 0; i < pool->worker_count; i++) {
        device_free (pool->workers[i]->device);
        free (pool->workers[i]);
    }
    free (pool->workers);
    queue_clear (&pool->queue);
    free (pool->jobs);
    (void)close (pool->event_fd);
    (void)pthread_cond_destroy (&pool->change);
    (void)pthread_mutex_destroy (&pool->lock);
    free (pool);
}

static void
count_job (const struct job *job, uint64_t now, struct pool_statistics *statistics)
{
    const unsigned class = job->place.class;

    statistics->jobs++;
    statistics->in_class[class]++;
    if (job->flights > 0) {
        statistics->running++;
    } else {
        const double age = now > job->since ? clock_seconds (now - job->since) : 0;

        statistics->waiting[class]++;
        statistics->age[class] = fmax (statistics->age[class], age);
    }
}

void
pool_statistics (struct pool *pool, struct pool_statistics *statistics)
{
    const uint64_t now = clock_now ();

    pthread_mutex_lock (&pool->lock);
    *statistics = (struct pool_statistics){
        .found = pool->ended_as[POOL_FOUND],
        .cancelled = pool->ended_as[POOL_CANCELLED],
        .failed = pool->ended_as[POOL_FAILED],
    };
    for (size_t i = 0; i < pool->used; i++) {
        if (pool->jobs[i].state == JOB_LIVE) {
            count_job (&pool->jobs[i], now, statistics);
        }
    }
    for (size_t i = 0; i < pool->worker_count; i++) {
        const struct worker *worker = pool->workers[i];
        statistics->hashes += worker->shown.hashes;
        statistics->rate += worker->flying > 0 && worker->shown.measured ? worker->shown.rate : 0;
    }
    pthread_mutex_unlock (&pool->lock);
}

bool
pool_progress (struct pool *pool, uint64_t ticket, struct pool_progress *progress)
{
    const struct job *job;

    pthread_mutex_lock (&pool->lock);
    job = job_named (pool, ticket);
    if (job != NULL) {
        *progress = (struct pool_progress){job->expected, (double)(job->next - job->first)};
    }
    pthread_mutex_unlock (&pool->lock);
    return job != NULL;
}

size_t
pool_device_count (const struct pool *pool)
{
    return pool->worker_count;
}

const char *
pool_device_state_name (enum pool_device_state state)
{
    static const char *const names[] = {
        [POOL_DEVICE_OPENING] = "opening",
        [POOL_DEVICE_UP] = "up",
        [POOL_DEVICE_RESTING] = "resting",
        [POOL_DEVICE_STANDBY] = "standby",
    };

    return names[state];
}

void
pool_device (struct pool *pool, size_t index, struct pool_device *device)
{
    const struct worker *worker = pool->workers[index];

    pthread_mutex_lock (&pool->lock);
    *device = worker->shown;
    if (device->state == POOL_DEVICE_UP && schedule_stands_by (worker)) {
        device->state = POOL_DEVICE_STANDBY;
    }
    device->busy = worker->flying > 0;
    if (device->busy) {
        memcpy (device->root, worker->flights[worker->oldest].job->target.root, 32);
    }
    pthread_mutex_unlock (&pool->lock);
}
