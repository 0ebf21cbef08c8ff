/*
 * Finds works one after another, by a daemon or by a pool in this process, for the commands on the
 * terminal. One search at a time.
 *
 * One thread, that of the event base.
 */
#ifndef NODE_FINDER_H
#define NODE_FINDER_H

#include <stdint.h>

#include "node/cli/command.h"
#include "work/scan/scan.h"

struct finder;

struct finder_answer {
    uint64_t work;
    uint64_t value; /* reaches the threshold: the oracle has checked it */
    double seconds;
    char source[32]; /* who found it, as the daemon says */
};

/* By the command's daemon, or in this process with --local. NULL after a complaint. */
struct finder *finder_new (struct command *command);

/* NULL is fine. */
void finder_free (struct finder *finder);

/*
 * Searches until there is an answer, --timeout has passed or SIGINT comes (COMMAND_INTERRUPTED),
 * showing the progress on standard error, where that is a terminal, with `before` before it.
 * Returns COMMAND_DONE, or another status after having complained.
 */
int finder_run (struct finder *finder, const struct scan_target *target, const char *before,
                struct finder_answer *answer);

#endif
