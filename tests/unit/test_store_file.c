/*
 * The store's directory and file: who may have it, that what is not ours is refused and left as it
 * is, and that what is damaged is put aside, or mended, and never believed.
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
    assert_non_null (strstr (error, "Is a directory"));
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
    assert_non_null (strstr (error, "each daemon needs its own store"));
    assert_int_equal (kill (pid, SIGKILL), 0);
    assert_int_equal (waitpid (pid, NULL, 0), pid);
    store_close (support_open (place->path, &settings));
}

static void
what_is_no_store_is_refused (void **state)
{
    static const char text[] = "This is a letter, and no store at all.\n";
    struct support_place *place = *state;
    uint8_t bytes[16384];
    const struct store_settings settings = support_settings (10);

    assert_int_equal (mkdir (place->path, 0700), 0);
    for (int i = 0; i < 2; i++) { /* a start that was refused has not made it ours */
        write_file (support_file (place, "data.mdb"), text, sizeof text);
        assert_refused (place, "or a damaged store");
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 256);
    }
    write_file (support_file (place, "data.mdb"), bytes, sizeof bytes);
    assert_refused (place, "or a damaged store");
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

    fill (place, 10);
    struct raw raw = raw_open (place->path);
    raw_put (raw, "about", "format", 6, newer, 4);
    raw_close (raw);
    assert_refused (place, "is of format 3, made by a newer version");
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
    struct store_record record;
    MDB_txn *txn;

    fill (place, 10);
    store_format_key (NANO, entry.root, key);
    assert_int_equal (store_file_open (&file, place->path, 0, error, sizeof error), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal (store_file_read (&file, STORE_KIND_ENTRY, key, &record), 0);
        store_file_lose (&file);
        assert_int_equal (store_file_read (&file, STORE_KIND_ENTRY, key, &record), MDB_PANIC);
        assert_int_equal (store_file_begin (&file, &txn), 0);
        mdb_txn_abort (txn);
    }
    store_file_lose (&file);
    write_file (support_file (place, "data.mdb"), "x", 1);
    assert_int_equal (store_file_begin (&file, &txn), MDB_PANIC);
    store_file_close (&file);
}

/* That data.mdb, of these bytes, is put aside when the store opens, which then is empty. */
static void
assert_put_aside (const struct support_place *place, const void *bytes, size_t size)
{
    const struct store_settings settings = support_settings (100000);
    char error[STORE_ERROR_SIZE];

    write_file (support_file (place, "data.mdb"), bytes, size);
    struct store *store = store_open (place->path, &settings, error, sizeof error);
    if (store == NULL) {
        fail_msg ("%s", error);
    }
    assert_non_null (strstr (error, "data.mdb is damaged"));
    assert_non_null (strstr (error, support_file (place, "data.mdb.damaged")));
    assert_int_equal (support_statistics (store).entries, 0);
    support_put (store, 0, 10);
    store = support_reopen (store, place, &settings);
    assert_int_equal (support_statistics (store).entries, 10);
    store_close (store);
    const struct bytes aside = read_file (support_file (place, "data.mdb.damaged"));
    assert_int_equal (aside.size, size);
    assert_memory_equal (aside.data, bytes, size);
    free (aside.data);
}

static void
what_is_damaged_is_put_aside (void **state)
{
    static const uint8_t zero[4] = {0, 0, 0, 0};
    static const uint8_t zeros[8192];
    struct support_place *place = *state;

    fill (place, 10);
    assert_put_aside (place, "A letter", 8);
    assert_put_aside (place, zeros, sizeof zeros); /* power lost before the first write */
    struct raw raw = raw_open (place->path);
    raw_put (raw, "about", "format", 6, zero, sizeof zero);
    raw_close (raw);
    const struct bytes formless = read_file (support_file (place, "data.mdb"));
    assert_put_aside (place, formless.data, formless.size);
    free (formless.data);
}

/* Opens what may be cut off: all of it is there, or nothing and it has been put aside. */
static bool
opens_whole (const struct support_place *place, uint64_t count)
{
    const struct store_settings settings = support_settings (100000);
    char error[STORE_ERROR_SIZE];
    struct store *store = store_open (place->path, &settings, error, sizeof error);
    const bool whole = error[0] == '\0';

    assert_non_null (store);
    assert_int_equal (support_statistics (store).entries, whole ? count : 0);
    for (uint64_t i = 0; i < count; i++) {
        assert_int_equal (support_has (store, NANO, i), whole);
    }
    store_close (store);
    return whole;
}

