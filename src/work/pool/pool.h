/*
 * The pool: jobs in, works out, on any number of devices.
 *
 * A job is a search for one nonce. Stopping a search loses nothing but the batch in hand: after
 * every batch a device takes what queue.h puts first, at the speed of the devices that are at work;
 * the order is made anew when a device comes or goes, or the speed has changed by half. A job that
 * is long compared to a device's batch is shared by all devices; a short one goes to one device, so
 * that small jobs run side by side. Every job starts at a random nonce, and none is tried twice.
 *
 * Threads: any thread may submit, cancel and ask for statistics. One thread, the drainer (the event
 * loop), calls pool_drain, and callbacks run there. One thread drives each device; they belong to
 * the pool. No lock is held across a callback.
 */
#ifndef WORK_POOL_H
#define WORK_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "work/pool/device.h"
#include "work/scan/scan.h"

struct pool;

/* Priority classes: any job of a lower number goes before all of a higher. */
enum pool_class {
    POOL_ASKED, /* somebody waits for it */
    POOL_AHEAD, /* found ahead of need, when nobody waits */
    POOL_CLASSES,
};

enum pool_outcome {
    POOL_FOUND,     /* `nonce` and `value` hold; the oracle has checked them */
    POOL_CANCELLED, /* pool_cancel or pool_stop ended it */
    POOL_FAILED,    /* no device is left to search on */
};

struct pool_answer {
    uint64_t ticket;
    enum pool_outcome outcome;
    uint64_t nonce;
    uint64_t value;
    double seconds;                /* since pool_submit */
    char device[DEVICE_NAME_SIZE]; /* which device found it */
    const char *kind;              /* of that device; static */
};

/* Called by pool_drain, exactly once for each job that pool_submit accepted. */
typedef void (*pool_done_fn) (void *data, const struct pool_answer *answer);

struct pool_request {
    struct scan_target target;
    enum pool_class class;
    /* When its age begins, on clock_now's clock; 0 is now: when the first of those who want it
     * wanted it in this class. A job that takes another's place keeps it. */
    uint64_t since;
    pool_done_fn done;
    void *data;
};

struct pool_settings {
    size_t max_jobs;      /* at least 1: jobs at a time, answered but not drained ones included */
    double batch_seconds; /* how long a batch should take, above 0 */
    uint64_t sleep; /* nanoseconds of rest for every 256 hashes of a device (pow_sleep_interval) */
};

/* A pool without devices. NULL for want of memory or descriptors. */
struct pool *pool_new (const struct pool_settings *settings);

/* Gives a device to the pool, which frees it, now if this fails. Before pool_start only. Returns 0,
 * or -1 for want of memory. */
int pool_add (struct pool *pool, struct device *device);

/* Adds `count` CPU devices that run `scanner` (static). As pool_add. */
int pool_add_cpus (struct pool *pool, unsigned count, const struct scanner *scanner);

/* Starts a thread for each device, which opens and tests it. Returns 0, or -1 when a thread cannot
 * be started: pool_free is then still to be called. */
int pool_start (struct pool *pool);

enum pool_result {
    POOL_ACCEPTED,
    POOL_FULL, /* max_jobs are there already */
    POOL_DOWN, /* no device is up, or opening for the first time; or the pool was stopped */
};

/* Submits a job. When accepted, `*ticket` names it until its callback has run; never 0. */
enum pool_result pool_submit (struct pool *pool, const struct pool_request *request,
                              uint64_t *ticket);

/*
 * Ends a job with POOL_CANCELLED, unless it has ended already; its devices see it within a batch. A
 * ticket whose callback has run, or any other number, is ignored.
 */
void pool_cancel (struct pool *pool, uint64_t ticket);

/* Readable when there is something to drain. The pool's; do not read or close it. */
int pool_fd (const struct pool *pool);

/* Runs the callbacks of all jobs that have ended. The drainer's thread; callbacks may submit and
 * cancel. */
void pool_drain (struct pool *pool);

/*
 * Cancels every job, ends and joins the threads. One more pool_drain delivers what is left. Waits
 * for the batches in hand: milliseconds.
 */
void pool_stop (struct pool *pool);

/* Stops the pool if need be, and frees it and its devices; callbacks not drained never run. NULL is
 * fine. */
void pool_free (struct pool *pool);

enum pool_device_state {
    POOL_DEVICE_OPENING, /* being opened and tested */
    POOL_DEVICE_UP,
    POOL_DEVICE_RESTING, /* failed; tried again after a pause that grows */
    POOL_DEVICE_STANDBY, /* up, and not used while a device that is not on standby works */
};

struct pool_device {
    const char *kind; /* static */
    char name[DEVICE_NAME_SIZE];
    char detail[DEVICE_NAME_SIZE];
    enum pool_device_state state;
    bool failed;                     /* and not up since: no job waits for it */
    char reason[DEVICE_REASON_SIZE]; /* of the last failure; "" when there was none */
    uint64_t hashes;                 /* tried so far */
    uint64_t batches;                /* that they came in */
    double seconds;                  /* that these took, one after the other */
    double rate;                     /* hashes a second while it works */
    bool measured;    /* `rate` is; else it is a first guess, to be shown to nobody */
    bool busy;        /* has a batch in hand */
    uint8_t root[32]; /* of the job it is busy with */
};

struct pool_statistics {
    size_t jobs;    /* accepted and not ended */
    size_t running; /* of these, being searched at this moment */
    size_t in_class[POOL_CLASSES];
    size_t waiting[POOL_CLASSES]; /* of these, those of which no device has a batch */
    double age[POOL_CLASSES];     /* seconds since the oldest that waits was asked for, or 0 */
    uint64_t found;
    uint64_t cancelled;
    uint64_t failed;
    uint64_t hashes; /* tried by all devices */
    double rate;     /* hashes a second of the busy devices, as far as it was measured */
};

/* How far a job is. */
struct pool_progress {
    double expected; /* hashes that it takes on average */
    double tried;    /* hashes, those in the batches in hand included */
};

/* Looks at one job. Returns false, and does nothing, once it has ended. */
bool pool_progress (struct pool *pool, uint64_t ticket, struct pool_progress *progress);

/* Looks at every job that there is: for who asks a few times a second at most. */
void pool_statistics (struct pool *pool, struct pool_statistics *statistics);

size_t pool_device_count (const struct pool *pool);

/* What a state is called: "opening", "up", "resting", "standby". Static. */
const char *pool_device_state_name (enum pool_device_state state);

/* Device `index`, below pool_device_count. */
void pool_device (struct pool *pool, size_t index, struct pool_device *device);

#endif
