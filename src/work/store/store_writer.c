/*
 * Threads: this file is the store's writer thread. It takes store->lock to fetch changes and to
 * report, and holds it across no call of LMDB.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "work/base/clock.h"
#include "work/base/thread.h"
#include "work/store/store_internal.h"

/* How long changes gather before they are written. */
#define GATHER (CLOCK_SECOND / 10)

/* After a failure: the first pause, and the longest, before the next attempt. */
#define FIRST_PAUSE (1 * CLOCK_SECOND)
#define LONGEST_PAUSE (30 * CLOCK_SECOND)

/* How often it is looked whether entries have grown too old while nothing else happens. */
#define IDLE_PAUSE (60 * CLOCK_SECOND)

/* Entries that may go with one change, more than one so that a lowered bound is reached; and in a
 * transaction without changes. */
#define EVICT_PER_CHANGE 4
#define EVICT_WHEN_IDLE 1024

/* Changes in a transaction. At the most: LMDB keeps a transaction's new pages, some six for each
 * change, in memory and in a sorted array. The pages that they replace are used again two
 * transactions later: in a file that may not grow, one transaction that took nearly all that are
 * free would leave none for the next, and no next one could ever be. Its entries leave it three
 * pages in ten (STORE_ENTRY_BYTES), so that a change for each 64 pages takes less than half of
 * them. At the least: when it has no room for more all the same. */
#define MOST_BATCH 4096
#define LEAST_BATCH 8
#define PAGES_FOR_A_CHANGE 64

static uint64_t
next_stamp (struct store *store)
{
    const uint64_t now = store_now (store) * STORE_STAMP_SECOND;

    store->stamp = now > store->stamp ? now : store->stamp + 1;
    return store->stamp;
}

/* Writes a change. Returns 0 or an error. */
static int
write_change (struct store *store, MDB_txn *transaction, const struct store_change *change)
{
    const struct store_table *const table = &store->file.tables[change->kind];
    struct store_record record = change->record;

    if (record.size == 0) {
        return store_table_remove (table, transaction, change->key);
    }
    store_format_put_u64 (record.bytes, next_stamp (store));
    return store_table_put (table, transaction, change->key, &record);
}

/* Whether an entry last used at `stamp` was found too long ago, whenever that was. */
static bool
has_expired (const struct store *store, uint64_t stamp)
{
    const uint64_t age = store->settings.max_age;
    const uint64_t now = store_now (store);

    return age != 0 && now > age && stamp / STORE_STAMP_SECOND < now - age;
}

/* Takes out up to `most` of the rows that are too many or, of entries, too old. Returns 0 or an
 * error. */
static int
trim (struct store *store, MDB_txn *transaction, enum store_kind kind, unsigned most)
{
    const struct store_table *const table = &store->file.tables[kind];
    const bool age = kind == STORE_KIND_ENTRY && store->settings.max_age != 0;
    int failed = 0;

    for (unsigned i = 0; i < most && failed == 0; i++) {
        uint64_t stamp = UINT64_MAX;
        uint64_t rows = 0;
        uint64_t pages;

        failed = store_table_count (table, transaction, &rows, &pages);
        const bool many = rows > store->max_rows[kind];

        if (failed == 0 && age) {
            failed = store_table_end (table, transaction, MDB_FIRST, &stamp);
        }
        const bool old = age && has_expired (store, stamp);

        if (failed != 0 || !(many || old)) {
            break;
        }
        failed = store_table_evict (table, transaction);
        if (kind == STORE_KIND_ENTRY) {
            store->now.expired += old;
            store->now.evicted += !old;
        }
    }
    return failed == MDB_NOTFOUND ? 0 : failed;
}

/* Counts what is there at the end of a transaction. Returns 0 or an error. */
static int
count_rows (struct store *store, MDB_txn *transaction)
{
    const struct store_table *const tables = store->file.tables;
    uint64_t pages = 0;
    uint64_t account_pages = 0;
    int failed =
        store_table_count (&tables[STORE_KIND_ENTRY], transaction, &store->now.entries, &pages);

    if (failed == 0) {
        failed = store_table_count (&tables[STORE_KIND_ACCOUNT], transaction, &store->now.accounts,
                                    &account_pages);
    }
    store->now.live_bytes = (pages + account_pages) * store->file.page_size;
    return failed;
}

static unsigned
evict_when_idle (const struct store *store)
{
    return store->most_batch < EVICT_WHEN_IDLE ? (unsigned)store->most_batch : EVICT_WHEN_IDLE;
}

/* Everything of one transaction but its ends. Returns 0 or an error. */
static int
fill_transaction (struct store *store, MDB_txn *transaction, size_t count)
{
    int failed = 0;

    for (size_t i = 0; i < count && failed == 0; i++) {
        failed = write_change (store, transaction, &store->writing->changes[store->position + i]);
        for (int kind = 0; kind < STORE_KINDS && failed == 0; kind++) {
            failed = trim (store, transaction, kind, EVICT_PER_CHANGE);
        }
    }
    if (failed == 0 && count == 0) {
        failed = trim (store, transaction, STORE_KIND_ENTRY, evict_when_idle (store));
    }
    return failed != 0 ? failed : count_rows (store, transaction);
}

