/*
 * What the store does with what it is given: bounds, order, accounts, and that nothing in it is
 * believed. Its files are test_store_file's, crashes test_store_kill's.
 */
#include <fcntl.h>
#include <lmdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "seed.h"
#include "support_store.h"
#include "vectors.h"

#define NANO STORE_NANO_LIVE

static const enum store_network networks[] = {
    STORE_NANO_LIVE, STORE_NANO_BETA, STORE_NANO_TEST, STORE_NANO_DEV,
    STORE_ATTO_LIVE, STORE_ATTO_BETA, STORE_ATTO_DEV,  STORE_ATTO_LOCAL,
};
#define NETWORK_COUNT (sizeof networks / sizeof networks[0])

static void
assert_same (const struct store_entry *a, const struct store_entry *b)
{
    assert_int_equal (a->network, b->network);
    assert_memory_equal (a->root, b->root, 32);
    assert_true (a->work == b->work && a->value == b->value && a->found == b->found);
    assert_int_equal (a->has_account, b->has_account);
    assert_memory_equal (a->account, b->account, 32);
    assert_string_equal (a->source, b->source);
}

static struct scan_target
target_for (const struct store_entry *entry, uint64_t threshold)
{
    struct scan_target target = {.threshold = threshold, .order = store_order (entry->network)};

    memcpy (target.root, entry->root, sizeof target.root);
    return target;
}

static bool
gets (struct store *store, const struct store_entry *entry, uint64_t threshold)
{
    const struct scan_target target = target_for (entry, threshold);
    struct store_entry found;

    if (!store_get (store, entry->network, &target, &found)) {
        return false;
    }
    assert_same (&found, entry);
    return true;
}

static struct store *
reopen (struct store *store, const struct support_place *place,
        const struct store_settings *settings)
{
    store_close (store);
    return support_open (place->path, settings);
}

static void
is_seen_at_once_and_for_good (void **state)
{
    const struct store_settings settings = support_settings (1000);
    struct store_entry entries[VALUE_VECTOR_COUNT];
    struct store *store = support_open (((struct support_place *)*state)->path, &settings);

    /* The vectors' roots repeat: an account makes nothing else of them, so the last best stays. */
    for (size_t i = 0; i < 2; i++) {
        struct store_entry *entry = &entries[i];
        *entry = (struct store_entry){.network = NANO, .work = value_vectors[i].nonce};
        entry->found = support_time () - i;
        memcpy (entry->root, value_vectors[i].root, 32);
        entry->has_account = i == 1;
        if (entry->has_account) {
            support_bytes (i, entry->account);
        }
        strcpy (entry->source, i == 0 ? "" : "[2001:db8::1]:7076");
        assert_int_equal (store_put (store, entry), STORE_PUT);
        entry->value = value_vectors[i].value;
        assert_true (gets (store, entry, entry->value));
    }
    support_sync (store);
    for (int i = 0; i < 2; i++) {
        assert_true (gets (store, &entries[0], value_vectors[0].value));
        assert_true (gets (store, &entries[1], value_vectors[1].value));
        store = reopen (store, *state, &settings);
    }
    assert_int_equal (support_statistics (store).entries, 2);
    store_close (store);
}

static void
a_long_source_is_cut (void **state)
{
    const struct store_settings settings = support_settings (10);
    struct store *store = support_open (((struct support_place *)*state)->path, &settings);
    struct store_entry entry = support_entry (NANO, 1, 0);
    struct store_entry found;

    memset (entry.source, 'x', sizeof entry.source); /* no end */
    assert_int_equal (store_put (store, &entry), STORE_PUT);
    support_sync (store);
    assert_true (store_peek (store, NANO, entry.root, &found));
    assert_int_equal (strlen (found.source), STORE_SOURCE_SIZE - 1);
    store_close (store);
}

static void
serves_only_what_reaches (void **state)
{
    const struct store_settings settings = support_settings (10);
    struct store *store = support_open (((struct support_place *)*state)->path, &settings);
    const struct store_entry nano = support_entry (NANO, 1, 2);
    const struct store_entry atto = support_entry (STORE_ATTO_LIVE, 2, 2);

    assert_int_equal (store_put (store, &nano), STORE_PUT);
    assert_int_equal (store_put (store, &atto), STORE_PUT);
    for (int i = 0; i < 2; i++) {
        assert_true (gets (store, &nano, nano.value));
        assert_true (gets (store, &nano, 0));
        assert_false (gets (store, &nano, nano.value + 1));
        assert_true (gets (store, &atto, atto.value));
        assert_true (gets (store, &atto, UINT64_MAX));
        assert_false (gets (store, &atto, atto.value - 1));
        support_sync (store);
    }
    const struct store_statistics statistics = support_statistics (store);
    assert_int_equal (statistics.hits, 8);
    assert_int_equal (statistics.misses, 4);
    assert_int_equal (statistics.weak, 4);
    assert_false (support_has (store, NANO, 3));
    store_close (store);
}

