#include "node/engine/gpu.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rpc/base/memory.h"
#include "work/base/directory.h"
#include "work/opencl/device_opencl.h"
#include "work/opencl/opencl_api.h"
#include "work/opencl/opencl_probe.h"

struct gpu {
    struct opencl_api api;
    struct opencl_list list;
    size_t *chosen; /* indices into list.devices */
    size_t chosen_count;
    uint64_t threads;
    double batch_seconds;
    char cache_path[PATH_MAX]; /* "" for none */
};

/* Choosing. */

static void
choose_everything (struct gpu *gpu)
{
    gpu->chosen = memory_new (gpu->list.count, sizeof *gpu->chosen);
    for (size_t i = 0; i < gpu->list.count; i++) {
        gpu->chosen[i] = i;
    }
    gpu->chosen_count = gpu->list.count;
}

static int
select_entry (struct gpu *gpu, const char *entry, char error[GPU_TEXT_SIZE])
{
    return opencl_list_select (&gpu->list, &entry, 1, &gpu->chosen, &gpu->chosen_count, error,
                               GPU_TEXT_SIZE);
}

/* The node's way: one device, by two numbers. */
static int
choose_numbered (struct gpu *gpu, const struct config *config, char error[GPU_TEXT_SIZE])
{
    char numbers[64];

    (void)snprintf (numbers, sizeof numbers, "%" PRIu64 ":%" PRIu64, config->opencl_platform,
                    config->opencl_device);
    if (select_entry (gpu, numbers, error) != 0) {
        (void)snprintf (error, GPU_TEXT_SIZE,
                        "there is no OpenCL device %s (opencl.platform and opencl.device); "
                        "--list_devices lists the devices",
                        numbers);
        return -1;
    }
    return 0;
}

static int
choose (struct gpu *gpu, const struct gpu_settings *settings, char error[GPU_TEXT_SIZE])
{
    const struct text_list *const configured = &settings->config->opencl_select;

    if (settings->everything) {
        choose_everything (gpu);
        return 0;
    }
    if (settings->select != NULL) {
        return select_entry (gpu, settings->select, error);
    }
    if (configured->count > 0) {
        char reason[GPU_TEXT_SIZE - sizeof "opencl.select: "];

        if (opencl_list_select (&gpu->list, (const char *const *)configured->items,
                                configured->count, &gpu->chosen, &gpu->chosen_count, reason,
                                sizeof reason) == 0) {
            return 0;
        }
        (void)snprintf (error, GPU_TEXT_SIZE, "opencl.select: %s", reason);
        return -1;
    }
    return choose_numbered (gpu, settings->config, error);
}

void
gpu_keep_caches (const struct config *config, const char *data_path)
{
    static const char *const places[][2] = {
        {"POCL_CACHE_DIR", "pocl"},        {"CUDA_CACHE_PATH", "nvidia"},
        {"NEO_CACHE_DIR", "intel"},        {"AMD_COMGR_CACHE_DIR", "amd"},
        {"MESA_SHADER_CACHE_DIR", "mesa"},
    };
    char path[PATH_MAX];

    for (size_t i = 0; config->opencl_enable && i < sizeof places / sizeof places[0]; i++) {
        const int length = snprintf (path, sizeof path, "%s/opencl/%s", data_path, places[i][1]);

        if (length > 0 && (size_t)length < sizeof path && directory_make (path) == 0 &&
            access (path, W_OK) == 0) {
            memory_require (setenv (places[i][0], path, 0) == 0);
        }
    }
}

static void
set_cache_path (struct gpu *gpu, const char *data_path)
{
    const int length = data_path == NULL ? -1
                                         : snprintf (gpu->cache_path, sizeof gpu->cache_path,
                                                     "%s/opencl", data_path);

    if (length < 0 || (size_t)length >= sizeof gpu->cache_path) {
        gpu->cache_path[0] = '\0';
    }
}

struct gpu *
gpu_open (const struct gpu_settings *settings, char error[GPU_TEXT_SIZE])
{
    struct gpu *const gpu = memory_new (1, sizeof *gpu);

    gpu->threads = settings->threads > 0 ? settings->threads : settings->config->opencl_threads;
    gpu->batch_seconds = settings->config->opencl_batch_time;
    set_cache_path (gpu, settings->data_path);
    if (opencl_probe (error, GPU_TEXT_SIZE) != 0 ||
        opencl_api_load (&gpu->api, error, GPU_TEXT_SIZE) != 0 ||
        opencl_list_read (&gpu->api, &gpu->list, error, GPU_TEXT_SIZE) != 0 ||
        choose (gpu, settings, error) != 0) {
        gpu_free (gpu);
        return NULL;
    }
    return gpu;
}

