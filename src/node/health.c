#include "node/health.h"

#include <stdio.h>

#include "node/actions.h"
#include "rpc/request.h"

int
health_check (struct pool *pool, char reason[HEALTH_REASON_SIZE])
{
    size_t count = pool_device_count (pool);
    struct pool_device device;

    for (size_t i = 0; i < count; i++) {
        pool_device (pool, i, &device);
        if (device.state != POOL_DEVICE_RESTING) {
            return 0;
        }
    }
    if (count == 0) {
        snprintf (reason, HEALTH_REASON_SIZE, "There is no device to search on");
    } else {
        snprintf (reason, HEALTH_REASON_SIZE, "No device is up; the last, %s: %s", device.name,
                  device.reason);
    }
    return -1;
}

static void
get_health (void *context, struct request *request)
{
    const struct actions *actions = context;
    char reason[HEALTH_REASON_SIZE];

    if (health_check (actions->pool, reason) == 0) {
        request_reply_json (request, 200, json_pack ("{s:s}", "status", "UP"));
    } else {
        request_reply_json (request, 503,
                            json_pack ("{s:s, s:s}", "status", "DOWN", "reason", reason));
    }
}

const struct route health_routes[] = {
    {ROUTE_GET, "/health", false, get_health},
    {ROUTE_OTHER, NULL, false, NULL},
};