/* Also between what waits and what is on the disk. */
static void
better_replaces_worse_and_never_the_reverse (void **state)
{
    const struct store_settings settings = support_settings (100);
    struct store *store = support_open (((struct support_place *)*state)->path, &settings);

    for (unsigned sync = 0; sync < 2; sync++) {
        for (size_t i = 0; i < NETWORK_COUNT; i++) {
            const struct store_entry weak = support_entry (networks[i], 10 + sync, 1);
            const struct store_entry strong = support_entry (networks[i], 10 + sync, 2);
            const struct store_entry weakest = support_entry (networks[i], 10 + sync, 0);

            assert_int_equal (store_put (store, &weak), STORE_PUT);
            assert_int_equal (sync ? store_sync (store) : 0, 0);
            assert_int_equal (store_put (store, &weakest), STORE_WORSE);
            assert_int_equal (store_put (store, &weak), STORE_WORSE);
            assert_int_equal (store_put (store, &strong), STORE_PUT);
            assert_int_equal (sync ? store_sync (store) : 0, 0);
            assert_int_equal (store_put (store, &weak), STORE_WORSE);
            assert_true (gets (store, &strong, strong.value));
        }
    }
    store = reopen (store, *state, &settings);
    for (size_t i = 0; i < NETWORK_COUNT; i++) {
        const struct store_entry strong = support_entry (networks[i], 10, 2);
        assert_true (gets (store, &strong, strong.value));
    }
    assert_int_equal (support_statistics (store).entries, 2 * NETWORK_COUNT);
    store_close (store);
}

static void
networks_are_apart (void **state)
{
    const struct store_settings settings = support_settings (100);
    struct store *store = support_open (((struct support_place *)*state)->path, &settings);
    uint8_t account[32];
    uint8_t frontier[32];
    uint8_t told[32];

    support_bytes (77, account);
    for (size_t i = 0; i < NETWORK_COUNT; i++) {
        const struct store_entry entry = support_entry (networks[i], 5, (unsigned)i % 4);
        assert_false (support_has (store, networks[i], 5));
        assert_int_equal (store_put (store, &entry), STORE_PUT);
        assert_false (store_account (store, networks[i], account, told));
        support_bytes (100 + i, frontier);
        assert_int_equal (store_frontier (store, networks[i], account, frontier), 0);
    }
    support_sync (store);
    for (size_t i = 0; i < NETWORK_COUNT; i++) {
        const struct store_entry entry = support_entry (networks[i], 5, (unsigned)i % 4);
        assert_true (gets (store, &entry, entry.value));
        support_bytes (100 + i, frontier);
        assert_true (store_account (store, networks[i], account, told));
        assert_memory_equal (told, frontier, 32);
    }
    assert_int_equal (store_remove (store, STORE_NANO_BETA, support_entry (NANO, 5, 0).root), 0);
    assert_false (support_has (store, STORE_NANO_BETA, 5));
    support_sync (store);
    assert_false (support_has (store, STORE_NANO_BETA, 5));
    assert_true (support_has (store, NANO, 5));
    assert_int_equal (support_statistics (store).entries, NETWORK_COUNT - 1);
    store_close (store);
}

