#include "node/base/readable.h"

#include <math.h>
#include <stdio.h>

/* How many decimals make three digits of it. */
static int
decimals (double value)
{
    return value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
}

void
readable_amount (double value, const char *unit, char text[READABLE_SIZE])
{
    static const char *const prefixes[] = {"", "k", "M", "G", "T", "P", "E"};
    size_t prefix = 0;

    if (!(value >= 0) || isinf (value)) {
        (void)snprintf (text, READABLE_SIZE, "-");
        return;
    }
    while (value >= 999.5 && prefix + 1 < sizeof prefixes / sizeof prefixes[0]) {
        value /= 1000;
        prefix++;
    }
    if (prefix == 0 && (value < 0.005 || value - floor (value) < 0.005)) {
        (void)snprintf (text, READABLE_SIZE, "%.0f%s%.30s", value, *unit != '\0' ? " " : "", unit);
        return;
    }
    (void)snprintf (text, READABLE_SIZE, "%.*f%s%s%.30s", decimals (value), value,
                    prefix > 0 || *unit != '\0' ? " " : "", prefixes[prefix], unit);
}

void
readable_seconds (double seconds, char text[READABLE_SIZE])
{
    if (!(seconds >= 0) || seconds > 1e15) {
        (void)snprintf (text, READABLE_SIZE, "-");
        return;
    }
    const unsigned long long whole = (unsigned long long)seconds;

    if (seconds < 0.9995) {
        (void)snprintf (text, READABLE_SIZE, "%.0f ms", seconds * 1e3);
    } else if (seconds < 59.95) {
        (void)snprintf (text, READABLE_SIZE, "%.*f s", decimals (seconds), seconds);
    } else if (whole < 3600) {
        (void)snprintf (text, READABLE_SIZE, "%llu min %02llu s", whole / 60, whole % 60);
    } else if (whole < 86400) {
        (void)snprintf (text, READABLE_SIZE, "%llu h %02llu min", whole / 3600, whole / 60 % 60);
    } else {
        (void)snprintf (text, READABLE_SIZE, "%llu d %02llu h", whole / 86400, whole / 3600 % 24);
    }
}
