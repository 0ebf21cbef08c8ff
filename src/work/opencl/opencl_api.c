#include "work/opencl/opencl_api.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* What the ICD loader is called; the second name is that of development packages. */
static const char *const libraries[] = {"libOpenCL.so.1", "libOpenCL.so"};

struct function {
    const char *name;
    size_t offset; /* in struct opencl_api */
};

static const struct function functions[] = {
#define OPENCL_ENTRY(name) {#name, offsetof (struct opencl_api, name)},
    OPENCL_FUNCTIONS (OPENCL_ENTRY)
#undef OPENCL_ENTRY
};

static void *
open_library (void)
{
    for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++) {
        void *const library = dlopen (libraries[i], RTLD_NOW | RTLD_LOCAL);

        if (library != NULL) {
            return library;
        }
    }
    return NULL;
}

int
opencl_api_load (struct opencl_api *api, char *error, size_t error_size)
{
    void *const library = open_library ();

    if (library == NULL) {
        const char *const reason = dlerror ();

        (void)snprintf (error, error_size,
                        "no OpenCL library on this machine (%s): install a GPU's driver, or "
                        "the package ocl-icd-libopencl1",
                        reason != NULL ? reason : libraries[0]);
        return -1;
    }
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        void *const address = dlsym (library, functions[i].name);

        if (address == NULL) {
            (void)snprintf (error, error_size,
                            "the OpenCL library on this machine has no %s: OpenCL 1.2 is required",
                            functions[i].name);
            (void)dlclose (library);
            return -1;
        }
        memcpy ((char *)api + functions[i].offset, &address, sizeof address);
    }
    return 0;
}

#define ERROR_NAME(name) \
    case name:           \
        return #name;

/* Of what our calls may answer. */
static const char *
name_of (cl_int error)
{
    switch (error) {
        ERROR_NAME (CL_SUCCESS)
        ERROR_NAME (CL_DEVICE_NOT_FOUND)
        ERROR_NAME (CL_DEVICE_NOT_AVAILABLE)
        ERROR_NAME (CL_COMPILER_NOT_AVAILABLE)
        ERROR_NAME (CL_MEM_OBJECT_ALLOCATION_FAILURE)
        ERROR_NAME (CL_OUT_OF_RESOURCES)
        ERROR_NAME (CL_OUT_OF_HOST_MEMORY)
        ERROR_NAME (CL_BUILD_PROGRAM_FAILURE)
        ERROR_NAME (CL_MAP_FAILURE)
        ERROR_NAME (CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST)
        ERROR_NAME (CL_INVALID_VALUE)
        ERROR_NAME (CL_INVALID_DEVICE_TYPE)
        ERROR_NAME (CL_INVALID_PLATFORM)
        ERROR_NAME (CL_INVALID_DEVICE)
        ERROR_NAME (CL_INVALID_CONTEXT)
        ERROR_NAME (CL_INVALID_QUEUE_PROPERTIES)
        ERROR_NAME (CL_INVALID_COMMAND_QUEUE)
        ERROR_NAME (CL_INVALID_MEM_OBJECT)
        ERROR_NAME (CL_INVALID_BINARY)
        ERROR_NAME (CL_INVALID_BUILD_OPTIONS)
        ERROR_NAME (CL_INVALID_PROGRAM)
        ERROR_NAME (CL_INVALID_PROGRAM_EXECUTABLE)
        ERROR_NAME (CL_INVALID_KERNEL_NAME)
        ERROR_NAME (CL_INVALID_KERNEL_DEFINITION)
        ERROR_NAME (CL_INVALID_KERNEL)
        ERROR_NAME (CL_INVALID_ARG_INDEX)
        ERROR_NAME (CL_INVALID_ARG_VALUE)
        ERROR_NAME (CL_INVALID_ARG_SIZE)
        ERROR_NAME (CL_INVALID_KERNEL_ARGS)
        ERROR_NAME (CL_INVALID_WORK_DIMENSION)
        ERROR_NAME (CL_INVALID_WORK_GROUP_SIZE)
        ERROR_NAME (CL_INVALID_WORK_ITEM_SIZE)
        ERROR_NAME (CL_INVALID_GLOBAL_OFFSET)
        ERROR_NAME (CL_INVALID_EVENT_WAIT_LIST)
        ERROR_NAME (CL_INVALID_EVENT)
        ERROR_NAME (CL_INVALID_OPERATION)
        ERROR_NAME (CL_INVALID_BUFFER_SIZE)
        ERROR_NAME (CL_INVALID_GLOBAL_WORK_SIZE)
        ERROR_NAME (CL_INVALID_PROPERTY)
    case -1001: /* cl_khr_icd's */
        return "CL_PLATFORM_NOT_FOUND_KHR";
    default:
        return "an error";
    }
}

int
opencl_explain (const char *call, cl_int error, char *text, size_t size)
{
    (void)snprintf (text, size, "%s: %s (%d)", call, name_of (error), error);
    return -1;
}
