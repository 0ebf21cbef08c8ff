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
    const struct store_table *const table =
        change->kind == STORE_KIND_ENTRY ? &store->file.entries : &store->file.accounts;
    uint8_t record[STORE_ENTRY_SIZE];
    size_t size = STORE_ACCOUNT_SIZE;

    if (change->removed) {
        return store_table_remove (table, transaction, change->key);
    }
    if (change->kind == STORE_KIND_ENTRY) {
        size = store_format_entry (&change->entry, next_stamp (store), record);
    } else {
        store_format_account (change->frontier, next_stamp (store), record);
    }
    return store_table_put (table, transaction, change->key, record, size);
}

/* Whether an entry last used at `stamp` was found too long ago, whenever that was. */
static bool
has_expired (const struct store *store, uint64_t stamp)
{
    const uint64_t age = store->settings.max_age;
    const uint64_t now = store_now (store);

    return age != 0 && now > age && stamp / STORE_STAMP_SECOND < now - age;
}

/* Takes out up to `most` of the entries that are too old or too many. Returns 0 or an error. */
static int
trim_entries (struct store *store, MDB_txn *transaction, unsigned most)
{
    const struct store_table *const table = &store->file.entries;
    uint64_t stamp = 0;
    uint64_t pages;

    for (unsigned i = 0; i < most; i++) {
        int failed = store_table_count (table, transaction, &store->now.entries, &pages);

        if (failed == 0 && store->settings.max_age == 0 &&
            store->now.entries <= store->max_entries) {
            return 0;
        }
        if (failed == 0) {
            failed = store_table_oldest (table, transaction, &stamp);
        }
        if (failed != 0) {
            return failed == MDB_NOTFOUND ? 0 : failed;
        }
        if (has_expired (store, stamp)) {
            store->now.expired++;
        } else if (store->now.entries > store->max_entries) {
            store->now.evicted++;
        } else {
            return 0;
        }
        failed = store_table_evict (table, transaction);
        if (failed != 0) {
            return failed;
        }
    }
    return 0;
}

/* The same for the accounts, which have no age. */
static int
trim_accounts (struct store *store, MDB_txn *transaction)
{
    const struct store_table *const table = &store->file.accounts;
    uint64_t rows;
    uint64_t pages;

    for (unsigned i = 0; i < EVICT_PER_CHANGE; i++) {
        int failed = store_table_count (table, transaction, &rows, &pages);

        if (failed != 0 || rows <= store->max_accounts) {
            return failed;
        }
        failed = store_table_evict (table, transaction);
        if (failed != 0) {
            return failed;
        }
    }
    return 0;
}

/* Counts what is there at the end of a transaction. Returns 0 or an error. */
static int
count_rows (struct store *store, MDB_txn *transaction)
{
    uint64_t entry_pages;
    uint64_t account_pages;
    int failed =
        store_table_count (&store->file.entries, transaction, &store->now.entries, &entry_pages);

    if (failed == 0) {
        failed = store_table_count (&store->file.accounts, transaction, &store->now.accounts,
                                    &account_pages);
    }
    if (failed == 0) {
        store->now.live_bytes = entry_pages + account_pages; /* in pages, until it is committed */
    }
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
        if (failed == 0) {
            failed = trim_entries (store, transaction, EVICT_PER_CHANGE);
        }
        if (failed == 0) {
            failed = trim_accounts (store, transaction);
        }
    }
    if (failed == 0 && count == 0) {
        failed = trim_entries (store, transaction, evict_when_idle (store));
    }
    return failed != 0 ? failed : count_rows (store, transaction);
}

/* Writes the next `count` changes, all of them or none. Returns 0 or an error. */
static int
write_transaction (struct store *store, size_t count)
{
    const struct store_statistics before = store->now;
    MDB_txn *transaction;
    uint64_t page_size;

    store->trimmed = 0;
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
    store->now.bytes = store_file_bytes (&store->file, &page_size);
    store->now.live_bytes *= page_size;
    store->now.commits += count > 0;
    store->position += count;
    store->trimmed = store->now.evicted + store->now.expired - before.evicted - before.expired;
    return 0;
}

