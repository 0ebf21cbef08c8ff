/*
 * An OpenCL library with one GPU, which the CPU is: the functions that Workpeer calls, over
 * faulty_device.c, which fails on demand.
 *
 * Threads: as OpenCL has it, any may call; but one kernel's arguments are one thread's, and so are
 * one context's buffers.
 */
#include <stdlib.h>
#include <string.h>

#include "faulty_device.h"
#include "opencl_told.h"

/* The kernel's arguments, as nonce_scan.cl has them. */
enum { STATE, ROOT, FLIP, AT_LEAST, FIRST, COUNT, FOUND, ARGUMENTS };

struct _cl_platform_id {
    int unused;
};

struct _cl_device_id {
    int unused;
};

struct _cl_program {
    int unused;
};

struct _cl_command_queue {
    cl_context context;
};

static struct _cl_platform_id the_platform;
static struct _cl_device_id the_device;

/* What there is. */

cl_int
clGetPlatformIDs (cl_uint entries, cl_platform_id *platforms, cl_uint *count)
{
    if (platforms != NULL && entries > 0) {
        platforms[0] = &the_platform;
    }
    if (count != NULL) {
        *count = 1;
    }
    return CL_SUCCESS;
}

cl_int
clGetPlatformInfo (cl_platform_id platform, cl_platform_info what, size_t size, void *value,
                   size_t *size_ret)
{
    (void)platform;
    (void)what;
    return opencl_told_text ("Faulty platform", size, value, size_ret);
}

cl_int
clGetDeviceIDs (cl_platform_id platform, cl_device_type type, cl_uint entries,
                cl_device_id *devices, cl_uint *count)
{
    (void)platform;
    (void)type;
    if (faulty_device_is_told ("absent")) {
        return CL_DEVICE_NOT_FOUND;
    }
    if (devices != NULL && entries > 0) {
        devices[0] = &the_device;
    }
    if (count != NULL) {
        *count = 1;
    }
    return CL_SUCCESS;
}

cl_int
clGetDeviceInfo (cl_device_id device, cl_device_info what, size_t size, void *value,
                 size_t *size_ret)
{
    (void)device;
    return opencl_told_device ("faulty", what, size, value, size_ret);
}

/* Contexts and what is in them. */

/* What can fail of making an object: its memory. */
static void *
make (size_t size, cl_int *result)
{
    void *const object = calloc (1, size);

    *result = object != NULL ? CL_SUCCESS : CL_OUT_OF_HOST_MEMORY;
    return object;
}

static cl_int
dispose (void *object)
{
    free (object);
    return CL_SUCCESS;
}

cl_context
clCreateContext (const cl_context_properties *properties, cl_uint count,
                 const cl_device_id *devices,
                 void (CL_CALLBACK *notify) (const char *, const void *, size_t, void *),
                 void *data, cl_int *result)
{
    const cl_context context = make (sizeof *context, result);

    (void)properties;
    (void)count;
    (void)devices;
    (void)notify;
    (void)data;
    if (context == NULL) {
        return NULL;
    }
    if (faulty_device_start (context) != 0) {
        *result = CL_OUT_OF_RESOURCES;
        free (context);
        return NULL;
    }
    return context;
}

cl_int
clReleaseContext (cl_context context)
{
    cl_mem buffer;

    faulty_device_stop (context);
    while ((buffer = SLIST_FIRST (&context->buffers)) != NULL) {
        SLIST_REMOVE_HEAD (&context->buffers, link);
        free (buffer);
    }
    return dispose (context);
}

cl_command_queue
clCreateCommandQueue (cl_context context, cl_device_id device,
                      cl_command_queue_properties properties, cl_int *result)
{
    const cl_command_queue queue = make (sizeof *queue, result);

    (void)device;
    (void)properties;
    if (queue != NULL) {
        queue->context = context;
    }
    return queue;
}

cl_int
clReleaseCommandQueue (cl_command_queue queue)
{
    return dispose (queue);
}

cl_mem
clCreateBuffer (cl_context context, cl_mem_flags flags, size_t size, void *from, cl_int *result)
{
    const cl_mem buffer = make (sizeof *buffer, result);

    (void)flags;
    if (buffer != NULL && size == sizeof buffer->value) {
        memcpy (&buffer->value, from, size);
        SLIST_INSERT_HEAD (&context->buffers, buffer, link);
    }
    return buffer;
}

/* Commands that are queued may still use it. */
cl_int
clReleaseMemObject (cl_mem buffer)
{
    (void)buffer;
    return CL_SUCCESS;
}

cl_program
clCreateProgramWithSource (cl_context context, cl_uint count, const char **sources,
                           const size_t *lengths, cl_int *result)
{
    (void)context;
    (void)count;
    (void)sources;
    (void)lengths;
    return make (sizeof (struct _cl_program), result);
}

cl_program
clCreateProgramWithBinary (cl_context context, cl_uint count, const cl_device_id *devices,
                           const size_t *lengths, const unsigned char **binaries, cl_int *status,
                           cl_int *result)
{
    (void)context;
    (void)count;
    (void)devices;
    (void)lengths;
    (void)binaries;
    *status = CL_SUCCESS;
    return make (sizeof (struct _cl_program), result);
}

