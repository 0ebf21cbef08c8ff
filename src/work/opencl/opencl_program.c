#include "work/opencl/opencl_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "work/opencl/opencl_cache.h"

/* Binaries are some hundred kilobytes. */
#define BINARY_MOST ((size_t)64 << 20)

static void
make_key (const struct opencl_program *wanted, uint8_t key[OPENCL_CACHE_DIGEST])
{
    const struct opencl_device *const device = wanted->device;
    const char *const texts[] = {
        device->platform_name, device->name,   device->board,   device->vendor,
        device->version,       device->driver, wanted->options, opencl_program_source,
    };

    opencl_cache_key (texts, sizeof texts / sizeof texts[0], key);
}

/* Releases what is not NULL. */
static void
release (const struct opencl_program *wanted, cl_program program)
{
    if (program != NULL) {
        (void)wanted->api->clReleaseProgram (program);
    }
}

/* Writes the first line of the compiler's log that says "error", or else the first of all. */
static void
explain_build (const struct opencl_program *wanted, cl_program program, cl_int result, char *reason,
               size_t size)
{
    char log[4096] = "";
    const char *line;
    int used;

    (void)opencl_explain ("clBuildProgram", result, reason, size);
    if (wanted->api->clGetProgramBuildInfo (program, wanted->device->id, CL_PROGRAM_BUILD_LOG,
                                            sizeof log - 1, log, NULL) != CL_SUCCESS) {
        return;
    }
    log[sizeof log - 1] = '\0';
    line = strstr (log, "error");
    while (line != NULL && line > log && line[-1] != '\n') {
        line--;
    }
    line = line != NULL ? line : log + strspn (log, " \t\r\n");
    used = (int)strlen (reason);
    (void)snprintf (reason + used, size - (size_t)used, ": %.*s", (int)strcspn (line, "\r\n"),
                    line);
}

static int
build (const struct opencl_program *wanted, cl_program program, char *reason, size_t size)
{
    const cl_device_id device = wanted->device->id;
    const cl_int result =
        wanted->api->clBuildProgram (program, 1, &device, wanted->options, NULL, NULL);

    if (result != CL_SUCCESS) {
        explain_build (wanted, program, result, reason, size);
        return -1;
    }
    return 0;
}

/* What the cache has, built; or NULL. */
static cl_program
from_cache (const struct opencl_program *wanted, const uint8_t key[OPENCL_CACHE_DIGEST])
{
    const cl_device_id device = wanted->device->id;
    char reason[256];
    size_t size = 0;
    unsigned char *const binary = opencl_cache_read (wanted->cache_path, key, &size);
    const unsigned char *binaries[] = {binary};
    cl_int status = CL_SUCCESS;
    cl_int result = CL_SUCCESS;
    cl_program program;

    if (binary == NULL) {
        return NULL;
    }
    program = wanted->api->clCreateProgramWithBinary (wanted->context, 1, &device, &size, binaries,
                                                      &status, &result);
    free (binary);
    if (program == NULL || result != CL_SUCCESS || status != CL_SUCCESS ||
        build (wanted, program, reason, sizeof reason) != 0) {
        release (wanted, program);
        return NULL;
    }
    return program;
}

/* A cache that cannot be written costs a build at the next start, and nothing else. */
static void
to_cache (const struct opencl_program *wanted, const uint8_t key[OPENCL_CACHE_DIGEST],
          cl_program program)
{
    const struct opencl_api *const api = wanted->api;
    unsigned char *binary = NULL;
    size_t size = 0;

    if (api->clGetProgramInfo (program, CL_PROGRAM_BINARY_SIZES, sizeof size, &size, NULL) ==
            CL_SUCCESS &&
        size > 0 && size <= BINARY_MOST) {
        binary = malloc (size);
    }
    if (binary != NULL && api->clGetProgramInfo (program, CL_PROGRAM_BINARIES, sizeof binary,
                                                 &binary, NULL) == CL_SUCCESS) {
        (void)opencl_cache_write (wanted->cache_path, key, binary, size);
    }
    free (binary);
}

static cl_program
from_source (const struct opencl_program *wanted, char *reason, size_t reason_size)
{
    const char *sources[] = {opencl_program_source};
    cl_int result = CL_SUCCESS;
    cl_program program;

    program = wanted->api->clCreateProgramWithSource (wanted->context, 1, sources, NULL, &result);
    if (program == NULL || result != CL_SUCCESS) {
        (void)opencl_explain ("clCreateProgramWithSource", result, reason, reason_size);
        return NULL;
    }
    if (build (wanted, program, reason, reason_size) != 0) {
        release (wanted, program);
        return NULL;
    }
    return program;
}

int
opencl_program_build (const struct opencl_program *wanted, cl_program *program, char *reason,
                      size_t reason_size)
{
    uint8_t key[OPENCL_CACHE_DIGEST];
    cl_program built = NULL;

    make_key (wanted, key);
    if (wanted->cache_path != NULL) {
        built = from_cache (wanted, key);
    }
    if (built == NULL) {
        built = from_source (wanted, reason, reason_size);
        if (built == NULL) {
            return -1;
        }
        if (wanted->cache_path != NULL) {
            to_cache (wanted, key, built);
        }
    }
    *program = built;
    return 0;
}

const char *
opencl_program_rotates (const struct opencl_api *api, cl_device_id device)
{
    char extensions[8192] = "";

    if (api->clGetDeviceInfo (device, CL_DEVICE_EXTENSIONS, sizeof extensions - 1, extensions,
                              NULL) != CL_SUCCESS) {
        return NULL;
    }
    if (strstr (extensions, "cl_amd_media_ops") != NULL) {
        return "-DROTATES_AMD";
    }
    if (strstr (extensions, "cl_nv_device_attribute_query") != NULL) {
        return "-DROTATES_NVIDIA";
    }
    return NULL;
}
