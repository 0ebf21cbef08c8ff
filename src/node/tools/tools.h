/*
 * What measures this machine. Each prints, on the calling thread, before any other; those that may
 * fail return the exit status, standard error then saying what was wrong. That standard output
 * cannot be written is for main to see.
 */
#ifndef NODE_TOOLS_H
#define NODE_TOOLS_H

#include "node/config/config.h"
#include "node/config/options.h"
#include "work/base/difficulty.h"

/* --benchmark: hashes a second, measured directly, so that no luck is in it. bench.c */
int bench_run (const struct options *options, const struct config *config,
               const struct difficulty_network *network);

/* --list_devices: the scanners and OpenCL devices, and with --benchmark how fast. devices.c */
void devices_list (const struct options *options, const struct config *config);

/* --diagnostics: checks each of them against the oracle, then lists them. */
int devices_diagnose (const struct options *options, const struct config *config);

/*
 * nano_node's --debug_profile_generate: finds works for random roots, one after another, until
 * --count is reached or SIGINT comes, and writes to standard error a header, the microseconds of
 * each work, and a summary. profile.c
 */
int profile_generate (const struct options *options, const struct config *config,
                      const struct difficulty_network *network);

/* --debug_opencl: the same on one OpenCL device; --threads is the most work items of a launch. */
int profile_opencl (const struct options *options, const struct config *config,
                    const struct difficulty_network *network);

/* --debug_profile_validate: times the oracle. */
int profile_validate (void);

#endif
