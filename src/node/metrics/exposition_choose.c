/* Which format a client would have, by its Accept header: RFC 9110, section 12.5.1. */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "node/metrics/exposition.h"

/* A piece of a header. */
struct span {
    const char *at;
    size_t length;
};

static struct span
trimmed (const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    while (end > at && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    return (struct span){at, (size_t)(end - at)};
}

/* Takes the piece before the next `separator` off `rest`. False when nothing is left. */
static bool
take (struct span *rest, char separator, struct span *piece)
{
    const char *end;
    const char *cut;

    if (rest->at == NULL) {
        return false;
    }
    end = rest->at + rest->length;
    cut = memchr (rest->at, separator, rest->length);
    *piece = trimmed (rest->at, cut != NULL ? cut : end);
    *rest = cut != NULL ? (struct span){cut + 1, (size_t)(end - cut - 1)} : (struct span){NULL, 0};
    return true;
}

static bool
is (struct span span, const char *text)
{
    return span.length == strlen (text) && strncasecmp (span.at, text, span.length) == 0;
}

/* "0.75" is 750; three digits count, and what is no such number is 0. */
static unsigned
thousandths (struct span span)
{
    unsigned value = 0;
    unsigned place = 100;

    if (span.length == 0 || (span.at[0] != '0' && span.at[0] != '1') ||
        (span.length > 1 && span.at[1] != '.')) {
        return 0;
    }
    value = span.at[0] == '1' ? 1000 : 0;
    for (size_t i = 2; i < span.length && isdigit ((unsigned char)span.at[i]); i++) {
        value += place * (unsigned)(span.at[i] - '0');
        place /= 10;
    }
    return value < 1000 ? value : 1000;
}

/* One of the ranges that a client accepts. */
struct range {
    struct span type;
    struct span version; /* empty: any */
    unsigned quality;    /* thousandths */
};

static void
read_range (struct span text, struct range *range)
{
    struct span parameter;
    struct span name;

    *range = (struct range){.version = {"", 0}, .quality = 1000};
    (void)take (&text, ';', &range->type);
    while (take (&text, ';', &parameter)) {
        if (!take (&parameter, '=', &name) || parameter.at == NULL) {
            continue;
        }
        parameter = trimmed (parameter.at, parameter.at + parameter.length);
        if (is (name, "q")) {
            range->quality = thousandths (parameter);
        } else if (is (name, "version")) {
            range->version = parameter;
        }
    }
}

static bool
is_openmetrics (const struct range *range)
{
    return is (range->type, "application/openmetrics-text") &&
           (range->version.length == 0 || is (range->version, "1.0.0") ||
            is (range->version, "\"1.0.0\""));
}

enum exposition_format
exposition_choose (const char *accept)
{
    struct span rest = {accept, accept != NULL ? strlen (accept) : 0};
    struct span item;
    unsigned open = 0;
    unsigned plain = 0;

    while (take (&rest, ',', &item)) {
        struct range range;
        read_range (item, &range);
        if (is_openmetrics (&range) && range.quality > open) {
            open = range.quality;
        } else if (is (range.type, "text/plain") && range.quality > plain) {
            plain = range.quality;
        }
    }
    return open > 0 && open >= plain ? EXPOSITION_OPENMETRICS : EXPOSITION_PROMETHEUS;
}
