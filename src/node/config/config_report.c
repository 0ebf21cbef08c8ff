#include "node/config/config_report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static bool
is_control (char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

/* A copy of `text` that is one printable line, or NULL. */
static char *
printable (const char *text)
{
    static const char digits[] = "0123456789abcdef";
    char *const copy = malloc (strlen (text) * 4 + 1);
    char *end = copy;

    if (copy == NULL) {
        return NULL;
    }
    for (; *text != '\0'; text++) {
        if (!is_control (*text)) {
            *end++ = *text;
            continue;
        }
        *end++ = '\\';
        *end++ = 'x';
        *end++ = digits[(unsigned char)*text >> 4];
        *end++ = digits[(unsigned char)*text & 15];
    }
    *end = '\0';
    return copy;
}

/* The whole line, or NULL. */
static char *__attribute__ ((format (printf, 3, 0)))
compose (const char *name, struct toml_place place, const char *format, va_list arguments)
{
    char *text = NULL;
    size_t size = 0;
    FILE *const stream = open_memstream (&text, &size);

    if (stream == NULL) {
        return NULL;
    }
    fputs (name, stream);
    if (place.line != 0) {
        fprintf (stream, ":%u:%u", (unsigned)place.line, (unsigned)place.column);
    }
    fputs (": ", stream);
    vfprintf (stream, format, arguments);

    const bool failed = ferror (stream) != 0;

    /* Where memory is wanting at the right moment, all succeeds and there is no text. */
    if (fclose (stream) != 0 || failed || text == NULL) {
        free (text);
        return NULL;
    }
    char *const line = printable (text);

    free (text);
    return line;
}

/* Takes `text` over. */
static void
add (struct config_report *report, bool error, char *text)
{
    struct config_message *messages = NULL;

    if (text != NULL) {
        messages = realloc (report->messages, (report->count + 1) * sizeof *messages);
    }
    if (messages == NULL) {
        free (text);
        report->errors++;
        return;
    }
    report->messages = messages;
    report->messages[report->count].error = error;
    report->messages[report->count].text = text;
    report->count++;
    report->errors += error;
}

void
config_report_error (const struct config_context *context, struct toml_place place,
                     const char *format, ...)
{
    va_list arguments;

    va_start (arguments, format);
    add (context->report, true, compose (context->name, place, format, arguments));
    va_end (arguments);
}

void
config_report_warning (const struct config_context *context, struct toml_place place,
                       const char *format, ...)
{
    va_list arguments;

    va_start (arguments, format);
    add (context->report, false, compose (context->name, place, format, arguments));
    va_end (arguments);
}

void
config_report_no_memory (struct config_report *report)
{
    add (report, true, strdup ("out of memory while reading the configuration"));
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
