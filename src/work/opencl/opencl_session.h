/*
 * One device, opened: its context and queues, the kernel built for it, and launches of that. Each
 * launch has a queue and a word of device memory of its own, so that the next one can begin while
 * the last one ends. Launches are landed in the order in which they began.
 *
 * One thread calls all of this. A launch's end comes from a thread of the driver's, which does no
 * more than to say so.
 */
#ifndef WORK_OPENCL_SESSION_H
#define WORK_OPENCL_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "work/opencl/opencl_list.h"
#include "work/scan/scan.h"

/* Launches that can be on their way at a time. */
#define OPENCL_LAUNCHES 2

/* A launch has fewer nonces than this, so that 32 bits can count them. */
#define OPENCL_LAUNCH_MOST (UINT32_C (1) << 31)

#define OPENCL_NOT_FOUND UINT32_MAX

struct opencl_session;

struct opencl_session_settings {
    const struct opencl_api *api;
    const struct opencl_device *device;
    const char *options;    /* to build the kernel with, beside the language's version; or "" */
    const char *cache_path; /* as in opencl_program.h */
    uint64_t threads;       /* the most work items of a launch, at least 1 */
    char *reason;           /* where every function here says why it has failed */
    size_t reason_size;
};

/* A launch that has ended. */
struct opencl_landing {
    void *owner; /* as it was launched; NULL when it has been disowned */
    uint64_t first;
    uint32_t count;
    uint32_t found; /* the distance of the first hit from `first`, or OPENCL_NOT_FOUND */
};

/*
 * Opens the device and builds the kernel; the settings are copied, what they point to is needed
 * until it is closed. Returns NULL with a reason.
 */
struct opencl_session *opencl_session_open (const struct opencl_session_settings *settings);

/* Work items of a work-group: launches of a multiple of it waste nothing. At least 1. */
uint32_t opencl_session_group (const struct opencl_session *session);

/* Nonces below which a launch leaves a part of the device idle: a guess, by its compute units. */
uint32_t opencl_session_wave (const struct opencl_session *session);

/* How many launches are on their way. */
unsigned opencl_session_flying (const struct opencl_session *session);

/*
 * Starts to try `count` nonces, 1 to OPENCL_LAUNCH_MOST, from `first`; while fewer than
 * OPENCL_LAUNCHES are on their way. The midstate is not kept. Returns 0, or -1 with a reason: the
 * session is then good for closing only.
 */
int opencl_session_launch (struct opencl_session *session, const struct scan_midstate *midstate,
                           uint64_t first, uint32_t count, void *owner);

/*
 * Waits, asleep, for the oldest launch: up to `patience` seconds, after which it counts as lost.
 * Returns 0, or -1 with a reason, and again the session is good for closing only.
 */
int opencl_session_land (struct opencl_session *session, double patience,
                         struct opencl_landing *landing);

/* Forgets whose the launches of `owner` are. */
void opencl_session_disown (struct opencl_session *session, const void *owner);

/*
 * Waits for what is on its way, up to `patience` seconds, and closes. What a lost launch may still
 * use is never freed: a driver that hangs cannot be asked to forget. NULL is fine.
 */
void opencl_session_close (struct opencl_session *session, double patience);

#endif
