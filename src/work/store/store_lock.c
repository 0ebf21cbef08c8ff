#include "work/store/store_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Returns 0, or -1 with errno set. */
static int
make_directories (const char *path)
{
    char part[PATH_MAX];
    const size_t length = strlen (path);

    if (length == 0 || length >= sizeof part) {
        errno = length == 0 ? ENOENT : ENAMETOOLONG;
        return -1;
    }
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        memcpy (part, path, i);
        part[i] = '\0';
        if (mkdir (part, 0700) != 0 && errno != EEXIST) {
            const int reason = errno; /* a read-only file system says so of what is there, too */
            struct stat status;

            if (stat (part, &status) != 0) {
                errno = reason;
                return -1;
            }
        }
    }
    return 0;
}

/* The holder writes its process id into the file once it has the lock. */
static void
say_who_holds (const char *path, int fd, char *error, size_t error_size)
{
    char text[32] = "";
    const ssize_t length = pread (fd, text, sizeof text - 1, 0);
    const long pid = length > 0 ? strtol (text, NULL, 10) : 0;

    if (pid > 0) {
        snprintf (error, error_size,
                  "the store in %s is in use by process %ld: each daemon needs a store of its own",
                  path, pid);
    } else {
        snprintf (error, error_size,
                  "the store in %s is in use by another process: each daemon needs a store of its "
                  "own",
                  path);
    }
}

/* Whom a second daemon is to name; without it the lock is as good. */
static void
write_pid (int fd)
{
    char text[32];
    const int length = snprintf (text, sizeof text, "%ld\n", (long)getpid ());

    if (ftruncate (fd, 0) != 0 || pwrite (fd, text, (size_t)length, 0) != length) {
        return;
    }
}

int
store_lock (const char *path, char *error, size_t error_size)
{
    char name[PATH_MAX];

    if (make_directories (path) != 0) {
        snprintf (error, error_size, "cannot make the store's directory %s: %s", path,
                  strerror (errno));
        return -1;
    }
    if ((size_t)snprintf (name, sizeof name, "%s/store.lock", path) >= sizeof name) {
        snprintf (error, error_size, "the store's path %s is too long", path);
        return -1;
    }
    const int fd = open (name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0) {
        snprintf (error, error_size,
                  "cannot open %s: %s; the store needs a directory that it may write to", name,
                  strerror (errno));
        return -1;
    }
    if (flock (fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            say_who_holds (path, fd, error, error_size);
        } else {
            snprintf (error, error_size,
                      "cannot lock %s: %s; the store needs a file system with locks", name,
                      strerror (errno));
        }
        (void)close (fd);
        return -1;
    }
    write_pid (fd);
    return fd;
}
