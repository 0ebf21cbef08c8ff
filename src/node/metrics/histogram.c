#include "node/metrics/histogram.h"

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
