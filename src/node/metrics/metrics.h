/*
 * Metrics: what is counted as it happens. Whatever else /metrics shows (metrics_report.h), the
 * objects that it is about know already.
 *
 * Event-loop thread. Telling is cheap: a look through a short table, no allocation.
 */
#ifndef NODE_METRICS_H
#define NODE_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "node/metrics/histogram.h"
#include "rpc/server/request.h"

/* Where work came from. */
enum metrics_source {
    METRICS_CACHE, /* the store */
    METRICS_CPU,
    METRICS_GPU, /* an OpenCL device */
    METRICS_PEER,
    METRICS_SOURCES,
};

/* Requests by what they asked for. */
struct metrics_requests {
    const char *name; /* an action's, or a route's path; METRICS_UNKNOWN is all that is neither */
    uint64_t count[REQUEST_RESULTS];
};

#define METRICS_UNKNOWN "unknown"

/* More names than there are actions and routes. */
#define METRICS_MAX_NAMES 64

struct metrics {
    struct metrics_requests requests[METRICS_MAX_NAMES]; /* the first is METRICS_UNKNOWN's */
    size_t name_count;
    struct histogram work[METRICS_SOURCES]; /* of works that somebody waited for */
    double started;                         /* unix time, seconds */
};

/* To begin with: nothing has happened yet. */
void metrics_init (struct metrics *metrics);

/*
 * A name (static) that requests will have, so that it shows with zeros before the first. Names past
 * METRICS_MAX_NAMES count as unknown.
 */
void metrics_expect (struct metrics *metrics, const char *name);

/* A request_ended_fn; `data` is the struct metrics. */
void metrics_request (void *data, const char *name, enum request_result result);

/* A work was found for somebody who had waited this long. */
void metrics_work (struct metrics *metrics, enum metrics_source source, double seconds);

/* What results and sources are called in labels. Static. */
const char *metrics_result_name (enum request_result result);
const char *metrics_source_name (enum metrics_source source);

#endif
