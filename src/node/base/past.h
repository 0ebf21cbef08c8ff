/*
 * The past of an account: the frontiers that it has left a moment ago. Blocks that are confirmed at
 * once are told of in any order, and an old one must not be taken for the newest.
 *
 * Nothing is remembered for longer than PAST_TIME: whatever was taken for old by mistake, after a
 * fork, say, is believed when it is told of again. Pure; any thread.
 */
#ifndef NODE_PAST_H
#define NODE_PAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "work/base/clock.h"

#define PAST_TIME (60 * CLOCK_SECOND)
#define PAST_SIZE 8

/* To begin with, all zero. */
struct past {
    struct {
        uint8_t hash[32];
        uint64_t until; /* clock_now; 0 is none */
    } left[PAST_SIZE];
    size_t next;
};

/* Notes a hash as left at `now` (clock_now); the one noted longest ago makes room. */
void past_add (struct past *past, const uint8_t hash[32], uint64_t now);

/* Whether it was left within PAST_TIME before `now`, and is still remembered. */
bool past_has (const struct past *past, const uint8_t hash[32], uint64_t now);

#endif
