/*
 * A device: something that scans batches of nonces, driven by one thread of its own.
 *
 * The device's thread calls open, submit, collect and close, in that order and never at the same
 * time. A device may hold up to `depth` submitted batches, so that a GPU has its next batch before
 * the last is done; they are collected in their order. A device knows nothing of jobs or callers:
 * it runs a batch, and ends it early when the batch's stop flag is up.
 *
 * A device is created by its kind (device_cpu_new), and owned by the pool it is added to.
 */
#ifndef WORK_DEVICE_H
#define WORK_DEVICE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "work/scan/scan.h"

#define DEVICE_NAME_SIZE 64
#define DEVICE_REASON_SIZE 160

struct device_batch {
    const struct scan_midstate *midstate; /* what to look for; valid until the batch is collected */
    const atomic_bool *stop;              /* true: nobody wants this batch any more; as valid */
    uint64_t first;                       /* the first nonce; the range wraps modulo 2^64 */
    uint64_t count;                       /* how many to try, at least 1 */
};

enum device_outcome {
    DEVICE_NOTHING, /* the whole batch was tried and holds no such nonce */
    DEVICE_HIT,     /* `nonce` was found, the device says */
    DEVICE_STOPPED, /* ended early because the stop flag was up */
    DEVICE_FAILED,  /* the device broke; device->reason says how; nothing is known of the batch */
};

struct device_result {
    enum device_outcome outcome;
    uint64_t nonce;  /* for DEVICE_HIT */
    uint64_t hashes; /* how many nonces were tried */
};

struct device;

struct device_ops {
    /* Makes ready. Returns 0, or -1 with device->reason set; may be tried again later. */
    int (*open) (struct device *device);
    /* Starts a batch; never called with `depth` of them pending. 0, or -1 with device->reason set.
     */
    int (*submit) (struct device *device, const struct device_batch *batch);
    /* Waits for the oldest pending batch. */
    void (*collect) (struct device *device, struct device_result *result);
    /* Gives back what open took, pending batches dropped. Called after every successful open. */
    void (*close) (struct device *device);
    /* Frees the closed device. Any thread. */
    void (*free) (struct device *device);
};

struct device {
    const struct device_ops *ops;
    const char *kind;                /* "cpu", "opencl", ...; static */
    char name[DEVICE_NAME_SIZE];     /* unique within a pool, for people */
    char detail[DEVICE_NAME_SIZE];   /* how it scans: the scanner's or the driver's name */
    char reason[DEVICE_REASON_SIZE]; /* why it failed last; its thread's own */
    unsigned depth;                  /* batches it can hold, at least 1 */
    uint64_t granule;                /* batches are multiples of this many nonces, at least 1 */
    double rate;                     /* nonces a second, to begin with: the pool measures */
    bool tuned;                      /* open has measured `rate`; else it is a first guess */
    double batch_seconds; /* how long its batches should take; 0: as long as the pool says */
    uint64_t usual;       /* nonces of such a batch, to test it with; 0: only one granule is */
    bool tireless;        /* it takes no CPU time: the pool's rests are not for it */
    bool standby;         /* to be used only while the pool has no other device that works */
};

/*
 * Asks the opened device for answers that the oracle knows: a hit in the first and in the last
 * place of a batch, a batch without a hit, and both directions of comparison; by batches of one
 * granule, and of the usual size where the device has set one. On the device's thread. Returns 0,
 * or -1 with device->reason set.
 */
int device_self_test (struct device *device);

/* Frees a closed device; NULL is fine. */
void device_free (struct device *device);

#endif
