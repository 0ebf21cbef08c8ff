/*
 * GET /health and GET /ready, for probes: whether requests for work can be met, and whether they
 * can at this moment. A busy device is healthy, and ready.
 *
 * Event-loop thread.
 */
#ifndef NODE_HEALTH_H
#define NODE_HEALTH_H

#include <stddef.h>

#include "node/api/actions.h"
#include "rpc/server/routes.h"

#define HEALTH_REASON_SIZE 512

/* Whether any source of work is left: a device that is up or opening, or a peer that may stand in
 * and does not rest. Returns 0, or -1 with why not in `reason`. */
int health_check (const struct actions *actions, char reason[HEALTH_REASON_SIZE]);

/* Whether requests should be sent here: a device is up, or a peer may stand in, and the daemon is
 * not stopping. As above. */
int health_ready (const struct actions *actions, char reason[HEALTH_REASON_SIZE]);
int health_ready_devices (const struct actions *actions, char reason[HEALTH_REASON_SIZE]);

/* Ended by a NULL path; run with a struct actions. */
extern const struct route health_routes[];

/* Of the devices alone. Ended by a NULL path; run with a struct actions. */
extern const struct route health_device_routes[];

#endif
