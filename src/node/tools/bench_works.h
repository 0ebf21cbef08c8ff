/*
 * Works that were found for random roots, one after another, and how long they took. Starts with
 * `network` and `threshold` set, the rest 0; `seconds` is to be cleared. One thread.
 */
#ifndef NODE_BENCH_WORKS_H
#define NODE_BENCH_WORKS_H

#include <jansson.h>
#include <stdint.h>

#include "work/base/difficulty.h"
#include "work/base/sample.h"
#include "work/scan/scan.h"

struct bench_works {
    const struct difficulty_network *network;
    uint64_t threshold;    /* of every work, AT_LEAST */
    struct sample seconds; /* that each took */
};

/* The next work to find, for a random root. */
void bench_works_next (const struct bench_works *works, struct scan_target *target);

void bench_works_add (struct bench_works *works, double seconds);

/* Says in a few lines what was found: on standard error, in microseconds, for the debug flags; */
void bench_works_summarize (struct bench_works *works);

/* on standard output, for `workpeer bench`; and as an object, the caller's. */
void bench_works_print (struct bench_works *works);
json_t *bench_works_json (struct bench_works *works);

#endif
