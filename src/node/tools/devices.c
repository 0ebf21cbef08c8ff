/*
 * --list_devices and --diagnostics.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "node/engine/gpu.h"
#include "node/engine/scanner_choice.h"
#include "node/tools/bench_pool.h"
#include "node/tools/tools.h"
#include "rpc/base/memory.h"
#include "work/base/cpus.h"
#include "work/pool/device_cpu.h"

/* How long --list_devices measures a device: that many slices of this. */
#define LIST_SLICES 10
#define LIST_SLICE_SECONDS 0.05

/* Hashes a second; 0, and why on standard error, when a device fails. */
static double
measure_rate (const struct bench_pool_settings *settings)
{
    struct bench_candidate candidate = {.pool = bench_pool_start (settings)};
    double rate = 0;

    if (candidate.pool != NULL &&
        bench_pool_compare (&candidate, 1, LIST_SLICES, LIST_SLICE_SECONDS, NULL) == 0) {
        rate = candidate.rates.mean;
    }
    sample_clear (&candidate.rates);
    pool_free (candidate.pool);
    return rate;
}

/* Of the OpenCL devices that can be used; the caller's. */
static double *
measure_opencl (const struct gpu *gpu, const struct config *config)
{
    double *const rates = memory_new (gpu_count (gpu), sizeof *rates);

    for (size_t i = 0; i < gpu_count (gpu); i++) {
        if (gpu_defect (gpu, i) == NULL) {
            rates[i] = measure_rate (&(struct bench_pool_settings){
                .device = memory_need (gpu_device (gpu, i)),
                .batch_seconds = config->opencl_batch_time,
            });
        }
    }
    return rates;
}

static struct gpu *
open_all (const struct options *options, const struct config *config, char error[GPU_TEXT_SIZE])
{
    return gpu_open (&(struct gpu_settings){.config = config,
                                            .data_path = options->data_path,
                                            .everything = true},
                     error);
}

/* What there is, with what it is good for if that is asked. */
static void
list_opencl (const struct options *options, const struct config *config)
{
    char error[GPU_TEXT_SIZE];
    struct gpu *const gpu = open_all (options, config, error);
    double *rates;

    if (gpu == NULL) {
        printf ("OpenCL: %s\n", error);
        return;
    }
    rates = options->measure ? measure_opencl (gpu, config) : NULL;
    printf ("OpenCL: devices found: %zu; as config-node.toml names them:\n\n", gpu_count (gpu));
    gpu_print (gpu, rates, stdout);
    free (rates);
    gpu_free (gpu);
}

void
devices_list (const struct options *options, const struct config *config)
{
    unsigned cpus = cpus_available ();
    size_t count;
    const struct scanner *const *scanners = scan_all (&count);
    struct scanner_choice choice;

    (void)scanner_choice_make (config->work_scanner,
                               &choice); /* what it says is printed either way */
    printf ("CPU: %u threads can be used (node.work_threads = %" PRIu64 ")\n", cpus,
            config->work_threads);
    for (size_t i = 0; i < count; i++) {
        printf ("    scanner %-9s %s%s\n", scanners[i]->name,
                scanners[i]->usable () ? "usable" : "not on this CPU",
                scanners[i] == choice.scanner ? ", chosen" : "");
    }
    printf ("Scanner: %s\n", choice.reason);
    if (options->measure) {
        const struct bench_pool_settings one_thread = {
            .threads = 1, .scanner = choice.scanner, .batch_seconds = config->work_batch_time};

        printf ("CPU, one thread: %.2f million hashes a second\n",
                measure_rate (&one_thread) / 1e6);
    }
    list_opencl (options, config);
}

/* Opens and tests the device, which this frees, and says how that went. Returns 1 if it failed. */
static int
diagnose (struct device *device, const char *kind, const char *name)
{
    bool good = false;

    if (device->ops->open (device) == 0) {
        good = device_self_test (device) == 0;
        device->ops->close (device);
    }
    printf ("    %s %s: %s\n", kind, name, good ? "correct" : device->reason);
    device_free (device);
    return good ? 0 : 1;
}

static int
diagnose_opencl (const struct options *options, const struct config *config)
{
    char text[GPU_TEXT_SIZE];
    struct gpu *const gpu = open_all (options, config, text);
    int status = 0;

    if (gpu == NULL) {
        printf ("%s\n", text);
    }
    for (size_t i = 0; i < gpu_count (gpu); i++) {
        gpu_describe (gpu, i, text);
        status |= diagnose (memory_need (gpu_device (gpu, i)), "device", text);
    }
    gpu_free (gpu);
    return status;
}

int
devices_diagnose (const struct options *options, const struct config *config)
{
    size_t count;
    const struct scanner *const *scanners = scan_all (&count);
    int status = 0;

    printf ("Testing hash function\n");
    for (size_t i = 0; i < count; i++) {
        if (scanners[i]->usable ()) {
            status |= diagnose (memory_need (device_cpu_new (0, scanners[i])), "scanner",
                                scanners[i]->name);
        }
    }
    printf ("Dumping OpenCL information\n");
    status |= diagnose_opencl (options, config);
    devices_list (options, config);
    return status;
}
