/* Which devices there are and which are meant: against drivers that this file makes up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "work/opencl/opencl_api.h"
#include "work/opencl/opencl_list.h"

/* A device that a driver tells of. */
struct told {
    const char *name;
    const char *board; /* AMD's */
    const char *vendor;
    cl_device_type type;
    cl_uint pci[4]; /* Khronos's way; 0xffff: not told */
    cl_uint nvidia[2];
    unsigned char amd[3];
    bool unavailable;
    bool no_compiler;
};

struct told_platform {
    const char *name;
    const struct told *devices;
    cl_uint count;
    cl_int result; /* of clGetDeviceIDs */
};

#define NOWHERE         \
    {                   \
        0xffff, 0, 0, 0 \
    }

static const struct told nvidia[] = {
    {.name = " NVIDIA GeForce RTX 2080 Ti ",
     .vendor = "NVIDIA Corporation",
     .type = CL_DEVICE_TYPE_GPU,
     .pci = NOWHERE,
     .nvidia = {0x65, 0}},
    {.name = "NVIDIA GeForce RTX 2080 Ti",
     .vendor = "NVIDIA Corporation",
     .type = CL_DEVICE_TYPE_GPU,
     .pci = NOWHERE,
     .nvidia = {0xb3, 8}},
};

static const struct told amd[] = {
    {.name = "gfx1030",
     .board = "Radeon RX 6800",
     .vendor = "Advanced Micro Devices, Inc.",
     .type = CL_DEVICE_TYPE_GPU,
     .pci = NOWHERE,
     .amd = {0x0a, 0, 1}},
    {.name = "gfx90c",
     .vendor = "Advanced Micro Devices, Inc.",
     .type = CL_DEVICE_TYPE_GPU,
     .pci = NOWHERE,
     .no_compiler = true},
};

/* The same card again, by Mesa, and a processor. */
static const struct told mesa[] = {
    {.name = "AMD Radeon RX 6800 (navi21)",
     .vendor = "AMD",
     .type = CL_DEVICE_TYPE_GPU,
     .pci = {0, 0x0a, 0, 1}},
    {.name = "pthread-something",
     .vendor = "AuthenticAMD",
     .type = CL_DEVICE_TYPE_CPU,
     .pci = NOWHERE},
};

static const struct told_platform all_platforms[] = {
    {"NVIDIA CUDA", nvidia, 2, CL_SUCCESS},
    {"A broken driver", NULL, 0, CL_OUT_OF_HOST_MEMORY},
    {"AMD Accelerated Parallel Processing", amd, 2, CL_SUCCESS},
    {"rusticl", mesa, 2, CL_SUCCESS},
    {"An empty driver", NULL, 0, CL_DEVICE_NOT_FOUND},
};

static const struct told_platform *platforms;
static cl_uint platform_count;
static cl_int platforms_result;

static cl_int CL_API_CALL
get_platforms (cl_uint most, cl_platform_id *ids, cl_uint *count)
{
    for (cl_uint i = 0; i < platform_count && i < most; i++) {
        ids[i] = (cl_platform_id)(uintptr_t)&platforms[i];
    }
    *count = platform_count;
    return platforms_result;
}

static cl_int
answer_text (const char *text, size_t size, void *value, size_t *length)
{
    *length = strlen (text) + 1;
    if (size < *length) {
        return CL_INVALID_VALUE;
    }
    memcpy (value, text, *length);
    return CL_SUCCESS;
}

static cl_int
answer (const void *answer, size_t answer_size, size_t size, void *value, size_t *length)
{
    if (size < answer_size) {
        return CL_INVALID_VALUE;
    }
    memcpy (value, answer, answer_size);
    *length = answer_size;
    return CL_SUCCESS;
}

static cl_int CL_API_CALL
get_platform_info (cl_platform_id id, cl_platform_info what, size_t size, void *value,
                   size_t *length)
{
    const struct told_platform *const platform = (const void *)id;

    return what == CL_PLATFORM_NAME ? answer_text (platform->name, size, value, length)
                                    : CL_INVALID_VALUE;
}

static cl_int CL_API_CALL
get_devices (cl_platform_id id, cl_device_type type, cl_uint most, cl_device_id *ids,
             cl_uint *count)
{
    const struct told_platform *const platform = (const void *)id;

    assert_int_equal (type, CL_DEVICE_TYPE_ALL);
    for (cl_uint i = 0; i < platform->count && i < most; i++) {
        ids[i] = (cl_device_id)(uintptr_t)&platform->devices[i];
    }
    *count = platform->count;
    return platform->result;
}

