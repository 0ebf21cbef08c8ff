/*
 * The store's directory and file: who may have it, which formats are read, and that what cannot be
 * used is refused and left as it is.
 */
#include <fcntl.h>
#include <lmdb.h>
#include <setjmp.h>
#include <signal.h>
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
#include "work/store/store_file.h"

#define NANO STORE_NANO_LIVE

struct bytes {
    uint8_t *data;
    size_t size;
};

static struct bytes
read_file (const char *path)
{
    struct bytes bytes;
    struct stat status;
    const int fd = open (path, O_RDONLY);

    assert_true (fd >= 0);
    assert_int_equal (fstat (fd, &status), 0);
    bytes.size = (size_t)status.st_size;
    bytes.data = malloc (bytes.size + 1);
    assert_non_null (bytes.data);
    assert_int_equal (read (fd, bytes.data, bytes.size), bytes.size);
    (void)close (fd);
    return bytes;
}

static void
write_file (const char *path, const void *data, size_t size)
{
    const int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true (fd >= 0);
    assert_int_equal (write (fd, data, size), size);
    assert_int_equal (close (fd), 0);
}

/* That the store refuses with these words, and leaves data.mdb alone. */
static void
assert_refused (const struct support_place *place, const char *words)
{
    char error[STORE_ERROR_SIZE];
    const struct bytes before = read_file (support_file (place, "data.mdb"));

    support_refused (place->path, error);
    if (strstr (error, words) == NULL) {
        fail_msg ("\"%s\" is not in \"%s\"", words, error);
    }
    const struct bytes after = read_file (support_file (place, "data.mdb"));
    assert_int_equal (after.size, before.size);
    assert_memory_equal (after.data, before.data, before.size);
    free (before.data);
    free (after.data);
}

static void
fill (const struct support_place *place, uint64_t count)
{
    const struct store_settings settings = support_settings (100000);
    struct store *store = support_open (place->path, &settings);

    for (uint64_t i = 0; i < count; i++) {
        const struct store_entry entry = support_entry (NANO, i, 0);
        assert_int_equal (store_put (store, &entry), STORE_PUT);
        assert_int_equal (store_frontier (store, NANO, entry.root, entry.root), 0);
        if (i % 1000 == 0) {
            support_sync (store); /* free pages come from earlier transactions */
        }
    }
    store_close (store);
}

static unsigned
mode_of (const char *path)
{
    struct stat status;

    assert_int_equal (stat (path, &status), 0);
    return status.st_mode & 0777;
}

static void
is_made_for_its_owner_only (void **state)
{
    struct support_place *place = *state;
    char deep[600];
    char error[STORE_ERROR_SIZE];
    const struct store_settings settings = support_settings (10);
    const mode_t mask = umask (0);

    snprintf (deep, sizeof deep, "%s/a/b//store/", place->path);
    struct store *store = store_open (deep, &settings, error, sizeof error);
    (void)umask (mask);
    assert_non_null (store);
    store_close (store);
    assert_int_equal (mode_of (support_file (place, "a")), 0700);
    assert_int_equal (mode_of (deep), 0700);
    assert_int_equal (mode_of (support_file (place, "a/b/store/data.mdb")), 0600);
    assert_int_equal (mode_of (support_file (place, "a/b/store/lock.mdb")), 0600);
    assert_int_equal (mode_of (support_file (place, "a/b/store/store.lock")), 0600);
    assert_int_equal (unlink (support_file (place, "a/b/store/data.mdb")), 0);
    assert_int_equal (unlink (support_file (place, "a/b/store/lock.mdb")), 0);
    assert_int_equal (unlink (support_file (place, "a/b/store/store.lock")), 0);
    assert_int_equal (rmdir (support_file (place, "a/b/store")), 0);
    assert_int_equal (rmdir (support_file (place, "a/b")), 0);
    assert_int_equal (rmdir (support_file (place, "a")), 0);
}

