/*
 * How many CPUs this process may use: its affinity mask, bounded by the CPU quota of its control
 * group and of every group above it (cgroup v2 cpu.max; v1 cpu.cfs_quota_us), rounded up. At least
 * 1. Reads /proc and /sys: not for the event loop once requests are served.
 */
#ifndef WORK_CPUS_H
#define WORK_CPUS_H

#include <stddef.h>

unsigned cpus_available (void);

/* The same, for tests, with `affinity` CPUs in the mask, /proc/self/cgroup's text in `self`, and
 * cgroups mounted at `mount`. */
unsigned cpus_available_at (unsigned affinity, const char *self, const char *mount);

/* What the CPU calls itself, for people; the architecture's name where it does not say. */
void cpus_model (char *text, size_t size);

#endif
