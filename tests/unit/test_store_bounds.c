/*
 * The store's bounds: what goes first when there is too much, and that no bound is passed.
 */
#include <lmdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support_store.h"
#include "work/base/clock.h"

#define NANO STORE_NANO_LIVE

static void
least_recently_used_goes_first (void **state)
{
    const struct store_settings settings = support_settings (8);
    struct store *store = support_open (((struct support_place *)*state)->path, &settings);

    support_put (store, 0, 8);
    support_set_time (support_time () + STORE_TOUCH_SECONDS);
    const struct store_entry used = support_entry (NANO, 0, 0);
    const struct scan_target target = support_target (&used, 0);
    struct store_entry found;

    assert_true (store_get (store, NANO, &target, &found));
    assert_true (support_has (store, NANO, 1)); /* a look is no use */
    store = support_reopen (store, *state, &settings);
    support_put (store, 8, 11);
    for (uint64_t i = 0; i < 11; i++) {
        assert_int_equal (support_has (store, NANO, i), i == 0 || i >= 4);
    }
    assert_int_equal (support_statistics (store).entries, 8);
    assert_int_equal (support_statistics (store).evicted, 3);
    store = support_reopen (store, *state, &settings);
    support_put (store, 11, 17);
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

    support_put (store, 0, 1);
    support_set_time (entry.found + STORE_TOUCH_SECONDS - 1);
    assert_true (support_gets (store, &entry, 0));
    assert_int_equal (support_statistics (store).pending, 0);
    support_set_time (entry.found + STORE_TOUCH_SECONDS);
    for (int i = 0; i < 5; i++) {
        assert_true (support_gets (store, &entry, 0));
    }
    support_sync (store);
    assert_int_equal (support_statistics (store).commits, 2);
    assert_true (support_gets (store, &entry, 0));
    assert_int_equal (support_statistics (store).pending, 0);
    store_close (store);
}

/* A lowered bound is come down to, a few entries a change. */
static void
a_lowered_bound_is_kept (void **state)
{
    struct store_settings settings = support_settings (100);
    struct store *store = support_open (((struct support_place *)*state)->path, &settings);

    support_put (store, 0, 100);
    settings.max_entries = 10;
    store = support_reopen (store, *state, &settings);
    support_put (store, 100, 140);
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

    support_put (store, 0, 3);
    support_set_time (start + 1000);
    assert_true (support_gets (store, &entry, 0)); /* a use, yet it grows no younger */
    support_sync (store);
    support_set_time (start + 1001);
    assert_false (support_gets (store, &entry, 0));
    assert_int_equal (support_statistics (store).corrupt, 0);
    support_sync (store); /* the others go too, though nobody asks for them */
    assert_int_equal (support_statistics (store).entries, 0);
    assert_int_equal (support_statistics (store).expired, 2);
    assert_int_equal (store_put (store, &entry), STORE_PUT); /* found long ago */
    assert_false (support_gets (store, &entry, 0));
    store_close (store);
}

/* A process that has a transaction of LMDB's open, until `fds[1]` is closed. */
static pid_t
start_other (const char *path, unsigned flags, int fds[2])
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
            mdb_txn_begin (env, NULL, flags, &txn) != 0 || write (ready[1], "r", 1) != 1) {
            _exit (1);
        }
        const bool closed = read (fds[0], &byte, 1) == 0;
        mdb_txn_abort (txn);
        _exit (!closed);
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
    settings.max_bytes = STORE_MIN_BYTES; /* the other maps it too, and may have no room for more */
    struct store *store = support_open (place->path, &settings);
    bool taken[20];
    size_t count = 0;
    int fds[2];
    int status;

    support_put (store, 50, 51);
    const pid_t pid = start_other (place->path, 0, fds); /* the writer waits for its lock */
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
    store = support_reopen (store, place, &settings);
    for (uint64_t i = 0; i < 20; i++) {
        assert_int_equal (support_has (store, NANO, i), taken[i]);
    }
    store_close (store);
}

static void
what_is_there_is_read_while_more_is_written (void **state)
{
    const struct store_settings settings = support_settings (100000);
    const uint64_t deadline = clock_now () + 60 * CLOCK_SECOND;
    struct store *store = support_open (((struct support_place *)*state)->path, &settings);

    for (uint64_t i = 0; i < 8000; i++) {
        const struct store_entry entry = support_entry (NANO, i, 0);
        assert_int_equal (store_put (store, &entry), STORE_PUT);
    }
    for (uint64_t i = 0; support_statistics (store).pending > 0; i++) { /* the owner reads on */
        assert_true (clock_now () < deadline);
        assert_true (support_has (store, NANO, i % 8000));
    }
    assert_int_equal (support_statistics (store).write_errors, 0);
    assert_true (support_statistics (store).bytes > 1000000);
    store = support_reopen (store, *state, &settings);
    for (uint64_t i = 0; i < 8000; i++) {
        assert_true (support_has (store, NANO, i));
    }
    store_close (store);
}

/* An entry as large as there are, and its account's frontier. */
static void
put_largest (struct store *store, uint64_t number)
{
    struct store_entry entry = support_entry (NANO, number, 0);
    uint8_t account[32];

    memset (entry.source, 'x', STORE_SOURCE_SIZE - 1);
    entry.has_account = true;
    assert_int_equal (store_put (store, &entry), STORE_PUT);
    support_bytes (number + 1000000, account);
    assert_int_equal (store_frontier (store, NANO, account, entry.root), 0);
}

