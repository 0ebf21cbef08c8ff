/*
 * What a benchmark has found, for people and for programs. Pure but for the stream that is written
 * to.
 */
#ifndef NODE_BENCH_REPORT_H
#define NODE_BENCH_REPORT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "node/tools/bench_pool.h"
#include "work/base/difficulty.h"

struct bench_threshold {
    char name[32];
    enum difficulty_order order;
    uint64_t threshold;
};

struct bench_report {
    char machine[128];  /* the CPU's name */
    const char *reason; /* why the first scanner was chosen, or NULL */
    unsigned cpus;      /* that can be used */
    unsigned threads;   /* that were; 0: none, OpenCL only */
    size_t slices;      /* of each candidate */
    double slice_seconds;
    struct bench_candidate *candidates; /* scanners, on all threads, then OpenCL devices */
    size_t candidate_count;
    struct bench_threshold *thresholds;
    size_t threshold_count;
};

/* What a threshold costs the fastest candidate. */
struct bench_cost {
    double works_per_second;
    double mean_seconds;
    double p95_seconds; /* nineteen of twenty works take no longer */
};

/* A wait has the exponential distribution: its 95th percentile is ln 20 times its mean. */
struct bench_cost bench_report_cost (const struct bench_report *report,
                                     const struct bench_threshold *threshold);

void bench_report_text (const struct bench_report *report, FILE *stream);
void bench_report_json (const struct bench_report *report, FILE *stream);

#endif
