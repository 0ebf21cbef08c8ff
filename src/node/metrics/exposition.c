#include "node/metrics/exposition.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/base/memory.h"
#include "work/base/number.h"

static const struct {
    const char *name;
    const char *suffix; /* what a family's samples are called by beyond its name */
} kinds[] = {
    [EXPOSITION_COUNTER] = {"counter", "_total"},
    [EXPOSITION_GAUGE] = {"gauge", ""},
    [EXPOSITION_HISTOGRAM] = {"histogram", ""},
    [EXPOSITION_INFO] = {"info", "_info"},
};

static const char *const units[] = {"seconds", "bytes"};

/* One of the ranges that a client accepts; the best quality so far of either format. */
static void
read_range (char *range, double *open, double *plain)
{
    const char *const type = strsep (&range, ";");
    double quality = 1;
    bool is_ours = true;
    char *parameter;

    while ((parameter = strsep (&range, ";")) != NULL) {
        if (strncmp (parameter, "q=", 2) == 0 &&
            number_parse_double (parameter + 2, &quality) != 0) {
            quality = 0;
        } else if (strncmp (parameter, "version=", 8) == 0) {
            is_ours =
                strcmp (parameter + 8, "1.0.0") == 0 || strcmp (parameter + 8, "\"1.0.0\"") == 0;
        }
    }
    if (strcmp (type, "application/openmetrics-text") == 0 && is_ours) {
        *open = fmax (*open, quality);
    } else if (strcmp (type, "text/plain") == 0) {
        *plain = fmax (*plain, quality);
    }
}

/* RFC 9110, 12.5.1. Blanks and capitals mean nothing there. */
enum exposition_format
exposition_choose (const char *accept)
{
    char *const copy = memory_text (accept != NULL ? accept : "");
    char *rest = copy;
    char *end = copy;
    double open = 0;
    double plain = 0;

    for (const char *at = copy; *at != '\0'; at++) {
        if (*at != ' ' && *at != '\t') {
            *end++ = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
        }
    }
    *end = '\0';
    while (rest != NULL) {
        read_range (strsep (&rest, ","), &open, &plain);
    }
    free (copy);
    return open > 0 && open >= plain ? EXPOSITION_OPENMETRICS : EXPOSITION_PROMETHEUS;
}

const char *
exposition_type (enum exposition_format format)
{
    return format == EXPOSITION_OPENMETRICS
               ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
               : "text/plain; version=0.0.4; charset=utf-8";
}

void
exposition_init (struct exposition *exposition, enum exposition_format format,
                 struct evbuffer *output)
{
    *exposition = (struct exposition){.format = format, .output = output};
}

static void
add (struct exposition *exposition, const char *text, size_t length)
{
    memory_require (evbuffer_add (exposition->output, text, length) == 0);
}

__attribute__ ((format (printf, 2, 3))) static void
put (struct exposition *exposition, const char *format, ...)
{
    va_list arguments;

    va_start (arguments, format);
    memory_require (evbuffer_add_vprintf (exposition->output, format, arguments) >= 0);
    va_end (arguments);
}

/* The unit that a name ends with, or NULL. */
static const char *
unit_of (const char *name)
{
    const char *last = strrchr (name, '_');

    for (size_t i = 0; last != NULL && i < sizeof units / sizeof units[0]; i++) {
        if (strcmp (last + 1, units[i]) == 0) {
            return units[i];
        }
    }
    return NULL;
}

static void
put_meta (struct exposition *exposition, const char *what, const char *suffix, const char *text)
{
    put (exposition, "# %s %s%s %s\n", what, exposition->family, suffix, text);
}

void
exposition_family (struct exposition *exposition, enum exposition_kind kind, const char *name,
                   const char *help)
{
    const bool open = exposition->format == EXPOSITION_OPENMETRICS;
    const char *suffix = open ? "" : kinds[kind].suffix;
    const char *unit = unit_of (name);

    exposition->kind = kind;
    exposition->family = name;
    put_meta (exposition, "HELP", suffix, help);
    put_meta (exposition, "TYPE", suffix,
              !open && kind == EXPOSITION_INFO ? kinds[EXPOSITION_GAUGE].name : kinds[kind].name);
    if (open && unit != NULL) {
        put_meta (exposition, "UNIT", suffix, unit);
    }
}

