#include "opencl_between.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support_opencl.h"
#include "work/opencl/opencl_session.h"

struct between between;
atomic_bool stop;
atomic_int held;
struct opencl_api api_between;

static cl_int CL_API_CALL
launch_between (cl_command_queue queue, cl_kernel kernel, cl_uint dimensions, const size_t *offset,
                const size_t *global, const size_t *local, cl_uint count, const cl_event *events,
                cl_event *event)
{
    between.launches++;
    between.launches_stopped += atomic_load (&stop);
    if (between.launches == between.stop_at) {
        atomic_store (&stop, true);
    }
    if (between.fail_from != 0 && between.launches >= between.fail_from) {
        return CL_OUT_OF_RESOURCES;
    }
    return support_opencl_api ()->clEnqueueNDRangeKernel (queue, kernel, dimensions, offset, global,
                                                          local, count, events, event);
}

/* The device's own callback and its data. Two launches are the most there are at a time. */
struct told {
    void (CL_CALLBACK *notify) (cl_event, cl_int, void *);
    void *data;
};

static void CL_CALLBACK
tell_badly (cl_event event, cl_int status, void *data)
{
    struct told *const told = data;

    (void)status;
    told->notify (event, CL_OUT_OF_RESOURCES, told->data);
}

static cl_int CL_API_CALL
callback_between (cl_event event, cl_int type,
                  void (CL_CALLBACK *notify) (cl_event, cl_int, void *), void *data)
{
    static struct told told[64];
    static unsigned next;
    struct told *const mine = &told[next++ % 64];

    *mine = (struct told){notify, data};
    if (between.mute) {
        return CL_SUCCESS;
    }
    return between.bad_status
               ? support_opencl_api ()->clSetEventCallback (event, type, tell_badly, mine)
               : support_opencl_api ()->clSetEventCallback (event, type, notify, data);
}

static cl_int CL_API_CALL
device_info_between (cl_device_id device, cl_device_info what, size_t size, void *value,
                     size_t *length)
{
    if (what == CL_DEVICE_EXTENSIONS && between.extensions != NULL) {
        assert_true (size > strlen (between.extensions));
        memcpy (value, between.extensions, strlen (between.extensions) + 1);
        return CL_SUCCESS;
    }
    return support_opencl_api ()->clGetDeviceInfo (device, what, size, value, length);
}

static cl_int CL_API_CALL
build_between (cl_program program, cl_uint count, const cl_device_id *devices, const char *options,
               void (CL_CALLBACK *notify) (cl_program, void *), void *data)
{
    if (between.wrong != NULL && strstr (options, "ROTATES") != NULL) {
        options = between.wrong;
    }
    between.builds++;
    return support_opencl_api ()->clBuildProgram (program, count, devices, options, notify, data);
}

/* What the device makes and gives back: every object that OpenCL counts. */

#define RELEASE_BETWEEN(function, type)                        \
    static cl_int CL_API_CALL function##_between (type object) \
    {                                                          \
        held--;                                                \
        return support_opencl_api ()->function (object);       \
    }

RELEASE_BETWEEN (clReleaseContext, cl_context)
RELEASE_BETWEEN (clReleaseCommandQueue, cl_command_queue)
RELEASE_BETWEEN (clReleaseMemObject, cl_mem)
RELEASE_BETWEEN (clReleaseProgram, cl_program)
RELEASE_BETWEEN (clReleaseKernel, cl_kernel)
RELEASE_BETWEEN (clReleaseEvent, cl_event)

#define CREATE_BETWEEN(function, type, parameters, arguments)        \
    static type CL_API_CALL function##_between parameters            \
    {                                                                \
        const type made = support_opencl_api ()->function arguments; \
        held += made != NULL;                                        \
        return made;                                                 \
    }

CREATE_BETWEEN (clCreateContext, cl_context,
                (const cl_context_properties *properties, cl_uint count,
                 const cl_device_id *devices,
                 void (CL_CALLBACK *notify) (const char *, const void *, size_t, void *),
                 void *data, cl_int *result),
                (properties, count, devices, notify, data, result))
CREATE_BETWEEN (clCreateCommandQueue, cl_command_queue,
                (cl_context context, cl_device_id device, cl_command_queue_properties properties,
                 cl_int *result),
                (context, device, properties, result))
CREATE_BETWEEN (clCreateBuffer, cl_mem,
                (cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *result),
                (context, flags, size, host, result))
CREATE_BETWEEN (clCreateProgramWithSource, cl_program,
                (cl_context context, cl_uint count, const char **sources, const size_t *lengths,
                 cl_int *result),
                (context, count, sources, lengths, result))
CREATE_BETWEEN (clCreateProgramWithBinary, cl_program,
                (cl_context context, cl_uint count, const cl_device_id *devices,
                 const size_t *lengths, const unsigned char **binaries, cl_int *status,
                 cl_int *result),
                (context, count, devices, lengths, binaries, status, result))
CREATE_BETWEEN (clCreateKernel, cl_kernel, (cl_program program, const char *name, cl_int *result),
                (program, name, result))

static cl_program CL_API_CALL
source_between (cl_context context, cl_uint count, const char **sources, const size_t *lengths,
                cl_int *result)
{
    between.sources++;
    return clCreateProgramWithSource_between (context, count, sources, lengths, result);
}

static cl_int CL_API_CALL
read_between (cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size,
              void *memory, cl_uint count, const cl_event *events, cl_event *event)
{
    const cl_uint beyond = OPENCL_LAUNCH_MOST;

    held += event != NULL;
    if (between.garbage) {
        const cl_int result = support_opencl_api ()->clEnqueueReadBuffer (
            queue, buffer, CL_TRUE, offset, size, memory, count, events, event);
        memcpy (memory, &beyond, sizeof beyond);
        return result;
    }
    return support_opencl_api ()->clEnqueueReadBuffer (queue, buffer, blocking, offset, size,
                                                       memory, count, events, event);
}

static void
count_objects (void)
{
    api_between.clCreateContext = clCreateContext_between;
    api_between.clReleaseContext = clReleaseContext_between;
    api_between.clCreateCommandQueue = clCreateCommandQueue_between;
    api_between.clReleaseCommandQueue = clReleaseCommandQueue_between;
    api_between.clCreateBuffer = clCreateBuffer_between;
    api_between.clReleaseMemObject = clReleaseMemObject_between;
    api_between.clCreateProgramWithSource = source_between;
    api_between.clCreateProgramWithBinary = clCreateProgramWithBinary_between;
    api_between.clReleaseProgram = clReleaseProgram_between;
    api_between.clCreateKernel = clCreateKernel_between;
    api_between.clReleaseKernel = clReleaseKernel_between;
    api_between.clEnqueueReadBuffer = read_between;
    api_between.clReleaseEvent = clReleaseEvent_between;
    held = 0;
}

int
between_set_up (void **state)
{
    (void)state;
    memset (&between, 0, sizeof between);
    atomic_store (&stop, false);
    api_between = *support_opencl_api ();
    api_between.clEnqueueNDRangeKernel = launch_between;
    api_between.clSetEventCallback = callback_between;
    api_between.clGetDeviceInfo = device_info_between;
    api_between.clBuildProgram = build_between;
    count_objects ();
    return 0;
}