/* Where everything is: in the table, on the disk, or some of each. */
static void
a_frontier_that_moves_takes_its_work_along (void **state)
{
    const struct store_settings settings = support_settings (100);
    struct store *store = support_open (((struct support_place *)*state)->path, &settings);
    uint8_t account[32];
    uint8_t told[32];

    for (unsigned syncs = 0; syncs < 4; syncs++) {
        const uint64_t number = 200 + 2 * syncs;
        struct store_entry old = support_entry (NANO, number, 0);
        struct store_entry new = support_entry (NANO, number + 1, 0);

        support_bytes (300 + syncs, account);
        old.has_account = true;
        memcpy (old.account, account, sizeof account);
        assert_int_equal (store_put (store, &old), STORE_PUT);
        assert_false (store_account (store, NANO, account, told));
        assert_int_equal (store_frontier (store, NANO, account, old.root), 0);
        assert_int_equal ((syncs & 1) != 0 ? store_sync (store) : 0, 0);
        assert_int_equal (store_frontier (store, NANO, account, old.root), 0);
        assert_true (gets (store, &old, old.value));

        assert_int_equal (store_put (store, &new), STORE_PUT);
        assert_int_equal (store_frontier (store, NANO, account, new.root), 0);
        assert_int_equal ((syncs & 2) != 0 ? store_sync (store) : 0, 0);
        assert_false (support_has (store, NANO, number));
        assert_true (gets (store, &new, new.value));
        assert_true (store_account (store, NANO, account, told));
        assert_memory_equal (told, new.root, 32);
    }
    store = reopen (store, *state, &settings);
    assert_int_equal (support_statistics (store).entries, 4);
    assert_int_equal (support_statistics (store).accounts, 4);
    assert_false (support_has (store, NANO, 200));
    assert_true (support_has (store, NANO, 207));
    store_close (store);
}

static void
recent_accounts_come_latest_first (void **state)
{
    struct store_settings settings = support_settings (100);
    struct store_account accounts[10];
    uint8_t expected[32];

    settings.max_accounts = 6;
    struct store *store = support_open (((struct support_place *)*state)->path, &settings);

    assert_int_equal (store_recent_accounts (store, NANO, accounts, 10), 0);
    for (uint64_t i = 0; i < 8; i++) {
        uint8_t account[32];
        support_bytes (i, account);
        support_bytes (50 + i, expected);
        assert_int_equal (
            store_frontier (store, i == 5 ? STORE_ATTO_LIVE : NANO, account, expected), 0);
    }
    store = reopen (store, *state, &settings);
    assert_int_equal (support_statistics (store).accounts, 6);
    assert_int_equal (store_recent_accounts (store, NANO, accounts, 2), 2);
    assert_int_equal (store_recent_accounts (store, NANO, accounts, 10), 5);
    static const uint64_t left[] = {7, 6, 4, 3, 2};
    for (size_t i = 0; i < 5; i++) {
        support_bytes (left[i], expected);
        assert_memory_equal (accounts[i].account, expected, 32);
        support_bytes (50 + left[i], expected);
        assert_memory_equal (accounts[i].frontier, expected, 32);
        assert_int_equal (accounts[i].network, NANO);
    }
    store_close (store);
}

static void
put_numbers (struct store *store, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++) {
        const struct store_entry entry = support_entry (NANO, i, 0);
        assert_int_equal (store_put (store, &entry), STORE_PUT);
    }
    support_sync (store);
}

static void
least_recently_used_goes_first (void **state)
{
    const struct store_settings settings = support_settings (8);
    struct store *store = support_open (((struct support_place *)*state)->path, &settings);

    put_numbers (store, 0, 8);
    support_set_time (support_time () + STORE_TOUCH_SECONDS);
    const struct store_entry used = support_entry (NANO, 0, 0);
    const struct scan_target target = target_for (&used, 0);
    struct store_entry found;

    assert_true (store_get (store, NANO, &target, &found));
    assert_true (support_has (store, NANO, 1)); /* a look is no use */
    store = reopen (store, *state, &settings);
    put_numbers (store, 8, 11);
    for (uint64_t i = 0; i < 11; i++) {
        assert_int_equal (support_has (store, NANO, i), i == 0 || i >= 4);
    }
    assert_int_equal (support_statistics (store).entries, 8);
    assert_int_equal (support_statistics (store).evicted, 3);
    store = reopen (store, *state, &settings);
    put_numbers (store, 11, 17);
    for (uint64_t i = 0; i < 17; i++) {
        assert_int_equal (support_has (store, NANO, i), i >= 9);
    }
    store_close (store);
}

static void
reading_costs_no_writing (void **state)
{
    const struct store_settings settings = support_settings (8);
    struct store *store = support_open (((struct support_place *)*state)->path, &settings);
    const struct store_entry entry = support_entry (NANO, 0, 0);

    put_numbers (store, 0, 1);
    support_set_time (entry.found + STORE_TOUCH_SECONDS - 1);
    assert_true (gets (store, &entry, 0));
    assert_int_equal (support_statistics (store).pending, 0);
    support_set_time (entry.found + STORE_TOUCH_SECONDS);
    for (int i = 0; i < 5; i++) {
        assert_true (gets (store, &entry, 0));
    }
    support_sync (store);
    assert_int_equal (support_statistics (store).commits, 2);
    assert_true (gets (store, &entry, 0));
    assert_int_equal (support_statistics (store).pending, 0);
    store_close (store);
}

