/*
 * How many CPUs this process may use: its affinity mask, bounded by the CPU quota of its control
 * group and of every group above it (cgroup v2 cpu.max; v1 cpu.cfs_quota_us), rounded up. At least
 * 1. Reads /proc and /sys: not for the event loop once requests are served.
 */
#ifndef WORK_CPUS_H
#define WORK_CPUS_H

#include <stddef.h>

unsigned cpus_available (void);

/*
 * The same with the three sources named, for tests: `affinity` CPUs in the mask, the text of
 * /proc/self/cgroup read from `self`, and the cgroup mount at `mount`.
 */
unsigned cpus_available_at (unsigned affinity, const char *self, const char *mount);

/* What the CPU calls itself, for people; the architecture's name where it does not say. */
void cpus_model (char *text, size_t size);

#endif