/* How many bytes of `text` are one character of UTF-8, as jansson judges it; 0 when none are. */
static size_t
character_length (const char *text)
{
    const size_t most = (unsigned char)*text < 0x80 ? 1 : strnlen (text, 4);

    for (size_t length = 1; length <= most; length++) {
        json_t *const string = json_stringn (text, length);

        if (string != NULL) {
            json_decref (string);
            return length;
        }
    }
    return 0;
}

/* Both formats have these escapes in a label's value, and no others. */
static void
put_value (struct exposition *exposition, const char *value)
{
    while (*value != '\0') {
        const size_t length = character_length (value);
        if (length == 0) {
            put (exposition, "\xef\xbf\xbd");
        } else if (*value == '\n') {
            put (exposition, "\\n");
        } else {
            if (*value == '"' || *value == '\\') {
                put (exposition, "\\");
            }
            add (exposition, value, length);
        }
        value += length > 0 ? length : 1;
    }
}

static void
put_label (struct exposition *exposition, const char *name, const char *value, bool first)
{
    put (exposition, "%s%s=\"", first ? "{" : ",", name);
    put_value (exposition, value);
    put (exposition, "\"");
}

/* A sample's name and labels, `bound` being one more, if not NULL. */
static void
begin_sample (struct exposition *exposition, const char *suffix,
              const struct exposition_label *labels, const char *bound)
{
    bool first = true;

    put (exposition, "%s%s", exposition->family, suffix);
    for (; labels != NULL && labels->name != NULL; labels++) {
        put_label (exposition, labels->name, labels->value, first);
        first = false;
    }
    if (bound != NULL) {
        put_label (exposition, "le", bound, first);
        first = false;
    }
    put (exposition, "%s", first ? " " : "} ");
}

static void
put_whole (struct exposition *exposition, uint64_t value)
{
    put (exposition, "%" PRIu64 "\n", value);
}

static void
put_real (struct exposition *exposition, double value)
{
    if (isfinite (value)) {
        put (exposition, "%.15g\n", value);
    } else {
        put (exposition, "%s\n", isnan (value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
    }
}

void
exposition_whole (struct exposition *exposition, const struct exposition_label *labels,
                  uint64_t value)
{
    begin_sample (exposition, kinds[exposition->kind].suffix, labels, NULL);
    put_whole (exposition, value);
}

void
exposition_real (struct exposition *exposition, const struct exposition_label *labels, double value)
{
    begin_sample (exposition, kinds[exposition->kind].suffix, labels, NULL);
    put_real (exposition, value);
}

/* As OpenMetrics has it, in both: 1 is "1.0", so that a series is the same whoever reads it. */
static void
print_bound (size_t bucket, char text[32])
{
    if (bucket == HISTOGRAM_BUCKETS - 1) {
        (void)snprintf (text, 32, "+Inf");
        return;
    }
    (void)snprintf (text, 28, "%.15g", histogram_bounds[bucket]);
    if (strpbrk (text, ".e") == NULL) {
        memcpy (text + strlen (text), ".0", sizeof ".0");
    }
}

void
exposition_histogram (struct exposition *exposition, const struct exposition_label *labels,
                      const struct histogram *histogram)
{
    uint64_t count = 0;

    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        char bound[32];
        print_bound (i, bound);
        count += histogram->counts[i];
        begin_sample (exposition, "_bucket", labels, bound);
        put_whole (exposition, count);
    }
    begin_sample (exposition, "_sum", labels, NULL);
    put_real (exposition, histogram->sum);
    begin_sample (exposition, "_count", labels, NULL);
    put_whole (exposition, count);
}

void
exposition_end (struct exposition *exposition)
{
    if (exposition->format == EXPOSITION_OPENMETRICS) {
        put (exposition, "# EOF\n");
    }
}
