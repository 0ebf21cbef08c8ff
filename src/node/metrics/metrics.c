#include "node/metrics/metrics.h"

#include <string.h>
#include <time.h>

static const char *const result_names[REQUEST_RESULTS] = {
    [REQUEST_OK] = "ok",           [REQUEST_ERROR] = "error", [REQUEST_CANCELLED] = "cancelled",
    [REQUEST_REFUSED] = "refused", [REQUEST_LEFT] = "left",
};

static const char *const source_names[METRICS_SOURCES] = {
    [METRICS_CACHE] = "cache",
    [METRICS_CPU] = "cpu",
    [METRICS_GPU] = "gpu",
    [METRICS_PEER] = "peer",
};

const char *
metrics_result_name (enum request_result result)
{
    return result_names[result];
}

const char *
metrics_source_name (enum metrics_source source)
{
    return source_names[source];
}

static double
unix_time (void)
{
    struct timespec now = {.tv_sec = 0};

    (void)clock_gettime (CLOCK_REALTIME, &now); /* cannot fail, as clock_now */
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void
metrics_init (struct metrics *metrics)
{
    *metrics = (struct metrics){.started = unix_time ()};
    metrics->requests[0].name = METRICS_UNKNOWN;
    metrics->name_count = 1;
}

/* Made if need be; where there is no room for it, that of what is unknown. */
static struct metrics_requests *
requests_for (struct metrics *metrics, const char *name)
{
    for (size_t i = 1; i < metrics->name_count; i++) {
        if (strcmp (metrics->requests[i].name, name) == 0) {
            return &metrics->requests[i];
        }
    }
    if (metrics->name_count == METRICS_MAX_NAMES) {
        return &metrics->requests[0];
    }
    metrics->requests[metrics->name_count].name = name;
    return &metrics->requests[metrics->name_count++];
}

void
metrics_expect (struct metrics *metrics, const char *name)
{
    (void)requests_for (metrics, name);
}

void
metrics_request (void *data, const char *name, enum request_result result)
{
    struct metrics *metrics = data;
    struct metrics_requests *requests =
        name != NULL ? requests_for (metrics, name) : &metrics->requests[0];

    requests->count[result]++;
}

void
metrics_work (struct metrics *metrics, enum metrics_source source, double seconds)
{
    histogram_observe (&metrics->work[source], seconds);
}
