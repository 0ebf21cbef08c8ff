/*
 * One line of the log, as text: how an event looks to a person, to the journal and to a program
 * that reads JSON. Pure; any thread.
 */
#ifndef NODE_LOG_LINE_H
#define NODE_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/base/log.h"

/* A text of the log is cut to so many bytes, and "..." put after it. */
#define LOG_LINE_TEXT_MAX 2000
#define LOG_LINE_TEXT_SIZE (LOG_LINE_TEXT_MAX + sizeof "...")

/* Of these, a line takes at most so many bytes, its newline counted, whatever its format. */
#define LOG_LINE_SIZE 3600

/* And one that only tells a count. */
#define LOG_LINE_REPORT_SIZE 240

struct log_line {
    enum log_level level;
    const char *text;  /* printable ASCII, at most LOG_LINE_TEXT_SIZE with its end */
    const char *count; /* what `number` counts, a field's name; or NULL */
    uint64_t number;
};

/*
 * Writes `raw` as printable ASCII: a byte that is none becomes "\xNN". What is too long is cut, not
 * within such a group.
 */
void log_line_escape (const char *raw, char text[LOG_LINE_TEXT_SIZE]);

/*
 * Writes the line with its newline, without an end. `journal` puts the priority before it as the
 * journal reads it ("<6>"), in place of the time and level of a human line, which the journal
 * keeps. In JSON the text is cut where its quotes and backslashes would make the line too long.
 * Returns its length, or 0 when `room` is too small.
 */
size_t log_line_print (const struct log_line *line, enum log_format format, bool journal,
                       char *buffer, size_t room);

#endif
