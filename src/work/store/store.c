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

/* What is known of a key: a pending change, or a row. */
enum lookup { LOOKUP_NONE, LOOKUP_FOUND, LOOKUP_CORRUPT };

/* Copies the change of a key that is not on the disk yet. False when there is none. */
static bool
find_change (struct store *store, enum store_kind kind, const uint8_t key[STORE_KEY_SIZE],
             struct store_change *copy)
{
    const uint32_t chain = store_pending_chain (&store->tables[0], kind, key);
    const struct store_change *change;

    pthread_mutex_lock (&store->lock);
    change = store_pending_find (store->filling, chain, kind, key);
    if (change == NULL && store->writing != NULL) {
        change = store_pending_find (store->writing, chain, kind, key);
    }
    if (change != NULL) {
        *copy = *change;
    }
    pthread_mutex_unlock (&store->lock);
    return change != NULL;
}

/* Reads a row from the disk. */
static enum lookup
read_row (struct store *store, const struct store_table *table, const uint8_t key[STORE_KEY_SIZE],
          uint8_t record[STORE_ENTRY_SIZE], size_t *size)
{
    const int failed = store_file_read (&store->file, table, key, record, size);

    if (failed == MDB_NOTFOUND) {
        return LOOKUP_NONE;
    }
    if (failed != 0) {
        store->statistics.read_errors++;
        return LOOKUP_NONE;
    }
    return LOOKUP_FOUND;
}

/* An entry as it is kept, unchecked. `used` is when it was noted as used, seconds. */
static enum lookup
find_entry (struct store *store, const uint8_t key[STORE_KEY_SIZE], struct store_entry *entry,
            uint64_t *used)
{
    uint8_t record[STORE_ENTRY_SIZE];
    size_t size = sizeof record;
    struct store_change change;
    uint64_t stamp;

    if (find_change (store, STORE_KIND_ENTRY, key, &change)) {
        *entry = change.entry;
        *used = change.used;
        return change.removed ? LOOKUP_NONE : LOOKUP_FOUND;
    }
    const enum lookup found = read_row (store, &store->file.entries, key, record, &size);

    if (found != LOOKUP_FOUND) {
        return found;
    }
    if (store_format_read_entry (key, record, size, entry, &stamp) != 0) {
        return LOOKUP_CORRUPT;
    }
    *used = stamp / STORE_STAMP_SECOND;
    return LOOKUP_FOUND;
}

/* The same of an account's frontier. */
static enum lookup
find_account (struct store *store, const uint8_t key[STORE_KEY_SIZE], uint8_t frontier[32],
              uint64_t *used)
{
    uint8_t record[STORE_ENTRY_SIZE];
    size_t size = sizeof record;
    struct store_change change;

    if (find_change (store, STORE_KIND_ACCOUNT, key, &change)) {
        memcpy (frontier, change.frontier, sizeof change.frontier);
        *used = change.used;
        return change.removed ? LOOKUP_NONE : LOOKUP_FOUND;
    }
    const enum lookup found = read_row (store, &store->file.accounts, key, record, &size);

    if (found != LOOKUP_FOUND) {
        return found;
    }
    if (size != STORE_ACCOUNT_SIZE) {
        return LOOKUP_CORRUPT;
    }
    memcpy (frontier, record + STORE_STAMP_SIZE, 32);
    *used = store_format_get_u64 (record) / STORE_STAMP_SECOND;
    return LOOKUP_FOUND;
}

/* Changing. */

/* Leaves a change for the writer. Returns 0, or -1 when there is no room. */
static int
add_change (struct store *store, const struct store_change *change)
{
    const uint32_t chain = store_pending_chain (&store->tables[0], change->kind, change->key);
    struct store_change *place;
    uint32_t next;

    pthread_mutex_lock (&store->lock);
    struct store_pending *const filling = store->filling;
    const bool first = filling->count == 0;

    place = store_pending_take (filling, chain, change->kind, change->key);
    if (place != NULL) {
        next = place->next;
        *place = *change;
        place->next = next;
    }
    if (first) {
        store->since = clock_now ();
    }
    if (first || filling->count == filling->capacity / 4) {
        pthread_cond_signal (&store->wake);
    }
    pthread_mutex_unlock (&store->lock);
    return place != NULL ? 0 : -1;
}

/* The same, counted when there is no room. */
static int
add_or_drop (struct store *store, const struct store_change *change)
{
    const int result = add_change (store, change);

    store->statistics.dropped += result != 0;
    return result;
}

static int
add_entry (struct store *store, const uint8_t key[STORE_KEY_SIZE], const struct store_entry *entry)
{
    struct store_change change = {.kind = STORE_KIND_ENTRY, .used = store_now (store)};

    memcpy (change.key, key, sizeof change.key);
    change.entry = *entry;
    return add_or_drop (store, &change);
}

