/*
 * A histogram of whole numbers, here nanoseconds, from 0 to 2^64 - 1: a quantile that it tells is
 * not below the true one, and above it by less than 1 part in 128. Its size does not depend on what
 * is added.
 *
 * Not locked: one thread at a time.
 */
#ifndef BENCH_LOAD_HISTOGRAM_H
#define BENCH_LOAD_HISTOGRAM_H

#include <stdint.h>

/* A power of two has this many buckets, each as wide as the others of that power. */
#define LOAD_HISTOGRAM_PARTS 128
#define LOAD_HISTOGRAM_BUCKETS (58 * LOAD_HISTOGRAM_PARTS)

/* To begin with, all zero. */
struct load_histogram {
    uint64_t counts[LOAD_HISTOGRAM_BUCKETS];
    uint64_t count;
    uint64_t largest;
};

void load_histogram_add (struct load_histogram *histogram, uint64_t value);

/* Adds all that `from` holds. */
void load_histogram_merge (struct load_histogram *histogram, const struct load_histogram *from);

/*
 * The value that the fraction `part`, from 0 to 1, of all values does not exceed: for 0 the
 * smallest, for 1 the largest. 0 for an empty histogram.
 */
uint64_t load_histogram_quantile (const struct load_histogram *histogram, double part);

#endif
