/*
 * A pool for the commands that measure: its devices are of one kind, and one search runs on it at a
 * time, is waited for and timed.
 *
 * One thread, which waits; the pool has its own.
 */
#ifndef NODE_BENCH_POOL_H
#define NODE_BENCH_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "work/base/sample.h"
#include "work/pool/pool.h"

struct bench_pool_settings {
    struct device *device;         /* taken over; or NULL for */
    unsigned threads;              /* so many CPU threads, at least 1, */
    const struct scanner *scanner; /* that run this one (static) */
    double batch_seconds;          /* as in pool.h, as is */
    uint64_t sleep;
};

/* Starts it; the devices open in their own time. NULL after having said what is wrong. */
struct pool *bench_pool_start (const struct bench_pool_settings *settings);

/*
 * Searches until there is a work, for `most` seconds (INFINITY: no limit), or until the descriptor
 * `interrupt` (-1: none) is readable; the last two are POOL_CANCELLED. `*seconds` is what it took.
 */
enum pool_outcome bench_pool_search (struct pool *pool, const struct scan_target *target,
                                     double most, int interrupt, double *seconds);

/* Says which devices failed, and why. Returns whether any did. */
bool bench_pool_explain (struct pool *pool);

struct bench_candidate {
    struct pool *pool;
    struct pool_device device; /* out: the first of its devices */
    struct sample rates;       /* out: hashes a second of all of them together, one a slice */
    double batch_seconds;      /* out: what a batch took on average */
};

/*
 * Measures rates in turns: in each round every candidate has one slice, so that a change of clock
 * rate or a busy neighbour meets all of them alike. A round that is not counted comes first.
 * `progress`, unless NULL, is called after each slice with 0 to 1. Returns 0, or -1 after having
 * said which device failed.
 */
int bench_pool_compare (struct bench_candidate *candidates, size_t count, size_t rounds,
                        double slice_seconds, void (*progress) (double done));

#endif
