/*
 * GET /metrics and GET /prometheus: what was counted (metrics.h), and what the pool, the store, the
 * peers, the servers and the system know of themselves, in the format that the client accepts.
 * Labels are names out of the program, the configuration and the devices; none is a client's.
 *
 * Event-loop thread.
 */
#ifndef NODE_METRICS_REPORT_H
#define NODE_METRICS_REPORT_H

#include "node/api/actions.h"
#include "node/metrics/metrics.h"
#include "rpc/server/routes.h"
#include "rpc/server/server.h"

#define METRICS_REPORT_MAX_FACES 4

struct metrics_face {
    const char *name; /* what the label says; static */
    struct server *server;
    const struct server_settings *settings; /* in force */
};

/* What it is about; all of it outlives this. */
struct metrics_report {
    const struct metrics *metrics;
    struct actions *actions;
    struct metrics_face faces[METRICS_REPORT_MAX_FACES];
    size_t face_count;
};

/* Ended by a NULL path; run with a struct metrics_report. */
extern const struct route metrics_report_routes[];

#endif
