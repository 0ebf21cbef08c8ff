/* Threads of our own: no signal of the process reaches them, and the caller's mask stays. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "work/base/thread.h"

static void *
read_mask (void *data)
{
    return pthread_sigmask (SIG_SETMASK, NULL, data) == 0 ? data : NULL;
}

static void *
start_another (void *data)
{
    pthread_t thread;
    void *result = NULL;

    if (pthread_create (&thread, NULL, read_mask, data) != 0 ||
        pthread_join (thread, &result) != 0) {
        return NULL;
    }
    return result;
}

/* The mask that a thread has. */
static sigset_t
mask_in (void *(*run) (void *))
{
    sigset_t mask;
    pthread_t thread;
    void *result;

    assert_int_equal (thread_start (&thread, run, &mask), 0);
    assert_int_equal (pthread_join (thread, &result), 0);
    assert_ptr_equal (result, &mask);
    return mask;
}

static void
check_mask (const sigset_t *mask)
{
    static const int kept_away[] = {SIGHUP,  SIGINT,  SIGTERM, SIGUSR1, SIGUSR2,
                                    SIGPIPE, SIGCHLD, SIGALRM, SIGQUIT};
    static const int faults[] = {SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP};

    for (size_t i = 0; i < sizeof kept_away / sizeof kept_away[0]; i++) {
        assert_int_equal (sigismember (mask, kept_away[i]), 1);
    }
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        assert_int_equal (sigismember (mask, faults[i]), 0);
    }
}

static void
test_no_signal_but_faults (void **state)
{
    const sigset_t own = mask_in (read_mask);
    const sigset_t inherited = mask_in (start_another);

    (void)state;
    check_mask (&own);
    check_mask (&inherited);
}

static void
test_callers_mask_stays (void **state)
{
    sigset_t mask;

    (void)state;
    assert_int_equal (sigemptyset (&mask), 0);
    assert_int_equal (sigaddset (&mask, SIGUSR1), 0);
    assert_int_equal (pthread_sigmask (SIG_SETMASK, &mask, NULL), 0);
    (void)mask_in (read_mask);
    assert_int_equal (pthread_sigmask (SIG_SETMASK, NULL, &mask), 0);
    assert_int_equal (sigismember (&mask, SIGUSR1), 1);
    assert_int_equal (sigismember (&mask, SIGHUP), 0);
    assert_int_equal (sigismember (&mask, SIGTERM), 0);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_no_signal_but_faults),
        cmocka_unit_test (test_callers_mask_stays),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
