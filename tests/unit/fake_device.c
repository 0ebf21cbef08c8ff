/*
 * Threads: the device's operations run on the device's thread, the rest on any. `lock` guards
 * everything but `device`, `pending` and `oldest`, which are the device's thread's.
 */
#include "fake_device.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "work/base/clock.h"
#include "work/base/thread.h"

/* Bytes 24 to 31 of the roots that are a test's own, as the scanners' message word 4. */
#define MARK UINT64_C (0x6b72616d65636166)

#define MAX_DEPTH 4
#define CHUNK_HASHES UINT64_C (4096)
#define PATIENCE \
    (30 * CLOCK_SECOND) /* longer than anything takes; nothing waits this long and passes */
#define LOOK (CLOCK_SECOND / 1000) /* between two looks at a stop flag */

struct fake {
    struct device device;
    struct fake_settings settings;
    const struct scanner *scanner;
    struct device_batch pending[MAX_DEPTH]; /* a ring, oldest at `oldest` */
    unsigned oldest;
    unsigned count; /* of `pending` */
    bool open;
    pthread_mutex_t lock;
    pthread_cond_t change;
    bool held;
    unsigned released; /* results that may be given while held */
    struct fake_log log;
};

/* The device is the first member: both pointers are the same object. */
static struct fake *
fake_of (struct device *device)
{
    return (struct fake *)device;
}

static bool
is_tests_own (const struct device_batch *batch)
{
    return batch->midstate->m[4] == MARK;
}

/* Lock held. */
static void
expect (struct fake *fake, bool kept, const char *rule)
{
    if (!kept && fake->log.violation == NULL) {
        fake->log.violation = rule;
    }
}

/* Whether this one of `*fails` failures is due. Lock held. */
static bool
fails (struct fake *fake, unsigned *left, const char *what)
{
    if (*left == 0) {
        return false;
    }
    if (*left != FAKE_ALWAYS) {
        (*left)--;
    }
    snprintf (fake->device.reason, sizeof fake->device.reason, "%s fails as told", what);
    return true;
}

static int
fake_open (struct device *device)
{
    struct fake *fake = fake_of (device);
    bool failed;

    pthread_mutex_lock (&fake->lock);
    expect (fake, !fake->open, "open while open");
    fake->log.opens++;
    pthread_cond_broadcast (&fake->change);
    while (fake->held && fake->settings.open_waits != 0 &&
           fake->log.opens >= fake->settings.open_waits) {
        pthread_cond_wait (&fake->change, &fake->lock);
    }
    failed = fails (fake, &fake->settings.open_fails, "open");
    fake->open = !failed;
    fake->count = 0;
    pthread_cond_broadcast (&fake->change);
    pthread_mutex_unlock (&fake->lock);
    return failed ? -1 : 0;
}

/* Lock held. */
static void
note (struct fake *fake, const struct device_batch *batch)
{
    if (fake->log.submitted < FAKE_BATCHES) {
        fake->log.batches[fake->log.submitted] =
            (struct fake_batch){batch->midstate->m[1], batch->first, batch->count};
    }
    fake->log.submitted++;
    pthread_cond_broadcast (&fake->change);
}

static int
fake_submit (struct device *device, const struct device_batch *batch)
{
    struct fake *fake = fake_of (device);
    bool failed = false;

    pthread_mutex_lock (&fake->lock);
    expect (fake, fake->open, "submit while closed");
    expect (fake, fake->count < device->depth, "submit of more than its depth");
    expect (fake, batch->count > 0 && batch->count % device->granule == 0, "batch of odd size");
    if (is_tests_own (batch)) {
        note (fake, batch);
        failed = fails (fake, &fake->settings.submit_fails, "submit");
    }
    if (!failed && fake->count < device->depth) {
        fake->pending[(fake->oldest + fake->count) % MAX_DEPTH] = *batch;
        fake->count++;
    }
    pthread_mutex_unlock (&fake->lock);
    return failed ? -1 : 0;
}

static void
scan (struct fake *fake, const struct device_batch *batch, struct device_result *result)
{
    result->outcome = DEVICE_NOTHING;
    while (result->hashes < batch->count) {
        uint64_t left = batch->count - result->hashes;
        uint64_t chunk = left < CHUNK_HASHES ? left : CHUNK_HASHES;
        uint64_t first = batch->first + result->hashes;

        if (atomic_load (batch->stop)) {
            result->outcome = DEVICE_STOPPED;
            return;
        }
        if (fake->scanner->scan (batch->midstate, first, chunk, &result->nonce)) {
            result->outcome = DEVICE_HIT;
            result->hashes += result->nonce - first + 1;
            return;
        }
        result->hashes += chunk;
    }
}

