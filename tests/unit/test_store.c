/*
 * What the store does with what it is given, and that nothing in it is believed. Its bounds are
 * test_store_bounds's, its files test_store_file's, full disks test_store_full's, crashes
 * test_store_kill's.
 */
#include <fcntl.h>
#include <lmdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
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
        (void)snprintf (entry->source, sizeof entry->source, "%s",
                        i == 0 ? "" : "[2001:db8::1]:7076");
        assert_int_equal (store_put (store, entry), STORE_PUT);
        entry->value = value_vectors[i].value;
        assert_true (support_gets (store, entry, entry->value));
    }
    support_sync (store);
    for (int i = 0; i < 2; i++) {
        assert_true (support_gets (store, &entries[0], value_vectors[0].value));
        assert_true (support_gets (store, &entries[1], value_vectors[1].value));
        store = support_reopen (store, *state, &settings);
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
        assert_true (support_gets (store, &nano, nano.value));
        assert_true (support_gets (store, &nano, 0));
        assert_false (support_gets (store, &nano, nano.value + 1));
        assert_true (support_gets (store, &atto, atto.value));
        assert_true (support_gets (store, &atto, UINT64_MAX));
        assert_false (support_gets (store, &atto, atto.value - 1));
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
            assert_true (support_gets (store, &strong, strong.value));
        }
    }
    store = support_reopen (store, *state, &settings);
    for (size_t i = 0; i < NETWORK_COUNT; i++) {
        const struct store_entry strong = support_entry (networks[i], 10, 2);
        assert_true (support_gets (store, &strong, strong.value));
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
        assert_true (support_gets (store, &entry, entry.value));
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
        assert_true (support_gets (store, &old, old.value));

        assert_int_equal (store_put (store, &new), STORE_PUT);
        assert_int_equal (store_frontier (store, NANO, account, new.root), 0);
        assert_int_equal ((syncs & 2) != 0 ? store_sync (store) : 0, 0);
        assert_false (support_has (store, NANO, number));
        assert_true (support_gets (store, &new, new.value));
        assert_true (store_account (store, NANO, account, told));
        assert_memory_equal (told, new.root, 32);
    }
    store = support_reopen (store, *state, &settings);
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
    store = support_reopen (store, *state, &settings);
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

/* What is done to a record: bits of one byte are turned over, and there are bytes more, or fewer.
 */
struct spoil {
    size_t at;
    uint8_t flip;
    ptrdiff_t more;
};

/* What LMDB has under a key of the table "entry". */
static void
spoil (const char *path, uint64_t number, const struct spoil *how)
{
    uint8_t name[33] = {NANO};
    uint8_t record[512] = {0};
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
    record[how->at] ^= how->flip;
    data.mv_size = (size_t)((ptrdiff_t)data.mv_size + how->more);
    data.mv_data = record;
    assert_int_equal (mdb_put (txn, dbi, &key, &data, 0), 0);
    assert_int_equal (mdb_txn_commit (txn), 0);
    mdb_env_close (env);
}

static void
nothing_wrong_is_served (void **state)
{
    const struct spoil spoils[] = {
        {.at = 15, .flip = 1}, /* the work */
        {.at = 16, .flip = 1}, /* its value */
        {.at = 32, .flip = 2}, /* a flag that there is not */
        {.more = -1},          {.more = 60},
    };
    struct support_place *place = *state;
    const struct store_settings settings = support_settings (100);
    struct store *store = support_open (place->path, &settings);

    support_put (store, 0, 6);
    store_close (store);
    for (uint64_t i = 0; i < 5; i++) {
        spoil (place->path, i, &spoils[i]);
    }
    store = support_open (place->path, &settings);
    for (uint64_t i = 0; i < 5; i++) {
        const struct store_entry entry = support_entry (NANO, i, 0);
        assert_false (support_gets (store, &entry, 0));
    }
    assert_int_equal (support_statistics (store).corrupt, 5);
    support_sync (store);
    assert_int_equal (support_statistics (store).entries, 1);
    support_put (store, 0, 5); /* and what is right takes their place */
    assert_int_equal (support_statistics (store).entries, 6);
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
            store = support_reopen (store, *state, &settings);
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
            support_assert_same (&found, &expected);
        }
    }
    store_close (store);
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
        SUPPORT_TEST (nothing_wrong_is_served),
        SUPPORT_TEST (agrees_with_a_model),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
