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

#include "rpc/server/request.h"

/*
 * A histogram of durations, in buckets that are fixed: from 100 microseconds, what the store takes,
 * to 5 minutes, the longest that a request waits by default.
 */
#define HISTOGRAM_BUCKETS 20

/* The upper bounds, in seconds, of all buckets but the last, which has none. */
extern const double histogram_bounds[HISTOGRAM_BUCKETS - 1];

/* To begin with, all zero. */
struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS]; /* each of its own bucket only */
    double sum;                         /* seconds */
};

/*
 * The duration that `share`, above 0 and up to 1, of all do not exceed, as far as the buckets tell:
 * within one it is taken to grow evenly, and one past the last bound counts as that. 0 without any.
 */
double histogram_quantile (const struct histogram *histogram, double share);

/* A duration on a bound is within that bucket. */
void histogram_observe (struct histogram *histogram, double seconds);

/* Where work came from. */
enum metrics_source {
    METRICS_CACHE, /* the store */
    METRICS_CPU,
    METRICS_GPU, /* an OpenCL device */
    METRICS_PEER,
    METRICS_SOURCES,
};

/* A work that somebody waited for. */
struct metrics_found {
    enum metrics_source source;
    double seconds; /* that he waited */
    double at;      /* unix time, seconds */
};

/* So many are remembered. */
#define METRICS_FOUND 12

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
    struct histogram work[METRICS_SOURCES];    /* of works that somebody waited for */
    struct metrics_found found[METRICS_FOUND]; /* the newest of them, a ring */
    uint64_t found_count;                      /* ever: the next one's place */
    double started;                            /* unix time, seconds */
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

/* Copies the works that were found last, the newest first. Returns how many. */
size_t metrics_newest (const struct metrics *metrics, struct metrics_found found[METRICS_FOUND]);

/* What results and sources are called in labels. */
extern const char *const metrics_result_names[REQUEST_RESULTS];
extern const char *const metrics_source_names[METRICS_SOURCES];

#endif
