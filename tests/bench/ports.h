/*
 * How fast a core could hash at best with one scanner's instructions: the 64-bit adds that it does
 * a second when nothing waits for anything, over the instructions that a hash cannot do without.
 *
 * It is a limit of execution ports, not a promise: rotates and shuffles have fewer ports than adds.
 * All functions are pure and may be called on any thread.
 */
#ifndef BENCH_PORTS_H
#define BENCH_PORTS_H

#include <stdint.h>

#include "work/scan/scan.h"

#define PORTS_ADDS_A_TURN 96

struct ports {
    const char *scanner;           /* whose instructions these are */
    unsigned operations;           /* in a step of that scanner: of as many hashes as its `lanes` */
    void (*adds) (uint64_t turns); /* does PORTS_ADDS_A_TURN independent adds a turn, 1 or more */
};

/* Those of `scanner`, static, or NULL where nobody has written them down. */
const struct ports *ports_of (const struct scanner *scanner);

#endif
