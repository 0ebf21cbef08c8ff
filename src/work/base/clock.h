/*
 * Monotonic time in nanoseconds. Any thread. Never fails on a system that this builds for: the
 * clock id is valid and the address is ours.
 */
#ifndef WORK_CLOCK_H
#define WORK_CLOCK_H

#include <stdint.h>
#include <sys/time.h>
#include <time.h>

#define CLOCK_SECOND UINT64_C (1000000000)

static inline uint64_t
clock_now (void)
{
    struct timespec now = {0};

    (void)clock_gettime (CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * CLOCK_SECOND + (uint64_t)now.tv_nsec;
}

static inline double
clock_seconds (uint64_t nanoseconds)
{
    return (double)nanoseconds / (double)CLOCK_SECOND;
}

/* `seconds` from 0 to 500 years, cut to whole nanoseconds. */
static inline uint64_t
clock_from_seconds (double seconds)
{
    return (uint64_t)(seconds * (double)CLOCK_SECOND);
}

/* As an interval for an event loop's timer: `seconds` from 0 to 500 years, cut to microseconds. */
static inline struct timeval
clock_timeval (double seconds)
{
    struct timeval time = {.tv_sec = (time_t)seconds};

    time.tv_usec = (suseconds_t)((seconds - (double)time.tv_sec) * 1e6);
    return time;
}

#endif
