/*
 * Threads: all of it but device_opencl_new and free runs on the device's own thread.
 */
#include "work/opencl/device_opencl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "work/base/clock.h"
#include "work/opencl/opencl_program.h"
#include "work/opencl/opencl_session.h"

#define DEPTH 2

/* Launches that a batch is cut into. */
#define PARTS 4

/* How long a launch may take; the first one, which may wait for a compiler, that many times it. */
#define PATIENCE 20.0
#define FIRST_PATIENCE 10

/* What any OpenCL device does at the least; each is measured when it is opened. */
#define FIRST_RATE 1e6

/* A batch in this device's hands. */
struct pending {
    struct device_batch batch;
    uint64_t launched; /* nonces, from the batch's first */
    uint64_t landed;   /* of these, tried */
    bool hit;
    uint64_t nonce;
};

struct device_opencl {
    struct device device;
    struct device_opencl_settings settings;
    struct opencl_session *session;
    struct pending pending[DEPTH]; /* a ring, oldest at `oldest` */
    unsigned oldest;
    unsigned count; /* of `pending` */
    bool broken;    /* a launch could not be started: no more of them */
};

/* The device is the first member: both pointers are the same object. */
static struct device_opencl *
opencl_of (struct device *device)
{
    return (struct device_opencl *)device;
}

/* Launches. */

static uint64_t
round_up (uint64_t count, uint64_t step)
{
    return count + (step - count % step) % step;
}

/* The next part of a batch: a quarter of it, but nothing that leaves the device half idle. */
static uint32_t
next_part (const struct device_opencl *opencl, const struct pending *pending)
{
    const uint64_t left = pending->batch.count - pending->launched;
    const uint64_t wave = opencl_session_wave (opencl->session);
    uint64_t part = round_up (pending->batch.count / PARTS, opencl->device.granule);

    part = part > wave ? part : wave;
    part = part < OPENCL_LAUNCH_MOST ? part : OPENCL_LAUNCH_MOST;
    return (uint32_t)(part < left ? part : left);
}

static bool
is_stopped (const struct pending *pending)
{
    return atomic_load_explicit (pending->batch.stop, memory_order_relaxed);
}

static bool
wants_launch (const struct pending *pending)
{
    return !pending->hit && pending->launched < pending->batch.count && !is_stopped (pending);
}

static int
launch (struct device_opencl *opencl, struct pending *pending)
{
    const uint64_t first = pending->batch.first + pending->launched;
    const uint32_t count = next_part (opencl, pending);

    if (opencl_session_launch (opencl->session, pending->batch.midstate, first, count, pending) !=
        0) {
        return -1;
    }
    pending->launched += count;
    return 0;
}

/* Launches as much as there is room for, the oldest batch first. */
static int
feed (struct device_opencl *opencl)
{
    for (unsigned i = 0; i < opencl->count && !opencl->broken; i++) {
        struct pending *const pending = &opencl->pending[(opencl->oldest + i) % DEPTH];

        while (opencl_session_flying (opencl->session) < OPENCL_LAUNCHES &&
               wants_launch (pending)) {
            if (launch (opencl, pending) != 0) {
                opencl->broken = true;
                return -1;
            }
        }
    }
    return opencl->broken ? -1 : 0;
}

/* Launches land in the order of their nonces: a batch's first hit is the lowest. */
static int
land (struct device_opencl *opencl, double patience)
{
    struct opencl_landing landing;

    if (opencl_session_land (opencl->session, patience, &landing) != 0) {
        return -1;
    }
    const bool hit = landing.found != OPENCL_NOT_FOUND;
    struct pending *const owner = landing.owner;

    if (hit && landing.found >= landing.count) {
        (void)snprintf (opencl->device.reason, sizeof opencl->device.reason,
                        "it returned item %u of a launch of %u", landing.found, landing.count);
        return -1;
    }
    if (owner == NULL) { /* its batch was collected without it */
        return 0;
    }
    owner->landed += landing.count;
    if (hit && !owner->hit) {
        owner->hit = true;
        owner->nonce = landing.first + landing.found;
    }
    return 0;
}

/* Batches. */

static int
opencl_submit (struct device *device, const struct device_batch *batch)
{
    struct device_opencl *const opencl = opencl_of (device);

    opencl->pending[(opencl->oldest + opencl->count) % DEPTH] = (struct pending){.batch = *batch};
    opencl->count++;
    return feed (opencl);
}

/* Whether nothing more is to be waited for: launches that are still on their way go unheard. */
static bool
is_over (const struct pending *pending)
{
    return pending->hit || is_stopped (pending) || pending->landed == pending->batch.count;
}

static void
drop_oldest (struct device_opencl *opencl)
{
    opencl_session_disown (opencl->session, &opencl->pending[opencl->oldest]);
    opencl->oldest = (opencl->oldest + 1) % DEPTH;
    opencl->count--;
}

static void
opencl_collect (struct device *device, struct device_result *result)
{
    struct device_opencl *const opencl = opencl_of (device);
    const struct pending *const pending = &opencl->pending[opencl->oldest];

    result->outcome = DEVICE_FAILED;
    while (!is_over (pending)) {
        if (feed (opencl) != 0) {
            return;
        }
        /* Nothing is on its way when the stop flag came up between two looks. */
        if (opencl_session_flying (opencl->session) > 0 &&
            land (opencl, opencl->settings.patience) != 0) {
            return;
        }
    }
    result->hashes = pending->landed;
    result->nonce = pending->nonce;
    result->outcome = pending->hit                              ? DEVICE_HIT
                      : pending->landed == pending->batch.count ? DEVICE_NOTHING
                                                                : DEVICE_STOPPED;
    drop_oldest (opencl);
    (void)feed (opencl); /* a failure is told with the next batch: this one's result holds */
}

