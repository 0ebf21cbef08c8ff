/*
 * What a benchmark has found, for people and for programs. Pure but for the stream that is written
 * to.
 */
#ifndef NODE_BENCH_REPORT_H
#define NODE_BENCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "work/base/difficulty.h"

/* One scanner on all threads, or one OpenCL device. */
struct bench_entry {
    const char *scanner;      /* or "opencl PLATFORM:DEVICE" */
    const char *device;       /* the OpenCL device's name; NULL for a scanner */
    double hashes_per_second; /* the mean over the slices */
    double stddev;            /* and their standard deviation */
    double median;
    double batch_seconds;
    double limit;       /* the median of the port limit's slices; 0 where it was not measured */
    double times_libb2; /* the median of the ratios of slices side by side */
    double of_limit;    /* likewise */
};

struct bench_threshold {
    char name[32];
    enum difficulty_order order;
    uint64_t threshold;
    double works_per_second;
    double mean_seconds;
    double p95_seconds; /* nineteen of twenty works take no longer */
};

struct bench_report {
    const char *machine; /* the CPU's name */
    const char *reason;  /* why the scanner was chosen, or NULL */
    unsigned cpus;       /* that can be used */
    unsigned threads;    /* that were; 0: none, OpenCL only */
    size_t slices;       /* for each entry */
    double slice_seconds;
    double libb2; /* the median of its slices; 0 where nothing was compared */
    const struct bench_entry *entries;
    size_t entry_count;
    const struct bench_threshold *thresholds;
    size_t threshold_count;
};

/*
 * Fills in what `threshold` costs at `rate` hashes a second, above 0. A wait has the exponential
 * distribution: its 95th percentile is ln 20 times its mean.
 */
void bench_report_expect (struct bench_threshold *threshold, double rate);

/* Each returns 0, or -1 when the stream fails or, for JSON, for want of memory. */
int bench_report_text (const struct bench_report *report, FILE *stream);
int bench_report_json (const struct bench_report *report, FILE *stream);

#endif
