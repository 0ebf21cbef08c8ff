/*
 * The debug commands that measure: nano_node's --debug_profile_generate, --debug_profile_validate
 * and --debug_opencl. They run on the calling thread and print; each returns the exit status.
 */
#ifndef NODE_PROFILE_H
#define NODE_PROFILE_H

#include "node/config/config.h"
#include "node/config/options.h"
#include "work/base/difficulty.h"

/*
 * Finds works for random roots, one after another, until --count is reached or SIGINT comes, and
 * writes to standard error a header, the microseconds of each work, and a summary.
 */
int profile_generate (const struct options *options, const struct config *config,
                      const struct difficulty_network *network);

/* Times the oracle. */
int profile_validate (void);

/* profile_generate on one OpenCL device; --threads is the most work items of a launch. */
int profile_opencl (const struct options *options, const struct config *config,
                    const struct difficulty_network *network);

#endif
