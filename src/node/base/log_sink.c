#include "node/base/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

ssize_t
log_sink_write (int fd, const char *bytes, size_t length)
{
    ssize_t written = -1;

    if (can_write (fd)) {
        do {
            written = write (fd, bytes, length);
        } while (written < 0 && errno == EINTR);
    }
    return written;
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
