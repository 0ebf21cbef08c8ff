/*
 * A histogram of durations, in buckets that are fixed: from 100 microseconds, what the store takes,
 * to 5 minutes, the longest that a request waits by default.
 *
 * Not locked: one thread at a time.
 */
#ifndef NODE_HISTOGRAM_H
#define NODE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_BUCKETS 20

/* The upper bounds, in seconds, of all buckets but the last, which has none. */
extern const double histogram_bounds[HISTOGRAM_BUCKETS - 1];

/* To begin with, all zero. */
struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS]; /* each of its own bucket only */
    double sum;                         /* seconds */
};

/* A duration on a bound is within that bucket. */
void histogram_observe (struct histogram *histogram, double seconds);

#endif
