#define _GNU_SOURCE 1 /* close_range */

#include "work/opencl/opencl_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "work/base/clock.h"
#include "work/opencl/opencl_api.h"
#include "work/opencl/opencl_list.h"

static void
load_and_list (void)
{
    struct opencl_api api;
    struct opencl_list list;
    char error[256];

    if (opencl_api_load (&api, error, sizeof error) == 0) {
        (void)opencl_list_read (&api, &list, error, sizeof error);
    }
}

/* A crash here is an answer: nobody's handler is to report it, and no core is worth keeping. */
static _Noreturn void
run_child (void (*child) (void), int done)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTERM, SIGINT};
    const struct rlimit no_core = {0, 0};

    /* A copy of a socket would keep it, and its place in the daemon's epoll, when that closes it.
     */
    (void)close_range (3, (unsigned)done - 1, 0);
    (void)close_range ((unsigned)done + 1, UINT_MAX, 0);
    (void)setrlimit (RLIMIT_CORE, &no_core);
    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++) {
        (void)signal (crashes[i], SIG_DFL);
    }
    child ();
    _exit (write (done, "", 1) == 1 ? 0 : 1);
}

/* Waits for the child's word. Returns 1 when it came, 0 when the child ended without, -1 too late.
 */
static int
listen (int done, double patience)
{
    const uint64_t until = clock_now () + clock_from_seconds (patience);
    struct pollfd ready = {.fd = done, .events = POLLIN};
    char word;

    for (uint64_t now = clock_now (); now < until; now = clock_now ()) {
        const int milliseconds = (int)((until - now) / (CLOCK_SECOND / 1000)) + 1;

        if (poll (&ready, 1, milliseconds) > 0) {
            return read (done, &word, 1) == 1;
        }
    }
    return -1;
}

/* Ends the child, and says what became of it. */
static int
reap (pid_t pid, int heard, double patience, char *error, size_t size)
{
    int status = 0;

    if (heard != 0) {
        (void)kill (pid, SIGKILL); /* it has nothing more to do, or never will */
    }
    while (waitpid (pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (heard > 0) {
        return 0;
    }
    if (heard < 0) {
        (void)snprintf (error, size,
                        "the OpenCL library or a driver did not answer in %.0f seconds", patience);
    } else if (WIFSIGNALED (status)) {
        (void)snprintf (error, size,
                        "the OpenCL library or a driver crashes when it is loaded (%s): see what "
                        "/etc/OpenCL/vendors names",
                        strsignal (WTERMSIG (status)));
    } else {
        (void)snprintf (error, size,
                        "the OpenCL library or a driver ends the process when it is loaded");
    }
    return -1;
}

int
opencl_probe_with (void (*child) (void), double patience, char *error, size_t size)
{
    int ends[2];
    pid_t pid;
    int heard;

    if (pipe2 (ends, O_CLOEXEC) != 0) {
        (void)snprintf (error, size, "cannot try OpenCL: %s", strerror (errno));
        return -1;
    }
    pid = fork ();
    if (pid == 0) {
        (void)close (ends[0]);
        run_child (child, ends[1]);
    }
    (void)close (ends[1]);
    if (pid < 0) {
        (void)snprintf (error, size, "cannot try OpenCL: %s", strerror (errno));
        (void)close (ends[0]);
        return -1;
    }
    heard = listen (ends[0], patience);
    (void)close (ends[0]);
    return reap (pid, heard, patience, error, size);
}

int
opencl_probe (char *error, size_t size)
{
    return opencl_probe_with (load_and_list, OPENCL_PROBE_PATIENCE, error, size);
}
