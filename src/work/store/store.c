/*
 * Threads: this file is the owner's side. store->lock guards the changes between the owner and the
 * writer (store_writer.c); it is held for a look-up in a table, never while LMDB is called.
 */
#include "work/store/store.h"

#include <string.h>

#include "work/base/clock.h"
#include "work/scan/value.h"
#include "work/store/store_internal.h"

enum difficulty_order
store_order (enum store_network network)
{
    return network >= STORE_ATTO_LIVE ? DIFFICULTY_AT_MOST : DIFFICULTY_AT_LEAST;
}

/* Looking up. */

/* The record of a key as it is, or is to be when all changes are written. */
static void
find_record (struct store *store, enum store_kind kind, const uint8_t key[STORE_KEY_SIZE],
             struct store_record *record)
{
    const struct store_change *change;

    pthread_mutex_lock (&store->lock);
    change = store_pending_find (store->filling, kind, key);
    if (change == NULL && store->writing != NULL) {
        change = store_pending_find (store->writing, kind, key);
    }
    if (change != NULL) {
        *record = change->record;
    }
    pthread_mutex_unlock (&store->lock);
    if (change != NULL) {
        return;
    }
    const int failed = store_file_read (&store->file, kind, key, record);

    if (failed != 0) {
        store->statistics.read_errors += failed != MDB_NOTFOUND;
        record->size = 0;
    }
}

/* Changing. */

/* Leaves a change for the writer. Returns 0, or -1 when there is no room; counted. */
static int
add_change (struct store *store, enum store_kind kind, const uint8_t key[STORE_KEY_SIZE],
            const struct store_record *record)
{
    pthread_mutex_lock (&store->lock);
    struct store_pending *const filling = store->filling;
    const bool first = filling->count == 0;
    const int result = store_pending_put (filling, kind, key, record);

    if (first || filling->count == filling->capacity / 4) {
        pthread_cond_signal (&store->wake);
    }
    pthread_mutex_unlock (&store->lock);
    store->statistics.dropped += result != 0;
    return result;
}

/* Roughly; the writer makes it unique. */
static uint64_t
stamp_of_now (const struct store *store)
{
    return store_now (store) * STORE_STAMP_SECOND;
}

static int
add_entry (struct store *store, const uint8_t key[STORE_KEY_SIZE], const struct store_entry *entry)
{
    struct store_record record;

    store_format_entry (entry, stamp_of_now (store), &record);
    return add_change (store, STORE_KIND_ENTRY, key, &record);
}

static int
add_removal (struct store *store, enum store_kind kind, const uint8_t key[STORE_KEY_SIZE])
{
    const struct store_record none = {.size = 0};

    return add_change (store, kind, key, &none);
}

/* Whether so many changes wait that those which only note a use are left out. */
static bool
is_busy (struct store *store)
{
    pthread_mutex_lock (&store->lock);
    const bool busy = store->filling->count >= store->filling->capacity / 2;

    pthread_mutex_unlock (&store->lock);
    return busy;
}

/* Notes that a row is in use, if that has not been noted for a while. */
static bool
is_touch_due (struct store *store, const struct store_record *record)
{
    return store_now (store) >= store_format_used (record) + STORE_TOUCH_SECONDS &&
           !is_busy (store);
}

/* Serving. */

static bool
is_too_old (const struct store *store, const struct store_entry *entry)
{
    const uint64_t age = store->settings.max_age;
    const uint64_t now = store_now (store);

    return age != 0 && now > entry->found && now - entry->found > age;
}

/*
 * The entry for the target, checked: too old or not worth what it says, it is removed and not
 * found. `reached` tells whether the oracle finds it good for the target.
 */
static bool
fetch (struct store *store, enum store_network network, const struct scan_target *target,
       struct store_entry *entry, struct store_record *record, bool *reached)
{
    uint8_t key[STORE_KEY_SIZE];
    uint64_t value;
    bool right;

    store_format_key (network, target->root, key);
    find_record (store, STORE_KIND_ENTRY, key, record);
    if (record->size == 0) {
        return false;
    }
    right = store_format_read_entry (key, record, entry) == 0;
    if (right) {
        *reached = value_reaches (target, entry->work, &value);
        right = value == entry->value;
    }
    store->statistics.corrupt += !right;
    if (!right || is_too_old (store, entry)) {
        (void)add_removal (store, STORE_KIND_ENTRY, key);
        return false;
    }
    return true;
}

bool
store_get (struct store *store, enum store_network network, const struct scan_target *target,
           struct store_entry *entry)
{
    struct store_record record;
    struct store_entry found;
    uint8_t key[STORE_KEY_SIZE];
    bool reached;
    const bool there = fetch (store, network, target, &found, &record, &reached);

