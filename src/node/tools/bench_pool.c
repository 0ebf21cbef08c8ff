#include "node/tools/bench_pool.h"

#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>

#include "rpc/base/memory.h"
#include "work/base/clock.h"

struct pool *
bench_pool_start (const struct bench_pool_settings *settings)
{
    struct pool *pool = pool_new (&(struct pool_settings){
        .max_jobs = 4, .batch_seconds = settings->batch_seconds, .sleep = settings->sleep});

    if (pool == NULL) {
        device_free (settings->device);
    } else if (settings->device != NULL) {
        memory_require (pool_add (pool, settings->device) == 0);
    } else {
        memory_require (pool_add_cpus (pool, settings->threads, settings->scanner) == 0);
    }
    if (pool == NULL || pool_start (pool) != 0) {
        fprintf (stderr, "Cannot start the work threads: out of descriptors or threads\n");
        pool_free (pool);
        return NULL;
    }
    return pool;
}

static void
on_done (void *data, const struct pool_answer *answer)
{
    struct pool_answer *kept = data;

    *kept = *answer;
}

/* Returns false when the time is over before one of the descriptors is readable. */
static bool
wait_until (uint64_t start, double most, struct pollfd ready[2])
{
    const double left = fmax (most - clock_seconds (clock_now () - start), 0);
    const double whole = floor (left);
    const struct timespec time = {(time_t)whole, (long)((left - whole) * 1e9)};

    return ppoll (ready, 2, isinf (most) ? NULL : &time, NULL) != 0;
}

enum pool_outcome
bench_pool_search (struct pool *pool, const struct scan_target *target, double most, int interrupt,
                   double *seconds)
{
    const uint64_t start = clock_now ();
    struct pollfd ready[2] = {{.fd = pool_fd (pool), .events = POLLIN},
                              {.fd = interrupt, .events = POLLIN}};
    struct pool_answer answer = {.outcome = POOL_FAILED};
    const struct pool_request request = {
        .target = *target, .class = POOL_ASKED, .done = on_done, .data = &answer};
    uint64_t ticket;

    if (pool_submit (pool, &request, &ticket) != POOL_ACCEPTED) {
        return POOL_FAILED;
    }
    while (answer.ticket == 0) {
        if (!wait_until (start, most, ready) || ready[1].revents != 0) {
            pool_cancel (pool, ticket);
        }
        pool_drain (pool);
    }
    *seconds = clock_seconds (clock_now () - start);
    return answer.outcome;
}

bool
bench_pool_explain (struct pool *pool)
{
    bool failed = false;

    for (size_t i = 0; i < pool_device_count (pool); i++) {
        struct pool_device device;

        pool_device (pool, i, &device);
        if (device.reason[0] != '\0') {
            fprintf (stderr, "Device %s (%s) failed: %s\n", device.name, device.detail,
                     device.reason);
            failed = true;
        }
    }
    return failed;
}

/* Rates. */

struct totals {
    uint64_t hashes;
    uint64_t batches;
    double seconds; /* that the devices worked, all added up */
};

/* What the devices have done, once they are open and have given back what they were at. */
static struct totals
settle (struct pool *pool)
{
    static const struct timespec moment = {.tv_nsec = 100000};
    struct totals totals = {0};

    for (size_t i = 0; i < pool_device_count (pool); i++) {
        struct pool_device device;

        pool_device (pool, i, &device);
        while (device.state == POOL_DEVICE_OPENING || device.busy) {
            (void)nanosleep (&moment, NULL);
            pool_device (pool, i, &device);
        }
        totals.hashes += device.hashes;
        totals.batches += device.batches;
        totals.seconds += device.seconds;
    }
    return totals;
}

/* Takes one slice: hashes a second of all devices together. Returns 0, or -1 when one failed. */
static int
run_slice (struct bench_candidate *candidate, double slice_seconds, double *rate)
{
    /* In effect nothing reaches this: a value in 2^64. */
    const struct scan_target target = {.threshold = UINT64_MAX, .order = DIFFICULTY_AT_LEAST};
    const double devices = (double)pool_device_count (candidate->pool);
    const struct totals before = settle (candidate->pool);
    struct totals after = before;
    double seconds;

    while (after.hashes == before.hashes) { /* again, where the threads never had their turn */
        (void)bench_pool_search (candidate->pool, &target, slice_seconds, -1, &seconds);
        if (bench_pool_explain (candidate->pool)) {
            return -1;
        }
        after = settle (candidate->pool);
    }
    pool_device (candidate->pool, 0, &candidate->device);
    candidate->batch_seconds = after.seconds / (double)after.batches;
    *rate = (double)(after.hashes - before.hashes) / (after.seconds - before.seconds) * devices;
    return 0;
}

int
bench_pool_compare (struct bench_candidate *candidates, size_t count, size_t rounds,
                    double slice_seconds, void (*progress) (double done))
{
    const size_t slices = (rounds + 1) * count;

    for (size_t i = 0; i < count; i++) {
        (void)settle (candidates[i].pool); /* no device is tested while another is measured */
    }
    for (size_t i = 0; i < slices; i++) {
        struct bench_candidate *const candidate = &candidates[i % count];
        double rate;

        if (run_slice (candidate, slice_seconds, &rate) != 0) {
            return -1;
        }
        if (i >= count) {
            memory_require (sample_add (&candidate->rates, rate) == 0);
        }
        if (progress != NULL) {
            progress ((double)(i + 1) / (double)slices);
        }
    }
    return 0;
}
