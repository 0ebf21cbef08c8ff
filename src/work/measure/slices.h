/*
 * Rates measured in turns: the candidates take short slices of one run, one after another, so that
 * a change of clock rate or a busy neighbour meets all of them alike.
 *
 * slices_run starts a thread for each of a candidate's devices and waits for all of them; every
 * device is opened, used and closed on its thread.
 */
#ifndef WORK_SLICES_H
#define WORK_SLICES_H

#include <stddef.h>
#include <stdint.h>

#include "work/base/figures.h"
#include "work/pool/device.h"

struct slices_candidate {
    struct device **devices; /* one for each thread; the caller's; NULL where a thread idles */
    struct figures rates;    /* out: hashes a second of all threads together, one a slice */
    double batch_seconds;    /* out: what a batch of the first thread took on average */
};

struct slices {
    struct slices_candidate *candidates;
    size_t candidate_count;
    unsigned threads;     /* at least 1 */
    size_t rounds;        /* slices of each candidate, at least 1; one more is not counted */
    double slice_seconds; /* above 0; a slice ends with the batch that is in hand then */
    double batch_seconds; /* how long a batch should take; bounded by a quarter of a slice */
    void (*progress) (double done); /* NULL, or called after each slice with 0 to 1 */
};

/*
 * Returns 0, or -1 with what is wrong, and with which device, in `error`. The figures hold what was
 * measured until then; figures_clear them.
 */
int slices_run (struct slices *slices, char *error, size_t error_size);

/*
 * How many rounds of slices, of about `slice_seconds`, `candidates` can have in `seconds`: at least
 * `least`.
 */
size_t slices_rounds (double seconds, size_t candidates, double slice_seconds, size_t least);

#endif