static void
a_path_that_is_no_directory_is_refused (void **state)
{
    struct support_place *place = *state;
    char error[STORE_ERROR_SIZE];
    char path[700];

    write_file (place->path, "x", 1);
    support_refused (place->path, error);
    assert_non_null (strstr (error, "Not a directory"));
    assert_non_null (strstr (error, place->path));
    snprintf (path, sizeof path, "%s/below", place->path);
    support_refused (path, error);
    assert_non_null (strstr (error, "Not a directory"));
    support_refused ("", error);
    assert_non_null (strstr (error, "No such file"));
    assert_int_equal (unlink (place->path), 0);
    assert_int_equal (mkdir (place->path, 0700), 0);
    assert_int_equal (mkdir (support_file (place, "data.mdb"), 0700), 0);
    support_refused (place->path, error);
    assert_non_null (strstr (error, "is not a file"));
    assert_int_equal (rmdir (support_file (place, "data.mdb")), 0);
}

static void
a_second_one_in_the_process_is_refused (void **state)
{
    struct support_place *place = *state;
    const struct store_settings settings = support_settings (10);
    struct store *store = support_open (place->path, &settings);
    char error[STORE_ERROR_SIZE];
    char words[64];

    snprintf (words, sizeof words, "is in use by process %ld:", (long)getpid ());
    for (int i = 0; i < 2; i++) {
        support_refused (place->path, error);
        assert_non_null (strstr (error, words));
    }
    store_close (store);
    store_close (support_open (place->path, &settings));
}

/* A process that has the store open until it is killed. */
static pid_t
start_holder (const char *path)
{
    int ready[2];
    char byte;

    assert_int_equal (pipe (ready), 0);
    const pid_t pid = fork ();
    assert_true (pid >= 0);
    if (pid == 0) {
        const struct store_settings settings = support_settings (10);
        char error[STORE_ERROR_SIZE];
        if (store_open (path, &settings, error, sizeof error) == NULL ||
            write (ready[1], "r", 1) != 1) {
            _exit (1);
        }
        for (;;) {
            (void)pause ();
        }
    }
    (void)close (ready[1]);
    assert_int_equal (read (ready[0], &byte, 1), 1);
    (void)close (ready[0]);
    return pid;
}

static void
a_second_process_is_refused_while_the_first_lives (void **state)
{
    struct support_place *place = *state;
    const struct store_settings settings = support_settings (10);
    const pid_t pid = start_holder (place->path);
    char error[STORE_ERROR_SIZE];
    char words[64];

    snprintf (words, sizeof words, "is in use by process %ld:", (long)pid);
    support_refused (place->path, error);
    assert_non_null (strstr (error, words));
    assert_non_null (strstr (error, "each daemon needs a store of its own"));
    assert_int_equal (kill (pid, SIGKILL), 0);
    assert_int_equal (waitpid (pid, NULL, 0), pid);
    store_close (support_open (place->path, &settings));
}

static void
what_is_no_store_is_refused (void **state)
{
    static const char text[] = "This is a letter, and no store at all.\n";
    struct support_place *place = *state;
    uint8_t zeros[16384] = {0};
    const struct store_settings settings = support_settings (10);

    assert_int_equal (mkdir (place->path, 0700), 0);
    write_file (support_file (place, "data.mdb"), text, sizeof text);
    assert_refused (place, "is not a store");
    write_file (support_file (place, "data.mdb"), zeros, 8192); /* power lost before its first */
    store_close (support_open (place->path, &settings));
    for (size_t i = 0; i < sizeof zeros; i++) {
        zeros[i] = (uint8_t)(i * 7 + i / 256);
    }
    write_file (support_file (place, "data.mdb"), zeros, sizeof zeros);
    assert_refused (place, "is not a store");
    write_file (support_file (place, "data.mdb"), "", 0); /* killed before its first write */
    store_close (support_open (place->path, &settings));
}

/* An LMDB environment of the test's own, with a transaction. */
struct raw {
    MDB_env *env;
    MDB_txn *txn;
};

static struct raw
raw_open (const char *path)
{
    struct raw raw;

    (void)mkdir (path, 0700);
    assert_int_equal (mdb_env_create (&raw.env), 0);
    assert_int_equal (mdb_env_set_maxdbs (raw.env, 16), 0);
    assert_int_equal (mdb_env_set_mapsize (raw.env, 64 << 20), 0);
    assert_int_equal (mdb_env_open (raw.env, path, 0, 0600), 0);
    assert_int_equal (mdb_txn_begin (raw.env, NULL, 0, &raw.txn), 0);
    return raw;
}

static void
raw_close (struct raw raw)
{
    assert_int_equal (mdb_txn_commit (raw.txn), 0);
    mdb_env_close (raw.env);
}