/* A lowered bound is come down to, a few entries a change. */
static void
a_lowered_bound_is_kept (void **state)
{
    struct store_settings settings = support_settings (100);
    struct store *store = support_open (((struct support_place *)*state)->path, &settings);

    put_numbers (store, 0, 100);
    settings.max_entries = 10;
    store = reopen (store, *state, &settings);
    put_numbers (store, 100, 140);
    assert_int_equal (support_statistics (store).entries, 10);
    assert_true (support_has (store, NANO, 130));
    assert_false (support_has (store, NANO, 129));
    store_close (store);
}

static void
what_is_too_old_goes (void **state)
{
    struct store_settings settings = support_settings (100);
    settings.max_age = 1000;
    struct store *store = support_open (((struct support_place *)*state)->path, &settings);
    const struct store_entry entry = support_entry (NANO, 0, 0);
    const uint64_t start = support_time ();

    put_numbers (store, 0, 3);
    support_set_time (start + 1000);
    assert_true (gets (store, &entry, 0)); /* a use, yet it grows no younger */
    support_sync (store);
    support_set_time (start + 1001);
    assert_false (gets (store, &entry, 0));
    assert_int_equal (support_statistics (store).corrupt, 0);
    support_sync (store); /* the others go too, though nobody asks for them */
    assert_int_equal (support_statistics (store).entries, 0);
    assert_int_equal (support_statistics (store).expired, 2);
    assert_int_equal (store_put (store, &entry), STORE_PUT); /* found long ago */
    assert_false (gets (store, &entry, 0));
    store_close (store);
}

/* A process that holds LMDB's lock for writing: the store's writer waits. `fds` are its pipe. */
static pid_t
start_blocker (const char *path, int fds[2])
{
    int ready[2];
    char byte;

    assert_int_equal (pipe (fds), 0);
    assert_int_equal (pipe (ready), 0);
    const pid_t pid = fork ();
    assert_true (pid >= 0);
    if (pid == 0) {
        MDB_env *env;
        MDB_txn *txn;
        (void)close (fds[1]);
        if (mdb_env_create (&env) != 0 || mdb_env_open (env, path, 0, 0600) != 0 ||
            mdb_txn_begin (env, NULL, 0, &txn) != 0 || write (ready[1], "r", 1) != 1) {
            _exit (1);
        }
        _exit (read (fds[0], &byte, 1) < 0); /* until the other end is closed */
    }
    (void)close (fds[0]);
    (void)close (ready[1]);
    assert_int_equal (read (ready[0], &byte, 1), 1);
    (void)close (ready[0]);
    return pid;
}

static void
too_many_changes_are_dropped_and_counted (void **state)
{
    struct support_place *place = *state;
    struct store_settings settings = support_settings (100);
    settings.max_pending = 4;
    struct store *store = support_open (place->path, &settings);
    bool taken[20];
    size_t count = 0;
    int fds[2];
    int status;

    put_numbers (store, 50, 51);
    const pid_t pid = start_blocker (place->path, fds);
    for (uint64_t i = 0; i < 20; i++) {
        const struct store_entry entry = support_entry (NANO, i, 0);
        taken[i] = store_put (store, &entry) == STORE_PUT;
        count += taken[i];
        assert_int_equal (support_has (store, NANO, i), taken[i]);
    }
    assert_in_range (count, 4, 8);
    assert_int_equal (support_statistics (store).dropped, 20 - count);
    assert_int_equal (support_statistics (store).pending, count);
    assert_true (support_has (store, NANO, 50));
    (void)close (fds[1]);
    assert_int_equal (waitpid (pid, &status, 0), pid);
    assert_int_equal (status, 0);
    store = reopen (store, place, &settings);
    for (uint64_t i = 0; i < 20; i++) {
        assert_int_equal (support_has (store, NANO, i), taken[i]);
    }
    store_close (store);
}

