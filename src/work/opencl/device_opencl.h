/*
 * A device that is an OpenCL device: a GPU, mostly.
 *
 * A batch is cut into launches of a quarter of it, two of which are on their way at any time, each
 * on a queue of its own. Before each launch the batch's stop flag is looked at: what is on its way
 * for a dead root is half a batch.
 *
 * The kernel is built, and the device's speed measured, when the device is opened: on its thread,
 * which sleeps while the device works.
 */
#ifndef WORK_DEVICE_OPENCL_H
#define WORK_DEVICE_OPENCL_H

#include "work/opencl/opencl_list.h"
#include "work/pool/device.h"

struct device_opencl_settings {
    const struct opencl_api *api;       /* outlives the device, as do the next */
    const struct opencl_device *device; /* and cache_path */
    unsigned again;                     /* 0, or how often the pool has this device already */
    uint64_t threads;                   /* the most work items of a launch, at least 1 */
    double batch_seconds;               /* how long a batch should take, above 0 */
    double patience; /* seconds after which a launch, and with it the device, is lost; 0 is 20 */
    const char *cache_path; /* directory of compiled kernels, or NULL */
};

/* A device called "opencl PLATFORM:DEVICE". When it is closed, a launch that the driver never ends
 * is not waited for, and what it may write to never freed. NULL for want of memory. */
struct device *device_opencl_new (const struct device_opencl_settings *settings);

#endif