static void
raw_put (struct raw raw, const char *table, const void *key, size_t key_size, const void *data,
         size_t size)
{
    MDB_val name = {key_size, (void *)(uintptr_t)key};
    MDB_val value = {size, (void *)(uintptr_t)data};
    MDB_dbi dbi;

    assert_int_equal (mdb_dbi_open (raw.txn, table, table == NULL ? 0 : MDB_CREATE, &dbi), 0);
    assert_int_equal (mdb_put (raw.txn, dbi, &name, &value, 0), 0);
}

static void
another_programs_file_is_refused (void **state)
{
    struct support_place *place = *state;
    struct raw raw = raw_open (place->path);

    raw_put (raw, "blocks", "key", 3, "data", 4);
    raw_close (raw);
    assert_refused (place, "another program's");
    raw = raw_open (place->path);
    raw_put (raw, "about", "format", 6, "number two", 10);
    raw_close (raw);
    assert_refused (place, "another program's");
    assert_int_equal (unlink (support_file (place, "data.mdb")), 0);
    raw = raw_open (place->path);
    raw_put (raw, NULL, "about", 5, "plain data, not a table", 23);
    raw_close (raw);
    assert_refused (place, "another program's");
}

static void
a_newer_format_is_refused (void **state)
{
    struct support_place *place = *state;
    static const uint8_t newer[4] = {0, 0, 0, 3};
    static const uint8_t zero[4] = {0, 0, 0, 0};

    fill (place, 10);
    struct raw raw = raw_open (place->path);
    raw_put (raw, "about", "format", 6, newer, 4);
    raw_close (raw);
    assert_refused (place, "is of format 3, made by a newer version");
    raw = raw_open (place->path);
    raw_put (raw, "about", "format", 6, zero, 4);
    raw_close (raw);
    assert_refused (place, "another program's");
}

/* What a failed writing of a header leaves to be done. */
static void
a_lost_environment_is_opened_again (void **state)
{
    struct support_place *place = *state;
    const struct store_entry entry = support_entry (NANO, 3, 0);
    char error[STORE_ERROR_SIZE];
    struct store_file file;
    uint8_t key[STORE_KEY_SIZE];
    uint8_t record[STORE_ENTRY_SIZE];
    MDB_txn *txn;

    fill (place, 10);
    store_format_key (NANO, entry.root, key);
    assert_int_equal (store_file_open (&file, place->path, 0, 0, error, sizeof error), 0);
    for (int i = 0; i < 3; i++) {
        size_t size = sizeof record;
        assert_int_equal (store_file_read (&file, &file.entries, key, record, &size), 0);
        store_file_lose (&file);
        assert_int_equal (store_file_read (&file, &file.entries, key, record, &size), MDB_PANIC);
        assert_int_equal (store_file_begin (&file, &txn), 0);
        mdb_txn_abort (txn);
    }
    store_file_lose (&file);
    write_file (support_file (place, "data.mdb"), "x", 1);
    assert_int_equal (store_file_begin (&file, &txn), MDB_PANIC);
    store_file_close (&file);
}

/* Bytes of format 1, put together here from its description alone. */

static size_t
put_big_endian (uint8_t *bytes, uint64_t number)
{
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(number >> (56 - 8 * i));
    }
    return 8;
}

static size_t
entry_1 (const struct store_entry *entry, uint8_t *bytes)
{
    size_t size = put_big_endian (bytes, entry->work);

    size += put_big_endian (bytes + size, entry->value);
    size += put_big_endian (bytes + size, entry->found);
    bytes[size++] = entry->has_account;
    if (entry->has_account) {
        memcpy (bytes + size, entry->account, 32);
        size += 32;
    }
    memcpy (bytes + size, entry->source, strlen (entry->source));
    return size + strlen (entry->source);
}

static struct store_entry
old_entry (uint64_t number)
{
    struct store_entry entry =
        support_entry (number % 2 == 0 ? NANO : STORE_ATTO_LIVE, number, (unsigned)number % 3);

    entry.found = support_time () - 10000 + number / 3; /* many of one second */
    entry.has_account = number % 5 == 0;
    if (entry.has_account) {
        support_bytes (number + 7, entry.account);
    }
    return entry;
}

