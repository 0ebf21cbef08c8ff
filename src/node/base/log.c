/*
 * Threads: any thread logs. The level is atomic, so that a line that nobody wants costs no lock.
 * The rest of the state, and the writing, is under one mutex; who waits for it waits for writes
 * that do not block.
 */
#include "node/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/log_line.h"
#include "node/base/ownership.h"
#include "rpc/base/memory.h"
#include "work/base/clock.h"

#define REPEAT_TIME (10 * CLOCK_SECOND)

#define WRITE_MAX 4096
_Static_assert(WRITE_MAX <= PIPE_BUF, "a pipe takes one write whole or not at all");

/* One character more than fits shows that the text is to be cut. */
#define RAW_SIZE (LOG_LINE_TEXT_MAX + 2)

_Static_assert(1 + 2 * LOG_LINE_REPORT_SIZE + LOG_LINE_SIZE <= WRITE_MAX,
               "a newline, both reports and a line are written at once");

/* What is written at once. */
struct log_page {
    char bytes[WRITE_MAX];
    size_t length;
};

static atomic_int lowest_level = LOG_LEVEL_INFO;

static struct {
    pthread_mutex_t mutex;
    int fd;
    char *path; /* of the file that `fd` is, which is then the log's own; or NULL */
    enum log_format format;
    bool journal; /* `fd` leads to the journal */
    uint64_t repeat_time;

    /* The last line in the log, if there is one that the next can repeat. */
    bool last_known;
    enum log_level last_level;
    char last_text[LOG_LINE_TEXT_SIZE];
    uint64_t last_written; /* the line, or the last report of its repeats */

    /* One of them is 0: when writing fails, the repeats not yet reported are dropped lines too. */
    uint64_t repeats;
    uint64_t dropped;

    bool torn; /* a write stopped within a line, as on a full disk */
} state = {
    .mutex = PTHREAD_MUTEX_INITIALIZER,
    .fd = STDERR_FILENO,
    .repeat_time = REPEAT_TIME,
};

static void
page_add (struct log_page *page, const struct log_line *line)
{
    page->length += log_line_print (line, state.format, state.journal, page->bytes + page->length,
                                    sizeof page->bytes - page->length);
}

/* What the next line that gets through has to say first. */
static void
page_add_reports (struct log_page *page)
{
    char text[LOG_LINE_REPORT_SIZE];

    if (state.torn) {
        page->bytes[page->length++] = '\n';
    }
    if (state.repeats > 0) {
        (void)snprintf (text, sizeof text, "last message repeated %" PRIu64 " times",
                        state.repeats);
        page_add (page, &(struct log_line){state.last_level, text, "repeated", state.repeats});
    }
    if (state.dropped > 0) {
        (void)snprintf (text, sizeof text, "dropped lines: %" PRIu64, state.dropped);
        page_add (page, &(struct log_line){LOG_LEVEL_WARN, text, "dropped", state.dropped});
    }
}

/*
 * Whether a write of WRITE_MAX bytes will not wait. A pipe that can be written to has room
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

/* Returns 0 when all of the page is in the log, or -1. */
static int
page_write (const struct log_page *page)
{
    ssize_t written = -1;

    if (can_write (state.fd)) {
        do {
            written = write (state.fd, page->bytes, page->length);
        } while (written < 0 && errno == EINTR);
    }
    if (written <= 0) {
        return -1;
    }
    state.torn = page->bytes[written - 1] != '\n';
    return (size_t)written == page->length ? 0 : -1;
}

/* Writes the reports that are due, and the line if `text` is not NULL. */
static void
put (enum log_level level, const char *text)
{
    struct log_page page = {.length = 0};

    page_add_reports (&page);
    if (text != NULL) {
        page_add (&page, &(struct log_line){.level = level, .text = text});
    }
    if (page.length == 0) {
        return;
    }
    if (page_write (&page) != 0) {
        state.dropped += state.repeats + (text != NULL ? 1 : 0);
        state.repeats = 0;
        state.last_known = false;
        return;
    }
    state.repeats = 0;
    state.dropped = 0;
    state.last_written = clock_now ();
    if (text != NULL) {
        state.last_known = true;
        state.last_level = level;
        memcpy (state.last_text, text, strlen (text) + 1);
    }
}

static bool
is_repeat (enum log_level level, const char *text)
{
    return state.last_known && state.last_level == level && strcmp (state.last_text, text) == 0;
}

