/*
 * Logs what becomes of the pool's devices: which came up, which failed and why. The engine does not
 * log; this looks at it, once a second. Event-loop thread.
 */
#ifndef NODE_DEVICE_LOG_H
#define NODE_DEVICE_LOG_H

#include <event2/event.h>

#include "work/pool/pool.h"

struct device_log;

/* `pool` outlives it. */
struct device_log *device_log_new (struct event_base *base, struct pool *pool);

/* NULL is fine. */
void device_log_free (struct device_log *log);

#endif
