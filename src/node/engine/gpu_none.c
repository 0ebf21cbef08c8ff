/*
 * In builds without OpenCL, in the place of gpu.c: no struct gpu is ever made, and what takes one
 * is given NULL.
 */
#include "node/engine/gpu.h"

void
gpu_keep_caches (const struct config *config, const char *data_path)
{
    (void)config;
    (void)data_path;
}

struct gpu *
gpu_open (const struct gpu_settings *settings, char error[GPU_TEXT_SIZE])
{
    (void)settings;
    (void)snprintf (error, GPU_TEXT_SIZE, "this build of workpeer has no OpenCL");
    return NULL;
}

void
gpu_free (struct gpu *gpu)
{
    (void)gpu;
}

size_t
gpu_count (const struct gpu *gpu)
{
    (void)gpu;
    return 0;
}

enum gpu_found
/* NOLINTNEXTLINE(readability-non-const-parameter): it is as where there is OpenCL */
gpu_find (const struct gpu *gpu, uint64_t platform, uint64_t device, size_t *index)
{
    (void)gpu;
    (void)platform;
    (void)device;
    (void)index;
    return GPU_NO_PLATFORM;
}

struct device *
gpu_device (const struct gpu *gpu, size_t index)
{
    (void)gpu;
    (void)index;
    return NULL;
}

const char *
gpu_defect (const struct gpu *gpu, size_t index)
{
    (void)gpu;
    (void)index;
    return NULL;
}

void
gpu_describe (const struct gpu *gpu, size_t index, char text[GPU_TEXT_SIZE])
{
    (void)gpu;
    (void)index;
    text[0] = '\0';
}

void
gpu_print (const struct gpu *gpu, const double *rates, FILE *stream)
{
    (void)gpu;
    (void)rates;
    (void)stream;
}
