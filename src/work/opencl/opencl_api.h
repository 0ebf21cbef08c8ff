/*
 * The OpenCL library, found at run time: a machine without one runs everything else. These files
 * (opencl_*.c, device_opencl.c) are in builds that had OpenCL's headers, and in no others.
 */
#ifndef WORK_OPENCL_API_H
#define WORK_OPENCL_API_H

#include <stddef.h>

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

/* Every function that is called; all are of OpenCL 1.2 or older. */
#define OPENCL_FUNCTIONS(FUNCTION)       \
    FUNCTION (clGetPlatformIDs)          \
    FUNCTION (clGetPlatformInfo)         \
    FUNCTION (clGetDeviceIDs)            \
    FUNCTION (clGetDeviceInfo)           \
    FUNCTION (clCreateContext)           \
    FUNCTION (clReleaseContext)          \
    FUNCTION (clCreateCommandQueue)      \
    FUNCTION (clReleaseCommandQueue)     \
    FUNCTION (clCreateBuffer)            \
    FUNCTION (clReleaseMemObject)        \
    FUNCTION (clCreateProgramWithSource) \
    FUNCTION (clCreateProgramWithBinary) \
    FUNCTION (clBuildProgram)            \
    FUNCTION (clGetProgramInfo)          \
    FUNCTION (clGetProgramBuildInfo)     \
    FUNCTION (clReleaseProgram)          \
    FUNCTION (clCreateKernel)            \
    FUNCTION (clGetKernelWorkGroupInfo)  \
    FUNCTION (clReleaseKernel)           \
    FUNCTION (clSetKernelArg)            \
    FUNCTION (clEnqueueNDRangeKernel)    \
    FUNCTION (clEnqueueReadBuffer)       \
    FUNCTION (clEnqueueWriteBuffer)      \
    FUNCTION (clSetEventCallback)        \
    FUNCTION (clReleaseEvent)            \
    FUNCTION (clFlush)

/* A pointer to each, by its own name. A test may put its own in their places. */
struct opencl_api {
/* NOLINTNEXTLINE(bugprone-macro-parentheses): a name that is declared stands alone */
#define OPENCL_POINTER(name) __typeof__ (&name) name;
    OPENCL_FUNCTIONS (OPENCL_POINTER)
#undef OPENCL_POINTER
};

/*
 * Loads the library and fills `api`. It stays loaded: drivers do not stand being unloaded. Returns
 * 0, or -1 with what is missing in `error`. Before other threads start.
 */
int opencl_api_load (struct opencl_api *api, char *error, size_t error_size);

/* Writes "`call`: CL_OUT_OF_RESOURCES (-5)". Returns -1. */
int opencl_explain (const char *call, cl_int error, char *text, size_t size);

#endif
