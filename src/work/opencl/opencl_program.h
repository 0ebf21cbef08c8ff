/*
 * The nonce scanner's kernel, built for one device, or taken from the cache of an earlier build.
 * Slow, seconds with some drivers: for the device's own thread.
 */
#ifndef WORK_OPENCL_PROGRAM_H
#define WORK_OPENCL_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "work/opencl/opencl_api.h"
#include "work/opencl/opencl_list.h"

/* nonce_scan.cl's text, put into the program by the build. */
extern const char opencl_program_source[];

struct opencl_program {
    const struct opencl_api *api;
    cl_context context; /* of `device` alone; the caller's */
    const struct opencl_device *device;
    const char *options;    /* what to build with */
    const char *cache_path; /* a directory, made if need be; NULL for no cache */
};

/*
 * Builds the program. What is in the cache for the same device, driver, options and source is
 * taken; what is damaged there, or what the driver does not want any more, is built again and
 * replaced; a cache that cannot be written is done without. Returns 0 with a program that the
 * caller releases; or -1 with a reason, the first line of the compiler's complaint.
 */
int opencl_program_build (const struct opencl_program *wanted, cl_program *program, char *reason,
                          size_t reason_size);

/* The options for the device's own rotates, where it has some that compilers do not find; or NULL.
 */
const char *opencl_program_rotates (const struct opencl_api *api, cl_device_id device);

#endif
