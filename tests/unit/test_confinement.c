#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/system/confinement.h"
#include "node/system/privileges.h"

/* The floor is for ever, so each question is put in a process of its own. */
static int
ask_child (bool no_programs, int (*question) (void))
{
    char error[CONFINEMENT_TEXT_SIZE];
    const pid_t child = fork ();
    int status;

    assert_true (child >= 0);
    if (child == 0) {
        if (privileges_allow_no_new () != 0 || confinement_put_up (no_programs, error) <= 0) {
            _exit (100);
        }
        _exit (question ());
    }
    assert_int_equal (waitpid (child, &status, 0), child);
    assert_true (WIFEXITED (status)); /* refused, not killed */
    return WEXITSTATUS (status);
}

static bool
is_refused (long result)
{
    return result == -1 && errno == EPERM;
}

/*
 * The number of the first that is not refused, from 1 on, or 0. Without the list most of them would
 * succeed even without rights, or fail for another reason.
 */
static int
call_what_is_refused (void)
{
    const bool refused[] = {
        is_refused (mount ("none", "/nowhere", NULL, 0, NULL)),
        is_refused (umount2 ("/nowhere", 0)),
        is_refused (syscall (SYS_chroot, "/nowhere")),
        is_refused (syscall (SYS_setns, -1, 0)),
        is_refused (unshare (0)),
        is_refused (syscall (SYS_ptrace, PTRACE_TRACEME, 0, 0, 0)),
        is_refused (syscall (SYS_process_vm_readv, getpid (), NULL, 0, NULL, 0, 0)),
        is_refused (syscall (SYS_bpf, -1, NULL, 0)),
        is_refused (syscall (SYS_perf_event_open, NULL, 0, -1, -1, 0)),
        is_refused (syscall (SYS_keyctl, 0, -3, 0, 0, 0)),
        is_refused (syscall (SYS_userfaultfd, -1)),
        is_refused (syscall (SYS_kexec_load, 0, 0, NULL, -1L)),
        is_refused (syscall (SYS_init_module, NULL, 0, "")),
        is_refused (syscall (SYS_swapoff, "/nowhere")),
        is_refused (syscall (SYS_settimeofday, NULL, NULL)),
        is_refused (syscall (SYS_setuid, getuid ())),
        is_refused (syscall (SYS_setresgid, -1, -1, -1)),
        is_refused (syscall (SYS_capset, NULL, NULL)),
        is_refused (personality (ADDR_NO_RANDOMIZE)),
        is_refused (syscall (SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL)),
        is_refused (syscall (SYS_clone, CLONE_NEWNS | SIGCHLD, NULL, NULL, NULL, NULL)),
        is_refused (syscall (SYS_io_uring_setup, 0, NULL)),
    };

    for (int i = 0; i < (int)(sizeof refused / sizeof refused[0]); i++) {
        if (!refused[i]) {
            return i + 1;
        }
    }
    return 0;
}

static void
test_refused (void **state)
{
    (void)state;
    assert_int_equal (ask_child (false, call_what_is_refused), 0);
    assert_int_equal (ask_child (true, call_what_is_refused), 0);
}

static void *
run_thread (void *data)
{
    *(int *)data = 17;
    return NULL;
}

/* What the daemon lives on: threads, processes, asking for the personality. */
static int
use_what_is_needed (void)
{
    pthread_t thread;
    int word = 0;
    pid_t child;

    if (pthread_create (&thread, NULL, run_thread, &word) != 0 ||
        pthread_join (thread, NULL) != 0 || word != 17) {
        return 1;
    }
    child = fork ();
    if (child == 0) {
        _exit (5);
    }
    if (child < 0 || waitpid (child, &word, 0) != child || WEXITSTATUS (word) != 5) {
        return 2;
    }
    return personality (0xffffffff) == -1 ? 3 : 0;
}

static void
test_needed (void **state)
{
    (void)state;
    assert_int_equal (ask_child (true, use_what_is_needed), 0);
}

static int
start_program (void)
{
    (void)execl ("/bin/sh", "sh", "-c", "exit 42", (char *)NULL);
    return errno == EPERM ? 43 : 44;
}

static void
test_programs (void **state)
{
    (void)state;
    assert_int_equal (ask_child (false, start_program), 42);
    assert_int_equal (ask_child (true, start_program), 43);
}

/* A list on a list: the second one, as in a daemon started by a daemon, is as good. */
static int
put_up_again (void)
{
    char error[CONFINEMENT_TEXT_SIZE];

    return confinement_put_up (true, error) > 0 ? 0 : 1;
}

static void
test_twice (void **state)
{
    (void)state;
    assert_int_equal (ask_child (false, put_up_again), 0);
}

static void
test_not_built_in (void **state)
{
    char error[CONFINEMENT_TEXT_SIZE] = "";
    (void)state;

    assert_int_equal (confinement_put_up (true, error), -1);
    assert_string_equal (error, "this program was built without it");
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_refused),
        cmocka_unit_test (test_needed),
        cmocka_unit_test (test_programs),
        cmocka_unit_test (test_twice),
    };
    const struct CMUnitTest without[] = {cmocka_unit_test (test_not_built_in)};

    if (!confinement_is_built_in ()) {
        return cmocka_run_group_tests (without, NULL, NULL);
    }
    if (prctl (PR_GET_SECCOMP, 0, 0, 0, 0) < 0) {
        (void)fprintf (stderr, "skipped: this kernel has no seccomp\n");
        return 77;
    }
    return cmocka_run_group_tests (tests, NULL, NULL);
}
