/*
 * Threads: slices_run's own gives the turns; the others wait for one, run their device of that
 * turn's candidate for a slice, and say so. `mutex` guards struct run; during a turn each thread
 * has its own struct runner to itself.
 */
#include "work/measure/slices.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "work/base/clock.h"
#include "work/base/thread.h"

struct run {
    const struct slices *slices;
    struct scan_midstate midstate;
    atomic_bool stop; /* never true: batches want one */
    pthread_mutex_t mutex;
    pthread_cond_t turn_begins;
    pthread_cond_t turn_ends;
    uint64_t turn;    /* counts up; 0 before the first */
    size_t candidate; /* whose turn it is */
    unsigned busy;    /* threads that have not done this turn */
    bool over;        /* no more turns */
};

struct runner {
    struct run *run;
    pthread_t thread;
    unsigned index;
    uint64_t nonce;
    size_t opened;  /* candidates, from the first, whose device is open */
    double rate;    /* of the last turn */
    double seconds; /* that it took */
    uint64_t batches;
    const struct device *failed; /* or NULL */
};

static struct device *
device_of (const struct runner *runner, size_t candidate)
{
    return runner->run->slices->candidates[candidate].devices[runner->index];
}

static uint64_t
batch_size (const struct slices *slices, const struct device *device, double rate)
{
    double wanted = device->batch_seconds > 0 ? device->batch_seconds : slices->batch_seconds;
    double seconds = fmin (wanted, slices->slice_seconds / 4);
    double most = 0x1p48; /* as many nonces as a thread has */
    uint64_t granules = (uint64_t)(fmin (rate * seconds, most) / (double)device->granule);

    return (granules > 0 ? granules : 1) * device->granule;
}

static int
submit (struct runner *runner, struct device *device)
{
    const struct run *run = runner->run;
    const struct device_batch batch = {
        .midstate = &run->midstate,
        .stop = &run->stop,
        .first = runner->nonce,
        .count = batch_size (run->slices, device, device->rate),
    };

    runner->nonce += batch.count;
    return device->ops->submit (device, &batch);
}

static int
collect (struct device *device, uint64_t *hashes)
{
    struct device_result result;

    device->ops->collect (device, &result);
    *hashes += result.hashes;
    return result.outcome == DEVICE_FAILED ? -1 : 0;
}

/* Keeps the device full until the slice is over, then empties it. */
static int
run_slice (struct runner *runner, struct device *device)
{
    const uint64_t start = clock_now ();
    const uint64_t end = start + clock_from_seconds (runner->run->slices->slice_seconds);
    uint64_t hashes = 0;
    unsigned pending = 0;

    runner->batches = 0;
    do {
        while (pending < device->depth) {
            if (submit (runner, device) != 0) {
                return -1;
            }
            pending++;
            runner->batches++;
        }
        if (collect (device, &hashes) != 0) {
            return -1;
        }
        pending--;
    } while (clock_now () < end);
    while (pending > 0) {
        if (collect (device, &hashes) != 0) {
            return -1;
        }
        pending--;
    }
    runner->seconds = clock_seconds (clock_now () - start);
    runner->rate = (double)hashes / runner->seconds;
    device->rate = runner->rate; /* the next slice's batches go by it */
    return 0;
}

static void
take_turn (struct runner *runner, size_t candidate)
{
    struct device *device = device_of (runner, candidate);

    if (device == NULL) {
        runner->opened += candidate == runner->opened;
        runner->rate = 0;
        return;
    }
    if (candidate == runner->opened) {
        if (device->ops->open (device) != 0) {
            runner->failed = device;
            return;
        }
        runner->opened++;
    }
    if (run_slice (runner, device) != 0) {
        runner->failed = device;
    }
}

static void *
runner_main (void *data)
{
    struct runner *runner = data;
    struct run *run = runner->run;
    uint64_t done = 0;

    pthread_mutex_lock (&run->mutex);
    while (true) {
        while (run->turn == done && !run->over) {
            pthread_cond_wait (&run->turn_begins, &run->mutex);
        }
        if (run->over) {
            break;
        }
        done = run->turn;
        pthread_mutex_unlock (&run->mutex);
        take_turn (runner, run->candidate);
        pthread_mutex_lock (&run->mutex);
        run->busy--;
        if (run->busy == 0) {
            pthread_cond_signal (&run->turn_ends);
        }
    }
    pthread_mutex_unlock (&run->mutex);
    while (runner->opened > 0) {
        struct device *device = device_of (runner, --runner->opened);
        if (device != NULL) {
            device->ops->close (device);
        }
    }
    return NULL;
}

