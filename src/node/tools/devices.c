#include "node/tools/devices.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "node/engine/choice.h"
#include "node/engine/gpu.h"
#include "work/base/cpus.h"
#include "work/measure/slices.h"
#include "work/pool/device_cpu.h"

/* How long --list_devices measures a device: that many slices of this. */
#define LIST_SLICES 10
#define LIST_SLICE_SECONDS 0.05

/* Hashes a second of a device, which this frees; 0, and why on standard error, when it fails. */
static double
measure_rate (struct device *device, double batch_seconds)
{
    struct slices_candidate candidate = {.devices = &device};
    struct slices slices = {
        .candidates = &candidate,
        .candidate_count = 1,
        .threads = 1,
        .rounds = LIST_SLICES,
        .slice_seconds = LIST_SLICE_SECONDS,
        .batch_seconds = batch_seconds,
    };
    char error[DEVICE_NAME_SIZE + DEVICE_REASON_SIZE + 8] = "out of memory";
    double rate = 0;

    if (device == NULL || slices_run (&slices, error, sizeof error) != 0) {
        fprintf (stderr, "Cannot measure: %s\n", error);
    } else {
        rate = candidate.rates.mean;
    }
    figures_clear (&candidate.rates);
    device_free (device);
    return rate;
}

/* What there is, with what it is good for if that is asked. */
static int
list_opencl (const struct options *options, const struct config *config)
{
    const struct gpu_settings settings = {
        .config = config, .data_path = options->data_path, .everything = true};
    char error[GPU_TEXT_SIZE];
    struct gpu *const gpu = gpu_open (&settings, error);
    double *rates = NULL;

    if (gpu == NULL) {
        printf ("OpenCL: %s\n", error);
        return 0;
    }
    if (options->measure) {
        rates = calloc (gpu_count (gpu), sizeof *rates);
        for (size_t i = 0; i < gpu_count (gpu) && rates != NULL; i++) {
            if (gpu_defect (gpu, i) == NULL) {
                rates[i] = measure_rate (gpu_device (gpu, i), config->opencl_batch_time);
            }
        }
    }
    printf ("OpenCL: devices found: %zu; as config-node.toml names them:\n\n", gpu_count (gpu));
    gpu_print (gpu, rates, stdout);
    free (rates);
    gpu_free (gpu);
    return 0;
}

int
devices_list (const struct options *options, const struct config *config)
{
    unsigned cpus = cpus_available ();
    size_t count;
    const struct scanner *const *scanners = scan_all (&count);
    struct choice choice;

    (void)choice_scanner (config->work_scanner, &choice); /* what it says is printed either way */
    printf ("CPU: %u threads can be used (node.work_threads = %" PRIu64 ")\n", cpus,
            config->work_threads);
    for (size_t i = 0; i < count; i++) {
        printf ("    scanner %-9s %s%s\n", scanners[i]->name,
                scanners[i]->usable () ? "usable" : "not on this CPU",
                scanners[i] == choice.scanner ? ", chosen" : "");
    }
    printf ("Scanner: %s\n", choice.reason);
    if (options->measure) {
        printf ("CPU, one thread: %.2f million hashes a second\n",
                measure_rate (device_cpu_new (0, choice.scanner), config->work_batch_time) / 1e6);
    }
    return list_opencl (options, config) == 0 && fflush (stdout) == 0 ? 0 : 1;
}

/* Each device opened and tested on its own. */
static int
diagnose_opencl (const struct options *options, const struct config *config)
{
    const struct gpu_settings settings = {
        .config = config, .data_path = options->data_path, .everything = true};
    char text[GPU_TEXT_SIZE];
    struct gpu *const gpu = gpu_open (&settings, text);
    int status = 0;

    if (gpu == NULL) {
        printf ("%s\n", text);
    }
    for (size_t i = 0; i < gpu_count (gpu); i++) {
        struct device *const device = gpu_device (gpu, i);
        bool good = false;

        if (device != NULL && device->ops->open (device) == 0) {
            good = device_self_test (device) == 0;
            device->ops->close (device);
        }
        gpu_describe (gpu, i, text);
        printf ("    device %s: %s\n", text,
                good             ? "correct"
                : device != NULL ? device->reason
                                 : "out of memory");
        status |= !good;
        device_free (device);
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
        struct device *device = scanners[i]->usable () ? device_cpu_new (0, scanners[i]) : NULL;
        if (device != NULL) {
            bool good = device->ops->open (device) == 0 && device_self_test (device) == 0;
            printf ("    scanner %s: %s\n", scanners[i]->name, good ? "correct" : device->reason);
            status |= !good;
        }
        device_free (device);
    }
    printf ("Dumping OpenCL information\n");
    status |= diagnose_opencl (options, config);
    status |= devices_list (options, config);
    return status;
}
