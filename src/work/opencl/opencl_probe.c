#include "work/opencl/opencl_probe.h"

#include <stdio.h>
#include <string.h>

#include "work/base/child.h"
#include "work/opencl/opencl_api.h"
#include "work/opencl/opencl_list.h"

static int
load_and_list (const void *data)
{
    struct opencl_api api;
    struct opencl_list list;
    char error[256];

    (void)data;
    if (opencl_api_load (&api, error, sizeof error) == 0) {
        (void)opencl_list_read (&api, &list, error, sizeof error);
    }
    return 0;
}

int
opencl_probe_with (int (*child) (const void *data), double patience, char *error, size_t size)
{
    const struct child_result result = child_run (child, NULL, patience);

    switch (result.end) {
    case CHILD_ANSWERED:
        return 0;
    case CHILD_NONE:
        (void)snprintf (error, size, "cannot try OpenCL: %s", strerror (result.detail));
        break;
    case CHILD_LATE:
        (void)snprintf (error, size,
                        "the OpenCL library or a driver did not answer in %.0f seconds", patience);
        break;
    case CHILD_CRASHED:
    case CHILD_KILLED:
        (void)snprintf (error, size,
                        "the OpenCL library or a driver crashes when it is loaded (%s): check "
                        "/etc/OpenCL/vendors",
                        strsignal (result.detail));
        break;
    case CHILD_ENDED:
        (void)snprintf (error, size,
                        "the OpenCL library or a driver ends the process when it is loaded");
        break;
    }
    return -1;
}

int
opencl_probe (char *error, size_t size)
{
    return opencl_probe_with (load_and_list, OPENCL_PROBE_PATIENCE, error, size);
}
