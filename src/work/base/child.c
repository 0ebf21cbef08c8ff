#define _GNU_SOURCE 1 /* close_range */

#include "work/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "work/base/clock.h"

static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGXCPU};

#define CRASHES (sizeof crashes / sizeof crashes[0])

/* A copy of a socket would keep it, and its place in an epoll, when the parent closes it. */
static void
be_alone (pid_t parent, int answer)
{
    const struct rlimit no_core = {0, 0};
    sigset_t faults;

    (void)close_range (3, (unsigned)answer - 1, 0);
    (void)close_range ((unsigned)answer + 1, UINT_MAX, 0);
    (void)setrlimit (RLIMIT_CORE, &no_core);
    (void)sigemptyset (&faults);
    for (size_t i = 0; i < CRASHES; i++) {
        (void)signal (crashes[i], SIG_DFL);
        (void)sigaddset (&faults, crashes[i]);
    }
    (void)pthread_sigmask (SIG_UNBLOCK, &faults, NULL);
    if (prctl (PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid () != parent) {
        _exit (1);
    }
}

/* Starts the child, with all other signals blocked: the parent's handlers are not for it. */
static pid_t
start (int (*run) (const void *), const void *data, const int ends[2])
{
    const pid_t parent = getpid ();
    sigset_t all;
    sigset_t before;

    (void)sigfillset (&all);
    (void)pthread_sigmask (SIG_SETMASK, &all, &before);
    const pid_t pid = fork ();

    if (pid == 0) {
        be_alone (parent, ends[1]);
        const unsigned char word = (unsigned char)run (data);

        _exit (write (ends[1], &word, 1) == 1 ? 0 : 1);
    }
    (void)pthread_sigmask (SIG_SETMASK, &before, NULL);
    return pid;
}

/* Waits for the child's word. */
static struct child_result
listen_for (int end, double patience)
{
    const uint64_t until = clock_now () + clock_from_seconds (patience);
    struct pollfd ready = {.fd = end, .events = POLLIN};
    unsigned char word;

    for (uint64_t now = clock_now (); now < until; now = clock_now ()) {
        const uint64_t milliseconds = (until - now) / (CLOCK_SECOND / 1000) + 1;

        if (poll (&ready, 1, milliseconds < INT_MAX ? (int)milliseconds : INT_MAX) > 0) {
            return read (end, &word, 1) == 1 ? (struct child_result){CHILD_ANSWERED, word}
                                             : (struct child_result){CHILD_ENDED, 0};
        }
    }
    return (struct child_result){CHILD_LATE, 0};
}

/* Says how a child that has given no answer ended. */
static struct child_result
reap (pid_t pid)
{
    int status;

    while (waitpid (pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return (struct child_result){CHILD_KILLED, 0}; /* somebody else has waited for it */
        }
    }
    if (!WIFSIGNALED (status)) {
        return (struct child_result){CHILD_ENDED, 0};
    }
    for (size_t i = 0; i < CRASHES; i++) {
        if (WTERMSIG (status) == crashes[i]) {
            return (struct child_result){CHILD_CRASHED, crashes[i]};
        }
    }
    return (struct child_result){CHILD_KILLED, WTERMSIG (status)};
}

struct child_result
child_run (int (*run) (const void *data), const void *data, double patience)
{
    struct child_result result;
    int ends[2];

    if (pipe2 (ends, O_CLOEXEC) != 0) {
        return (struct child_result){CHILD_NONE, errno};
    }
    const pid_t pid = start (run, data, ends);
    const int reason = errno;

    (void)close (ends[1]);
    if (pid < 0) {
        (void)close (ends[0]);
        return (struct child_result){CHILD_NONE, reason};
    }
    result = listen_for (ends[0], patience);
    (void)close (ends[0]);
    if (result.end == CHILD_ENDED) {
        return reap (pid);
    }
    (void)kill (pid, SIGKILL); /* it has nothing more to do, or never will */
    (void)reap (pid);
    return result;
}
