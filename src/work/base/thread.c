#include "work/base/thread.h"

#include <signal.h>

#include "work/base/clock.h"

int
thread_start (pthread_t *thread, void *(*run) (void *data), void *data)
{
    static const int faults[] = {SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP};
    sigset_t blocked;
    sigset_t before;
    int failed;

    (void)sigfillset (&blocked);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        (void)sigdelset (&blocked, faults[i]);
    }
    failed = pthread_sigmask (SIG_SETMASK, &blocked, &before);
    if (failed == 0) {
        failed = pthread_create (thread, NULL, run, data);
        (void)pthread_sigmask (SIG_SETMASK, &before, NULL);
    }
    return failed;
}

int
thread_lock_init (pthread_mutex_t *lock, pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    int failed;

    if (pthread_condattr_init (&attributes) != 0) {
        return -1;
    }
    failed = pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC) != 0 ||
             pthread_cond_init (condition, &attributes) != 0;
    (void)pthread_condattr_destroy (&attributes);
    if (failed) {
        return -1;
    }
    if (pthread_mutex_init (lock, NULL) != 0) {
        (void)pthread_cond_destroy (condition);
        return -1;
    }
    return 0;
}

void
thread_wait (pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t until)
{
    const struct timespec time = {(time_t)(until / CLOCK_SECOND), (long)(until % CLOCK_SECOND)};

    if (until == 0) {
        (void)pthread_cond_wait (condition, lock);
    } else {
        (void)pthread_cond_timedwait (condition, lock, &time);
    }
}