static void
put_or_count (enum log_level level, const char *text)
{
    pthread_mutex_lock (&state.mutex);
    if (!is_repeat (level, text)) {
        put (level, text);
    } else {
        state.repeats++;
        if (clock_now () - state.last_written >= state.repeat_time) {
            put (level, NULL);
        }
    }
    pthread_mutex_unlock (&state.mutex);
}

void
log_set_level (enum log_level level)
{
    atomic_store_explicit (&lowest_level, (int)level, memory_order_relaxed);
}

void
log_write (enum log_level level, const char *format, ...)
{
    const int saved_errno = errno;
    char raw[RAW_SIZE];
    char text[LOG_LINE_TEXT_SIZE];
    va_list arguments;

    if ((int)level < atomic_load_explicit (&lowest_level, memory_order_relaxed)) {
        return;
    }
    va_start (arguments, format);
    if (vsnprintf (raw, sizeof raw, format, arguments) < 0) {
        (void)snprintf (raw, sizeof raw, "%s", format); /* better than nothing */
    }
    va_end (arguments);
    log_line_escape (raw, text);
    put_or_count (level, text);
    errno = saved_errno;
}

void
log_flush (void)
{
    const int saved_errno = errno;

    pthread_mutex_lock (&state.mutex);
    put (LOG_LEVEL_OFF, NULL);
    pthread_mutex_unlock (&state.mutex);
    errno = saved_errno;
}

/* Writes to `fd` from now on, which is the file at `path` where that is not NULL. Under the mutex.
 */
static void
set_sink (int fd, char *path, enum log_format format, bool journal)
{
    if (state.path != NULL) {
        (void)close (state.fd);
    }
    if (path != state.path) {
        free (state.path);
    }
    state.fd = fd;
    state.path = path;
    state.format = format;
    state.journal = journal;
    state.last_known = false;
    state.torn = false;
}

/* What is held back of the old log goes there, if it can, before the new one takes over. */
static void
change_sink (int fd, char *path, enum log_format format, bool journal)
{
    pthread_mutex_lock (&state.mutex);
    put (LOG_LEVEL_OFF, NULL);
    set_sink (fd, path, format, journal);
    pthread_mutex_unlock (&state.mutex);
}

/* A FIFO must have its reader. Returns a descriptor, or -1 with errno set. */
static int
open_file (const char *path)
{
    int fd;

    do {
        fd = open (path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

bool
log_is_journal (int fd)
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

int
log_configure (const struct log_settings *settings, char *error, size_t error_size)
{
    const bool is_file = *settings->file != '\0';
    const int fd = is_file ? open_file (settings->file) : STDERR_FILENO;
    const int reason = errno;
    const bool journal = !is_file && (settings->target == LOG_TARGET_JOURNAL ||
                                      (settings->target == LOG_TARGET_AUTO && log_is_journal (fd)));

    if (fd < 0) {
        char advice[OWNERSHIP_TEXT_SIZE];

        ownership_advise (settings->file, false, advice);
        (void)snprintf (error, error_size, "cannot open the log file %s: %s (log.file)%s",
                        settings->file, strerror (reason), advice);
        return -1;
    }
    change_sink (fd, memory_text (is_file ? settings->file : NULL), settings->format, journal);
    log_set_level (settings->level);
    return 0;
}

int
log_reopen (void)
{
    char advice[OWNERSHIP_TEXT_SIZE];
    int fd;

    if (state.path == NULL) { /* only this thread changes it */
        return 0;
    }
    fd = open_file (state.path);
    if (fd < 0) {
        const int reason = errno;

        ownership_advise (state.path, false, advice);
        log_error ("Cannot open the log file %s again, still writing to the old one: %s%s",
                   state.path, strerror (reason), advice);
        return -1;
    }
    change_sink (fd, state.path, state.format, false);
    return 0;
}

void
log_set_fd (int fd, enum log_format format, bool journal)
{
    pthread_mutex_lock (&state.mutex);
    set_sink (fd, NULL, format, journal);
    state.repeats = 0;
    state.dropped = 0;
    pthread_mutex_unlock (&state.mutex);
}

void
log_set_repeat_time (uint64_t nanoseconds)
{
    pthread_mutex_lock (&state.mutex);
    state.repeat_time = nanoseconds;
    pthread_mutex_unlock (&state.mutex);
}
