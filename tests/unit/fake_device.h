/*
 * A device for the tests of the pool and of what stands on it: it does what its test says, when its
 * test says so.
 *
 * It opens, and passes the self-test, by really scanning. A batch for one of fake_target's roots is
 * the test's: the fake notes it down, waits for its turn while it is held, and then behaves as it
 * is set to. So a test decides what happens before what, without sleeping.
 *
 * Threads: any, for every function here, from fake_new until the pool is freed. They end no test by
 * themselves, since cmocka's assertions are for the main thread: they return what there is to
 * assert.
 */
#ifndef TESTS_FAKE_DEVICE_H
#define TESTS_FAKE_DEVICE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "work/pool/device.h"
#include "work/scan/scan.h"

struct fake;

enum fake_behaviour {
    FAKE_FINDS, /* scans */
    FAKE_NEVER, /* tries its nonces in name only, and finds nothing */
    FAKE_LIES,  /* says that a nonce was found which is none */
};

#define FAKE_ALWAYS UINT_MAX

struct fake_settings {
    const char *name;
    enum fake_behaviour behaviour;
    bool held;           /* held from the start */
    unsigned depth;      /* 1 to 4; 0 is 1 */
    double rate;         /* nonces a second, its own first guess; 0 is 1e5 */
    double speed;        /* nonces a second in fact, of FAKE_NEVER; 0 is no time at all */
    unsigned open_waits; /* the number of the open from which on they wait while held; 0: none do */
    unsigned open_fails; /* how often this fails before it works, or FAKE_ALWAYS */
    unsigned submit_fails; /* likewise; the self-test's batches do not fail */
    unsigned collect_fails;
};

/* A device, for the pool to own. NULL for want of memory. */
struct fake *fake_new (const struct fake_settings *settings);
struct device *fake_device (struct fake *fake);

/*
 * Makes `target` ask for a value of at least `threshold` for the root number `tag`. What such a
 * root is, only this object knows.
 */
void fake_target (struct scan_target *target, uint64_t tag, uint64_t threshold);

/* The threshold that one in 2^`bits` nonces reaches; `bits` is 0, everything passes, to 64. */
uint64_t fake_threshold (unsigned bits);

/* Holds back the results of all batches from now on, wanted or not. */
void fake_hold (struct fake *fake);

/* Gives the results of `batches` more batches while held. */
void fake_release (struct fake *fake, unsigned batches);

/* Lets go for good. */
void fake_run_free (struct fake *fake);

/* Breaks the device for good: the test's batches fail from now on, and so does every open. */
void fake_break (struct fake *fake);

/* How it behaves from the next result on. */
void fake_behave (struct fake *fake, enum fake_behaviour behaviour);

/* How many opens, and of the test's batches how many submits and collects, fail from now on. */
void fake_fail (struct fake *fake, unsigned opens, unsigned submits, unsigned collects);

/* The setting of that name, from now on; opens that wait look at it. */
void fake_open_waits (struct fake *fake, unsigned open_waits);

/* One batch of the test's, as the pool cut it. */
struct fake_batch {
    uint64_t tag;
    uint64_t first;
    uint64_t count;
};

#define FAKE_BATCHES 4096

struct fake_log {
    unsigned opens;                          /* also those that failed */
    unsigned closes;                         /* and these two are of the test's batches only */
    unsigned submitted;                      /* those that failed too */
    unsigned collected;                      /* likewise */
    struct fake_batch batches[FAKE_BATCHES]; /* in the order of submission, failed or not */
    const char *violation; /* which rule of device.h the pool broke first, or NULL */
};

/* What has happened so far. */
void fake_read (struct fake *fake, struct fake_log *log);

/* Waits until the test's batches submitted or collected number `count`. False: they do not come. */
bool fake_wait_submitted (struct fake *fake, unsigned count);
bool fake_wait_collected (struct fake *fake, unsigned count);

/* Waits until it has been opened that often, or has begun to be. */
bool fake_wait_opens (struct fake *fake, unsigned count);

#endif
