/*
 * The debug commands that measure: nano_node's --debug_profile_generate and
 * --debug_profile_validate, and its --debug_opencl and --diagnostics as far as this build goes.
 * They run on the calling thread and print; each returns the exit status.
 */
#ifndef NODE_PROFILE_H
#define NODE_PROFILE_H

#include "node/config.h"
#include "node/options.h"
#include "work/difficulty.h"

/*
 * Finds works for random roots, one after another, until --count is reached or SIGINT comes, and
 * writes to standard error a header, the microseconds of each work, and a summary.
 */
int profile_generate (const struct options *options, const struct config *config,
                      const struct difficulty_network *network);

/* Times the oracle. */
int profile_validate (void);

/* Says that there is no OpenCL in this build. */
int profile_opencl (void);

/* Checks the scanners against the oracle and says what the machine has. */
int profile_diagnostics (const struct config *config);

/* What work can be done on. */
int profile_list_devices (const struct config *config);

#endif