/* Takes as long as its speed says. */
static void
pretend (struct fake *fake, const struct device_batch *batch, struct device_result *result)
{
    double seconds = fake->settings.speed > 0 ? (double)batch->count / fake->settings.speed : 0;
    uint64_t start = clock_now ();
    uint64_t end = start + clock_from_seconds (seconds < 1e6 ? seconds : 1e6);

    result->outcome = DEVICE_NOTHING;
    result->hashes = batch->count;
    pthread_mutex_lock (&fake->lock);
    for (uint64_t now = start; now < end; now = clock_now ()) {
        if (atomic_load (batch->stop)) {
            double done = clock_seconds (now - start) / seconds;
            result->outcome = DEVICE_STOPPED;
            result->hashes = (uint64_t)(done * (double)batch->count);
            break;
        }
        thread_wait (&fake->change, &fake->lock, end - now < LOOK ? end : now + LOOK);
    }
    pthread_mutex_unlock (&fake->lock);
}

/* The first nonce of the batch that is not what was asked for; in an easy batch there may be none.
 */
static void
lie (struct fake *fake, const struct device_batch *batch, struct device_result *result)
{
    uint64_t found;

    result->outcome = DEVICE_HIT;
    result->nonce = batch->first;
    while (result->nonce != batch->first + batch->count - 1 &&
           fake->scanner->scan (batch->midstate, result->nonce, 1, &found)) {
        result->nonce++;
    }
    result->hashes = result->nonce - batch->first + 1;
}

/* Waits for the result's turn. Lock held. Returns whether the batch fails. */
static bool
take_turn (struct fake *fake)
{
    while (fake->held && fake->released == 0) {
        pthread_cond_wait (&fake->change, &fake->lock);
    }
    fake->released -= fake->held;
    return fails (fake, &fake->settings.collect_fails, "collect");
}

static void
behave (struct fake *fake, const struct device_batch *batch, struct device_result *result)
{
    enum fake_behaviour behaviour;
    bool failed;

    pthread_mutex_lock (&fake->lock);
    failed = take_turn (fake);
    behaviour = fake->settings.behaviour;
    pthread_mutex_unlock (&fake->lock);
    if (failed) {
        result->outcome = DEVICE_FAILED;
    } else if (behaviour == FAKE_FINDS) {
        scan (fake, batch, result);
    } else if (behaviour == FAKE_NEVER) {
        pretend (fake, batch, result);
    } else {
        lie (fake, batch, result);
    }
}

static void
fake_collect (struct device *device, struct device_result *result)
{
    struct fake *fake = fake_of (device);
    const struct device_batch batch = fake->pending[fake->oldest];
    bool own = fake->count > 0 && is_tests_own (&batch);

    *result = (struct device_result){.outcome = DEVICE_FAILED};
    if (own) {
        behave (fake, &batch, result);
    } else if (fake->count > 0) {
        scan (fake, &batch, result);
    }
    pthread_mutex_lock (&fake->lock);
    expect (fake, fake->open && fake->count > 0, "collect without a batch");
    fake->oldest = (fake->oldest + 1) % MAX_DEPTH;
    fake->count -= fake->count > 0;
    fake->log.collected += own;
    pthread_cond_broadcast (&fake->change);
    pthread_mutex_unlock (&fake->lock);
}

static void
fake_close (struct device *device)
{
    struct fake *fake = fake_of (device);

    pthread_mutex_lock (&fake->lock);
    expect (fake, fake->open, "close while closed");
    fake->open = false;
    fake->count = 0;
    fake->log.closes++;
    pthread_mutex_unlock (&fake->lock);
}

static void
fake_free (struct device *device)
{
    struct fake *fake = fake_of (device);

    (void)pthread_cond_destroy (&fake->change);
    (void)pthread_mutex_destroy (&fake->lock);
    free (fake);
}

static const struct device_ops fake_ops = {
    .open = fake_open,
    .submit = fake_submit,
    .collect = fake_collect,
    .close = fake_close,
    .free = fake_free,
};

