/*
 * How fast the store is, and how large.
 *
 *     bench_store DIRECTORY [ENTRIES]     DIRECTORY: new, on the disk to measure; 1000000 entries
 *
 * Fills a store with entries, each with its account and frontier, as fast as its writer takes them;
 * goes on as fast when it is full; puts 10,000 a second for ten seconds; and reads entries at
 * random, alone and beside such a load. The directory stays.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "work/base/clock.h"
#include "work/base/number.h"
#include "work/store/store.h"

#define GETS 1000000u
#define PACE 10000u
#define PACED_SECONDS 10u
#define SOURCE "192.0.2.17:7076"

static void
die (const char *what)
{
    fprintf (stderr, "bench_store: %s\n", what);
    exit (1);
}

/* splitmix64 */
static uint64_t
mix (uint64_t number)
{
    number += UINT64_C (0x9e3779b97f4a7c15);
    number = (number ^ number >> 30) * UINT64_C (0xbf58476d1ce4e5b9);
    number = (number ^ number >> 27) * UINT64_C (0x94d049bb133111eb);
    return number ^ number >> 31;
}

static void
make_bytes (uint64_t number, uint8_t bytes[32])
{
    for (uint64_t i = 0; i < 4; i++) {
        const uint64_t word = mix (number * 4 + i);

        memcpy (bytes + 8 * i, &word, 8);
    }
}

/* Returns whether both were taken. */
static bool
put (struct store *store, uint64_t number)
{
    struct store_entry entry = {
        .network = STORE_NANO_LIVE, .work = number, .has_account = true, .source = SOURCE};

    make_bytes (number, entry.root);
    make_bytes (~number, entry.account);
    return store_put (store, &entry) != STORE_DROPPED &&
           store_frontier (store, STORE_NANO_LIVE, entry.account, entry.root) == 0;
}

/* Puts entries `from` to `to` as fast as they are taken, and waits until they are on the disk. */
static void
fill (struct store *store, const char *what, uint64_t from, uint64_t to)
{
    const uint64_t start = clock_now ();
    struct store_statistics statistics;

    for (uint64_t i = from; i < to; i++) {
        while (!put (store, i)) {
            (void)usleep (1000);
        }
    }
    if (store_sync (store) != 0) {
        die ("the writer has failed");
    }
    const double seconds = clock_seconds (clock_now () - start);

    store_statistics (store, &statistics);
    printf ("%-28s %10.0f a second (%.1f s, %" PRIu64 " commits so far)\n", what,
            (double)(to - from) / seconds, seconds, statistics.commits);
    printf ("%-28s %10" PRIu64 " entries, %" PRIu64 " bytes, %.0f an entry, %.0f of them in use\n",
            "", statistics.entries, statistics.bytes,
            (double)statistics.bytes / (double)statistics.entries,
            (double)statistics.live_bytes / (double)statistics.entries);
}

/* Puts what is due since `start` at PACE. Returns the next number. */
static uint64_t
keep_pace (struct store *store, uint64_t start, uint64_t first, uint64_t next, uint64_t *dropped)
{
    const uint64_t due = first + (clock_now () - start) / (CLOCK_SECOND / PACE);

    while (next < due) {
        *dropped += !put (store, next++);
    }
    return next;
}

static uint64_t
paced (struct store *store, uint64_t first)
{
    const uint64_t start = clock_now ();
    struct store_statistics statistics;
    uint64_t dropped = 0;
    double lag = 0;
    uint64_t next = first;

    while (clock_now () - start < PACED_SECONDS * CLOCK_SECOND) {
        next = keep_pace (store, start, first, next, &dropped);
        store_statistics (store, &statistics);
        lag = statistics.lag > lag ? statistics.lag : lag;
        (void)usleep (1000);
    }
    printf ("%-28s %10.0f a second, %" PRIu64 " dropped, on the disk within %.2f s\n",
            "puts at a pace", (double)(next - first) / PACED_SECONDS, dropped, lag);
    return next;
}

static int
compare (const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* Gets numbers below `count` above `first` at random, `load` beside puts at PACE. */
static void
get_many (struct store *store, const char *what, uint64_t first, uint64_t count, bool load)
{
    uint64_t *const times = calloc (GETS, sizeof *times);
    uint64_t dropped = 0;
    uint64_t next = first + count;
    uint64_t hits = 0;

    if (times == NULL) {
        die ("out of memory");
    }
    const uint64_t start = clock_now ();

    for (unsigned i = 0; i < GETS; i++) {
        struct scan_target target = {.order = DIFFICULTY_AT_LEAST};
        struct store_entry entry;

        make_bytes (first + mix (i) % count, target.root);
        const uint64_t before = clock_now ();

        hits += store_get (store, STORE_NANO_LIVE, &target, &entry);
        times[i] = clock_now () - before;
        if (load) {
            next = keep_pace (store, start, first + count, next, &dropped);
        }
    }
    const double seconds = clock_seconds (clock_now () - start);

    qsort (times, GETS, sizeof *times, compare);
    const size_t middle = GETS / 2;
    const size_t late = GETS / 100 * 99;

    printf ("%-28s %10.0f a second, %.1f%% hits; %.2f us median, %.2f p99, %.0f longest\n", what,
            GETS / seconds, 100.0 * (double)hits / GETS, (double)times[middle] / 1e3,
            (double)times[late] / 1e3, (double)times[GETS - 1] / 1e3);
    free (times);
}

int
main (int argc, char **argv)
{
    char error[STORE_ERROR_SIZE];
    uint64_t count = 1000000;

    if (argc < 2 || argc > 3 ||
        (argc == 3 && number_parse_unsigned (argv[2], 1000, UINT32_MAX, &count) != 0)) {
        die ("usage: bench_store DIRECTORY [ENTRIES, at least 1000]");
    }
    const struct store_settings settings = {.max_entries = count};
    struct store *store = store_open (argv[1], &settings, error, sizeof error);

    if (store == NULL) {
        die (error);
    }
    fill (store, "puts into an empty store", 0, count);
    get_many (store, "gets", 0, count, false);
    get_many (store, "gets of what is not there", count * 10, count, false);
    fill (store, "puts into a full store", count, count + count / 2);
    const uint64_t next = paced (store, count + count / 2);

    get_many (store, "gets beside puts at a pace", next - count, count, true);
    store_close (store);
    const uint64_t start = clock_now ();

    store = store_open (argv[1], &settings, error, sizeof error);
    if (store == NULL) {
        die (error);
    }
    printf ("%-28s %10.1f ms\n", "opening", 1e3 * clock_seconds (clock_now () - start));
    store_close (store);
    return 0;
}
