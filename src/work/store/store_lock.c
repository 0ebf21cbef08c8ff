#include "work/store/store_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "work/base/directory.h"

/* The holder's process id is in the file, or this once it has closed the store. */
#define CLOSED "closed\n"

/* `text` has 32 bytes. */
static void
read_text (int fd, char *text)
{
    const ssize_t length = pread (fd, text, 31, 0);

    text[length > 0 ? length : 0] = '\0';
}

/* Without it the lock is as good: the next sees what was there, or nothing. */
static void
write_text (int fd, const char *text)
{
    const ssize_t length = (ssize_t)strlen (text);

    if (pwrite (fd, text, (size_t)length, 0) != length || ftruncate (fd, length) != 0) {
        return;
    }
}

static void
say_who_holds (const char *path, int fd, char *error, size_t error_size)
{
    char who[48] = "another process";
    char text[32];

    read_text (fd, text);
    const long pid = strtol (text, NULL, 10);

    if (pid > 0) {
        snprintf (who, sizeof who, "process %ld", pid);
    }
    snprintf (error, error_size, "the store in %s is in use by %s: each daemon needs its own store",
              path, who);
}

/* Reads what the last holder left, and writes whom a second daemon is to name. */
static enum store_past
take_over (int fd)
{
    char before[32];
    char now[32];

    read_text (fd, before);
    snprintf (now, sizeof now, "%ld\n", (long)getpid ());
    write_text (fd, now);
    if (before[0] == '\0') {
        (void)fdatasync (fd); /* or a loss of power leaves half a file in nobody's directory */
        return STORE_PAST_NONE;
    }
    return strcmp (before, CLOSED) == 0 ? STORE_PAST_CLOSED : STORE_PAST_OPEN;
}

int
store_lock (const char *path, enum store_past *past, char *error, size_t error_size)
{
    char name[PATH_MAX];

    if (directory_make (path) != 0) {
        snprintf (error, error_size, "cannot create the store's directory %s: %s", path,
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
                  "cannot open %s: %s; the store needs a directory it can write to", name,
                  strerror (errno));
        return -1;
    }
    if (flock (fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            say_who_holds (path, fd, error, error_size);
        } else {
            snprintf (error, error_size,
                      "cannot lock %s: %s; the store needs a file system that supports locks", name,
                      strerror (errno));
        }
        (void)close (fd);
        return -1;
    }
    *past = take_over (fd);
    return fd;
}

void
store_unlock (int fd, enum store_past past)
{
    if (past != STORE_PAST_OPEN) {
        write_text (fd, past == STORE_PAST_CLOSED ? CLOSED : "");
    }
    (void)close (fd);
}
