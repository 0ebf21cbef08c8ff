#include "work/atto.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define FIRST_LIVE_THRESHOLD UINT64_C (8589934591)
#define TARGET_DIGITS 64

#define MS_OF_DAY INT64_C (86400000)
#define DAYS_BEFORE_1970 719468 /* since the 1 March of the year 0 */
#define DAYS_BEFORE_JANUARY 306 /* since 1 March */
#define DAYS_OF_4 1461
#define DAYS_OF_100 36524
#define DAYS_OF_400 146097

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
    /* Not gmtime: where time_t has 32 bits, it ends in 2038. A year begins on its 1 March here, so
     * that a leap day is the last of its year, of its 4 years, and of its 400. Days count from the
     * 1 March of the year 0, and are rounded down before it. */
    const int64_t days =
        milliseconds / MS_OF_DAY - (milliseconds % MS_OF_DAY < 0) + DAYS_BEFORE_1970;
    const int64_t era = days / DAYS_OF_400 - (days % DAYS_OF_400 < 0);
    const int64_t day = days - era * DAYS_OF_400;
    const int64_t year =
        (day - day / (DAYS_OF_4 - 1) + day / DAYS_OF_100 - day / (DAYS_OF_400 - 1)) / 365;
    const int64_t day_of_year = day - (365 * year + year / 4 - year / 100);

    return (int)(era * 400 + year + (day_of_year >= DAYS_BEFORE_JANUARY));
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