static void
a_file_cut_off_is_put_aside (void **state)
{
    enum { COUNT = 2500 };
    struct support_place *place = *state;
    size_t aside = 0;

    fill (place, COUNT);
    const struct bytes whole = read_file (support_file (place, "data.mdb"));
    assert_true (whole.size > 200 * 4096);
    for (size_t size = 1; size < whole.size; size += size < 20000 ? 1111 : 10 * 4096 + 5) {
        write_file (support_file (place, "data.mdb"), whole.data, size);
        aside += !opens_whole (place, COUNT);
    }
    assert_true (aside > 20);
    write_file (support_file (place, "data.mdb"), whole.data, whole.size);
    assert_true (opens_whole (place, COUNT));
    free (whole.data);
}

/* How a start ends: exit statuses that no sanitizer has, all others and a crash being failures. */
enum end { END_GOOD, END_FAILING = 100, END_NEWER, END_WRONG };

/* A start in a child, which may crash: reads what there is, adds entries from `first` on, and
 * closes. */
static _Noreturn void
run_start (const char *path, uint64_t first)
{
    enum { NEW = 300 };
    const struct store_settings settings = support_settings (100000);
    char error[STORE_ERROR_SIZE];
    struct store *store = store_open (path, &settings, error, sizeof error);

    if (store == NULL) {
        _exit (strstr (error, "made by a newer version") != NULL ? END_NEWER : END_FAILING);
    }
    for (uint64_t i = 0; i < first; i += 7) {
        const struct store_entry entry = support_entry (NANO, i, 0);
        struct store_entry found = entry;
        (void)store_peek (store, NANO, entry.root, &found);
        if (found.work != entry.work || found.value != entry.value) {
            _exit (END_WRONG);
        }
    }
    for (uint64_t i = first; i < first + NEW; i++) {
        const struct store_entry entry = support_entry (NANO, i, 0);
        (void)store_put (store, &entry);
        (void)store_frontier (store, NANO, entry.root, entry.root);
    }
    bool good = store_sync (store) == 0;
    for (uint64_t i = first; i < first + NEW; i++) {
        good = support_has (store, NANO, i) && good;
    }
    store_close (store);
    _exit (good ? END_GOOD : END_FAILING);
}

static enum end
start_once (const struct support_place *place, uint64_t first)
{
    int status;

    (void)fflush (NULL);
    const pid_t pid = fork ();
    assert_true (pid >= 0);
    if (pid == 0) {
        (void)close (STDERR_FILENO); /* LMDB's last words */
        (void)alarm (60);
        run_start (place->path, first);
    }
    assert_int_equal (waitpid (pid, &status, 0), pid);
    const int end = WIFEXITED (status) ? WEXITSTATUS (status) : END_FAILING;

    assert_int_not_equal (end, END_WRONG);
    return end == END_GOOD || end == END_NEWER ? (enum end)end : END_FAILING;
}

/* Bytes anywhere in the file, half of them in the heads of pages: nothing wrong is served, and of
 * two starts the second is good, whatever the first one met. But for the number of the format: a
 * newer one's file is left alone. */
static void
two_starts_mend_any_damage (void **state)
{
    enum { COUNT = 2500, ROUNDS = 200 };
    struct support_place *place = *state;
    struct seed seed = seed_new ();
    unsigned second = 0;
    unsigned aside = 0;

    fill (place, COUNT);
    struct bytes whole = read_file (support_file (place, "data.mdb"));
    const struct bytes lock = read_file (support_file (place, "store.lock"));
    for (int round = 0; round < ROUNDS; round++) {
        const size_t page = seed_below (&seed, (unsigned)(whole.size / 4096)) * (size_t)4096;
        uint8_t *const harmed = &whole.data[page + seed_below (&seed, round % 2 == 0 ? 24 : 4096)];
        const uint8_t before = *harmed;

        *harmed ^= (uint8_t)(1 + seed_below (&seed, 255));
        write_file (support_file (place, "data.mdb"), whole.data, whole.size);
        write_file (support_file (place, "store.lock"), lock.data, lock.size);
        *harmed = before;
        (void)unlink (support_file (place, "data.mdb.damaged"));
        const enum end first = start_once (place, COUNT);
        if (first == END_NEWER) {
            continue;
        }
        if (first != END_GOOD) {
            assert_int_equal (start_once (place, COUNT), END_GOOD);
            second++;
        }
        assert_int_equal (start_once (place, COUNT), END_GOOD);
        aside += access (support_file (place, "data.mdb.damaged"), F_OK) == 0;
    }
    printf ("of %d damaged files %u were put aside, %u took a second start\n", (int)ROUNDS, aside,
            second);
    assert_true (aside > ROUNDS / 20);
    free (whole.data);
    free (lock.data);
}