/* Entries with long sources, and accounts, three times what fits. */
static void
the_file_keeps_within_its_bound (void **state)
{
    struct store_settings settings = support_settings (1000000);
    settings.max_bytes = STORE_MIN_BYTES;
    struct store *store = support_open (((struct support_place *)*state)->path, &settings);
    struct stat status;

    for (uint64_t i = 0; i < 20000; i++) {
        put_largest (store, i);
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
    store = support_reopen (store, *state, &settings);
    support_put (store, 20000, 40000);
    settings.max_bytes = STORE_MIN_BYTES;
    store = support_reopen (store, *state, &settings);
    support_put (store, 40000, 50000);
    assert_int_equal (support_statistics (store).write_errors, 0);
    assert_int_equal (support_statistics (store).entries, STORE_MIN_BYTES / STORE_ENTRY_BYTES);
    store_close (store);
}

/* What one transaction of a full file frees, the next cannot use yet: it needs room beside. */
static void
bursts_leave_room_for_the_next (void **state)
{
    struct support_place *place = *state;
    struct store_settings settings = support_settings (1000000);
    settings.max_bytes = STORE_MIN_BYTES;
    struct store *store = support_open (place->path, &settings);
    uint64_t next = 10000;
    int fds[2];
    int status;

    for (uint64_t i = 0; i < next; i++) {
        put_largest (store, i);
    }
    support_sync (store);
    for (uint64_t burst = 100; burst < 4096; burst += 50) {
        store = support_reopen (store, place, &settings);
        const pid_t pid = start_other (place->path, 0, fds); /* the writer waits for its lock */

        for (uint64_t i = 0; i < burst; i++) {
            put_largest (store, next++);
        }
        (void)close (fds[1]);
        assert_int_equal (waitpid (pid, &status, 0), pid);
        support_sync (store);
        for (int i = 0; i < 3; i++) {
            put_largest (store, next++);
            support_sync (store);
        }
    }
    assert_int_equal (support_statistics (store).write_errors, 0);
    store_close (store);
}

/* A file that is written anew is dense: its pages split as it is filled again. */
static void
a_file_written_anew_keeps_within_its_bound (void **state)
{
    struct store_settings settings = support_settings (1000000);
    settings.max_bytes = STORE_MIN_BYTES;
    struct store *store = support_open (((struct support_place *)*state)->path, &settings);
    uint64_t next = 0;

    for (; next < 8000; next++) {
        put_largest (store, next);
    }
    store_close (store);
    FILE *const lock = fopen (support_file (*state, "store.lock"), "we");
    assert_non_null (lock);
    assert_int_equal (fputs ("1\n", lock) < 0, false); /* as who did not close it leaves it */
    assert_int_equal (fclose (lock), 0);
    store = support_open (((struct support_place *)*state)->path, &settings);
    const struct store_statistics before = support_statistics (store);
    assert_int_equal (before.entries, STORE_MIN_BYTES / STORE_ENTRY_BYTES);
    assert_true (before.bytes < STORE_MIN_BYTES * 2 / 3); /* it was */
    for (int burst = 0; burst < 40; burst++) {
        for (int i = 0; i < 500; i++) {
            put_largest (store, next++);
        }
        support_sync (store);
    }
    assert_int_equal (support_statistics (store).write_errors, 0);
    assert_true (support_statistics (store).bytes <= STORE_MIN_BYTES);
    store_close (store);
}

/* While somebody else reads, no page that he may want is used again. */
static void
a_bound_that_is_reached_is_said (void **state)
{
    struct support_place *place = *state;
    struct store_settings settings = support_settings (1000000);
    uint64_t number = 2000;
    struct stat status;
    int fds[2];

    settings.max_bytes = STORE_MIN_BYTES;
    struct store *store = support_open (place->path, &settings);
    support_put (store, 0, number);
    const pid_t pid = start_other (place->path, MDB_RDONLY, fds);
    while (!support_statistics (store).failing) {
        const struct store_entry entry = support_entry (NANO, number++, 0);
        assert_int_equal (store_put (store, &entry), STORE_PUT);
        if (number % 100 == 0) {
            (void)store_sync (store);
        }
    }
    assert_non_null (strstr (support_statistics (store).error, "it has reached its size limit"));
    assert_true (support_has (store, NANO, 1999) && support_has (store, NANO, number - 1));
    (void)close (fds[1]);
    assert_int_equal (waitpid (pid, NULL, 0), pid);
    support_put (store, number, number + 5000);
    assert_false (support_statistics (store).failing);
    assert_int_equal (stat (support_file (place, "data.mdb"), &status), 0);
    assert_true (status.st_size <= (off_t)STORE_MIN_BYTES);
    store_close (store);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST (least_recently_used_goes_first),
        SUPPORT_TEST (reading_costs_no_writing),
        SUPPORT_TEST (a_lowered_bound_is_kept),
        SUPPORT_TEST (what_is_too_old_goes),
        SUPPORT_TEST (too_many_changes_are_dropped_and_counted),
        SUPPORT_TEST (what_is_there_is_read_while_more_is_written),
        SUPPORT_TEST (the_file_keeps_within_its_bound),
        SUPPORT_TEST (a_bound_that_is_reached_is_said),
        SUPPORT_TEST (bursts_leave_room_for_the_next),
        SUPPORT_TEST (a_file_written_anew_keeps_within_its_bound),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
