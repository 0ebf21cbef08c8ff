/*
 * Finds works one after another, by a daemon or by a pool in this process, for the commands on the
 * terminal. One search at a time.
 *
 * One thread, that of the event base.
 */
#ifndef NODE_FINDER_H
#define NODE_FINDER_H

#include <stdbool.h>
#include <stdint.h>

#include "node/cli/command.h"
#include "work/scan/scan.h"

struct finder;

struct finder_answer {
    int status; /* COMMAND_DONE: `work` reaches the threshold, the oracle has checked it */
    uint64_t work;
    uint64_t value;
    double seconds;
    char source[32];             /* who found it, as the daemon says */
    char text[CLIENT_TEXT_SIZE]; /* why not */
};

struct finder_progress {
    double hashes; /* tried for this search */
    double rate;   /* hashes a second at this moment */
    bool about;    /* both are what the daemon's devices make likely */
};

/* By the command's daemon, or in this process with --local. NULL after a complaint. */
struct finder *finder_new (struct command *command);

/* Stops the search, if one runs. NULL is fine. */
void finder_free (struct finder *finder);

/*
 * Searches until there is an answer or SIGINT comes (COMMAND_INTERRUPTED), showing the progress on
 * standard error, where that is a terminal, with `before` before it. Returns the answer's status; a
 * failure has been complained about.
 */
int finder_run (struct finder *finder, const struct scan_target *target, const char *before,
                struct finder_answer *answer);

#endif
