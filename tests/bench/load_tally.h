/*
 * What became of a load: counts and times for each kind of arrival, as a table or as JSON.
 */
#ifndef BENCH_LOAD_TALLY_H
#define BENCH_LOAD_TALLY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "load_histogram.h"
#include "load_plan.h"

struct load_row {
    uint64_t sent;               /* arrivals */
    uint64_t answered;           /* with what was asked for */
    uint64_t stored;             /* of these, from the store */
    uint64_t refused;            /* with an error */
    uint64_t wrong;              /* answered with anything else */
    uint64_t lost;               /* the connection ended before the answer, or it never came */
    uint64_t left;               /* the client went away, as it was to */
    struct load_histogram times; /* from due to answered, or to the end where it never was; ns */
};

struct load_tally {
    struct load_row rows[LOAD_KINDS];
    uint64_t connections; /* open at the start */
    uint64_t reconnects;  /* after a client left, or the server closed */
    double planned;       /* seconds of the plan */
    double seconds;       /* from the start to the last answer */
};

/* Everything together, but for what is cancelled and who leaves: their times are the plan's own. */
void load_tally_sum (const struct load_tally *tally, struct load_row *sum);

void load_tally_print (const struct load_tally *tally, FILE *out);

/* One object. Returns 0, or -1 for want of memory or when writing fails. */
int load_tally_print_json (const struct load_tally *tally, FILE *out);

/* Whether every arrival had its one good answer, or its client left as it was to. */
bool load_tally_is_good (const struct load_tally *tally);

#endif