static void
give_turn (struct run *run, size_t candidate)
{
    pthread_mutex_lock (&run->mutex);
    run->turn++;
    run->candidate = candidate;
    run->busy = run->slices->threads;
    pthread_cond_broadcast (&run->turn_begins);
    while (run->busy > 0) {
        pthread_cond_wait (&run->turn_ends, &run->mutex);
    }
    pthread_mutex_unlock (&run->mutex);
}

static int
take_figures (const struct slices *slices, const struct runner *runners, size_t candidate)
{
    double rate = 0;

    for (unsigned i = 0; i < slices->threads; i++) {
        rate += runners[i].rate;
    }
    return figures_add (&slices->candidates[candidate].rates, rate);
}

static const struct device *
failed_device (const struct slices *slices, const struct runner *runners)
{
    for (unsigned i = 0; i < slices->threads; i++) {
        if (runners[i].failed != NULL) {
            return runners[i].failed;
        }
    }
    return NULL;
}

/* What batches took, summed up over the slices: seconds and how many. */
struct batches {
    double seconds;
    uint64_t count;
};

static int
give_all_turns (struct run *run, const struct runner *runners, char *error, size_t error_size)
{
    const struct slices *slices = run->slices;
    const size_t turns = (slices->rounds + 1) * slices->candidate_count;
    struct batches *batches = calloc (slices->candidate_count, sizeof *batches);
    int result = batches != NULL ? 0 : -1;

    for (size_t turn = 0; turn < turns && result == 0; turn++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): without candidates there are no turns */
        const size_t candidate = turn % slices->candidate_count;
        const struct device *failed;

        give_turn (run, candidate);
        failed = failed_device (slices, runners);
        if (failed != NULL) {
            (void)snprintf (error, error_size, "%s: %s", failed->name, failed->reason);
            free (batches);
            return -1;
        }
        if (turn >= slices->candidate_count) { /* the first round only warms up */
            result = take_figures (slices, runners, candidate);
            batches[candidate].seconds += runners[0].seconds;
            batches[candidate].count += runners[0].batches;
        }
        if (slices->progress != NULL) {
            slices->progress ((double)(turn + 1) / (double)turns);
        }
    }
    for (size_t i = 0; i < slices->candidate_count && result == 0; i++) {
        slices->candidates[i].batch_seconds = batches[i].seconds / (double)batches[i].count;
    }
    free (batches);
    if (result != 0) {
        (void)snprintf (error, error_size, "out of memory");
    }
    return result;
}

/* Returns how many threads were started. */
static unsigned
start (struct run *run, struct runner *runners)
{
    for (unsigned i = 0; i < run->slices->threads; i++) {
        runners[i] = (struct runner){.run = run, .index = i, .nonce = (uint64_t)i << 48};
        if (thread_start (&runners[i].thread, runner_main, &runners[i]) != 0) {
            return i;
        }
    }
    return run->slices->threads;
}

static void
stop (struct run *run, struct runner *runners, unsigned started)
{
    pthread_mutex_lock (&run->mutex);
    run->over = true;
    pthread_cond_broadcast (&run->turn_begins);
    pthread_mutex_unlock (&run->mutex);
    for (unsigned i = 0; i < started; i++) {
        (void)pthread_join (runners[i].thread, NULL); /* cannot fail: it is ours and joinable */
    }
}

int
slices_run (struct slices *slices, char *error, size_t error_size)
{
    /* In effect nothing reaches this: a value in 2^64. A hit would cost the rest of its batch. */
    const struct scan_target target = {.threshold = UINT64_MAX, .order = DIFFICULTY_AT_LEAST};
    struct run run = {
        .slices = slices,
        .mutex = PTHREAD_MUTEX_INITIALIZER,
        .turn_begins = PTHREAD_COND_INITIALIZER,
        .turn_ends = PTHREAD_COND_INITIALIZER,
    };
    struct runner *runners = calloc (slices->threads, sizeof *runners);
    unsigned started;
    int result = -1;

    if (runners == NULL) {
        (void)snprintf (error, error_size, "out of memory");
        return -1;
    }
    scan_prepare (&run.midstate, &target);
    started = start (&run, runners);
    if (started == slices->threads) {
        result = give_all_turns (&run, runners, error, error_size);
    } else {
        (void)snprintf (error, error_size, "cannot start %u threads", slices->threads);
    }
    stop (&run, runners, started);
    free (runners);
    return result;
}

size_t
slices_rounds (double seconds, size_t candidates, double slice_seconds, size_t least)
{
    double rounds = seconds / ((double)candidates * slice_seconds) - 1; /* one warms up */

    return rounds > (double)least ? (size_t)rounds : least;
}
