/*
 * What the tests of OpenCL devices share: the library, a device of it to test on, and devices of
 * the engine made of that. All functions fail the running test when something goes wrong.
 */
#ifndef SUPPORT_OPENCL_H
#define SUPPORT_OPENCL_H

#include "work/opencl/opencl_api.h"
#include "work/opencl/opencl_list.h"
#include "work/pool/device.h"

/*
 * Finds a device, before the tests. False, after having said why in a line that begins with
 * "skipped", when this machine has none: the program then ends with status 77.
 */
bool support_opencl_find (void);

/* The library as it is; a test changes a copy. */
const struct opencl_api *support_opencl_api (void);

const struct opencl_device *support_opencl_where (void);

/*
 * The device found, through `api`, with batches of `batch_seconds`, a patience of `patience` (0 is
 * the usual) and a cache or NULL; not opened.
 */
struct device *support_opencl_new (const struct opencl_api *api, double batch_seconds,
                                   double patience, const char *cache_path);

/* Opens and must succeed. */
void support_opencl_open (struct device *device);

/* Closes and frees. */
void support_opencl_end (struct device *device);

/* A temporary directory, and its end with all that is in it. */
char *support_directory_new (void);
void support_directory_free (char *path);

/* What a sanitizer may not complain about is the driver's: its leaks are not ours. */
const char *__lsan_default_suppressions (void);

#endif
