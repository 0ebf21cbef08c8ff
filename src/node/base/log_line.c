#include "node/base/log_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "rpc/base/text.h"

enum {
    STAMP_SIZE = 64,
    /* {"time":"...","level":"debug","message":"","repeated":18446744073709551615} and more */
    JSON_FRAME_SIZE = 160,
    JSON_TEXT_MAX = LOG_LINE_SIZE - JSON_FRAME_SIZE,
    JSON_TEXT_SIZE = JSON_TEXT_MAX + sizeof "...",
};

static const char *const level_names[] = {
    [LOG_LEVEL_DEBUG] = "debug", [LOG_LEVEL_INFO] = "info", [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_OFF] = "off",
};

/* syslog's numbers, which the journal takes: sd-daemon(3). */
static const int priorities[] = {
    [LOG_LEVEL_DEBUG] = 7, [LOG_LEVEL_INFO] = 6, [LOG_LEVEL_WARN] = 4,
    [LOG_LEVEL_ERROR] = 3, [LOG_LEVEL_OFF] = 6,
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

void
log_line_escape (const char *raw, char text[LOG_LINE_TEXT_SIZE])
{
    size_t length = 0;

    for (; *raw != '\0'; raw++) {
        const bool printable = text_is_printable (*raw);
        const size_t needed = printable ? 1 : strlen ("\\xNN");

        if (length + needed > LOG_LINE_TEXT_MAX) {
            memcpy (text + length, "...", sizeof "...");
            return;
        }
        if (printable) {
            text[length] = *raw;
        } else {
            (void)snprintf (text + length, LOG_LINE_TEXT_SIZE - length, "\\x%02x",
                            (unsigned char)*raw);
        }
        length += needed;
    }
    text[length] = '\0';
}

/* The text is ASCII already, so these two are all that JSON wants escaped. */
static void
escape_json (const char *text, char escaped[JSON_TEXT_SIZE])
{
    size_t length = 0;

    for (; *text != '\0'; text++) {
        const bool special = *text == '"' || *text == '\\';

        if (length + 1 + special > JSON_TEXT_MAX) {
            memcpy (escaped + length, "...", sizeof "...");
            return;
        }
        if (special) {
            escaped[length++] = '\\';
        }
        escaped[length++] = *text;
    }
    escaped[length] = '\0';
}

static int
print_json (const struct log_line *line, const char *prefix, char *buffer, size_t room)
{
    char stamp[STAMP_SIZE];
    char text[JSON_TEXT_SIZE];
    char count[64] = "";

    print_stamp (stamp);
    escape_json (line->text, text);
    if (line->count != NULL) {
        (void)snprintf (count, sizeof count, ",\"%s\":%" PRIu64, line->count, line->number);
    }
    return snprintf (buffer, room, "%s{\"time\":\"%s\",\"level\":\"%s\",\"message\":\"%s\"%s}\n",
                     prefix, stamp, level_names[line->level], text, count);
}

static int
print_human (const struct log_line *line, const char *prefix, char *buffer, size_t room)
{
    char stamp[STAMP_SIZE];

    if (*prefix != '\0') {
        return snprintf (buffer, room, "%s%s\n", prefix, line->text);
    }
    print_stamp (stamp);
    return snprintf (buffer, room, "%s %s %s\n", stamp, level_names[line->level], line->text);
}

size_t
log_line_print (const struct log_line *line, enum log_format format, bool journal, char *buffer,
                size_t room)
{
    char prefix[16] = "";
    int length;

    if (journal) {
        (void)snprintf (prefix, sizeof prefix, "<%d>", priorities[line->level]);
    }
    length = format == LOG_FORMAT_JSON ? print_json (line, prefix, buffer, room)
                                       : print_human (line, prefix, buffer, room);
    return length > 0 && (size_t)length < room ? (size_t)length : 0;
}
