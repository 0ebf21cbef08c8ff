#include "still_clock.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static uint64_t now = STILL_CLOCK_BEGIN;

void
still_clock_set (uint64_t time)
{
    now = time;
}

void
still_clock_advance (uint64_t nanoseconds)
{
    now += nanoseconds;
}

/* In the place of the C library's, for the shared libraries as well. */
int
clock_gettime (clockid_t clock, struct timespec *time)
{
    if (clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_COARSE) {
        return (int)syscall (SYS_clock_gettime, clock, time);
    }
    *time = (struct timespec){(time_t)(now / UINT64_C (1000000000)),
                              (long)(now % UINT64_C (1000000000))};
    return 0;
}
