/*
 * A monotonic clock that stands still until its test moves it, for the whole process: libevent's
 * timers go by it, too. For tests of one thread; those with threads that wait take still_time.h.
 */
#ifndef TESTS_STILL_CLOCK_H
#define TESTS_STILL_CLOCK_H

#include <stdint.h>

#define STILL_CLOCK_BEGIN UINT64_C (1000000000000) /* nanoseconds */

void still_clock_set (uint64_t time); /* nanoseconds */
void still_clock_advance (uint64_t nanoseconds);

#endif