/*
 * Makes room after MDB_MAP_FULL. A file that may not grow has room again when smaller transactions
 * have given their pages back.
 */
static int
make_room (struct store *store)
{
    const int failed = store_file_grow (&store->file);

    if (failed == MDB_MAP_FULL && store->batch > LEAST_BATCH) {
        store->batch /= 2;
        return 0;
    }
    return failed;
}

/* Writes all of `writing`. Returns 0 or an error; what was written stays so. */
static int
write_all (struct store *store)
{
    int failed;

    do {
        const size_t left = store->writing->count - store->position;

        failed = write_transaction (store, left < store->batch ? left : store->batch);
        if (failed == 0 && store->batch < store->most_batch) {
            store->batch++;
        } else if (failed == MDB_MAP_FULL) {
            failed = make_room (store);
        }
    } while (failed == 0 && store->position < store->writing->count);
    if (failed == MDB_PANIC) {
        store_file_lose (&store->file);
    }
    return failed;
}

/* Takes out what is too old while nobody writes. Returns 0 or an error. */
static int
write_nothing (struct store *store)
{
    const int failed = write_transaction (store, 0);

    return failed == MDB_MAP_FULL ? make_room (store) : failed;
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
    return store->filling->count >= store->filling->capacity / 4 ? 0 : store->since + GATHER;
}

/* Waits until there is something to do. Lock held. */
static void
wait_for_changes (struct store *store)
{
    const bool more = store->trimmed >= evict_when_idle (store);
    const uint64_t idle_until = clock_now () + (more ? GATHER : IDLE_PAUSE);

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
        store->writing_since = store->since;
        store->filling = &store->tables[store->writing == &store->tables[0] ? 1 : 0];
        store->position = 0;
    }
    struct store_pending *const writing = store->writing;

    pthread_mutex_unlock (&store->lock);
    const int failed = writing != NULL ? write_all (store) : write_nothing (store);

    pthread_mutex_lock (&store->lock);
    if (failed == 0 && writing != NULL) {
        store->writing = NULL;
        store_pending_empty (writing);
    }
    report (store, failed);
    return failed;
}

/* `page_size` is 0 where it is not known. */
static size_t
most_batch (const struct store_file *file, uint64_t page_size)
{
    uint64_t changes;

    if (file->max_bytes == 0 || page_size == 0) {
        return MOST_BATCH;
    }
    changes = file->max_bytes / page_size / PAGES_FOR_A_CHANGE;
    if (changes < LEAST_BATCH) {
        return LEAST_BATCH;
    }
    return changes < MOST_BATCH ? (size_t)changes : MOST_BATCH;
}

int
store_writer_init (struct store *store)
{
    MDB_txn *transaction;
    uint64_t accounts = 0;
    uint64_t page_size;
    int failed = store_file_begin (&store->file, &transaction);

    if (failed != 0) {
        return failed;
    }
    failed = store_table_newest (&store->file.entries, transaction, &store->stamp);
    if (failed == 0 || failed == MDB_NOTFOUND) {
        failed = store_table_newest (&store->file.accounts, transaction, &accounts);
    }
    if (failed == 0 || failed == MDB_NOTFOUND) {
        failed = count_rows (store, transaction);
    }
    mdb_txn_abort (transaction);
    store->stamp = accounts > store->stamp ? accounts : store->stamp;
    store->now.bytes = store_file_bytes (&store->file, &page_size);
    store->now.live_bytes *= page_size;
    store->written = store->now;
    store->most_batch = most_batch (&store->file, page_size);
    store->batch = store->most_batch;
    store->trimmed = EVICT_WHEN_IDLE; /* look soon: much may have grown too old meanwhile */
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
