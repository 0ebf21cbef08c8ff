/*
 * --benchmark: hashes a second, measured directly, so that no luck is in it; and with --compare how
 * that stands to libb2 and to what the core could do at best.
 */
#ifndef NODE_BENCH_H
#define NODE_BENCH_H

#include "node/config/config.h"
#include "node/config/options.h"
#include "work/base/difficulty.h"

/*
 * Measures on the calling thread and others, and prints to standard output. Returns the exit
 * status, standard error then saying what was wrong.
 */
int bench_run (const struct options *options, const struct config *config,
               const struct difficulty_network *network);

#endif
