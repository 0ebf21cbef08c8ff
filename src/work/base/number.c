#define _GNU_SOURCE 1 /* strtod_l */

#include "work/base/number.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

int
number_parse_unsigned (const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
    uint64_t read = 0;

    for (const char *c = text; *c != '\0'; c++) {
        const uint64_t digit = (uint64_t)(*c - '0'); /* not isdigit: it reads the locale */

        if (*c < '0' || *c > '9' || digit > max || read > (max - digit) / 10) {
            return -1;
        }
        read = 10 * read + digit;
    }
    if (*text == '\0' || read < min) {
        return -1;
    }
    *value = read;
    return 0;
}

int
number_parse_double (const char *text, double *value)
{
    /* strtod reads more than we accept: blanks, "inf", "nan", "0x1p3". */
    if (*text == '\0' || strspn (text, "0123456789+-.eE") != strlen (text)) {
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

    if (end == text || *end != '\0') {
        return -1;
    }
    *value = read;
    return 0;
}