/* Opening. */

/* Seconds that one launch takes; negative when it fails. */
static double
time_launch (struct device_opencl *opencl, uint32_t count, double patience)
{
    /* A value in 2^64 reaches this. */
    const struct scan_target target = {.threshold = UINT64_MAX, .order = DIFFICULTY_AT_LEAST};
    struct scan_midstate midstate;
    const uint64_t start = clock_now ();
    struct opencl_landing landing;

    scan_prepare (&midstate, &target);
    if (opencl_session_launch (opencl->session, &midstate, 0, count, NULL) != 0 ||
        opencl_session_land (opencl->session, patience, &landing) != 0) {
        return -1;
    }
    return clock_seconds (clock_now () - start);
}

/* Finds how many nonces take as long as a launch should. From there the pool follows the speed. */
static int
tune (struct device_opencl *opencl)
{
    const double wanted = opencl->settings.batch_seconds / PARTS;
    double count = opencl_session_wave (opencl->session);
    double seconds = time_launch (opencl, 1, FIRST_PATIENCE * opencl->settings.patience);

    if (seconds < 0) {
        return -1;
    }
    for (;;) {
        seconds = time_launch (opencl, (uint32_t)count, opencl->settings.patience);
        if (seconds < 0) {
            return -1;
        }
        if (seconds >= 0.8 * wanted || count >= OPENCL_LAUNCH_MOST) {
            break;
        }
        count *= seconds > wanted / 8 ? wanted / seconds : 8;
        count = count < OPENCL_LAUNCH_MOST ? count : OPENCL_LAUNCH_MOST;
    }
    opencl->device.rate = count / (seconds > 1e-9 ? seconds : 1e-9);
    opencl->device.tuned = true;
    opencl->device.usual = round_up (
        (uint64_t)(opencl->device.rate * opencl->settings.batch_seconds), opencl->device.granule);
    return 0;
}

static void
opencl_close (struct device *device)
{
    struct device_opencl *const opencl = opencl_of (device);

    opencl_session_close (opencl->session, opencl->settings.patience);
    opencl->session = NULL;
    opencl->count = 0;
    opencl->oldest = 0;
    opencl->broken = false;
}

/* Opens with these options, tunes and tests. */
static int
open_with (struct device_opencl *opencl, const char *options)
{
    const struct opencl_session_settings settings = {
        .api = opencl->settings.api,
        .device = opencl->settings.device,
        .options = options,
        .cache_path = opencl->settings.cache_path,
        .threads = opencl->settings.threads,
        .reason = opencl->device.reason,
        .reason_size = sizeof opencl->device.reason,
    };

    opencl->session = opencl_session_open (&settings);
    if (opencl->session == NULL) {
        return -1;
    }
    opencl->device.granule = opencl_session_group (opencl->session);
    if (tune (opencl) != 0 || device_self_test (&opencl->device) != 0) {
        opencl_close (&opencl->device);
        return -1;
    }
    return 0;
}

/* What the vendor's own rotates spoil, a compiler's may do. */
static int
opencl_open (struct device *device)
{
    struct device_opencl *const opencl = opencl_of (device);
    const char *rotates;

    if (opencl->settings.device->defect != NULL) {
        (void)snprintf (device->reason, sizeof device->reason, "%s",
                        opencl->settings.device->defect);
        return -1;
    }
    rotates = opencl_program_rotates (opencl->settings.api, opencl->settings.device->id);
    if (rotates != NULL && open_with (opencl, rotates) == 0) {
        return 0;
    }
    return open_with (opencl, "");
}

static void
opencl_free (struct device *device)
{
    free (opencl_of (device));
}

static const struct device_ops opencl_ops = {
    .open = opencl_open,
    .submit = opencl_submit,
    .collect = opencl_collect,
    .close = opencl_close,
    .free = opencl_free,
};

static void
name_device (struct device_opencl *opencl)
{
    const struct opencl_device *const where = opencl->settings.device;
    char again[16] = "";

    if (opencl->settings.again > 0) {
        (void)snprintf (again, sizeof again, " #%u", opencl->settings.again + 1);
    }
    (void)snprintf (opencl->device.name, sizeof opencl->device.name, "opencl %u:%u%s",
                    where->platform, where->device, again);
    (void)snprintf (opencl->device.detail, sizeof opencl->device.detail, "%.*s",
                    DEVICE_NAME_SIZE - 1, where->board[0] != '\0' ? where->board : where->name);
}

struct device *
device_opencl_new (const struct device_opencl_settings *settings)
{
    struct device_opencl *const opencl = calloc (1, sizeof *opencl);

    if (opencl == NULL) {
        return NULL;
    }
    opencl->settings = *settings;
    if (!(settings->patience > 0)) {
        opencl->settings.patience = PATIENCE;
    }
    opencl->device.ops = &opencl_ops;
    opencl->device.kind = "opencl";
    opencl->device.depth = DEPTH;
    opencl->device.granule = 1;
    opencl->device.rate = FIRST_RATE;
    opencl->device.batch_seconds = settings->batch_seconds;
    opencl->device.tireless = true;
    name_device (opencl);
    return &opencl->device;
}
