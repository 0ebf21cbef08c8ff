#include "node/system/pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/log.h"
#include "rpc/base/memory.h"

struct pid_file {
    char *path;
    int fd;
};

/* Whether `path` is still the file that `fd` is: a daemon that ends removes its own. */
static bool
is_same_file (const char *path, int fd)
{
    struct stat opened;
    struct stat named;

    return fstat (fd, &opened) == 0 && stat (path, &named) == 0 && opened.st_dev == named.st_dev &&
           opened.st_ino == named.st_ino;
}

/* Returns the locked descriptor of the file that has that name, or -1 with errno set. */
static int
open_locked (const char *path)
{
    for (;;) {
        /* Root writes here: a link of somebody else's making is not to lead it elsewhere. */
        const int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
        const bool is_locked = fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) == 0;
        const int reason = errno;

        if (fd < 0 || (is_locked && is_same_file (path, fd))) {
            return fd;
        }
        (void)close (fd);
        if (!is_locked) {
            errno = reason;
            return -1;
        }
    }
}

struct pid_file *
pid_file_new (const char *path, char *error, size_t error_size)
{
    const int fd = open_locked (path);
    struct pid_file *file;

    if (fd < 0 && errno == EWOULDBLOCK) {
        snprintf (error, error_size, "the pid file %s is held by another running daemon", path);
        return NULL;
    }
    if (fd < 0) {
        snprintf (error, error_size, "cannot open the pid file %s: %s", path, strerror (errno));
        return NULL;
    }
    if (ftruncate (fd, 0) != 0 || dprintf (fd, "%ld\n", (long)getpid ()) < 0) {
        snprintf (error, error_size, "cannot write the pid file %s: %s", path, strerror (errno));
        (void)close (fd);
        return NULL;
    }
    file = memory_new (1, sizeof *file);
    file->path = memory_text (path);
    file->fd = fd;
    return file;
}

void
pid_file_free (struct pid_file *file)
{
    if (file == NULL) {
        return;
    }
    /* Where it cannot go, it is not to name a process that is another one later. */
    if (unlink (file->path) != 0 && ftruncate (file->fd, 0) != 0) {
        log_warn ("The pid file %s can be neither removed nor emptied: %s", file->path,
                  strerror (errno));
    }
    (void)close (file->fd);
    free (file->path);
    free (file);
}