static cl_int
get_bus (const struct told *device, cl_device_info what, size_t size, void *value, size_t *length)
{
    unsigned char topology[24] = {1};

    switch (what) {
    case 0x410F:
        return device->pci[0] == 0xffff
                   ? CL_INVALID_VALUE
                   : answer (device->pci, sizeof device->pci, size, value, length);
    case 0x4008:
    case 0x4009:
        return device->nvidia[0] == 0
                   ? CL_INVALID_VALUE
                   : answer (&device->nvidia[what - 0x4008], sizeof (cl_uint), size, value, length);
    case 0x4037:
        memcpy (topology + 21, device->amd, sizeof device->amd);
        return device->amd[0] == 0 ? CL_INVALID_VALUE
                                   : answer (topology, sizeof topology, size, value, length);
    default:
        return CL_INVALID_VALUE;
    }
}

static cl_int CL_API_CALL
get_device_info (cl_device_id id, cl_device_info what, size_t size, void *value, size_t *length)
{
    const struct told *const device = (const void *)id;
    const cl_bool available = !device->unavailable;
    const cl_bool compiler = !device->no_compiler;
    const cl_uint units = 68;

    switch (what) {
    case CL_DEVICE_NAME:
        return answer_text (device->name, size, value, length);
    case 0x4038:
        return device->board == NULL ? CL_INVALID_VALUE
                                     : answer_text (device->board, size, value, length);
    case CL_DEVICE_VENDOR:
        return answer_text (device->vendor, size, value, length);
    case CL_DEVICE_TYPE:
        return answer (&device->type, sizeof device->type, size, value, length);
    case CL_DEVICE_AVAILABLE:
        return answer (&available, sizeof available, size, value, length);
    case CL_DEVICE_COMPILER_AVAILABLE:
        return answer (&compiler, sizeof compiler, size, value, length);
    case CL_DEVICE_MAX_COMPUTE_UNITS:
        return answer (&units, sizeof units, size, value, length);
    default:
        return get_bus (device, what, size, value, length);
    }
}

static const struct opencl_api made_up = {
    .clGetPlatformIDs = get_platforms,
    .clGetPlatformInfo = get_platform_info,
    .clGetDeviceIDs = get_devices,
    .clGetDeviceInfo = get_device_info,
};

static int
tell_all (void **state)
{
    (void)state;
    platforms = all_platforms;
    platform_count = sizeof all_platforms / sizeof all_platforms[0];
    platforms_result = CL_SUCCESS;
    return 0;
}

static struct opencl_list
read_list (void)
{
    struct opencl_list list;
    char error[256] = "";

    if (opencl_list_read (&made_up, &list, error, sizeof error) != 0) {
        fail_msg ("%s", error);
    }
    return list;
}

static void
test_list (void **state)
{
    struct opencl_list list = read_list ();

    (void)state;
    assert_int_equal (list.platforms, 5);
    assert_int_equal (list.count, 6);
    assert_string_equal (list.devices[0].name, "NVIDIA GeForce RTX 2080 Ti");
    assert_string_equal (list.devices[0].board, "");
    assert_string_equal (list.devices[0].platform_name, "NVIDIA CUDA");
    assert_string_equal (list.devices[0].pci, "0000:65:00.0");
    assert_string_equal (list.devices[1].pci, "0000:b3:01.0");
    assert_int_equal (list.devices[1].compute_units, 68);
    assert_int_equal (list.devices[2].platform, 2);
    assert_int_equal (list.devices[2].device, 0);
    assert_string_equal (list.devices[2].board, "Radeon RX 6800");
    assert_string_equal (list.devices[2].pci, "0000:0a:00.1");
    assert_null (list.devices[2].defect);
    assert_string_equal (list.devices[3].pci, "");
    assert_string_equal (list.devices[3].defect, "its driver has no compiler");
    assert_false (list.devices[4].is_cpu);
    assert_string_equal (list.devices[4].pci, "0000:0a:00.1");
    assert_true (list.devices[5].is_cpu);
    opencl_list_clear (&list);
    assert_int_equal (list.count, 0);
}

static void
assert_no_list (const char *text)
{
    struct opencl_list list;
    char error[256] = "";

    assert_int_equal (opencl_list_read (&made_up, &list, error, sizeof error), -1);
    assert_non_null (strstr (error, text));
    assert_int_equal (list.count, 0);
    assert_null (list.devices);
}

