#include "opencl_told.h"

#include <string.h>

cl_int
opencl_told (const void *value, size_t length, size_t size, void *to, size_t *told)
{
    if (to != NULL && size < length) {
        return CL_INVALID_VALUE;
    }
    if (to != NULL) {
        memcpy (to, value, length);
    }
    if (told != NULL) {
        *told = length;
    }
    return CL_SUCCESS;
}

cl_int
opencl_told_text (const char *text, size_t size, void *to, size_t *told)
{
    return opencl_told (text, strlen (text) + 1, size, to, told);
}

cl_int
opencl_told_device (const char *name, cl_device_info what, size_t size, void *to, size_t *told)
{
    static const cl_device_type type = CL_DEVICE_TYPE_GPU;
    static const cl_ulong memory = 1 << 30;
    static const cl_uint one = 1; /* a truth, too */

    switch (what) {
    case CL_DEVICE_NAME:
    case CL_DEVICE_VENDOR:
    case CL_DEVICE_VERSION:
    case CL_DRIVER_VERSION:
        return opencl_told_text (name, size, to, told);
    case CL_DEVICE_EXTENSIONS:
        return opencl_told_text ("", size, to, told);
    case CL_DEVICE_TYPE:
        return opencl_told (&type, sizeof type, size, to, told);
    case CL_DEVICE_GLOBAL_MEM_SIZE:
        return opencl_told (&memory, sizeof memory, size, to, told);
    case CL_DEVICE_MAX_COMPUTE_UNITS:
    case CL_DEVICE_AVAILABLE:
    case CL_DEVICE_COMPILER_AVAILABLE:
    case CL_DEVICE_ENDIAN_LITTLE:
        return opencl_told (&one, sizeof one, size, to, told);
    default:
        return CL_INVALID_VALUE;
    }
}
