/*
 * Threads: everything but device_cpu_new and free runs on the device's own thread, which is the one
 * that scans.
 */
#include "work/pool/device_cpu.h"

#include <stdio.h>
#include <stdlib.h>

/* Between two looks at the stop flag: 2 ms of the slowest scanner known, a tenth of that on
 * AVX-512. */
#define CHUNK_HASHES UINT64_C (8192)

/* What any CPU does at the least; the pool measures the real rate with the first batches. */
#define FIRST_RATE 4e6

struct device_cpu {
    struct device device;
    const struct scanner *scanner;
    struct device_batch pending;
};

/* The device is the first member: both pointers are the same object. */
static struct device_cpu *
cpu_of (struct device *device)
{
    return (struct device_cpu *)device;
}

static int
cpu_open (struct device *device)
{
    if (!cpu_of (device)->scanner->usable ()) {
        snprintf (device->reason, sizeof device->reason, "this CPU cannot run the scanner %s",
                  cpu_of (device)->scanner->name);
        return -1;
    }
    return 0;
}

static int
cpu_submit (struct device *device, const struct device_batch *batch)
{
    cpu_of (device)->pending = *batch;
    return 0;
}

static void
cpu_collect (struct device *device, struct device_result *result)
{
    const struct device_batch *batch = &cpu_of (device)->pending;
    scan_fn scan = cpu_of (device)->scanner->scan;

    result->outcome = DEVICE_NOTHING;
    result->hashes = 0;
    while (result->hashes < batch->count) {
        uint64_t left = batch->count - result->hashes;
        uint64_t chunk = left < CHUNK_HASHES ? left : CHUNK_HASHES;
        uint64_t first = batch->first + result->hashes;

        if (atomic_load_explicit (batch->stop, memory_order_relaxed)) {
            result->outcome = DEVICE_STOPPED;
            return;
        }
        if (scan (batch->midstate, first, chunk, &result->nonce)) {
            result->outcome = DEVICE_HIT;
            result->hashes += result->nonce - first + 1;
            return;
        }
        result->hashes += chunk;
    }
}

static void
cpu_close (struct device *device)
{
    (void)device;
}

static void
cpu_free (struct device *device)
{
    free (cpu_of (device));
}

static const struct device_ops cpu_ops = {
    .open = cpu_open,
    .submit = cpu_submit,
    .collect = cpu_collect,
    .close = cpu_close,
    .free = cpu_free,
};

struct device *
device_cpu_new (unsigned index, const struct scanner *scanner)
{
    struct device_cpu *cpu = calloc (1, sizeof *cpu);

    if (cpu == NULL) {
        return NULL;
    }
    cpu->device.ops = &cpu_ops;
    cpu->device.kind = "cpu";
    cpu->device.depth = 1;
    cpu->device.granule = scanner->lanes;
    cpu->device.rate = FIRST_RATE;
    cpu->scanner = scanner;
    snprintf (cpu->device.name, sizeof cpu->device.name, "cpu %u", index);
    snprintf (cpu->device.detail, sizeof cpu->device.detail, "%s", scanner->name);
    return &cpu->device;
}