static void
test_nothing (void **state)
{
    (void)state;
    platforms_result = -1001; /* what an ICD loader says that knows no driver */
    assert_no_list ("no OpenCL platform");
    platforms_result = CL_OUT_OF_HOST_MEMORY;
    assert_no_list ("clGetPlatformIDs: CL_OUT_OF_HOST_MEMORY (-6)");
    platforms_result = CL_SUCCESS;
    platform_count = 0;
    assert_no_list ("no OpenCL platform");
    platforms = &all_platforms[1];
    platform_count = 1;
    assert_no_list ("1 OpenCL platform on this machine, but no device");
}

#define MOST 16

/* The indices that the entries choose, ended by SIZE_MAX. */
static void
select_all (const char *const *entries, size_t chosen[MOST])
{
    struct opencl_list list = read_list ();
    char error[256] = "";
    size_t *indices = NULL;
    size_t count = 0;
    size_t entry_count = 0;

    while (entries[entry_count] != NULL) {
        entry_count++;
    }
    if (opencl_list_select (&list, entries, entry_count, &indices, &count, error, sizeof error) !=
        0) {
        fail_msg ("%s", error);
    }
    assert_in_range (count, 1, MOST - 1);
    memcpy (chosen, indices, count * sizeof *indices);
    chosen[count] = SIZE_MAX;
    free (indices);
    opencl_list_clear (&list);
}

static void
test_select (void **state)
{
    static const struct {
        const char *entries[4];
        size_t chosen[MOST];
    } cases[] = {
        /* neither the CPU, nor what has no compiler, nor the same card once more */
        {{"all"}, {0, 1, 2, SIZE_MAX}},     {{"0:1"}, {1, SIZE_MAX}},
        {{"3:1", "0:0"}, {5, 0, SIZE_MAX}}, {{"0:0", "0:0"}, {0, 0, SIZE_MAX}},
        {{"2:1"}, {3, SIZE_MAX}},           {{"b3:01.0"}, {1, SIZE_MAX}},
        {{"0000:65:00.0"}, {0, SIZE_MAX}},  {{"0A:00.1"}, {2, 4, SIZE_MAX}},
        {{"geforce"}, {0, 1, SIZE_MAX}},    {{"RX 6800"}, {2, 4, SIZE_MAX}},
        {{"RUSTICL"}, {4, 5, SIZE_MAX}},    {{"Advanced Micro"}, {2, 3, SIZE_MAX}},
        {{"pthread"}, {5, SIZE_MAX}},       {{"all", "3:1"}, {0, 1, 2, 5, SIZE_MAX}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t chosen[MOST];
        size_t j = 0;

        select_all (cases[i].entries, chosen);
        for (; cases[i].chosen[j] != SIZE_MAX; j++) {
            assert_int_equal (chosen[j], cases[i].chosen[j]);
        }
        assert_int_equal (chosen[j], SIZE_MAX);
    }
}

static void
test_select_nothing (void **state)
{
    static const char *const wrong[] = {"0:2", "1:0", "Voodoo", "66:00.0", "00.0", "5:00.0", "0:x"};
    struct opencl_list list = read_list ();

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *const entries[] = {"all", wrong[i]};
        size_t *indices = NULL;
        size_t count = 0;
        char error[512] = "";

        assert_int_equal (
            opencl_list_select (&list, entries, 2, &indices, &count, error, sizeof error), -1);
        assert_null (indices);
        assert_non_null (strstr (error, wrong[i]));
        assert_non_null (strstr (error, "\"0:1\" NVIDIA GeForce RTX 2080 Ti at 0000:b3:01.0"));
        assert_non_null (strstr (error, "\"3:1\" pthread-something"));
    }
    opencl_list_clear (&list);
}

/* A machine with nothing but a processor. */
static void
test_select_all_of_cpus (void **state)
{
    static const struct told_platform only = {"Portable", &mesa[1], 1, CL_SUCCESS};
    const char *const all[] = {"all"};
    struct opencl_list list;
    size_t *indices = NULL;
    size_t count = 0;
    char error[32] = ""; /* too short for it all */

    (void)state;
    platforms = &only;
    platform_count = 1;
    list = read_list ();
    assert_int_equal (opencl_list_select (&list, all, 1, &indices, &count, error, sizeof error),
                      -1);
    assert_int_equal (strlen (error), sizeof error - 1);
    opencl_list_clear (&list);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup (test_list, tell_all),
        cmocka_unit_test_setup (test_nothing, tell_all),
        cmocka_unit_test_setup (test_select, tell_all),
        cmocka_unit_test_setup (test_select_nothing, tell_all),
        cmocka_unit_test_setup (test_select_all_of_cpus, tell_all),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