void
gpu_free (struct gpu *gpu)
{
    if (gpu != NULL) {
        opencl_list_clear (&gpu->list);
        free (gpu->chosen);
        free (gpu);
    }
}

size_t
gpu_count (const struct gpu *gpu)
{
    return gpu != NULL ? gpu->chosen_count : 0;
}

static const struct opencl_device *
device_at (const struct gpu *gpu, size_t index)
{
    return &gpu->list.devices[gpu->chosen[index]];
}

enum gpu_found
gpu_find (const struct gpu *gpu, uint64_t platform, uint64_t device, size_t *index)
{
    enum gpu_found found = GPU_NO_PLATFORM;

    for (size_t i = 0; i < gpu_count (gpu); i++) {
        if (device_at (gpu, i)->platform != platform) {
            continue;
        }
        if (device_at (gpu, i)->device == device) {
            *index = i;
            return GPU_FOUND;
        }
        found = GPU_NO_DEVICE;
    }
    return found;
}

/* How often a device was chosen before. */
static unsigned
times_before (const struct gpu *gpu, size_t index)
{
    unsigned times = 0;

    for (size_t i = 0; i < index; i++) {
        times += gpu->chosen[i] == gpu->chosen[index];
    }
    return times;
}

struct device *
gpu_device (const struct gpu *gpu, size_t index)
{
    const struct device_opencl_settings settings = {
        .api = &gpu->api,
        .device = device_at (gpu, index),
        .again = times_before (gpu, index),
        .threads = gpu->threads,
        .batch_seconds = gpu->batch_seconds,
        .cache_path = gpu->cache_path[0] != '\0' ? gpu->cache_path : NULL,
    };

    return device_opencl_new (&settings);
}

const char *
gpu_defect (const struct gpu *gpu, size_t index)
{
    return device_at (gpu, index)->defect;
}

static const char *
name_of (const struct opencl_device *device)
{
    return device->board[0] != '\0' ? device->board : device->name;
}

static void
describe (const struct opencl_device *device, char text[GPU_TEXT_SIZE])
{
    (void)snprintf (text, GPU_TEXT_SIZE, "%s, %s%s%s, %u units, %.1f GiB, %s, driver %s",
                    name_of (device), device->is_cpu ? "CPU" : "GPU",
                    device->pci[0] != '\0' ? " at " : "", device->pci, device->compute_units,
                    (double)device->memory / 0x1p30, device->platform_name, device->driver);
}

void
gpu_describe (const struct gpu *gpu, size_t index, char text[GPU_TEXT_SIZE])
{
    const struct opencl_device *const device = device_at (gpu, index);
    char what[GPU_TEXT_SIZE];

    describe (device, what);
    (void)snprintf (text, GPU_TEXT_SIZE, "%u:%u, %.900s", device->platform, device->device, what);
}

static bool
has_gpu (const struct gpu *gpu)
{
    for (size_t i = 0; i < gpu_count (gpu); i++) {
        if (!device_at (gpu, i)->is_cpu) {
            return true;
        }
    }
    return false;
}

void
gpu_print (const struct gpu *gpu, const double *rates, FILE *stream)
{
    const bool cpus_too = !has_gpu (gpu);

    (void)fprintf (stream, "[opencl]\nenable = true\nselect = [\n");
    for (size_t i = 0; i < gpu_count (gpu); i++) {
        const struct opencl_device *const device = device_at (gpu, i);
        const bool useful = device->defect == NULL && (cpus_too || !device->is_cpu);
        char text[GPU_TEXT_SIZE];

        describe (device, text);
        (void)fprintf (stream, "    %s\"%u:%u\", # %s", useful ? "" : "# ", device->platform,
                       device->device, text);
        if (device->defect != NULL) {
            (void)fprintf (stream, "; cannot be used: %s", device->defect);
        } else if (rates != NULL) {
            (void)fprintf (stream, "; %.2f million hashes a second", rates[i] / 1e6);
        }
        (void)fputc ('\n', stream);
    }
    (void)fprintf (stream, "]\n");
}
