/*
 * What the configuration and the command line choose to search with: the scanner, and how many
 * threads. Reads /proc and may time the scanners: for the start, not for the event loop.
 */
#ifndef NODE_SCANNER_CHOICE_H
#define NODE_SCANNER_CHOICE_H

#include "node/config/config.h"
#include "work/pool/trial.h"

struct scanner_choice {
    const struct scanner *scanner;
    char reason[TRIAL_TEXT_SIZE]; /* why this one, for people; or why none */
};

/* The scanner called `name`, or for "auto" the fastest in a trial. Returns 0, or -1 when this build
 * or CPU does not have it, with a message for the user in `choice->reason`. */
int scanner_choice_make (const char *name, struct scanner_choice *choice);

/* How many threads: `text`, of --threads, or with NULL node.work_threads; no more than CPUs.
 * Returns 0, or -1 after having written to standard error what is wrong. */
int scanner_choice_threads (const char *text, const struct config *config, unsigned *threads);

#endif
