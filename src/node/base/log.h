/*
 * The log: one line an event, to standard error or a file. Global, because everything may have
 * something to say; any thread may log, but no signal handler.
 *
 * A line is "2026-11-21T00:12:34.567Z level text"; in the journal, "<priority>text"; as JSON, an
 * object of "time", "level" and "message". A line that repeats the one before it is held back;
 * "last message repeated N times" stands for it when another line comes, or log_flush, or a repeat
 * more than 10 s after the last such report.
 *
 * Writing does not block: a line that cannot be written at once, because the reader of the log is
 * slow or gone, is dropped, and the next one that gets through is preceded by "dropped lines: N".
 * The one gap: another process that writes to the same pipe can fill it between our looking and our
 * writing. The process ignores SIGPIPE.
 */
#ifndef NODE_LOG_H
#define NODE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR, LOG_LEVEL_OFF };

enum log_format { LOG_FORMAT_HUMAN, LOG_FORMAT_JSON };

enum log_target {
    LOG_TARGET_AUTO,    /* standard error, which may be the journal */
    LOG_TARGET_STDERR,  /* standard error, which is not */
    LOG_TARGET_JOURNAL, /* standard error, which is */
};

struct log_settings {
    enum log_level level;
    enum log_format format;
    enum log_target target;
    char *file; /* a path to append to; "" is none, and `target` counts. Only read */
};

/*
 * Takes the settings in force, from the next line on; `settings` is only read. Opens a file, so it
 * may wait for a disk. Returns 0; or -1, nothing changed, with the reason in `error`. This and
 * log_reopen: one thread, others may be logging.
 */
int log_configure (const struct log_settings *settings, char *error, size_t error_size);

/*
 * Opens the log file again by its name, for who has moved it away; without a file it does nothing.
 * What is held back goes to the old one. Returns 0; or -1, after a line in the old file, which is
 * kept.
 */
int log_reopen (void);

/* Lines below `level` are not written. The start is LOG_LEVEL_INFO. */
void log_set_level (enum log_level level);

/*
 * Writes one line. Bytes that are not printable ASCII are shown as "\xNN", so that nobody forges a
 * line or speaks to the terminal; a text of more than 2,000 bytes is cut there and "..." put after
 * it. errno is preserved.
 */
void log_write (enum log_level level, const char *format, ...)
    __attribute__ ((format (printf, 2, 3)));

#define log_debug(...) log_write (LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...) log_write (LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warn(...) log_write (LOG_LEVEL_WARN, __VA_ARGS__)
#define log_error(...) log_write (LOG_LEVEL_ERROR, __VA_ARGS__)

/* Says what is still held back (repeats, drops). Call it before exiting. */
void log_flush (void);

/* Whether `fd` leads to the journal, as systemd says in JOURNAL_STREAM. Reads the environment. */
bool log_is_journal (int fd);

/*
 * For tests: writes to `fd`, which stays the caller's, from now on, and forgets what is held back.
 */
void log_set_fd (int fd, enum log_format format, bool journal);

/* For tests: repeats are reported after `nanoseconds` in place of 10 s. */
void log_set_repeat_time (uint64_t nanoseconds);

#endif