struct fake *
fake_new (const struct fake_settings *settings)
{
    struct fake *fake = calloc (1, sizeof *fake);

    if (fake == NULL) {
        return NULL;
    }
    if (thread_lock_init (&fake->lock, &fake->change) != 0) {
        free (fake);
        return NULL;
    }
    fake->settings = *settings;
    fake->scanner = scan_named ("portable");
    fake->held = settings->held;
    fake->device.ops = &fake_ops;
    fake->device.kind = "fake";
    fake->device.depth = settings->depth > 0 ? settings->depth : 1;
    fake->device.granule = fake->scanner->lanes;
    fake->device.rate = settings->rate > 0 ? settings->rate : 1e5;
    snprintf (fake->device.name, sizeof fake->device.name, "%s", settings->name);
    return fake;
}

struct device *
fake_device (struct fake *fake)
{
    return &fake->device;
}

static void
store_little_endian (uint8_t bytes[8], uint64_t value)
{
    for (unsigned i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(value >> 8 * i);
    }
}

void
fake_target (struct scan_target *target, uint64_t tag, uint64_t threshold)
{
    *target = (struct scan_target){.threshold = threshold, .order = DIFFICULTY_AT_LEAST};
    store_little_endian (target->root, tag);
    store_little_endian (target->root + 24, MARK);
}

uint64_t
fake_threshold (unsigned bits)
{
    return bits == 0 ? 0 : UINT64_MAX - (UINT64_C (1) << (64 - bits)) + 1;
}

void
fake_hold (struct fake *fake)
{
    pthread_mutex_lock (&fake->lock);
    fake->held = true;
    fake->released = 0;
    pthread_mutex_unlock (&fake->lock);
}

void
fake_release (struct fake *fake, unsigned batches)
{
    pthread_mutex_lock (&fake->lock);
    fake->released += batches;
    pthread_cond_broadcast (&fake->change);
    pthread_mutex_unlock (&fake->lock);
}

void
fake_run_free (struct fake *fake)
{
    pthread_mutex_lock (&fake->lock);
    fake->held = false;
    pthread_cond_broadcast (&fake->change);
    pthread_mutex_unlock (&fake->lock);
}

void
fake_break (struct fake *fake)
{
    pthread_mutex_lock (&fake->lock);
    fake->settings.open_fails = FAKE_ALWAYS;
    fake->settings.collect_fails = FAKE_ALWAYS;
    pthread_mutex_unlock (&fake->lock);
}

void
fake_behave (struct fake *fake, enum fake_behaviour behaviour)
{
    pthread_mutex_lock (&fake->lock);
    fake->settings.behaviour = behaviour;
    pthread_mutex_unlock (&fake->lock);
}

void
fake_fail (struct fake *fake, unsigned opens, unsigned submits, unsigned collects)
{
    pthread_mutex_lock (&fake->lock);
    fake->settings.open_fails = opens;
    fake->settings.submit_fails = submits;
    fake->settings.collect_fails = collects;
    pthread_mutex_unlock (&fake->lock);
}

void
fake_open_waits (struct fake *fake, unsigned open_waits)
{
    pthread_mutex_lock (&fake->lock);
    fake->settings.open_waits = open_waits;
    pthread_cond_broadcast (&fake->change);
    pthread_mutex_unlock (&fake->lock);
}

void
fake_read (struct fake *fake, struct fake_log *log)
{
    pthread_mutex_lock (&fake->lock);
    *log = fake->log;
    pthread_mutex_unlock (&fake->lock);
}

static bool
wait_for (struct fake *fake, const unsigned *counter, unsigned count)
{
    uint64_t deadline = clock_now () + PATIENCE;
    bool reached;

    pthread_mutex_lock (&fake->lock);
    while (*counter < count && clock_now () < deadline) {
        thread_wait (&fake->change, &fake->lock, deadline);
    }
    reached = *counter >= count;
    pthread_mutex_unlock (&fake->lock);
    return reached;
}

bool
fake_wait_submitted (struct fake *fake, unsigned count)
{
    return wait_for (fake, &fake->log.submitted, count);
}

bool
fake_wait_opens (struct fake *fake, unsigned count)
{
    return wait_for (fake, &fake->log.opens, count);
}

bool
fake_wait_collected (struct fake *fake, unsigned count)
{
    return wait_for (fake, &fake->log.collected, count);
}