/* What LMDB has under a key of the table "entry". */
static void
spoil (const char *path, uint64_t number, void (*change) (uint8_t *record, size_t *size))
{
    uint8_t name[33] = {NANO};
    uint8_t record[512];
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_val key = {sizeof name, name};
    MDB_val data;

    support_bytes (number, name + 1);
    assert_int_equal (mdb_env_create (&env), 0);
    assert_int_equal (mdb_env_set_maxdbs (env, 8), 0);
    assert_int_equal (mdb_env_open (env, path, 0, 0600), 0);
    assert_int_equal (mdb_txn_begin (env, NULL, 0, &txn), 0);
    assert_int_equal (mdb_dbi_open (txn, "entry", 0, &dbi), 0);
    assert_int_equal (mdb_get (txn, dbi, &key, &data), 0);
    memcpy (record, data.mv_data, data.mv_size);
    change (record, &data.mv_size);
    data.mv_data = record;
    assert_int_equal (mdb_put (txn, dbi, &key, &data, 0), 0);
    assert_int_equal (mdb_txn_commit (txn), 0);
    mdb_env_close (env);
}

static void
spoil_work (uint8_t *record, size_t *size)
{
    (void)size;
    record[15] ^= 1;
}

static void
spoil_value (uint8_t *record, size_t *size)
{
    (void)size;
    memset (record + 16, 0xff, 8);
}

static void
spoil_size (uint8_t *record, size_t *size)
{
    (void)record;
    *size -= 1;
}

static void
spoil_more (uint8_t *record, size_t *size)
{
    memset (record + *size, 0, 200);
    *size += 200;
}

static void
spoil_flags (uint8_t *record, size_t *size)
{
    (void)size;
    record[32] = 2;
}

static void
nothing_wrong_is_served (void **state)
{
    void (*const spoilers[]) (uint8_t *, size_t *) = {spoil_work, spoil_value, spoil_size,
                                                      spoil_flags};
    struct support_place *place = *state;
    const struct store_settings settings = support_settings (100);
    struct store *store = support_open (place->path, &settings);

    put_numbers (store, 0, 6);
    store_close (store);
    for (uint64_t i = 0; i < 4; i++) {
        spoil (place->path, i, spoilers[i]);
    }
    spoil (place->path, 4, spoil_more);
    store = support_open (place->path, &settings);
    for (uint64_t i = 0; i < 5; i++) {
        const struct store_entry entry = support_entry (NANO, i, 0);
        assert_false (gets (store, &entry, 0));
    }
    assert_int_equal (support_statistics (store).corrupt, 5);
    support_sync (store);
    assert_int_equal (support_statistics (store).entries, 1);
    put_numbers (store, 0, 5); /* and what is right takes their place */
    assert_int_equal (support_statistics (store).entries, 6);
    store_close (store);
}

static void
the_map_grows (void **state)
{
    struct store_settings settings = support_settings (100000);
    settings.first_map = 65536;
    struct store *store = support_open (((struct support_place *)*state)->path, &settings);

    put_numbers (store, 0, 8000);
    assert_int_equal (support_statistics (store).write_errors, 0);
    assert_true (support_statistics (store).bytes > 1000000);
    store = reopen (store, *state, &settings); /* larger than its first map */
    for (uint64_t i = 0; i < 8000; i++) {
        assert_true (support_has (store, NANO, i));
    }
    store_close (store);
}

/* Entries with long sources, and accounts, three times what fits. */
static void
the_file_keeps_within_its_bound (void **state)
{
    struct store_settings settings = support_settings (1000000);
    settings.max_bytes = STORE_MIN_BYTES;
    struct store *store = support_open (((struct support_place *)*state)->path, &settings);
    struct stat status;
    uint8_t account[32];

    for (uint64_t i = 0; i < 20000; i++) {
        struct store_entry entry = support_entry (NANO, i, 0);
        memset (entry.source, 'x', STORE_SOURCE_SIZE - 1);
        entry.has_account = true;
        assert_int_equal (store_put (store, &entry), STORE_PUT);
        support_bytes (i + 1000000, account);
        assert_int_equal (store_frontier (store, NANO, account, entry.root), 0);
        if (i % 4000 == 0) {
            support_sync (store);
        }
    }
    support_sync (store);
    assert_int_equal (support_statistics (store).write_errors, 0);
    assert_int_equal (support_statistics (store).entries, STORE_MIN_BYTES / STORE_ENTRY_BYTES);
    assert_int_equal (stat (support_file (*state, "data.mdb"), &status), 0);
    assert_true (status.st_size <= (off_t)STORE_MIN_BYTES);
    assert_true (support_statistics (store).bytes <= STORE_MIN_BYTES);
    assert_true (support_has (store, NANO, 19999));

    settings.max_bytes = 0; /* then a file that is larger than the bound it gets */
    store = reopen (store, *state, &settings);
    put_numbers (store, 20000, 40000);
    settings.max_bytes = STORE_MIN_BYTES;
    store = reopen (store, *state, &settings);
    put_numbers (store, 40000, 50000);
    assert_int_equal (support_statistics (store).write_errors, 0);
    assert_int_equal (support_statistics (store).entries, STORE_MIN_BYTES / STORE_ENTRY_BYTES);
    store_close (store);
}