/* LMDB's head of a page: a number of the machine's, then 16 bits each of padding, flags, and where
 * its free room begins and ends. */
enum {
    PAGE_FLAGS = sizeof (size_t) + 2,
    PAGE_ROOM = PAGE_FLAGS + 2,
    PAGE_ROOM_END = PAGE_ROOM + 2,
    PAGE_IS_LEAF = 2
};

/* Writes `wrong` at `place` of all leaves. Returns how many there are. */
static size_t
spoil_leaves (struct bytes *file, size_t place, uint16_t wrong)
{
    const size_t page_size = (size_t)sysconf (_SC_PAGESIZE);
    size_t count = 0;

    for (size_t page = 0; page + page_size <= file->size; page += page_size) {
        uint16_t flags;

        memcpy (&flags, &file->data[page + PAGE_FLAGS], sizeof flags);
        if (flags == PAGE_IS_LEAF) {
            memcpy (&file->data[page + place], &wrong, sizeof wrong);
            count++;
        }
    }
    return count;
}

/* Reading does not look at what is wrong here. The second start has all that was there. */
static void
what_only_writing_shows_is_mended (void **state)
{
    enum { COUNT = 2500 };
    struct support_place *place = *state;
    const struct store_settings settings = support_settings (100000);
    char error[STORE_ERROR_SIZE];

    fill (place, COUNT);
    struct bytes file = read_file (support_file (place, "data.mdb"));
    assert_true (spoil_leaves (&file, PAGE_ROOM_END, 0xfff0) > 100); /* far behind the page */
    write_file (support_file (place, "data.mdb"), file.data, file.size);
    assert_int_equal (start_once (place, COUNT), END_FAILING);
    assert_int_equal (start_once (place, COUNT), END_GOOD);
    struct store *store = store_open (place->path, &settings, error, sizeof error);
    assert_non_null (store);
    assert_string_equal (error, "");
    for (uint64_t i = 0; i < COUNT; i++) {
        assert_true (support_has (store, NANO, i));
    }
    store_close (store);
    free (file.data);
}

/* LMDB goes in circles in such a page: it has two thousand million entries. */
static void
a_page_without_end_is_given_up (void **state)
{
    struct support_place *place = *state;

    fill (place, 10);
    struct bytes file = read_file (support_file (place, "data.mdb"));
    assert_true (spoil_leaves (&file, PAGE_ROOM, 0) > 5);
    assert_put_aside (place, file.data, file.size);
    free (file.data);
}

/* Whoever is killed while the file is read, or written anew, has lost nothing. */
static void
a_start_that_is_killed_costs_nothing (void **state)
{
    enum { COUNT = 2500, ROUNDS = 30 };
    struct support_place *place = *state;
    struct seed seed = seed_new ();
    int status;

    fill (place, COUNT);
    for (int round = 0; round < ROUNDS; round++) {
        const pid_t pid = fork ();
        assert_true (pid >= 0);
        if (pid == 0) {
            run_start (place->path, COUNT);
        }
        (void)usleep (seed_below (&seed, 20000));
        assert_int_equal (kill (pid, SIGKILL), 0);
        assert_int_equal (waitpid (pid, &status, 0), pid);
    }
    const struct store_settings settings = support_settings (100000);
    struct store *store = support_open (place->path, &settings);
    for (uint64_t i = 0; i < COUNT; i++) {
        assert_true (support_has (store, NANO, i));
    }
    store_close (store);
    assert_int_equal (access (support_file (place, "data.mdb.damaged"), F_OK), -1);
    assert_int_equal (access (support_file (place, "data.mdb.new"), F_OK), -1);
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
        SUPPORT_TEST (what_is_damaged_is_put_aside),
        SUPPORT_TEST (a_file_cut_off_is_put_aside),
        SUPPORT_TEST (two_starts_mend_any_damage),
        SUPPORT_TEST (what_only_writing_shows_is_mended),
        SUPPORT_TEST (a_page_without_end_is_given_up),
        SUPPORT_TEST (a_start_that_is_killed_costs_nothing),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
