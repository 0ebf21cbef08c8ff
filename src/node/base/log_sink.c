#include "node/base/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

_Static_assert(LOG_SINK_WRITE_MAX <= PIPE_BUF, "a pipe takes one write whole or not at all");

/*
 * Whether a write of LOG_SINK_WRITE_MAX bytes will not wait. A pipe that can be written to has room
 * for that many; an error or a hang-up means that there is no reader.
 */
static bool
can_write (int fd)
{
    struct pollfd poller = {.fd = fd, .events = POLLOUT};
    int ready;

    do {
        ready = poll (&poller, 1, 0);
    } while (ready < 0 && errno == EINTR);
    return ready == 1 && poller.revents == POLLOUT;
}

static ssize_t
write_once (int fd, const char *bytes, size_t length)
{
    ssize_t written;

    do {
        written = write (fd, bytes, length);
    } while (written < 0 && errno == EINTR);
    return written;
}

/*
 * Without a SIGPIPE for the process when the reader has gone since can_write: this thread blocks it
 * for the time, and takes it away if the write brought it about. One that was pending before is
 * somebody else's and stays.
 */
static ssize_t
write_without_signal (int fd, const char *bytes, size_t length)
{
    const struct timespec at_once = {.tv_sec = 0};
    sigset_t broken_pipe;
    sigset_t pending;
    sigset_t before;

    (void)sigemptyset (&broken_pipe); /* these two fail only on a number that is no signal's */
    (void)sigaddset (&broken_pipe, SIGPIPE);
    if (sigpending (&pending) != 0 || pthread_sigmask (SIG_BLOCK, &broken_pipe, &before) != 0) {
        return -1;
    }
    const ssize_t written = write_once (fd, bytes, length);

    if (written < 0 && errno == EPIPE && sigismember (&pending, SIGPIPE) == 0) {
        while (sigtimedwait (&broken_pipe, NULL, &at_once) < 0 && errno == EINTR) {
        }
    }
    (void)pthread_sigmask (SIG_SETMASK, &before, NULL); /* it took the same mask above */
    return written;
}

ssize_t
log_sink_write (int fd, const char *bytes, size_t length)
{
    return can_write (fd) ? write_without_signal (fd, bytes, length) : -1;
}

int
log_sink_open (const char *path)
{
    int fd;

    do {
        fd = open (path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

bool
log_sink_is_journal (int fd)
{
    const char *const stream = getenv ("JOURNAL_STREAM");
    struct stat status;
    char name[64];

    if (stream == NULL || fstat (fd, &status) != 0) {
        return false;
    }
    (void)snprintf (name, sizeof name, "%ju:%ju", (uintmax_t)status.st_dev,
                    (uintmax_t)status.st_ino);
    return strcmp (stream, name) == 0;
}
