/*
 * Threads: any thread logs. The level is atomic, so that a line that nobody wants costs no lock.
 * The rest of the state, and the writing, is under one mutex; who waits for it waits for writes
 * that do not block.
 */
#include "node/log.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "work/clock.h"

#define REPEAT_TIME (10 * CLOCK_SECOND)

enum {
    TEXT_MAX = 2000,
    RAW_SIZE = TEXT_MAX + 2, /* one character more than fits shows that the text is to be cut */
    TEXT_SIZE = TEXT_MAX + sizeof "...",
    STAMP_SIZE = 64,
    LINE_SIZE = STAMP_SIZE + sizeof " debug " + TEXT_SIZE,
    REPORT_SIZE = 64, /* the text of one */
    WRITE_MAX = 4096,
};

_Static_assert(WRITE_MAX <= PIPE_BUF, "a pipe takes one write whole or not at all");
_Static_assert(LINE_SIZE + STAMP_SIZE + REPORT_SIZE < WRITE_MAX, "a report and a line fit into it");

/* What is written at once. */
struct page {
    char bytes[WRITE_MAX];
    size_t length;
};

static const char *const level_names[] = {
    [LOG_LEVEL_DEBUG] = "debug", [LOG_LEVEL_INFO] = "info", [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_OFF] = "off",
};

static atomic_int lowest_level = LOG_LEVEL_INFO;

static struct {
    pthread_mutex_t mutex;
    int fd;
    uint64_t repeat_time;

    /* The last line in the log, if there is one that the next can repeat. */
    bool last_known;
    enum log_level last_level;
    char last_text[TEXT_SIZE];
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
print_stamp (char stamp[STAMP_SIZE])
{
    struct timespec now = {.tv_sec = 0};
    struct tm utc = {.tm_year = 70, .tm_mday = 1};

    (void)clock_gettime (CLOCK_REALTIME, &now); /* cannot fail, as clock_now */
    if (gmtime_r (&now.tv_sec, &utc) == NULL) {
        utc = (struct tm){.tm_year = 70, .tm_mday = 1};
    }
    const size_t length = strftime (stamp, STAMP_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);

    (void)snprintf (stamp + length, STAMP_SIZE - length, ".%03dZ", (int)(now.tv_nsec / 1000000));
}

static void
page_add (struct page *page, enum log_level level, const char *text)
{
    const size_t room = sizeof page->bytes - page->length;
    char stamp[STAMP_SIZE];

    print_stamp (stamp);
    const int length =
        snprintf (page->bytes + page->length, room, "%s %s %s\n", stamp, level_names[level], text);

    if (length > 0 && (size_t)length < room) {
        page->length += (size_t)length;
    }
}

/* What the next line that gets through has to say first. */
static void
page_add_reports (struct page *page)
{
    char text[REPORT_SIZE];

    if (state.torn) {
        page->bytes[page->length++] = '\n';
    }
    if (state.repeats > 0) {
        (void)snprintf (text, sizeof text, "last message repeated %" PRIu64 " times",
                        state.repeats);
        page_add (page, state.last_level, text);
    }
    if (state.dropped > 0) {
        (void)snprintf (text, sizeof text, "dropped lines: %" PRIu64, state.dropped);
        page_add (page, LOG_LEVEL_WARN, text);
    }
}

/*
 * Whether a write of WRITE_MAX bytes will not wait. A pipe that can be written to has room for that
 * many; an error or a hang-up means that there is no reader.
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
write_once (int fd, const struct page *page)
{
    ssize_t written;

    do {
        written = write (fd, page->bytes, page->length);
    } while (written < 0 && errno == EINTR);
    return written;
}

/*
 * Writes without a SIGPIPE for the process when the reader has gone since can_write: this thread
 * blocks it for the time, and takes it away if the write brought it about. One that was pending
 * before is somebody else's and stays.
 */
static ssize_t
write_without_signal (int fd, const struct page *page)
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
    const ssize_t written = write_once (fd, page);

    if (written < 0 && errno == EPIPE && sigismember (&pending, SIGPIPE) == 0) {
        while (sigtimedwait (&broken_pipe, NULL, &at_once) < 0 && errno == EINTR) {
        }
    }
    (void)pthread_sigmask (SIG_SETMASK, &before, NULL); /* it took the same mask above */
    return written;
}

/* Returns 0 when all of the page is in the log, or -1. */
static int
page_write (const struct page *page)
{
    if (!can_write (state.fd)) {
        return -1;
    }
    const ssize_t written = write_without_signal (state.fd, page);

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
    struct page page = {.length = 0};

    page_add_reports (&page);
    if (text != NULL) {
        page_add (&page, level, text);
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

static void
escape (const char *raw, char text[TEXT_SIZE])
{
    size_t length = 0;

    for (; *raw != '\0'; raw++) {
        const bool printable = *raw >= ' ' && *raw <= '~';
        const size_t needed = printable ? 1 : strlen ("\\xNN");

        if (length + needed > TEXT_MAX) {
            memcpy (text + length, "...", sizeof "...");
            return;
        }
        if (printable) {
            text[length] = *raw;
        } else {
            (void)snprintf (text + length, TEXT_SIZE - length, "\\x%02x", (unsigned char)*raw);
        }
        length += needed;
    }
    text[length] = '\0';
}

__attribute__ ((format (printf, 2, 0))) static void
log_line (enum log_level level, const char *format, va_list arguments)
{
    const int saved_errno = errno;
    char raw[RAW_SIZE];
    char text[TEXT_SIZE];

    if ((int)level < atomic_load_explicit (&lowest_level, memory_order_relaxed)) {
        return;
    }
    if (vsnprintf (raw, sizeof raw, format, arguments) < 0) {
        (void)snprintf (raw, sizeof raw, "%s", format); /* better than nothing */
    }
    escape (raw, text);
    put_or_count (level, text);
    errno = saved_errno;
}

int
log_level_by_name (const char *name, enum log_level *level)
{
    for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
        if (strcmp (name, level_names[i]) == 0) {
            *level = (enum log_level)i;
            return 0;
        }
    }
    return -1;
}

void
log_set_level (enum log_level level)
{
    atomic_store_explicit (&lowest_level, (int)level, memory_order_relaxed);
}

void
log_debug (const char *format, ...)
{
    va_list arguments;

    va_start (arguments, format);
    log_line (LOG_LEVEL_DEBUG, format, arguments);
    va_end (arguments);
}

void
log_info (const char *format, ...)
{
    va_list arguments;

    va_start (arguments, format);
    log_line (LOG_LEVEL_INFO, format, arguments);
    va_end (arguments);
}

void
log_warn (const char *format, ...)
{
    va_list arguments;

    va_start (arguments, format);
    log_line (LOG_LEVEL_WARN, format, arguments);
    va_end (arguments);
}

void
log_error (const char *format, ...)
{
    va_list arguments;

    va_start (arguments, format);
    log_line (LOG_LEVEL_ERROR, format, arguments);
    va_end (arguments);
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

void
log_set_fd (int fd)
{
    pthread_mutex_lock (&state.mutex);
    state.fd = fd;
    state.repeats = 0;
    state.dropped = 0;
    state.last_known = false;
    state.torn = false;
    pthread_mutex_unlock (&state.mutex);
}

void
log_set_repeat_time (uint64_t nanoseconds)
{
    pthread_mutex_lock (&state.mutex);
    state.repeat_time = nanoseconds;
    pthread_mutex_unlock (&state.mutex);
}
