/*
 * The OpenCL devices that the configuration or the command line names. A build without OpenCL has
 * gpu_none.c instead of gpu.c: gpu_open fails there.
 *
 * Asks the drivers, which takes a while: not for the event loop. One thread.
 */
#ifndef NODE_GPU_H
#define NODE_GPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "node/config/config.h"
#include "work/pool/device.h"
#include "work/pool/pool.h"

#define GPU_TEXT_SIZE 1024

struct gpu;

/*
 * With opencl.enable, has the drivers keep what they compile in the folder "opencl" of `data_path`.
 * Their own place is below HOME, which a service often cannot write. A place that the environment
 * names stays, and so do all of them where the folder cannot be written. After privileges are
 * dropped, before other threads start.
 */
void gpu_keep_caches (const struct config *config, const char *data_path);

struct gpu_settings {
    const struct config *config;
    const char *data_path; /* compiled kernels are kept in its folder "opencl" */
    /* Which devices: */
    bool everything;    /* all there are, CPUs and unusable ones too; or else */
    const char *select; /* one entry, as opencl.select has them; or, with NULL, as configured */
    uint64_t threads;   /* work items of a launch at most; 0 is as configured */
};

/*
 * Loads OpenCL and chooses devices, at least one. Returns NULL with what is wrong in `error`. The
 * result has to outlive all its devices. Before other threads start.
 */
struct gpu *gpu_open (const struct gpu_settings *settings, char error[GPU_TEXT_SIZE]);

/* NULL is fine, here and below. */
void gpu_free (struct gpu *gpu);

/* How many devices are chosen. */
size_t gpu_count (const struct gpu *gpu);

enum gpu_found { GPU_FOUND, GPU_NO_PLATFORM, GPU_NO_DEVICE };

/* The index among the chosen ones of a platform's device, by their numbers. */
enum gpu_found gpu_find (const struct gpu *gpu, uint64_t platform, uint64_t device, size_t *index);

/* A device for the pool, of the chosen one; the caller's. NULL for want of memory. */
struct device *gpu_device (const struct gpu *gpu, size_t index);

/* Why the chosen device `index` cannot be used, or NULL. */
const char *gpu_defect (const struct gpu *gpu, size_t index);

/* Writes what the chosen device `index` is: its number, name, place and driver. */
void gpu_describe (const struct gpu *gpu, size_t index, char text[GPU_TEXT_SIZE]);

/*
 * Writes the chosen devices as an [opencl] table for config-node.toml, what they are in comments.
 * `rates`, unless NULL, has the hashes a second of each, 0 for none.
 */
void gpu_print (const struct gpu *gpu, const double *rates, FILE *stream);

#endif