static void
write_format_1 (const char *path, uint64_t count)
{
    static const uint8_t version[4] = {0, 0, 0, 1};
    struct raw raw = raw_open (path);

    raw_put (raw, "about", "format", 6, version, sizeof version);
    for (uint64_t i = 0; i < count; i++) {
        const struct store_entry entry = old_entry (i);
        uint8_t key[33] = {(uint8_t)entry.network};
        uint8_t bytes[256];
        memcpy (key + 1, entry.root, 32);
        raw_put (raw, "entries", key, sizeof key, bytes, entry_1 (&entry, bytes));
        if (entry.has_account) {
            memcpy (key + 1, entry.account, 32);
            raw_put (raw, "accounts", key, sizeof key, entry.root, 32);
        }
    }
    raw_put (raw, "entries", "short key", 9, "x", 1);
    raw_put (raw, "entries", "thirty-three bytes that are a key", 33, "too short", 9);
    raw_put (raw, "accounts", "thirty-three bytes that are a key", 33, "too short", 9);
    raw_close (raw);
}

static void
check_upgraded (struct store *store, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++) {
        const struct store_entry entry = old_entry (i);
        struct store_entry found;
        uint8_t frontier[32];
        assert_true (store_peek (store, entry.network, entry.root, &found));
        assert_true (found.work == entry.work && found.found == entry.found);
        assert_string_equal (found.source, entry.source);
        assert_int_equal (found.has_account, entry.has_account);
        assert_memory_equal (found.account, entry.account, 32);
        if (entry.has_account) {
            assert_true (store_account (store, entry.network, entry.account, frontier));
            assert_memory_equal (frontier, entry.root, 32);
        }
    }
}

static void
format_1_becomes_todays (void **state)
{
    enum { COUNT = 2000 };
    struct support_place *place = *state;
    struct store_settings settings = support_settings (COUNT);

    settings.first_map = 1 << 20; /* it has to grow for the new tables */
    write_format_1 (place->path, COUNT);
    struct store *store = support_open (place->path, &settings);
    assert_int_equal (support_statistics (store).entries, COUNT);
    assert_int_equal (support_statistics (store).accounts, COUNT / 5);
    check_upgraded (store, 0, COUNT);
    store_close (store);

    store = support_open (place->path, &settings); /* once is enough */
    check_upgraded (store, 0, COUNT);
    for (uint64_t i = COUNT; i < COUNT + 300; i++) {
        const struct store_entry entry = support_entry (NANO, i, 0);
        assert_int_equal (store_put (store, &entry), STORE_PUT);
    }
    support_sync (store); /* those found first have gone */
    check_upgraded (store, 300, COUNT);
    for (uint64_t i = 0; i < 300; i++) {
        assert_false (support_has (store, old_entry (i).network, i));
    }
    store_close (store);

    struct raw raw = raw_open (place->path);
    MDB_dbi dbi;
    assert_int_equal (mdb_dbi_open (raw.txn, "entries", 0, &dbi), MDB_NOTFOUND);
    assert_int_equal (mdb_dbi_open (raw.txn, "accounts", 0, &dbi), MDB_NOTFOUND);
    raw_close (raw);
}

/* Opens what may be cut off: all of it is there, or it is refused for being cut off. */
static bool
opens_whole (const struct support_place *place, uint64_t count)
{
    const struct store_settings settings = support_settings (100000);
    char error[STORE_ERROR_SIZE];
    struct store *store = store_open (place->path, &settings, error, sizeof error);

    if (store == NULL) {
        assert_true (strstr (error, "is cut off") != NULL ||
                     strstr (error, "is not a store") != NULL);
        return false;
    }
    assert_int_equal (support_statistics (store).entries, count);
    for (uint64_t i = 0; i < count; i++) {
        assert_true (support_has (store, NANO, i));
    }
    store_close (store);
    return true;
}

static void
a_file_cut_off_is_refused (void **state)
{
    enum { COUNT = 2500 };
    struct support_place *place = *state;
    size_t refused = 0;

    fill (place, COUNT);
    const struct bytes whole = read_file (support_file (place, "data.mdb"));
    assert_true (whole.size > 200 * 4096);
    for (size_t size = 1; size < whole.size; size += size < 20000 ? 1111 : 10 * 4096 + 5) {
        write_file (support_file (place, "data.mdb"), whole.data, size);
        refused += !opens_whole (place, COUNT);
    }
    assert_true (refused > 20);
    write_file (support_file (place, "data.mdb"), whole.data, whole.size);
    assert_true (opens_whole (place, COUNT));
    free (whole.data);
}

