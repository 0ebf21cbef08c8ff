/*
 * Runs a plan against a server: each arrival is sent when it is due, on a connection that has
 * waited longest; where none is free it waits, and its time runs. A time counts from when the
 * arrival was due, so that a server that stalls answers for all whom it kept waiting.
 */
#ifndef BENCH_LOAD_RUN_H
#define BENCH_LOAD_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "load_plan.h"
#include "load_request.h"
#include "load_tally.h"

struct load_run_settings {
    uint16_t port;      /* on 127.0.0.1 */
    size_t connections; /* kept open all the time, at least 1 */
    double patience;    /* seconds to wait for answers after the last arrival */
    struct load_difficulty difficulty;
};

struct load_run;

/* Opens the connections. NULL with a message in `error`. */
struct load_run *load_run_open (const struct load_run_settings *settings, char *error, size_t size);

/* Runs a plan, and adds to `tally`. Returns 0, or -1 with a message in `error`. */
int load_run_plan (struct load_run *run, const struct load_plan *plan, struct load_tally *tally,
                   char *error, size_t size);

/* Closes everything; NULL is fine. */
void load_run_close (struct load_run *run);

#endif
