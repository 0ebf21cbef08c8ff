#include "node/config/config_report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/base/memory.h"

/* How much of a wrong value a message shows, in bytes. */
enum { SHOWN_MAX = 64 };

static void
print_character (char c, FILE *stream)
{
    if ((unsigned char)c < 0x20 || c == 0x7f) {
        fprintf (stream, "\\x%02x", (unsigned)c);
    } else {
        fputc (c, stream);
    }
}

/* The whole line. */
static char *
make_line (const struct config_context *context, struct toml_place place, const char *text)
{
    char *line = NULL;
    size_t size = 0;
    FILE *const stream = memory_need (open_memstream (&line, &size));

    for (const char *at = context->name; at != NULL && *at != '\0'; at++) {
        print_character (*at, stream);
    }
    if (place.line != 0) {
        fprintf (stream, ":%u:%u", (unsigned)place.line, (unsigned)place.column);
    }
    fputs (context->name != NULL ? ": " : "", stream);
    for (; *text != '\0'; text++) {
        print_character (*text, stream);
    }
    memory_require (fclose (stream) == 0);
    return line;
}

void
config_report_add (const struct config_context *context, bool error, struct toml_place place,
                   const char *format, ...)
{
    struct config_report *const report = context->report;
    va_list arguments;
    char *text;

    va_start (arguments, format);
    memory_require (vasprintf (&text, format, arguments) >= 0);
    va_end (arguments);
    report->messages =
        memory_resize (report->messages, report->count + 1, sizeof *report->messages);
    report->messages[report->count++] =
        (struct config_message){error, make_line (context, place, text)};
    report->errors += error;
    free (text);
}

size_t
config_report_start (const char *text, size_t most)
{
    size_t length = strnlen (text, most + 1);

    if (length > most) {
        length = most;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80) {
            length--;
        }
    }
    return length;
}

void
config_report_mismatch (const struct config_context *context, const struct toml_entry *entry,
                        const char *expected)
{
    static const char *const kinds[] = {[TOML_TYPE_TABLE] = "a table",
                                        [TOML_TYPE_ARRAY] = "a list",
                                        [TOML_TYPE_TIME] = "a date or time"};
    const char *const text = entry->text != NULL ? entry->text : kinds[entry->type];
    const char *const quote = entry->type == TOML_TYPE_STRING ? "\"" : "";
    const bool is_cut = *quote != '\0' && strlen (text) > SHOWN_MAX;

    config_report_error (context, entry->place, "%s is %s%.*s%s%s, expected %s", entry->path, quote,
                         (int)config_report_start (text, SHOWN_MAX), text, is_cut ? "..." : "",
                         quote, expected);
}

void
config_report_clear (struct config_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        free (report->messages[i].text);
    }
    free (report->messages);
    *report = (struct config_report){0};
}