    if (!there || !reached) {
        store->statistics.misses++;
        store->statistics.weak += there;
        return false;
    }
    store->statistics.hits++;
    if (is_touch_due (store, &record)) {
        store_format_key (network, target->root, key);
        (void)add_entry (store, key, &found);
    }
    *entry = found;
    return true;
}

/* The target that any work for `root` reaches. */
static struct scan_target
target_of_any (enum store_network network, const uint8_t root[32])
{
    struct scan_target target = {.order = store_order (network)};

    memcpy (target.root, root, sizeof target.root);
    target.threshold = target.order == DIFFICULTY_AT_LEAST ? 0 : UINT64_MAX;
    return target;
}

bool
store_peek (struct store *store, enum store_network network, const uint8_t root[32],
            struct store_entry *entry)
{
    const struct scan_target target = target_of_any (network, root);
    struct store_record record;
    struct store_entry found;
    bool reached;

    if (!fetch (store, network, &target, &found, &record, &reached)) {
        return false;
    }
    *entry = found;
    return true;
}

enum store_put_result
store_put (struct store *store, const struct store_entry *entry)
{
    struct store_entry new = *entry;
    struct store_entry old;
    uint8_t key[STORE_KEY_SIZE];

    new.value = value_of (entry->root, entry->work);
    if (store_peek (store, entry->network, entry->root, &old) &&
        difficulty_reached (store_order (entry->network), old.value, new.value)) {
        return STORE_WORSE;
    }
    new.source[STORE_SOURCE_SIZE - 1] = '\0';
    store_format_key (entry->network, entry->root, key);
    if (add_entry (store, key, &new) != 0) {
        return STORE_DROPPED;
    }
    store->statistics.puts++;
    return STORE_PUT;
}

int
store_remove (struct store *store, enum store_network network, const uint8_t root[32])
{
    uint8_t key[STORE_KEY_SIZE];

    store_format_key (network, root, key);
    return add_removal (store, STORE_KIND_ENTRY, key);
}

bool
store_account (struct store *store, enum store_network network, const uint8_t account[32],
               uint8_t frontier[32])
{
    struct store_record record;
    uint8_t key[STORE_KEY_SIZE];

    store_format_key (network, account, key);
    find_record (store, STORE_KIND_ACCOUNT, key, &record);
    if (record.size != STORE_ACCOUNT_SIZE) {
        return false;
    }
    memcpy (frontier, record.bytes + STORE_STAMP_SIZE, 32);
    return true;
}

int
store_frontier (struct store *store, enum store_network network, const uint8_t account[32],
                const uint8_t frontier[32])
{
    struct store_record old;
    struct store_record new;
    uint8_t key[STORE_KEY_SIZE];

    store_format_key (network, account, key);
    store_format_account (frontier, stamp_of_now (store), &new);
    find_record (store, STORE_KIND_ACCOUNT, key, &old);
    if (old.size == STORE_ACCOUNT_SIZE) {
        const uint8_t *const last = old.bytes + STORE_STAMP_SIZE;

        if (memcmp (last, frontier, 32) == 0 && !is_touch_due (store, &old)) {
            return 0;
        }
        if (memcmp (last, frontier, 32) != 0 && store_remove (store, network, last) != 0) {
            return -1;
        }
    }
    return add_change (store, STORE_KIND_ACCOUNT, key, &new);
}

int
store_forget (struct store *store, enum store_network network, const uint8_t account[32])
{
    uint8_t key[STORE_KEY_SIZE];

    store_format_key (network, account, key);
    return add_removal (store, STORE_KIND_ACCOUNT, key);
}

size_t
store_recent_accounts (struct store *store, enum store_network network,
                       struct store_account *accounts, size_t capacity)
{
    size_t count;

    store->statistics.read_errors +=
        store_file_recent_accounts (&store->file, network, accounts, capacity, &count) != 0;
    return count;
}

void
store_statistics (struct store *store, struct store_statistics *statistics)
{
    const struct store_statistics *const own = &store->statistics;
    const struct store_pending *oldest;

    pthread_mutex_lock (&store->lock);
    *statistics = store->written;
    statistics->pending = store->filling->count;
    oldest = store->filling;
    if (store->writing != NULL) {
        statistics->pending += store->writing->count;
        oldest = store->writing;
    }
    statistics->lag = oldest->count > 0 ? clock_seconds (clock_now () - oldest->since) : 0;
    pthread_mutex_unlock (&store->lock);
    statistics->hits = own->hits;
    statistics->misses = own->misses;
    statistics->weak = own->weak;
    statistics->corrupt = own->corrupt;
    statistics->puts = own->puts;
    statistics->dropped = own->dropped;
    statistics->read_errors = own->read_errors;
}
