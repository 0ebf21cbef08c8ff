#include "node/manage/health.h"

#include <stdio.h>

#include "rpc/server/request.h"
#include "work/pool/pool.h"

static bool
peer_stands_in (const struct actions *actions)
{
    for (size_t i = 0; i < peers_count (actions->peers, PEERS_PRIMARY); i++) {
        if (actions->config->peers_stand_in &&
            peer_ready (peers_at (actions->peers, PEERS_PRIMARY, i))) {
            return true;
        }
    }
    return false;
}

/* Of work that no peer does. */
static int
check_devices (const struct actions *actions, char reason[HEALTH_REASON_SIZE])
{
    struct pool *const pool = actions->engine.pool;
    const size_t count = pool_device_count (pool);
    struct pool_device device;

    for (size_t i = 0; i < count; i++) {
        pool_device (pool, i, &device);
        if (!device.failed) {
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

int
health_check (const struct actions *actions, char reason[HEALTH_REASON_SIZE])
{
    const size_t peers = peers_count (actions->peers, PEERS_PRIMARY);

    if (check_devices (actions, reason) == 0 || peer_stands_in (actions)) {
        return 0;
    }
    if (pool_device_count (actions->engine.pool) == 0 && peers > 0 &&
        actions->config->peers_stand_in) {
        snprintf (reason, HEALTH_REASON_SIZE, "Every work peer is resting after a failure");
    }
    return -1;
}

int
health_ready_devices (const struct actions *actions, char reason[HEALTH_REASON_SIZE])
{
    struct pool *const pool = actions->engine.pool;
    bool opening = false;

    if (actions->stopping) {
        snprintf (reason, HEALTH_REASON_SIZE, "The daemon is stopping");
        return -1;
    }
    for (size_t i = 0; i < pool_device_count (pool); i++) {
        struct pool_device device;
        pool_device (pool, i, &device);
        if (device.state == POOL_DEVICE_UP || device.state == POOL_DEVICE_STANDBY) {
            return 0;
        }
        opening = opening || device.state == POOL_DEVICE_OPENING;
    }
    if (opening) {
        snprintf (reason, HEALTH_REASON_SIZE, "The devices are being opened and tested");
    } else {
        (void)check_devices (actions, reason);
    }
    return -1;
}

int
health_ready (const struct actions *actions, char reason[HEALTH_REASON_SIZE])
{
    if (health_ready_devices (actions, reason) == 0 ||
        (!actions->stopping && peer_stands_in (actions))) {
        return 0;
    }
    if (!actions->stopping && pool_device_count (actions->engine.pool) == 0) {
        (void)health_check (actions, reason);
    }
    return -1;
}

static void
reply (struct request *request, const struct actions *actions,
       int (*check) (const struct actions *actions, char reason[HEALTH_REASON_SIZE]))
{
    char reason[HEALTH_REASON_SIZE] = "";

    if (check (actions, reason) == 0) {
        request_reply_json (request, 200, json_pack ("{s:s}", "status", "UP"));
    } else {
        request_reply_json (request, 503,
                            json_pack ("{s:s, s:s}", "status", "DOWN", "reason", reason));
    }
}

static void
get_health (void *context, struct request *request)
{
    reply (request, context, health_check);
}

static void
get_ready (void *context, struct request *request)
{
    reply (request, context, health_ready);
}

static void
get_device_health (void *context, struct request *request)
{
    reply (request, context, check_devices);
}

static void
get_device_ready (void *context, struct request *request)
{
    reply (request, context, health_ready_devices);
}

const struct route health_device_routes[] = {
    {ROUTE_GET, "/health", false, get_device_health, ACCESS_RIGHT_NONE},
    {ROUTE_GET, "/ready", false, get_device_ready, ACCESS_RIGHT_NONE},
    {ROUTE_OTHER, NULL, false, NULL, ACCESS_RIGHT_NONE},
};

const struct route health_routes[] = {
    {ROUTE_GET, "/health", false, get_health, ACCESS_RIGHT_NONE},
    {ROUTE_GET, "/ready", false, get_ready, ACCESS_RIGHT_NONE},
    {ROUTE_OTHER, NULL, false, NULL, ACCESS_RIGHT_NONE},
};