/* LMDB's flags of a page, behind its number and two bytes of padding. */
static unsigned
flags_of (const uint8_t *page)
{
    uint16_t flags;

    memcpy (&flags, page + sizeof (size_t) + 2, sizeof flags);
    return flags;
}

static bool
is_branch (const uint8_t *page)
{
    return flags_of (page) == 1;
}

static bool
is_header (const uint8_t *page)
{
    return flags_of (page) == 8;
}

/* Opens a store, refused or fit for use; whether it was refused. */
static bool
is_refused (const struct support_place *place, uint64_t count)
{
    const struct store_settings settings = support_settings (100000);
    char error[STORE_ERROR_SIZE];
    struct store *store = store_open (place->path, &settings, error, sizeof error);

    for (uint64_t i = 0; store != NULL && i < count; i += 7) {
        (void)support_has (store, NANO, i);
    }
    store_close (store);
    return store == NULL;
}

/* Headers and inner pages with random bytes in them: refused or fit for use, never a crash. */
static void
damaged_inner_pages_do_no_harm (void **state)
{
    enum { COUNT = 2500, ROUNDS = 300 };
    struct support_place *place = *state;
    struct seed seed = seed_new ();
    unsigned refused = 0;

    fill (place, COUNT);
    struct bytes whole = read_file (support_file (place, "data.mdb"));
    for (int round = 0; round < ROUNDS; round++) {
        size_t page;
        do {
            page = seed_below (&seed, (unsigned)(whole.size / 4096)) * (size_t)4096;
        } while (!is_branch (&whole.data[page]) && !is_header (&whole.data[page]));
        uint8_t *const place_of_harm = &whole.data[page + seed_below (&seed, 160)];
        const uint8_t before = *place_of_harm;
        *place_of_harm ^= (uint8_t)(1 + seed_below (&seed, 255));
        write_file (support_file (place, "data.mdb"), whole.data, whole.size);
        refused += is_refused (place, COUNT);
        *place_of_harm = before;
    }
    assert_true (refused > ROUNDS / 10);
    free (whole.data);
}

/* LMDB ends the process where a page names less than two others. */
static void
inner_pages_that_are_too_empty_are_refused (void **state)
{
    enum { COUNT = 2500, LOWER = sizeof (size_t) + 4, HEADER = sizeof (size_t) + 8 };
    struct support_place *place = *state;
    unsigned refused[2] = {0};

    fill (place, COUNT);
    struct bytes whole = read_file (support_file (place, "data.mdb"));
    for (size_t page = 0; page < whole.size; page += 4096) {
        uint8_t *const place_of_harm = &whole.data[page + LOWER];
        uint16_t before;

        memcpy (&before, place_of_harm, sizeof before);
        for (uint16_t nodes = 0; is_branch (&whole.data[page]) && nodes < 2; nodes++) {
            const uint16_t lower = (uint16_t)(HEADER + 2 * nodes);

            memcpy (place_of_harm, &lower, sizeof lower);
            write_file (support_file (place, "data.mdb"), whole.data, whole.size);
            refused[nodes] += is_refused (place, COUNT);
        }
        memcpy (place_of_harm, &before, sizeof before);
    }
    assert_true (refused[0] > 0);
    assert_int_equal (refused[1], refused[0]);
    free (whole.data);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST (is_made_for_its_owner_only),
        SUPPORT_TEST (a_path_that_is_no_directory_is_refused),
        SUPPORT_TEST (a_second_one_in_the_process_is_refused),
        SUPPORT_TEST (a_second_process_is_refused_while_the_first_lives),
        SUPPORT_TEST (what_is_no_store_is_refused),
        SUPPORT_TEST (another_programs_file_is_refused),
        SUPPORT_TEST (a_newer_format_is_refused),
        SUPPORT_TEST (a_lost_environment_is_opened_again),
        SUPPORT_TEST (format_1_becomes_todays),
        SUPPORT_TEST (a_file_cut_off_is_refused),
        SUPPORT_TEST (damaged_inner_pages_do_no_harm),
        SUPPORT_TEST (inner_pages_that_are_too_empty_are_refused),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