/* A random life against a table of what must be there. */
enum { MODEL_ROOTS = 24, MODEL_STEPS = 3000 };

static void
agrees_with_a_model (void **state)
{
    const struct store_settings settings = support_settings (1000);
    struct store *store = support_open (((struct support_place *)*state)->path, &settings);
    struct seed seed = seed_new ();
    int model[MODEL_ROOTS]; /* the strength that is there, or -1 */
    int frontier = -1;
    uint8_t account[32];

    memset (model, 0xff, sizeof model);
    support_bytes (999, account);
    for (int step = 0; step < MODEL_STEPS; step++) {
        const unsigned root = seed_below (&seed, MODEL_ROOTS);
        const unsigned strength = seed_below (&seed, 4);
        const struct store_entry entry = support_entry (NANO, root, strength);

        switch (seed_below (&seed, 40)) {
        case 0:
            store = reopen (store, *state, &settings);
            break;
        case 1:
            support_sync (store);
            break;
        case 2:
        case 3:
        case 4:
            assert_int_equal (store_remove (store, NANO, entry.root), 0);
            model[root] = -1;
            break;
        case 5:
        case 6:
        case 7:
            assert_int_equal (store_frontier (store, NANO, account, entry.root), 0);
            if (frontier >= 0 && frontier != (int)root) {
                model[frontier] = -1;
            }
            frontier = (int)root;
            break;
        default:
            assert_int_equal (store_put (store, &entry),
                              (int)strength > model[root] ? STORE_PUT : STORE_WORSE);
            model[root] = (int)strength > model[root] ? (int)strength : model[root];
        }
        const unsigned other = seed_below (&seed, MODEL_ROOTS);
        struct store_entry found;
        uint8_t bytes[32];

        support_bytes (other, bytes);
        assert_int_equal (store_peek (store, NANO, bytes, &found), model[other] >= 0);
        if (model[other] >= 0) {
            const struct store_entry expected = support_entry (NANO, other, (unsigned)model[other]);
            assert_same (&found, &expected);
        }
    }
    store_close (store);
}

static void
settings_are_checked (void **state)
{
    struct support_place *place = *state;
    char error[STORE_ERROR_SIZE];
    struct store_settings settings = support_settings (0);

    assert_null (store_open (place->path, &settings, error, sizeof error));
    assert_non_null (strstr (error, "at least one entry"));
    settings = support_settings (1);
    settings.max_bytes = STORE_MIN_BYTES - 1;
    assert_null (store_open (place->path, &settings, error, sizeof error));
    assert_non_null (strstr (error, "at least 4194304 bytes"));
    settings.max_bytes = 0;
    settings.max_pending = (size_t)1 << 30;
    assert_null (store_open (place->path, &settings, error, sizeof error));
    assert_non_null (strstr (error, "at most 16777216"));
    assert_int_not_equal (access (place->path, F_OK), 0);
    store_close (NULL);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST (is_seen_at_once_and_for_good),
        SUPPORT_TEST (a_long_source_is_cut),
        SUPPORT_TEST (serves_only_what_reaches),
        SUPPORT_TEST (better_replaces_worse_and_never_the_reverse),
        SUPPORT_TEST (networks_are_apart),
        SUPPORT_TEST (a_frontier_that_moves_takes_its_work_along),
        SUPPORT_TEST (recent_accounts_come_latest_first),
        SUPPORT_TEST (least_recently_used_goes_first),
        SUPPORT_TEST (reading_costs_no_writing),
        SUPPORT_TEST (a_lowered_bound_is_kept),
        SUPPORT_TEST (what_is_too_old_goes),
        SUPPORT_TEST (too_many_changes_are_dropped_and_counted),
        SUPPORT_TEST (nothing_wrong_is_served),
        SUPPORT_TEST (the_map_grows),
        SUPPORT_TEST (the_file_keeps_within_its_bound),
        SUPPORT_TEST (agrees_with_a_model),
        SUPPORT_TEST (settings_are_checked),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
