/*
 * Where the log's bytes go, without waiting for a reader. Any thread.
 */
#ifndef NODE_LOG_SINK_H
#define NODE_LOG_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Writes of so many bytes at the most are taken by a pipe whole or not at all. */
#define LOG_SINK_WRITE_MAX 4096

/*
 * Writes at most LOG_SINK_WRITE_MAX bytes, if that can be done at once. Returns how many were
 * written, as a full disk may take a part, or -1.
 */
ssize_t log_sink_write (int fd, const char *bytes, size_t length);

/*
 * Opens `path` to append to; it is created with mode 0640, less the umask. A FIFO must have its
 * reader. Returns a descriptor that the caller closes, or -1 with errno set.
 */
int log_sink_open (const char *path);

/* Whether `fd` leads to the journal, as systemd says in JOURNAL_STREAM. Reads the environment. */
bool log_sink_is_journal (int fd);

#endif
