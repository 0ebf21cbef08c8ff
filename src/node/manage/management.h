/*
 * The management face: probes and metrics, on a server of their own. A crowd at the RPC keeps no
 * probe out, and who may see the metrics is another question than who may ask for work.
 *
 * Event-loop thread.
 */
#ifndef NODE_MANAGEMENT_H
#define NODE_MANAGEMENT_H

#include <event2/event.h>

#include "node/api/actions.h"
#include "node/manage/metrics_report.h"
#include "node/system/listening.h"
#include "rpc/server/routes.h"
#include "rpc/server/server.h"

/*
 * A server without listeners of `health`, one of health.h's tables, run with the actions of
 * `report`, and of /metrics and /prometheus.
 */
struct server *management_new (struct event_base *base, const struct server_settings *settings,
                               const struct route *health, struct metrics_report *report);

/*
 * The same, listening where the configuration of the actions says, which has a port, on the
 * sockets in `ports` where they are there, and reported. NULL, having logged why, when that fails.
 */
struct server *management_start (struct event_base *base, const struct server_settings *settings,
                                 struct metrics_report *report, struct listening_ports *ports);

#endif
