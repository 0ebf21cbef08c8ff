#include "work/base/atto.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define FIRST_LIVE_THRESHOLD UINT64_C (8589934591)
#define TARGET_DIGITS 64

static const struct {
    const char *name;
    uint64_t ease; /* how many times LIVE's threshold */
} networks[] = {
    [ATTO_LIVE] = {"LIVE", 1},
    [ATTO_BETA] = {"BETA", 10},
    [ATTO_DEV] = {"DEV", 100},
    [ATTO_LOCAL] = {"LOCAL", 100000},
};

int
atto_network_by_name (const char *name, enum atto_network *network)
{
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        if (strcmp (name, networks[i].name) == 0) {
            *network = (enum atto_network)i;
            return 0;
        }
    }
    return -1;
}

const char *
atto_network_name (enum atto_network network)
{
    return networks[network].name;
}

int
atto_year (int64_t milliseconds)
{
    /* Rounded down, also before 1970. */
    const time_t seconds = (time_t)(milliseconds / 1000 - (milliseconds % 1000 < 0));
    struct tm parts;

    return gmtime_r (&seconds, &parts) != NULL ? parts.tm_year + 1900 : INT_MIN;
}

int
atto_threshold (enum atto_network network, int year, uint64_t *threshold)
{
    uint64_t divisor;

    if (year < ATTO_FIRST_YEAR || year > ATTO_LAST_YEAR) {
        return -1;
    }
    /* Of the powers that are no whole numbers none comes near one: the rounding does not matter. */
    divisor = (uint64_t)sqrt (ldexp (1, year - ATTO_FIRST_YEAR));
    *threshold = FIRST_LIVE_THRESHOLD * networks[network].ease / divisor;
    return 0;
}

int
atto_parse_target (const char *text, uint8_t target[32])
{
    return strnlen (text, TARGET_DIGITS + 1) == TARGET_DIGITS ? hex_parse_bytes (text, target, 32)
                                                              : -1;
}

void
atto_print_work (uint64_t nonce, char text[HEX_U64_SIZE])
{
    (void)snprintf (text, HEX_U64_SIZE, "%016" PRIX64, __builtin_bswap64 (nonce));
}
