/*
 * A device that is one CPU thread running one scanner.
 */
#ifndef WORK_DEVICE_CPU_H
#define WORK_DEVICE_CPU_H

#include "work/pool/device.h"

/*
 * A device called "cpu INDEX" that runs `scanner` (static). Its batches look at their stop flag
 * every millisecond or so. Returns NULL for want of memory.
 */
struct device *device_cpu_new (unsigned index, const struct scanner *scanner);

#endif
