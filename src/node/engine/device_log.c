#include "node/engine/device_log.h"

#include <stdlib.h>
#include <string.h>

#include "node/base/log.h"
#include "rpc/base/memory.h"

static const struct timeval look_interval = {.tv_sec = 1};

struct device_log {
    struct pool *pool;
    struct event *look;
    enum pool_device_state *seen; /* one for each device */
};

static void
look_at (struct device_log *log, size_t index)
{
    struct pool_device device;

    pool_device (log->pool, index, &device);
    if (device.state == POOL_DEVICE_STANDBY) {
        device.state = POOL_DEVICE_UP; /* which of the two changes with other devices' states */
    }
    if (device.state == log->seen[index] || device.state == POOL_DEVICE_OPENING) {
        return;
    }
    log->seen[index] = device.state;
    if (device.state == POOL_DEVICE_UP && strcmp (device.kind, "cpu") != 0) {
        log_info ("Device %s (%s) is up: %.1f million hashes a second", device.name, device.detail,
                  device.rate / 1e6);
    } else if (device.state == POOL_DEVICE_UP) {
        log_debug ("Device %s (%s) is up", device.name, device.detail);
    } else {
        log_warn ("Device %s (%s) failed and rests: %s", device.name, device.detail, device.reason);
    }
}

static void
look_at_all (struct device_log *log)
{
    for (size_t i = 0; i < pool_device_count (log->pool); i++) {
        look_at (log, i);
    }
}

static void
on_look (evutil_socket_t fd, short what, void *data)
{
    (void)fd;
    (void)what;
    look_at_all (data);
    log_flush ();
}

struct device_log *
device_log_new (struct event_base *base, struct pool *pool)
{
    struct device_log *log = memory_new (1, sizeof *log);

    log->pool = pool;
    log->seen = memory_new (pool_device_count (pool), sizeof *log->seen);
    log->look = memory_need (event_new (base, -1, EV_PERSIST, on_look, log));
    memory_require (event_add (log->look, &look_interval) == 0);
    return log;
}

void
device_log_free (struct device_log *log)
{
    if (log == NULL) {
        return;
    }
    event_free (log->look);
    look_at_all (log); /* what has failed since the last time */
    free (log->seen);
    free (log);
}
