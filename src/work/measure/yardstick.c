#include "work/measure/yardstick.h"

#include <stdio.h>
#include <stdlib.h>

#include "work/measure/ports.h"
#include "work/scan/value.h"

struct yardstick {
    struct device device;
    unsigned lanes;            /* hashes a step; for the port limit */
    const struct ports *ports; /* NULL for libb2 */
    struct device_batch pending;
};

/* The device is the first member: both pointers are the same object. */
static struct yardstick *
yardstick_of (struct device *device)
{
    return (struct yardstick *)device;
}

static int
yardstick_open (struct device *device)
{
    (void)device;
    return 0;
}

static int
yardstick_submit (struct device *device, const struct device_batch *batch)
{
    yardstick_of (device)->pending = *batch;
    return 0;
}

static void
libb2_collect (struct device *device, struct device_result *result)
{
    static const uint8_t root[32];
    const struct device_batch *batch = &yardstick_of (device)->pending;

    *result = (struct device_result){.outcome = DEVICE_NOTHING, .hashes = batch->count};
    for (uint64_t i = 0; i < batch->count; i++) {
        uint64_t value;
        if (value_of_streaming (root, batch->first + i, &value) != 0) {
            snprintf (device->reason, sizeof device->reason, "libb2 refuses to hash");
            result->outcome = DEVICE_FAILED;
            return;
        }
    }
}

static void
ports_collect (struct device *device, struct device_result *result)
{
    struct yardstick *yardstick = yardstick_of (device);
    const struct ports *ports = yardstick->ports;
    uint64_t steps = yardstick->pending.count / yardstick->lanes;

    /* A granule is lanes * PORTS_ADDS_A_TURN hashes: the turns are a whole number. */
    ports->adds (steps / PORTS_ADDS_A_TURN * ports->operations);
    *result = (struct device_result){.outcome = DEVICE_NOTHING, .hashes = yardstick->pending.count};
}

static void
yardstick_close (struct device *device)
{
    (void)device;
}

static void
yardstick_free (struct device *device)
{
    free (yardstick_of (device));
}

static const struct device_ops libb2_ops = {
    .open = yardstick_open,
    .submit = yardstick_submit,
    .collect = libb2_collect,
    .close = yardstick_close,
    .free = yardstick_free,
};

static const struct device_ops ports_ops = {
    .open = yardstick_open,
    .submit = yardstick_submit,
    .collect = ports_collect,
    .close = yardstick_close,
    .free = yardstick_free,
};

static struct yardstick *
yardstick_new (const struct device_ops *ops, const char *name)
{
    struct yardstick *yardstick = calloc (1, sizeof *yardstick);

    if (yardstick == NULL) {
        return NULL;
    }
    yardstick->device.ops = ops;
    yardstick->device.kind = "yardstick";
    yardstick->device.depth = 1;
    yardstick->device.granule = 1;
    yardstick->device.rate = 1e6;
    snprintf (yardstick->device.name, sizeof yardstick->device.name, "%s", name);
    return yardstick;
}

struct device *
yardstick_libb2_new (void)
{
    struct yardstick *yardstick = yardstick_new (&libb2_ops, "libb2");

    return yardstick != NULL ? &yardstick->device : NULL;
}

struct device *
yardstick_ports_new (const struct scanner *scanner)
{
    struct yardstick *yardstick = yardstick_new (&ports_ops, "ports");

    if (yardstick == NULL) {
        return NULL;
    }
    yardstick->ports = ports_of (scanner);
    yardstick->lanes = scanner->lanes;
    yardstick->device.granule = (uint64_t)scanner->lanes * PORTS_ADDS_A_TURN;
    return &yardstick->device;
}
