/*
 * How fast the daemon searched in the last ten minutes: the hashes of all devices, sampled every
 * few seconds. Pure; one thread at a time.
 */
#ifndef NODE_WEB_HISTORY_H
#define NODE_WEB_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#define WEB_HISTORY_INTERVAL 5 /* seconds between two samples */
#define WEB_HISTORY_SIZE 120   /* samples that are kept: ten minutes */

/* To begin with, all zero. */
struct web_history {
    double rates[WEB_HISTORY_SIZE]; /* hashes a second; a ring */
    uint64_t count;                 /* ever: the next one's place */
    uint64_t hashes;                /* at the last sample, */
    uint64_t time;                  /* which was taken then, on clock_now's clock; 0 before */
};

/*
 * Takes a sample: the devices have tried `hashes` in all at `now`. With fewer than at the last one,
 * other devices have taken their place, and began at 0.
 */
void web_history_add (struct web_history *history, uint64_t hashes, uint64_t now);

/* How many rates there are, WEB_HISTORY_SIZE at most, and each of them, 0 the oldest. */
size_t web_history_count (const struct web_history *history);
double web_history_rate (const struct web_history *history, size_t index);

#endif
