/* What the OpenCL libraries of the tests say of themselves: one device, a GPU, that can do what it
 * must. */
#ifndef OPENCL_TOLD_H
#define OPENCL_TOLD_H

#include <stddef.h>

#include "work/opencl/opencl_api.h"

/* As OpenCL's clGet...Info answer: copies the value to `to`, which has `size` bytes, and its length
 * to `*told`. */
cl_int opencl_told (const void *value, size_t length, size_t size, void *to, size_t *told);
cl_int opencl_told_text (const char *text, size_t size, void *to, size_t *told);

/* As clGetDeviceInfo. */
cl_int opencl_told_device (const char *name, cl_device_info what, size_t size, void *to,
                           size_t *told);

#endif