/* Writes the next `count` changes, all of them or none. Returns 0 or an error. */
static int
write_transaction (struct store *store, size_t count)
{
    const struct store_statistics before = store->now;
    MDB_txn *transaction;
    int failed = store_file_begin (&store->file, &transaction);

    if (failed != 0) {
        return failed;
    }
    failed = fill_transaction (store, transaction, count);
    if (failed == 0) {
        failed = mdb_txn_commit (transaction);
    } else {
        mdb_txn_abort (transaction);
    }
    if (failed != 0) {
        store->now = before;
        return failed;
    }
    store->now.bytes = store_file_bytes (&store->file);
    store->now.commits += count > 0;
    store->position += count;
    store->behind = store->now.evicted + store->now.expired - before.evicted - before.expired >=
                    evict_when_idle (store);
    return 0;
}

/* Writes all of `writing`, or, where there is none, takes out what is too old. Returns 0 or an
 * error; what was written stays so. */
static int
write_all (struct store *store)
{
    size_t left;
    int failed;

    do {
        left = store->writing != NULL ? store->writing->count - store->position : 0;
        failed = write_transaction (store, left < store->batch ? left : store->batch);
        if (failed == 0 && store->batch < store->most_batch) {
            store->batch++;
        } else if (failed == MDB_MAP_FULL && store->batch > LEAST_BATCH) {
            store->batch /= 2; /* smaller ones give their pages back */
            failed = 0;
        }
    } while (failed == 0 && store->writing != NULL && store->position < store->writing->count);
    if (failed == MDB_PANIC || failed == MDB_MAP_RESIZED) { /* by somebody else */
        store_file_lose (&store->file);
    }
    return failed;
}

/* The end of an attempt. Lock held. */
static void
report (struct store *store, int failed)
{
    struct store_statistics *const now = &store->now;

    if (failed == 0) {
        now->failing = false;
        store->retry_pause = FIRST_PAUSE;
    } else {
        now->write_errors++;
        now->troubles += !now->failing;
        now->failing = true;
        snprintf (now->error, sizeof now->error, "cannot write to the store in %s: %s",
                  store->file.path, store_file_error (&store->file, failed));
        store->retry = clock_now () + store->retry_pause;
        store->retry_pause =
            store->retry_pause * 2 < LONGEST_PAUSE ? store->retry_pause * 2 : LONGEST_PAUSE;
    }
    store->written = *now;
    pthread_cond_broadcast (&store->done);
}

/* When the writer has something to do: clock_now's time, 0 for at once. Lock held. */
static uint64_t
next_time (const struct store *store, uint64_t idle_until)
{
    const bool pending = store->writing != NULL || store->filling->count > 0;

    if (!pending) {
        return store->stopping ? 0 : idle_until;
    }
    if (store->hurry || store->stopping) {
        return 0;
    }
    if (store->now.failing) {
        return store->retry;
    }
    return store->filling->count >= store->filling->capacity / 4 ? 0
                                                                 : store->filling->since + GATHER;
}

/* Waits until there is something to do. Lock held. */
static void
wait_for_changes (struct store *store)
{
    const uint64_t idle_until = clock_now () + (store->behind ? GATHER : IDLE_PAUSE);

    for (;;) {
        const uint64_t until = next_time (store, idle_until);

        if (clock_now () >= until) {
            return;
        }
        thread_wait (&store->wake, &store->lock, until);
    }
}

/* One attempt: `writing` if there is some left, else what has gathered. Lock held, but not while it
 * writes. Returns 0 or an error. */
static int
attempt (struct store *store)
{
    store->hurry = false;
    if (store->writing == NULL && store->filling->count > 0) {
        store->writing = store->filling;
        store->filling = &store->tables[store->writing == &store->tables[0] ? 1 : 0];
        store->position = 0;
    }
    pthread_mutex_unlock (&store->lock);
    const int failed = write_all (store);

    pthread_mutex_lock (&store->lock);
    if (failed == 0 && store->writing != NULL) {
        store_pending_empty (store->writing);
        store->writing = NULL;
    }
    report (store, failed);
    return failed;
}

static size_t
most_batch (const struct store_file *file)
{
    const uint64_t changes = file->map_bytes / file->page_size / PAGES_FOR_A_CHANGE;

    if (changes < LEAST_BATCH) {
        return LEAST_BATCH;
    }
    return changes < MOST_BATCH ? (size_t)changes : MOST_BATCH;
}

/* Returns 0 or an error. */
static int
find_last_stamp (struct store *store, MDB_txn *transaction)
{
    for (int kind = 0; kind < STORE_KINDS; kind++) {
        uint64_t stamp = 0;
        const int failed =
            store_table_end (&store->file.tables[kind], transaction, MDB_LAST, &stamp);

        if (failed != 0 && failed != MDB_NOTFOUND) {
            return failed;
        }
        store->stamp = stamp > store->stamp ? stamp : store->stamp;
    }
    return 0;
}

int
store_writer_init (struct store *store)
{
    MDB_txn *transaction;
    int failed = store_file_begin (&store->file, &transaction);

    if (failed != 0) {
        return failed;
    }
    failed = find_last_stamp (store, transaction);
    if (failed == 0) {
        failed = count_rows (store, transaction);
    }
    mdb_txn_abort (transaction);
    store->now.bytes = store_file_bytes (&store->file);
    store->written = store->now;
    store->most_batch = most_batch (&store->file);
    store->batch = store->most_batch;
    store->behind = true; /* look soon: much may have grown too old meanwhile */
    store->retry_pause = FIRST_PAUSE;
    return failed;
}

void *
store_writer_run (void *data)
{
    struct store *const store = data;
    bool last = false;

    pthread_mutex_lock (&store->lock);
    while (!last) {
        wait_for_changes (store);
        if (store->stopping && store->writing == NULL && store->filling->count == 0) {
            break;
        }
        const bool stopping = store->stopping;

        last = attempt (store) != 0 && stopping;
    }
    pthread_mutex_unlock (&store->lock);
    return NULL;
}