static int
add_removal (struct store *store, enum store_kind kind, const uint8_t key[STORE_KEY_SIZE])
{
    struct store_change change = {.kind = kind, .removed = true};

    memcpy (change.key, key, sizeof change.key);
    return add_or_drop (store, &change);
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
is_touch_due (struct store *store, uint64_t used)
{
    return store_now (store) >= used + STORE_TOUCH_SECONDS && !is_busy (store);
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
       struct store_entry *entry, uint64_t *used, bool *reached)
{
    uint8_t key[STORE_KEY_SIZE];
    uint64_t value;

    store_format_key (network, target->root, key);
    enum lookup found = find_entry (store, key, entry, used);

    if (found == LOOKUP_NONE) {
        return false;
    }
    if (found == LOOKUP_FOUND) {
        *reached = value_reaches (target, entry->work, &value);
        found = value == entry->value ? LOOKUP_FOUND : LOOKUP_CORRUPT;
    }
    store->statistics.corrupt += found == LOOKUP_CORRUPT;
    if (found == LOOKUP_CORRUPT || is_too_old (store, entry)) {
        (void)add_removal (store, STORE_KIND_ENTRY, key);
        return false;
    }
    return true;
}

bool
store_get (struct store *store, enum store_network network, const struct scan_target *target,
           struct store_entry *entry)
{
    struct store_statistics *const statistics = &store->statistics;
    struct store_entry found;
    uint8_t key[STORE_KEY_SIZE];
    uint64_t used;
    bool reached;

    if (!fetch (store, network, target, &found, &used, &reached)) {
        statistics->misses++;
        return false;
    }
    if (!reached) {
        statistics->misses++;
        statistics->weak++;
        return false;
    }
    statistics->hits++;
    if (is_touch_due (store, used)) {
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
    struct store_entry found;
    uint64_t used;
    bool reached;

    if (!fetch (store, network, &target, &found, &used, &reached)) {
        return false;
    }
    *entry = found;
    return true;
}

enum store_put_result
store_put (struct store *store, const struct store_entry *entry)
{
    const struct scan_target target = target_of_any (entry->network, entry->root);
    struct store_entry new = *entry;
    struct store_entry old;
    uint8_t key[STORE_KEY_SIZE];

    if (!value_reaches (&target, entry->work, &new.value)) {
        store->statistics.dropped++; /* libb2 refuses */
        return STORE_DROPPED;
    }
    if (store_peek (store, entry->network, entry->root, &old) &&
        difficulty_reached (target.order, old.value, new.value)) {
        store->statistics.worse++;
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

int
store_frontier (struct store *store, enum store_network network, const uint8_t account[32],
                const uint8_t frontier[32])
{
    struct store_change change = {.kind = STORE_KIND_ACCOUNT, .used = store_now (store)};
    uint8_t old_key[STORE_KEY_SIZE];
    uint8_t old[32];
    uint64_t used;

    store_format_key (network, account, change.key);
    memcpy (change.frontier, frontier, sizeof change.frontier);
    if (find_account (store, change.key, old, &used) == LOOKUP_FOUND) {
        if (memcmp (old, frontier, sizeof old) == 0) {
            return is_touch_due (store, used) ? add_or_drop (store, &change) : 0;
        }
        store_format_key (network, old, old_key);
        if (add_removal (store, STORE_KIND_ENTRY, old_key) != 0) {
            return -1;
        }
    }
    return add_or_drop (store, &change);
}

int
store_forget (struct store *store, enum store_network network, const uint8_t account[32])
{
    uint8_t key[STORE_KEY_SIZE];

    store_format_key (network, account, key);
    return add_removal (store, STORE_KIND_ACCOUNT, key);
}

bool
store_account (struct store *store, enum store_network network, const uint8_t account[32],
               uint8_t frontier[32])
{
    uint8_t key[STORE_KEY_SIZE];
    uint8_t found[32];
    uint64_t used;

    store_format_key (network, account, key);
    if (find_account (store, key, found, &used) != LOOKUP_FOUND) {
        return false;
    }
    memcpy (frontier, found, sizeof found);
    return true;
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

    pthread_mutex_lock (&store->lock);
    *statistics = store->written;
    statistics->pending = store->filling->count;
    statistics->lag = statistics->pending > 0 ? clock_seconds (clock_now () - store->since) : 0;
    if (store->writing != NULL) {
        statistics->pending += store->writing->count;
        statistics->lag = clock_seconds (clock_now () - store->writing_since);
    }
    pthread_mutex_unlock (&store->lock);
    statistics->hits = own->hits;
    statistics->misses = own->misses;
    statistics->weak = own->weak;
    statistics->corrupt = own->corrupt;
    statistics->puts = own->puts;
    statistics->worse = own->worse;
    statistics->dropped = own->dropped;
    statistics->read_errors = own->read_errors;
}
