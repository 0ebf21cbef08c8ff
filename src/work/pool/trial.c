#include "work/pool/trial.h"

#include <stdio.h>
#include <string.h>

#include "work/base/clock.h"
#include "work/base/sample.h"

/*
 * An odd number of rounds, so that one which the system took away is outvoted. Of each slice the
 * first part is not counted: a CPU takes up to half a millisecond to settle on the clock that the
 * new kind of instruction allows, and as long to come back from the last kind's.
 */
#define ROUNDS 5
#define SETTLE_TIME (CLOCK_SECOND / 2000)
#define SLICE_TIME (CLOCK_SECOND / 2000)

/* Between two looks at the clock: 30 to 60 us of any scanner. */
#define CHUNK_HASHES(scanner) (UINT64_C (128) * (scanner)->lanes)

/* Scans for at least `time`. Returns hashes a second; no nonce is ever found. */
static double
scan_for (const struct scanner *scanner, const struct scan_midstate *midstate, uint64_t time)
{
    const uint64_t start = clock_now ();
    uint64_t hashes = 0;
    uint64_t elapsed;

    do {
        uint64_t nonce;
        (void)scanner->scan (midstate, hashes, CHUNK_HASHES (scanner), &nonce);
        hashes += CHUNK_HASHES (scanner);
        elapsed = clock_now () - start;
    } while (elapsed < time);
    return (double)hashes / clock_seconds (elapsed);
}

static void
list_usable (struct trial *trial)
{
    size_t count;
    const struct scanner *const *scanners = scan_all (&count);

    for (size_t i = 0; i < count && trial->count < TRIAL_MOST; i++) {
        if (scanners[i]->usable ()) {
            trial->rates[trial->count++].scanner = scanners[i];
        }
    }
}

static void
time_all (struct trial *trial)
{
    /* Only the value 2^64 - 1 reaches this: in effect nothing. */
    const struct scan_target target = {.threshold = UINT64_MAX, .order = DIFFICULTY_AT_LEAST};
    struct scan_midstate midstate;
    double slices[TRIAL_MOST][ROUNDS];

    scan_prepare (&midstate, &target);
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < trial->count; i++) {
            const struct scanner *scanner = trial->rates[i].scanner;
            (void)scan_for (scanner, &midstate, SETTLE_TIME);
            slices[i][round] = scan_for (scanner, &midstate, SLICE_TIME);
        }
    }
    for (size_t i = 0; i < trial->count; i++) {
        trial->rates[i].rate = sample_median_of (slices[i], ROUNDS);
    }
}

const struct scanner *
trial_choose (const struct trial_rate *rates, size_t count)
{
    const struct trial_rate *best = rates;

    for (size_t i = 1; i < count; i++) {
        if (rates[i].rate > best->rate) {
            best = &rates[i];
        }
    }
    return best->scanner;
}

void
trial_run (struct trial *trial)
{
    *trial = (struct trial){.count = 0};
    list_usable (trial); /* finds one at least: the portable one is always usable */
    if (trial->count > 1) {
        time_all (trial);
    }
    trial->chosen = trial_choose (trial->rates, trial->count);
}

void
trial_reason (const struct trial *trial, char text[TRIAL_TEXT_SIZE])
{
    size_t length;

    if (trial->count == 1) {
        (void)snprintf (text, TRIAL_TEXT_SIZE, "the only one that this CPU can run");
        return;
    }
    (void)snprintf (text, TRIAL_TEXT_SIZE, "fastest in a trial, in million hashes a second:");
    for (size_t i = 0; i < trial->count; i++) {
        length = strlen (text);
        (void)snprintf (text + length, TRIAL_TEXT_SIZE - length, "%s %s %.1f", i > 0 ? "," : "",
                        trial->rates[i].scanner->name, trial->rates[i].rate / 1e6);
    }
}
