#include "work/base/thread.h"

#include <signal.h>

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