cl_int
clBuildProgram (cl_program program, cl_uint count, const cl_device_id *devices, const char *options,
                void (CL_CALLBACK *notify) (cl_program, void *), void *data)
{
    (void)program;
    (void)count;
    (void)devices;
    (void)options;
    (void)notify;
    (void)data;
    return CL_SUCCESS;
}

/* A binary of one byte: the cache has something to keep. */
cl_int
clGetProgramInfo (cl_program program, cl_program_info what, size_t size, void *value,
                  size_t *size_ret)
{
    static const size_t length = 1;
    unsigned char **const binaries = value;

    (void)program;
    if (what == CL_PROGRAM_BINARIES) {
        binaries[0][0] = 0;
        return CL_SUCCESS;
    }
    return opencl_told (&length, sizeof length, size, value, size_ret);
}

cl_int
clGetProgramBuildInfo (cl_program program, cl_device_id device, cl_program_build_info what,
                       size_t size, void *value, size_t *size_ret)
{
    (void)program;
    (void)device;
    (void)what;
    return opencl_told_text ("", size, value, size_ret);
}

cl_int
clReleaseProgram (cl_program program)
{
    return dispose (program);
}

cl_kernel
clCreateKernel (cl_program program, const char *name, cl_int *result)
{
    (void)program;
    (void)name;
    return make (sizeof (struct _cl_kernel), result);
}

cl_int
clGetKernelWorkGroupInfo (cl_kernel kernel, cl_device_id device, cl_kernel_work_group_info what,
                          size_t size, void *value, size_t *size_ret)
{
    const size_t group = what == CL_KERNEL_WORK_GROUP_SIZE ? 64 : 8;

    (void)kernel;
    (void)device;
    return opencl_told (&group, sizeof group, size, value, size_ret);
}

cl_int
clReleaseKernel (cl_kernel kernel)
{
    return dispose (kernel);
}

cl_int
clSetKernelArg (cl_kernel kernel, cl_uint index, size_t size, const void *value)
{
    const struct {
        void *to;
        size_t size;
    } arguments[ARGUMENTS] = {
        [STATE] = {kernel->midstate.v, sizeof kernel->midstate.v},
        [ROOT] = {kernel->midstate.m + 1, 4 * sizeof kernel->midstate.m[0]},
        [FLIP] = {&kernel->midstate.flip, sizeof kernel->midstate.flip},
        [AT_LEAST] = {&kernel->midstate.at_least, sizeof kernel->midstate.at_least},
        [FIRST] = {&kernel->first, sizeof kernel->first},
        [COUNT] = {&kernel->count, sizeof kernel->count},
        [FOUND] = {&kernel->found, sizeof kernel->found},
    };

    if (index >= ARGUMENTS || size != arguments[index].size) {
        return CL_INVALID_ARG_SIZE;
    }
    memcpy (arguments[index].to, value, size);
    return CL_SUCCESS;
}

/* Commands. */

cl_int
clEnqueueNDRangeKernel (cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
                        const size_t *offset, const size_t *items, const size_t *group,
                        cl_uint waits, const cl_event *wait_list, cl_event *event)
{
    const struct faulty_command command = {.what = LAUNCH, .launch = *kernel};

    (void)dimensions;
    (void)offset;
    (void)items;
    (void)group;
    (void)waits;
    (void)wait_list;
    (void)event;
    if (faulty_device_is_told ("refuse") || faulty_device_is_told ("absent")) {
        return CL_OUT_OF_RESOURCES;
    }
    return faulty_device_enqueue (queue->context, &command);
}

cl_int
clEnqueueReadBuffer (cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset,
                     size_t size, void *to, cl_uint waits, const cl_event *wait_list,
                     cl_event *event)
{
    struct faulty_command command = {.what = READ, .buffer = buffer, .to = to};
    cl_int result;

    (void)blocking;
    (void)offset;
    (void)waits;
    (void)wait_list;
    if (size != sizeof *command.to) {
        return CL_INVALID_VALUE;
    }
    command.event = make (sizeof *command.event, &result);
    if (command.event == NULL) {
        return result;
    }
    command.event->references = 2; /* the command's, and the caller's */
    *event = command.event;
    result = faulty_device_enqueue (queue->context, &command);
    if (result != CL_SUCCESS) {
        free (command.event);
    }
    return result;
}

cl_int
clEnqueueWriteBuffer (cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset,
                      size_t size, const void *from, cl_uint waits, const cl_event *wait_list,
                      cl_event *event)
{
    struct faulty_command command = {.what = WRITE, .buffer = buffer};

    (void)blocking;
    (void)offset;
    (void)waits;
    (void)wait_list;
    (void)event;
    if (size != sizeof command.value) {
        return CL_INVALID_VALUE;
    }
    memcpy (&command.value, from, size);
    return faulty_device_enqueue (queue->context, &command);
}

cl_int
clSetEventCallback (cl_event event, cl_int what, faulty_callback callback, void *data)
{
    (void)what;
    faulty_device_hear (event, callback, data);
    return CL_SUCCESS;
}

cl_int
clReleaseEvent (cl_event event)
{
    faulty_device_forget (event);
    return CL_SUCCESS;
}

cl_int
clFlush (cl_command_queue queue)
{
    (void)queue;
    return CL_SUCCESS;
}
