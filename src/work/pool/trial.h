/*
 * The trial that chooses a scanner: every one that this CPU can run is timed, in turn, for a few
 * milliseconds, some fifteen in all: not on the event loop. Wider vectors are no promise: a CPU may
 * lower its clock for them, or split them.
 */
#ifndef WORK_TRIAL_H
#define WORK_TRIAL_H

#include <stddef.h>

#include "work/scan/scan.h"

#define TRIAL_MOST 8        /* scanners */
#define TRIAL_TEXT_SIZE 160 /* of a reason */

struct trial_rate {
    const struct scanner *scanner;
    double rate; /* hashes a second, on one thread */
};

struct trial {
    struct trial_rate rates[TRIAL_MOST]; /* of the usable scanners, in scan_all's order */
    size_t count;
    const struct scanner *chosen;
};

/* Times the scanners and chooses. With only one to choose from nothing is timed: its rate is 0. */
void trial_run (struct trial *trial);

/* The fastest of `count` (at least 1); of equally fast ones the first. */
const struct scanner *trial_choose (const struct trial_rate *rates, size_t count);

/* Why the chosen one was chosen, for people: what was timed, and how fast it was. */
void trial_reason (const struct trial *trial, char text[TRIAL_TEXT_SIZE]);

#endif
