/*
 * Time that stands still until its test moves it, and threads that are known to sleep.
 *
 * The monotonic clock, and the waits on conditions, of everything that is linked into the test go
 * through here. It takes the linker's --wrap for clock_gettime, pthread_cond_wait,
 * pthread_cond_timedwait and pthread_cond_broadcast; pthread_cond_signal is not to be used.
 */
#ifndef TESTS_STILL_TIME_H
#define TESTS_STILL_TIME_H

#include <stdint.h>

#define STILL_TIME_BEGIN UINT64_C (1000000000000) /* nanoseconds */

/* Sets the time, in nanoseconds; it must not go back. Sleepers look at it. Any thread. */
void still_time_set (uint64_t time);

/*
 * Waits until that many threads sleep, none of them woken and on its way. Any thread. After a
 * minute of true time it ends the test.
 */
void still_time_wait_sleepers (unsigned count);

#endif
