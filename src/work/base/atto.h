/*
 * What is Atto's own: its networks and their thresholds by year, and how it writes targets and
 * works. Its work is the same hash over the same bytes as Nano's, compared the other way round
 * (DIFFICULTY_AT_MOST); what Nano calls a root is a target here.
 *
 * Pure; any thread.
 */
#ifndef WORK_ATTO_H
#define WORK_ATTO_H

#include <stdint.h>

#include "work/base/hex.h"

enum atto_network {
    ATTO_LIVE,
    ATTO_BETA,
    ATTO_DEV,
    ATTO_LOCAL,
};

/* The years that have thresholds here, both included. */
#define ATTO_FIRST_YEAR 2024
#define ATTO_LAST_YEAR 2063

/*
 * The network called `name`: "LIVE", "BETA", "DEV" or "LOCAL", in this case. Returns 0, or -1 with
 * `network` untouched.
 */
int atto_network_by_name (const char *name, enum atto_network *network);

/* Static. */
const char *atto_network_name (enum atto_network network);

/* The year, in UTC, of a time in milliseconds since 1970; INT_MIN for one that no calendar has. */
int atto_year (int64_t milliseconds);

/*
 * The threshold of `network` in `year`, to be reached with DIFFICULTY_AT_MOST. It shrinks by the
 * square root of two a year, the divisor cut to a whole number: k (2^33 - 1) over
 * trunc (2^((year - 2024) / 2)), cut in its turn, where k is 1 for LIVE, 10 for BETA, 100 for DEV
 * and 100,000 for LOCAL (as Atto's commons library computes it). Returns 0, or -1 with `threshold`
 * untouched for a year outside the table.
 */
int atto_threshold (enum atto_network network, int year, uint64_t *threshold);

/*
 * Reads a target: exactly 64 hexadecimal digits in either case. Returns 0, or -1 with `target`
 * untouched.
 */
int atto_parse_target (const char *text, uint8_t target[32]);

/* Writes a work as Atto does: its 8 bytes in the order in which they are hashed, in upper case. */
void atto_print_work (uint64_t nonce, char text[HEX_U64_SIZE]);

#endif
