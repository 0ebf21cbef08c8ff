#include "node/metrics/metrics.h"

#include <string.h>
#include <time.h>

const double histogram_bounds[HISTOGRAM_BUCKETS - 1] = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
    0.25,   0.5,     1,      2.5,   5,      10,    30,   60,    300,
};

void
histogram_observe (struct histogram *histogram, double seconds)
{
    size_t bucket = 0;

    while (bucket < HISTOGRAM_BUCKETS - 1 && seconds > histogram_bounds[bucket]) {
        bucket++;
    }
    histogram->counts[bucket]++;
    histogram->sum += seconds;
}

static double
total (const struct histogram *histogram)
{
    uint64_t count = 0;

    for (size_t bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        count += histogram->counts[bucket];
    }
    return (double)count;
}

double
histogram_quantile (const struct histogram *histogram, double share)
{
    double left = share * total (histogram);
    double low = 0;

    if (!(left > 0)) {
        return 0;
    }
    for (size_t bucket = 0; bucket < HISTOGRAM_BUCKETS - 1; bucket++) {
        const double count = (double)histogram->counts[bucket];
        const double high = histogram_bounds[bucket];

        if (left <= count) {
            return low + (high - low) * left / count;
        }
        left -= count;
        low = high;
    }
    return low;
}

const char *const metrics_result_names[REQUEST_RESULTS] = {
    [REQUEST_OK] = "ok",           [REQUEST_ERROR] = "error", [REQUEST_CANCELLED] = "cancelled",
    [REQUEST_REFUSED] = "refused", [REQUEST_LEFT] = "left",
};

const char *const metrics_source_names[METRICS_SOURCES] = {
    [METRICS_CACHE] = "cache",
    [METRICS_CPU] = "cpu",
    [METRICS_GPU] = "gpu",
    [METRICS_PEER] = "peer",
};

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
    metrics->found[metrics->found_count++ % METRICS_FOUND] =
        (struct metrics_found){source, seconds, unix_time ()};
}

size_t
metrics_newest (const struct metrics *metrics, struct metrics_found found[METRICS_FOUND])
{
    size_t count = 0;

    while (count < METRICS_FOUND && count < metrics->found_count) {
        count++;
        found[count - 1] = metrics->found[(metrics->found_count - count) % METRICS_FOUND];
    }
    return count;
}
