/*
 * Threads: `busy` guards the time and the sleepers. It is no mutex, since a sleeper has its own by
 * then, and who holds one takes no other (tests/locks).
 */
#include "still_time.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SECOND UINT64_C (1000000000)
#define PATIENCE 60 /* true seconds */

enum { MAX_SLEEPERS = 16 };

struct sleeper {
    pthread_cond_t *condition; /* NULL: nobody's */
    pthread_mutex_t *mutex;
    bool woken;
};

static atomic_flag busy = ATOMIC_FLAG_INIT;
static uint64_t now = STILL_TIME_BEGIN;
static struct sleeper sleepers[MAX_SLEEPERS];

/* The linker's names. */
int __real_clock_gettime (clockid_t clock, struct timespec *time);
int __wrap_clock_gettime (clockid_t clock, struct timespec *time);
int __real_pthread_cond_wait (pthread_cond_t *condition, pthread_mutex_t *mutex);
int __wrap_pthread_cond_wait (pthread_cond_t *condition, pthread_mutex_t *mutex);
int __wrap_pthread_cond_timedwait (pthread_cond_t *condition, pthread_mutex_t *mutex,
                                   const struct timespec *until);
int __real_pthread_cond_broadcast (pthread_cond_t *condition);
int __wrap_pthread_cond_broadcast (pthread_cond_t *condition);

static void
take_turn (void)
{
    while (atomic_flag_test_and_set (&busy)) {
        (void)sched_yield ();
    }
}

static void
give_turn (void)
{
    atomic_flag_clear (&busy);
}

static uint64_t
still_time (void)
{
    uint64_t still;

    take_turn ();
    still = now;
    give_turn ();
    return still;
}

int
__wrap_clock_gettime (clockid_t clock, struct timespec *time)
{
    const uint64_t still = still_time ();

    if (clock != CLOCK_MONOTONIC) {
        return __real_clock_gettime (clock, time);
    }
    *time = (struct timespec){(time_t)(still / SECOND), (long)(still % SECOND)};
    return 0;
}

static _Noreturn void
give_up (const char *what)
{
    fprintf (stderr, "still_time: %s\n", what);
    abort ();
}

static struct sleeper *
lie_down (pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    struct sleeper *sleeper = NULL;

    take_turn ();
    for (size_t i = 0; i < MAX_SLEEPERS && sleeper == NULL; i++) {
        if (sleepers[i].condition == NULL) {
            sleeper = &sleepers[i];
        }
    }
    if (sleeper == NULL) {
        give_up ("more sleepers than there is room for");
    }
    *sleeper = (struct sleeper){condition, mutex, false};
    give_turn ();
    return sleeper;
}

static void
get_up (struct sleeper *sleeper)
{
    take_turn ();
    *sleeper = (struct sleeper){0};
    give_turn ();
}

int
__wrap_pthread_cond_wait (pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    struct sleeper *sleeper = lie_down (condition, mutex);
    int result = __real_pthread_cond_wait (condition, mutex);

    get_up (sleeper);
    return result;
}

/* Lies down before it looks at the time, so that still_time_set, which may come between, wakes it.
 */
int
__wrap_pthread_cond_timedwait (pthread_cond_t *condition, pthread_mutex_t *mutex,
                               const struct timespec *until)
{
    const uint64_t end = (uint64_t)until->tv_sec * SECOND + (uint64_t)until->tv_nsec;
    struct sleeper *sleeper = lie_down (condition, mutex);
    int result = ETIMEDOUT;

    if (still_time () < end) {
        result = __real_pthread_cond_wait (condition, mutex);
    }
    get_up (sleeper);
    return result;
}

int
__wrap_pthread_cond_broadcast (pthread_cond_t *condition)
{
    take_turn ();
    for (size_t i = 0; i < MAX_SLEEPERS; i++) {
        sleepers[i].woken |= sleepers[i].condition == condition;
    }
    give_turn ();
    return __real_pthread_cond_broadcast (condition);
}

void
still_time_set (uint64_t time)
{
    struct sleeper seen[MAX_SLEEPERS];

    take_turn ();
    now = time;
    for (size_t i = 0; i < MAX_SLEEPERS; i++) {
        seen[i] = sleepers[i];
    }
    give_turn ();
    for (size_t i = 0; i < MAX_SLEEPERS; i++) {
        if (seen[i].condition != NULL) {
            pthread_mutex_lock (seen[i].mutex);
            __wrap_pthread_cond_broadcast (seen[i].condition);
            pthread_mutex_unlock (seen[i].mutex);
        }
    }
}

static unsigned
count_sleepers (void)
{
    unsigned count = 0;

    take_turn ();
    for (size_t i = 0; i < MAX_SLEEPERS; i++) {
        count += sleepers[i].condition != NULL && !sleepers[i].woken;
    }
    give_turn ();
    return count;
}

static time_t
true_seconds (void)
{
    struct timespec time = {0};

    (void)__real_clock_gettime (CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

void
still_time_wait_sleepers (unsigned count)
{
    const time_t limit = true_seconds () + PATIENCE;

    while (count_sleepers () != count) {
        if (true_seconds () > limit) {
            give_up ("not as many threads sleep as should, after a minute");
        }
        (void)sched_yield ();
    }
}
