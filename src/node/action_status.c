#include <inttypes.h>
#include <stdio.h>

#include "build_config.h"
#include "node/actions.h"
#include "rpc/json.h"
#include "work/clock.h"
#include "work/hex.h"

static const char *
state_name (enum pool_device_state state)
{
    switch (state) {
    case POOL_DEVICE_UP:
        return "up";
    case POOL_DEVICE_RESTING:
        return "resting";
    default:
        return "opening";
    }
}

static int
put_device (json_t *devices, const struct pool_device *device)
{
    json_t *entry = json_object ();
    char root[HEX_ROOT_SIZE] = "";

    if (device->busy) {
        hex_print_root (device->root, root);
    }
    if (json_put (entry, "name", "%s", device->name) != 0 ||
        json_put (entry, "kind", "%s", device->kind) != 0 ||
        json_put (entry, "scanner", "%s", device->detail) != 0 ||
        json_put (entry, "state", "%s", state_name (device->state)) != 0 ||
        json_put (entry, "reason", "%s", device->reason) != 0 ||
        json_put (entry, "hashes", "%" PRIu64, device->hashes) != 0 ||
        json_put (entry, "hash_rate", "%.0f", device->rate) != 0 ||
        json_put (entry, "job", "%s", root) != 0) {
        json_decref (entry);
        return -1;
    }
    return json_array_append_new (devices, entry);
}

/* The devices one by one, and what they amount to. */
struct device_totals {
    uint64_t hashes;
    double rate; /* of those at work at this moment */
};

static json_t *
devices_array (const struct actions *actions, struct device_totals *totals)
{
    json_t *devices = json_array ();

    *totals = (struct device_totals){0};
    for (size_t i = 0; i < pool_device_count (actions->pool); i++) {
        struct pool_device device;
        pool_device (actions->pool, i, &device);
        totals->hashes += device.hashes;
        totals->rate += device.busy ? device.rate : 0;
        if (put_device (devices, &device) != 0) {
            json_decref (devices);
            return NULL;
        }
    }
    return devices;
}

static int
put_work (json_t *body, const struct actions *actions, const struct pool_statistics *pool,
          const struct device_totals *totals)
{
    if (json_put (body, "generating", "%d", pool->jobs > 0) != 0 ||
        json_put (body, "queue_size", "%zu", pool->jobs - pool->running) != 0 ||
        json_put (body, "jobs", "%zu", pool->jobs) != 0 ||
        json_put (body, "waiters", "%zu", broker_waiters (actions->broker)) != 0 ||
        json_put (body, "hash_rate", "%.0f", totals->rate) != 0 ||
        json_put (body, "hashes", "%" PRIu64, totals->hashes) != 0 ||
        json_put (body, "found", "%" PRIu64, pool->found) != 0 ||
        json_put (body, "cancelled", "%" PRIu64, pool->cancelled) != 0 ||
        json_put (body, "failed", "%" PRIu64, pool->failed) != 0) {
        return -1;
    }
    return 0;
}

static int
put_daemon (json_t *body, const struct actions *actions)
{
    double uptime = clock_seconds (clock_now () - actions->started);

    if (json_put (body, "connections", "%zu", server_connections (actions->server)) != 0 ||
        json_put (body, "uptime", "%.3f", uptime) != 0 ||
        json_put (body, "version", "%s", PACKAGE_VERSION) != 0 ||
        json_put (body, "network", "%s", actions->network->name) != 0 ||
        json_put (body, "scanner", "%s", actions->scanner) != 0 ||
        json_put (body, "scanner_reason", "%s", actions->scanner_reason) != 0) {
        return -1;
    }
    return 0;
}

/* nano_node writes an empty list as an empty string. */
static int
put_devices (json_t *body, json_t *devices)
{
    if (json_array_size (devices) == 0 && devices != NULL) {
        return json_put (body, "devices", "%s", "");
    }
    return json_object_set (body, "devices", devices);
}

void
action_status (void *context, struct request *request)
{
    const struct actions *actions = context;
    struct pool_statistics pool;
    struct device_totals totals;
    json_t *devices = devices_array (actions, &totals);
    json_t *body = json_object ();

    pool_statistics (actions->pool, &pool);
    if (put_work (body, actions, &pool, &totals) != 0 || put_daemon (body, actions) != 0 ||
        put_devices (body, devices) != 0) {
        json_decref (body);
        body = NULL;
    }
    json_decref (devices);
    request_answer (request, body);
}
