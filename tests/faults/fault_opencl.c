/*
 * An OpenCL platform with one device, for the program with faults in it: quick, the same every
 * time, and there on every machine. Its kernel is the portable scanner; a launch has ended when it
 * is enqueued. The linker puts its loader in the place of opencl_api_load (--wrap).
 *
 * What is made and not released is memory that the leak checker misses.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "opencl_told.h"
#include "work/opencl/opencl_api.h"
#include "work/scan/scan.h"

enum { ARGUMENTS = 7, ITEMS_MOST = 4096 };

/* Every object of OpenCL's; only the kernel and buffers have anything in them. */
struct thing {
    struct scan_midstate midstate;
    cl_ulong first;
    cl_uint count;
    struct thing *found; /* the kernel's buffer */
    cl_uint word;        /* the buffer's */
};

int __wrap_opencl_api_load (struct opencl_api *api, char *error, size_t error_size);

static struct thing platform;
static struct thing device;

#define FAIL_OR_GO(call)                   \
    if (fault_now (FAULT_OPENCL, #call)) { \
        return CL_OUT_OF_RESOURCES;        \
    }

static void *
make (const char *call, cl_int *result)
{
    struct thing *const thing = fault_now (FAULT_OPENCL, call) ? NULL : calloc (1, sizeof *thing);

    *result = thing != NULL ? CL_SUCCESS : CL_OUT_OF_HOST_MEMORY;
    return thing;
}

static cl_int
drop (const char *call, void *thing)
{
    const cl_int result = fault_now (FAULT_OPENCL, call) ? CL_OUT_OF_HOST_MEMORY : CL_SUCCESS;

    free (thing);
    return result;
}

/* Asking. */

static cl_int CL_API_CALL
get_platforms (cl_uint size, cl_platform_id *platforms, cl_uint *count)
{
    FAIL_OR_GO (clGetPlatformIDs)
    if (size > 0) {
        platforms[0] = (cl_platform_id)&platform;
    }
    *count = 1;
    return CL_SUCCESS;
}

static cl_int CL_API_CALL
get_platform_info (cl_platform_id id, cl_platform_info what, size_t size, void *to, size_t *told)
{
    (void)id;
    (void)what;
    FAIL_OR_GO (clGetPlatformInfo)
    return opencl_told_text ("Faults", size, to, told);
}

static cl_int CL_API_CALL
get_devices (cl_platform_id id, cl_device_type type, cl_uint size, cl_device_id *devices,
             cl_uint *count)
{
    (void)id;
    (void)type;
    FAIL_OR_GO (clGetDeviceIDs)
    if (size > 0) {
        devices[0] = (cl_device_id)&device;
    }
    *count = 1;
    return CL_SUCCESS;
}

static cl_int CL_API_CALL
get_device_info (cl_device_id id, cl_device_info what, size_t size, void *to, size_t *told)
{
    (void)id;
    FAIL_OR_GO (clGetDeviceInfo)
    return opencl_told_device ("Fault 1", what, size, to, told);
}

/* Making. */

static cl_context CL_API_CALL
create_context (const cl_context_properties *properties, cl_uint count, const cl_device_id *devices,
                void (CL_CALLBACK *notify) (const char *, const void *, size_t, void *), void *data,
                cl_int *result)
{
    (void)properties;
    (void)count;
    (void)devices;
    (void)notify;
    (void)data;
    return make ("clCreateContext", result);
}

static cl_command_queue CL_API_CALL
create_queue (cl_context context, cl_device_id id, cl_command_queue_properties properties,
              cl_int *result)
{
    (void)context;
    (void)id;
    (void)properties;
    return make ("clCreateCommandQueue", result);
}

static cl_mem CL_API_CALL
create_buffer (cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *result)
{
    struct thing *const buffer = make ("clCreateBuffer", result);

    (void)context;
    (void)flags;
    if (buffer != NULL) {
        memcpy (&buffer->word, host, size);
    }
    return (cl_mem)buffer;
}

static cl_program CL_API_CALL
create_from_source (cl_context context, cl_uint count, const char **texts, const size_t *lengths,
                    cl_int *result)
{
    (void)context;
    (void)count;
    (void)texts;
    (void)lengths;
    return make ("clCreateProgramWithSource", result);
}

static cl_program CL_API_CALL
create_from_binary (cl_context context, cl_uint count, const cl_device_id *devices,
                    const size_t *lengths, const unsigned char **binaries, cl_int *status,
                    cl_int *result)
{
    (void)context;
    (void)count;
    (void)devices;
    (void)lengths;
    (void)binaries;
    *status = CL_SUCCESS;
    return make ("clCreateProgramWithBinary", result);
}

static cl_int CL_API_CALL
build (cl_program program, cl_uint count, const cl_device_id *devices, const char *options,
       void (CL_CALLBACK *notify) (cl_program, void *), void *data)
{
    (void)program;
    (void)count;
    (void)devices;
    (void)options;
    (void)notify;
    (void)data;
    FAIL_OR_GO (clBuildProgram)
    return CL_SUCCESS;
}

static cl_int CL_API_CALL
get_program_info (cl_program program, cl_program_info what, size_t size, void *to, size_t *told)
{
    static const char binary[] = "built";
    const size_t length = sizeof binary;

    (void)program;
    FAIL_OR_GO (clGetProgramInfo)
    if (what == CL_PROGRAM_BINARY_SIZES) {
        return opencl_told (&length, sizeof length, size, to, told);
    }
    memcpy (*(void **)to, binary, length);
    return CL_SUCCESS;
}

static cl_int CL_API_CALL
get_build_info (cl_program program, cl_device_id id, cl_program_build_info what, size_t size,
                void *to, size_t *told)
{
    (void)program;
    (void)id;
    (void)what;
    FAIL_OR_GO (clGetProgramBuildInfo)
    return opencl_told_text ("error: made to fail", size, to, told);
}

static cl_kernel CL_API_CALL
create_kernel (cl_program program, const char *name, cl_int *result)
{
    (void)program;
    (void)name;
    return make ("clCreateKernel", result);
}

static cl_int CL_API_CALL
get_group_info (cl_kernel kernel, cl_device_id id, cl_kernel_work_group_info what, size_t size,
                void *to, size_t *told)
{
    const size_t group = what == CL_KERNEL_WORK_GROUP_SIZE ? 64 : 16;

    (void)kernel;
    (void)id;
    FAIL_OR_GO (clGetKernelWorkGroupInfo)
    return opencl_told (&group, sizeof group, size, to, told);
}

/* Running. */

static cl_int CL_API_CALL
set_argument (cl_kernel id, cl_uint index, size_t size, const void *value)
{
    struct thing *const kernel = (struct thing *)id;
    void *const places[ARGUMENTS] = {
        kernel->midstate.v,     kernel->midstate.m + 1,
        &kernel->midstate.flip, &kernel->midstate.at_least,
        &kernel->first,         &kernel->count,
        &kernel->found,
    };

    FAIL_OR_GO (clSetKernelArg)
    memcpy (places[index], value, size);
    return CL_SUCCESS;
}

static cl_int CL_API_CALL
launch (cl_command_queue queue, cl_kernel id, cl_uint dimensions, const size_t *offset,
        const size_t *items, const size_t *group, cl_uint count, const cl_event *events,
        cl_event *event)
{
    struct thing *const kernel = (struct thing *)id;
    uint64_t nonce;

    (void)queue;
    (void)dimensions;
    (void)offset;
    (void)items;
    (void)group;
    (void)count;
    (void)events;
    (void)event;
    FAIL_OR_GO (clEnqueueNDRangeKernel)
    if (scan_named ("portable")->scan (&kernel->midstate, kernel->first, kernel->count, &nonce)) {
        kernel->found->word = (cl_uint)(nonce - kernel->first);
    }
    return CL_SUCCESS;
}

static cl_int CL_API_CALL
read_buffer (cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size,
             void *to, cl_uint count, const cl_event *events, cl_event *event)
{
    cl_int result;

    (void)queue;
    (void)blocking;
    (void)offset;
    (void)count;
    (void)events;
    *event = make ("clEnqueueReadBuffer", &result);
    if (result == CL_SUCCESS) {
        memcpy (to, &((struct thing *)buffer)->word, size);
    }
    return result;
}

static cl_int CL_API_CALL
write_buffer (cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size,
              const void *from, cl_uint count, const cl_event *events, cl_event *event)
{
    (void)queue;
    (void)blocking;
    (void)offset;
    (void)count;
    (void)events;
    (void)event;
    FAIL_OR_GO (clEnqueueWriteBuffer)
    memcpy (&((struct thing *)buffer)->word, from, size);
    return CL_SUCCESS;
}

static cl_int CL_API_CALL
set_callback (cl_event event, cl_int when, void (CL_CALLBACK *notify) (cl_event, cl_int, void *),
              void *data)
{
    FAIL_OR_GO (clSetEventCallback)
    notify (event, when, data);
    return CL_SUCCESS;
}

static cl_int CL_API_CALL
flush (cl_command_queue queue)
{
    (void)queue;
    FAIL_OR_GO (clFlush)
    return CL_SUCCESS;
}

#define DROPPER(name, call, type)               \
    static cl_int CL_API_CALL name (type thing) \
    {                                           \
        return drop (#call, thing);             \
    }

DROPPER (release_context, clReleaseContext, cl_context)
DROPPER (release_queue, clReleaseCommandQueue, cl_command_queue)
DROPPER (release_buffer, clReleaseMemObject, cl_mem)
DROPPER (release_program, clReleaseProgram, cl_program)
DROPPER (release_kernel, clReleaseKernel, cl_kernel)
DROPPER (release_event, clReleaseEvent, cl_event)

int
__wrap_opencl_api_load (struct opencl_api *api, char *error, size_t error_size)
{
    if (fault_now (FAULT_OPENCL, "opencl_api_load")) {
        (void)snprintf (error, error_size, "no OpenCL library on this machine (made to fail)");
        return -1;
    }
    *api = (struct opencl_api){
        .clGetPlatformIDs = get_platforms,
        .clGetPlatformInfo = get_platform_info,
        .clGetDeviceIDs = get_devices,
        .clGetDeviceInfo = get_device_info,
        .clCreateContext = create_context,
        .clReleaseContext = release_context,
        .clCreateCommandQueue = create_queue,
        .clReleaseCommandQueue = release_queue,
        .clCreateBuffer = create_buffer,
        .clReleaseMemObject = release_buffer,
        .clCreateProgramWithSource = create_from_source,
        .clCreateProgramWithBinary = create_from_binary,
        .clBuildProgram = build,
        .clGetProgramInfo = get_program_info,
        .clGetProgramBuildInfo = get_build_info,
        .clReleaseProgram = release_program,
        .clCreateKernel = create_kernel,
        .clGetKernelWorkGroupInfo = get_group_info,
        .clReleaseKernel = release_kernel,
        .clSetKernelArg = set_argument,
        .clEnqueueNDRangeKernel = launch,
        .clEnqueueReadBuffer = read_buffer,
        .clEnqueueWriteBuffer = write_buffer,
        .clSetEventCallback = set_callback,
        .clReleaseEvent = release_event,
        .clFlush = flush,
    };
    return 0;
}
