/*
 * Whether OpenCL on this machine can be asked at all: broken drivers end the process that loads
 * them, or never return. So they are loaded in a child process first.
 */
#ifndef WORK_OPENCL_PROBE_H
#define WORK_OPENCL_PROBE_H

#include <stddef.h>

/* How long the drivers may take, in seconds. */
#define OPENCL_PROBE_PATIENCE 30

/*
 * Loads OpenCL and lists its devices in a child process. Returns 0 when that has come to an end,
 * whatever the list; or -1 with what happened in `error`. Before other threads start.
 */
int opencl_probe (char *error, size_t error_size);

/* The same with `child` in the place of loading and listing, and another patience: for tests. */
int opencl_probe_with (int (*child) (const void *data), double patience, char *error,
                       size_t error_size);

#endif
