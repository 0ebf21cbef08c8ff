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
#include "node/metrics/exposition.h"
#include "node/metrics/metrics.h"
#include "rpc/server/routes.h"
#include "rpc/server/server.h"

#define METRICS_REPORT_MAX_FACES 4

/* What it is about; all of it outlives this. */
struct metrics_report {
    const struct metrics *metrics;
    struct actions *actions;
    struct {
        const char *face; /* what the label says; static */
        struct server *server;
    } faces[METRICS_REPORT_MAX_FACES];
    size_t face_count;
};

/* Tells of one server more. There are no more than METRICS_REPORT_MAX_FACES. */
void metrics_report_add (struct metrics_report *report, const char *face, struct server *server);

/* Writes all of it, but for the end. */
void metrics_report_write (const struct metrics_report *report, struct exposition *out);

/* Ended by a NULL path; run with a struct metrics_report. */
extern const struct route metrics_report_routes[];

#endif
