/*
 * Devices that find nothing: what a scanner's speed is measured against. They are made for
 * slices.h, not for a pool; what a batch of theirs is has no meaning but the time it takes.
 */
#ifndef WORK_YARDSTICK_H
#define WORK_YARDSTICK_H

#include "work/pool/device.h"
#include "work/scan/scan.h"

/*
 * libb2 as a node calls it, on one thread: a streaming hash for each nonce, the nonce and the root
 * added one after the other. NULL for want of memory.
 */
struct device *yardstick_libb2_new (void);

/*
 * The port limit of `scanner` (static, with ports): a batch does as many independent adds as the
 * hashes of that batch have instructions. NULL for want of memory.
 */
struct device *yardstick_ports_new (const struct scanner *scanner);

#endif
