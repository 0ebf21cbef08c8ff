#define _GNU_SOURCE 1 /* strtod_l */

#include "work/base/number.h"

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* Not isdigit: it reads the locale. */
static bool
is_digit (char c)
{
    return c >= '0' && c <= '9';
}

/* The whole of `text`, digits and nothing else, at most `max`. */
static int
read_magnitude (const char *text, uint64_t max, uint64_t *magnitude)
{
    uint64_t read = 0;

    if (*text == '\0') {
        return -1;
    }
    for (; *text != '\0'; text++) {
        if (!is_digit (*text)) {
            return -1;
        }
        const uint64_t digit = (uint64_t)(*text - '0');
        if (digit > max || read > (max - digit) / 10) {
            return -1;
        }
        read = 10 * read + digit;
    }
    *magnitude = read;
    return 0;
}

int
number_parse_unsigned (const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
    uint64_t read;

    if (read_magnitude (text, max, &read) == -1 || read < min) {
        return -1;
    }
    *value = read;
    return 0;
}

int
number_parse_signed (const char *text, int64_t min, int64_t max, int64_t *value)
{
    const bool negative = *text == '-';
    const uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    uint64_t magnitude;
    int64_t read;

    if (read_magnitude (text + negative, limit, &magnitude) == -1) {
        return -1;
    }
    if (negative && magnitude > 0) {
        /* 2^63 has no positive counterpart in an int64_t, so one less is negated. */
        read = -(int64_t)(magnitude - 1) - 1;
    } else {
        read = (int64_t)magnitude;
    }
    if (read < min || read > max) {
        return -1;
    }
    *value = read;
    return 0;
}

static const char *
skip_digits (const char *text)
{
    while (is_digit (*text)) {
        text++;
    }
    return text;
}

static const char *
skip_sign (const char *text)
{
    return *text == '+' || *text == '-' ? text + 1 : text;
}

/* strtod reads more than we accept (blanks, "inf", "nan", "0x1p3"), so the form is judged first. */
static bool
is_decimal_float (const char *text)
{
    const char *whole = skip_sign (text);
    const char *at = skip_digits (whole);
    ptrdiff_t digits = at - whole;

    if (*at == '.') {
        const char *fraction = at + 1;
        at = skip_digits (fraction);
        digits += at - fraction;
    }
    if (digits == 0) {
        return false;
    }
    if (*at == 'e' || *at == 'E') {
        const char *exponent = skip_sign (at + 1);
        at = skip_digits (exponent);
        if (at == exponent) {
            return false;
        }
    }
    return *at == '\0';
}

int
number_parse_double (const char *text, double *value)
{
    if (!is_decimal_float (text)) {
        return -1;
    }

    /* The process's locale may want a decimal comma. */
    const locale_t c_locale = newlocale (LC_ALL_MASK, "C", (locale_t)0);
    if (c_locale == (locale_t)0) {
        return -1;
    }
    char *end;
    const double read = strtod_l (text, &end, c_locale);
    freelocale (c_locale);

    if (*end != '\0') {
        return -1;
    }
    *value = read;
    return 0;
}
