/*
 * What pool.c (the callers' side), schedule.c (who works on what) and worker.c (a device's thread)
 * share. Everything in here is guarded by pool->lock unless it says otherwise.
 */
#ifndef WORK_POOL_INTERNAL_H
#define WORK_POOL_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "work/base/clock.h"
#include "work/base/queue.h"
#include "work/pool/pool.h"

#define WORKER_MAX_DEPTH 4

/* nano_node sleeps pow_sleep_interval after this many hashes of a thread. */
#define POOL_SLEEP_HASHES 256.0

enum job_state { JOB_FREE, JOB_LIVE, JOB_DONE, JOB_DELIVERED };

/*
 * A slot of pool->jobs. Free, then live from pool_submit until it ends, then done until its
 * callback has run, then delivered until no device has a batch of it: only then is the slot free
 * again.
 */
struct job {
    struct queue_place place; /* first: the queue hands these out */
    STAILQ_ENTRY (job) link;  /* in pool->free or pool->ended */
    enum job_state state;
    uint32_t generation;           /* the upper half of the ticket; never 0 */
    unsigned flights;              /* batches of it in devices' hands */
    atomic_bool stop;              /* read by devices without the lock */
    uint64_t first;                /* the first nonce that was tried */
    uint64_t next;                 /* the next nonce to try */
    uint64_t submitted;            /* clock_now */
    uint64_t since;                /* the request's, never 0 */
    double expected;               /* hashes */
    struct scan_target target;     /* constant while live, and read without the lock */
    struct scan_midstate midstate; /* likewise */
    pool_done_fn done;
    void *data;
    struct pool_answer answer;
};

STAILQ_HEAD (job_list, job);

/* A batch in a device's hands. */
struct flight {
    struct job *job;
    uint64_t since; /* clock_now at its start */
};

struct worker {
    struct pool *pool;
    struct device *device;
    pthread_t thread;
    struct pool_device shown; /* but for POOL_DEVICE_STANDBY, `busy` and `root` */
    struct job *own;          /* a short job that it has to itself, out of the queue; or NULL */
    struct flight flights[WORKER_MAX_DEPTH]; /* a ring, oldest at `oldest` */
    unsigned oldest;
    unsigned flying;
    uint64_t last_collect; /* clock_now; the device was free to start the next batch from then */
    double sample_hashes;  /* of batches not yet counted into the rate */
    double sample_seconds;
};

struct pool {
    struct pool_settings settings;
    pthread_mutex_t lock;
    pthread_cond_t change; /* a job has come, a device has changed, or the pool stops */
    bool stopping;
    struct worker **workers;
    size_t worker_count;
    size_t started;   /* how many of them, the first ones, have a thread to be joined */
    struct job *jobs; /* settings.max_jobs slots */
    size_t used;      /* slots that have ever been used, the first ones; the rest cost no memory */
    struct job_list free;
    struct job_list ended; /* done, not yet drained */
    int event_fd;
    struct queue queue;
    double rate;     /* hashes a second that all due times are made with, above 0 */
    uint64_t order;  /* of the last job submitted */
    uint64_t random; /* state of the generator of first nonces */
    uint64_t ended_as[POOL_FAILED + 1]; /* how many jobs, by outcome */
};

/* schedule.c; all with the lock held. */

/* Chooses what `worker` does next and cuts a batch of it, in flight from then on. False: nothing.
 */
bool schedule_take (struct worker *worker, struct device_batch *batch);

/* Takes the worker's oldest batch out of flight; of its nonces, `hashes` were tried. */
void schedule_land (struct worker *worker, uint64_t hashes);

/* Ends a live job and puts it on the list for the drainer; an ended one is left as it is. */
void schedule_end (struct pool *pool, struct job *job, enum pool_outcome outcome);

/* Ends every live job. */
void schedule_end_all (struct pool *pool, enum pool_outcome outcome);

/* Puts the job that `worker` has to itself back into the queue. */
void schedule_disown (struct worker *worker);

/* Frees the slot of a done job when nobody needs it any more. */
void schedule_release (struct pool *pool, struct job *job);

/* Makes the due time of a live job, and, after a change of the devices, those of all. */
void schedule_due (const struct pool *pool, struct job *job);
void schedule_reorder (struct pool *pool);

/* The rest of `worker` for every POOL_SLEEP_HASHES, in nanoseconds. */
uint64_t schedule_sleep (const struct worker *worker);

/* Whether `worker` has to leave the work to others, being on standby. */
bool schedule_stands_by (const struct worker *worker);

/* Whether any device may answer a job: one that is up, or being opened for the first time. */
bool schedule_alive (const struct pool *pool);

/* worker.c: a worker's thread. `data` is the struct worker. */
void *worker_run (void *data);

#endif
