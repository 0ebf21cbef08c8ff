#include "support_opencl.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "work/opencl/device_opencl.h"

static struct opencl_api library;
static struct opencl_list list;

/* A lost session is kept on purpose; the others are what PoCL and LLVM keep until the end. */
const char *
__lsan_default_suppressions (void)
{
    return "leak:opencl_session_open\nleak:libpocl\nleak:libLLVM\nleak:libclang\nleak:libOpenCL\n"
           "leak:libhwloc\nleak:libltdl\nleak:libudev\nleak:libpciaccess\n";
}

bool
support_opencl_find (void)
{
    char error[1024];

    if (opencl_api_load (&library, error, sizeof error) != 0 ||
        opencl_list_read (&library, &list, error, sizeof error) != 0) {
        printf ("skipped: %s\n", error);
        return false;
    }
    return true;
}

const struct opencl_api *
support_opencl_api (void)
{
    return &library;
}

const struct opencl_device *
support_opencl_where (void)
{
    return &list.devices[0];
}

struct device *
support_opencl_new (const struct opencl_api *api, double batch_seconds, double patience,
                    const char *cache_path)
{
    const struct device_opencl_settings settings = {
        .api = api,
        .device = support_opencl_where (),
        .threads = 1048576,
        .batch_seconds = batch_seconds,
        .patience = patience,
        .cache_path = cache_path,
    };
    struct device *const device = device_opencl_new (&settings);

    assert_non_null (device);
    return device;
}

void
support_opencl_open (struct device *device)
{
    if (device->ops->open (device) != 0) {
        fail_msg ("open: %s", device->reason);
    }
}

void
support_opencl_end (struct device *device)
{
    device->ops->close (device);
    device_free (device);
}

char *
support_directory_new (void)
{
    char *const path = strdup ("/tmp/workpeer-test-XXXXXX");

    assert_non_null (path);
    assert_non_null (mkdtemp (path));
    return path;
}

static int
remove_entry (const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove (path);
}

void
support_directory_free (char *path)
{
    assert_int_equal (nftw (path, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
    free (path);
}
