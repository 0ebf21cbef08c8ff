/*
 * Disks that are full, read-only or not ours, and little address space: opening says what is
 * wrong; a store that is open goes on reading, keeps what it could not write, and writes it when
 * there is room again.
 *
 * A small tmpfs is mounted in a mount namespace of the test's own, as root or in a user namespace;
 * where neither is to be had, those tests are skipped.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "support_store.h"
#include "work/base/clock.h"

#define NANO STORE_NANO_LIVE
#define PATIENCE (60 * CLOCK_SECOND)
#define NOBODY 65534

/* Writes a line into a file of /proc/self. Returns 0 or -1. */
static int
tell_kernel (const char *name, const char *line)
{
    const int fd = open (name, O_WRONLY);
    const ssize_t length = (ssize_t)strlen (line);

    if (fd < 0) {
        return -1;
    }
    const int result = write (fd, line, (size_t)length) == length ? 0 : -1;

    (void)close (fd);
    return result;
}

/* A mount namespace for this process. Returns 0, or -1 where that is not allowed. */
static int
enter_namespace (void)
{
    const unsigned user = geteuid ();
    const unsigned group = getegid ();
    char users[64];
    char groups[64];

    if (user == 0) {
        return unshare (CLONE_NEWNS);
    }
    snprintf (users, sizeof users, "0 %u 1", user);
    snprintf (groups, sizeof groups, "0 %u 1", group);
    if (unshare (CLONE_NEWUSER | CLONE_NEWNS) != 0 ||
        tell_kernel ("/proc/self/uid_map", users) != 0 ||
        tell_kernel ("/proc/self/setgroups", "deny") != 0) {
        return -1;
    }
    return tell_kernel ("/proc/self/gid_map", groups);
}

/* Mounts a tmpfs of two megabytes at the test's directory. False where that is not allowed. */
static bool
mount_small (const struct support_place *place)
{
    static bool entered;

    if (!entered &&
        (enter_namespace () != 0 || mount ("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)) {
        return false;
    }
    entered = true;
    return mount ("none", place->directory, "tmpfs", 0, "size=2m,mode=700") == 0;
}

static void
unmount (const struct support_place *place)
{
    assert_int_equal (umount (place->directory), 0);
}

/* Leaves `spare` bytes of the disk to others. */
static void
take_all_but (const struct support_place *place, const char *name, size_t spare)
{
    static const uint8_t page[4096];
    char path[512];
    off_t size = 0;

    snprintf (path, sizeof path, "%s/%s", place->directory, name);
    const int fd = open (path, O_WRONLY | O_CREAT, 0600);
    assert_true (fd >= 0);
    while (write (fd, page, sizeof page) == sizeof page) {
        size += (off_t)sizeof page;
    }
    assert_int_equal (errno, ENOSPC);
    assert_int_equal (ftruncate (fd, size > (off_t)spare ? size - (off_t)spare : 0), 0);
    (void)close (fd);
}

static void
give_back (const struct support_place *place, const char *name)
{
    char path[512];

    snprintf (path, sizeof path, "%s/%s", place->directory, name);
    assert_int_equal (unlink (path), 0);
}

/* Waits until the statistics say that writing fails, or that it works. */
static void
wait_for_failing (struct store *store, bool failing)
{
    const uint64_t deadline = clock_now () + PATIENCE;

    while (support_statistics (store).failing != failing) {
        assert_true (clock_now () < deadline);
        (void)usleep (1000);
    }
}

/* Puts entries until writing fails. Returns how many were taken. */
static uint64_t
put_until_failing (struct store *store, uint64_t first)
{
    const uint64_t deadline = clock_now () + PATIENCE;
    uint64_t number = first;

    while (!support_statistics (store).failing) {
        const struct store_entry entry = support_entry (NANO, number, 0);
        assert_true (clock_now () < deadline);
        if (support_statistics (store).pending < 1000) {
            assert_int_equal (store_put (store, &entry), STORE_PUT);
            number++;
        }
    }
    return number;
}

static void
assert_has_all (struct store *store, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++) {
        assert_true (support_has (store, NANO, i));
    }
}

/* Goes on while writing fails with `words`, until `relieve` has been called. */
static void
live_through_it (struct store *store, const char *words, uint64_t *count,
                 void (*relieve) (const struct support_place *), const struct support_place *place)
{
    const uint64_t deadline = clock_now () + PATIENCE;
    struct store_statistics statistics;

    *count = put_until_failing (store, *count);
    assert_has_all (store, 0, *count); /* those on the disk and those that wait */
    assert_int_equal (store_sync (store), -1);
    statistics = support_statistics (store);
    assert_true (statistics.write_errors >= 2);
    assert_int_equal (statistics.troubles, 1);
    assert_int_equal (statistics.dropped, 0);
    if (strstr (statistics.error, words) == NULL ||
        strstr (statistics.error, "cannot write to the store in ") == NULL) {
        fail_msg ("%s", statistics.error);
    }
    relieve (place);
    while (store_sync (store) != 0) {
        assert_true (clock_now () < deadline);
    }
    assert_false (support_statistics (store).failing);
    assert_int_equal (support_statistics (store).entries, *count);
    assert_int_equal (support_statistics (store).read_errors, 0);
}

static void
remove_ballast (const struct support_place *place)
{
    give_back (place, "ballast");
}

static void
a_full_disk_is_lived_through (void **state)
{
    struct support_place *place = *state;
    const struct store_settings settings = support_settings (1000000);
    uint64_t count = 0;

    if (!mount_small (place)) {
        skip ();
    }
    struct store *store = support_open (place->path, &settings);

    take_all_but (place, "ballast", 500000);
    live_through_it (store, "No space left on device", &count, remove_ballast, place);
    store_close (store);
    store = support_open (place->path, &settings);
    assert_has_all (store, 0, count);
    assert_int_equal (support_statistics (store).entries, count);

    /* Full again, and closed so: what was on the disk stays. */
    take_all_but (place, "ballast", 0);
    (void)put_until_failing (store, count);
    store_close (store);
    store = support_open (place->path, &settings);
    assert_has_all (store, 0, count);
    store_close (store);
    assert_int_equal (unlink (support_file (place, "data.mdb")), 0);
    assert_int_equal (unlink (support_file (place, "lock.mdb")), 0);
    unmount (place);
}

static void
no_room_at_all_is_said_at_the_start (void **state)
{
    struct support_place *place = *state;
    char error[STORE_ERROR_SIZE];

    if (!mount_small (place)) {
        skip ();
    }
    for (size_t spare = 0; spare < 10; spare++) { /* pages: for a directory, a lock, a file */
        take_all_but (place, "ballast", spare * 4096);
        const struct store_settings settings = support_settings (100);
        struct store *store = store_open (place->path, &settings, error, sizeof error);
        if (store == NULL && strstr (error, "No space left on device") == NULL) {
            fail_msg ("%s", error);
        }
        assert_true (spare > 1 || store == NULL);
        store_close (store);
        give_back (place, "ballast");
        store_close (support_open (place->path, &settings)); /* and nothing is spoiled */
        (void)unlink (support_file (place, "data.mdb"));
        (void)unlink (support_file (place, "lock.mdb"));
    }
    unmount (place);
}

static void
a_read_only_file_system_is_refused (void **state)
{
    struct support_place *place = *state;
    const struct store_settings settings = support_settings (100);
    char error[STORE_ERROR_SIZE];

    if (!mount_small (place)) {
        skip ();
    }
    store_close (support_open (place->path, &settings));
    assert_int_equal (mount (NULL, place->directory, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
    support_refused (place->path, error);
    assert_non_null (strstr (error, "Read-only file system"));
    assert_non_null (strstr (error, "a directory it can write to"));
    support_refused (support_file (place, "other"), error);
    assert_non_null (strstr (error, "Read-only file system"));
    unmount (place);
}

/* As root, another user is taken for the time. */
static void
a_directory_that_is_not_ours_is_refused (void **state)
{
    struct support_place *place = *state;
    const struct store_settings settings = support_settings (100);
    const bool root = geteuid () == 0;
    char error[STORE_ERROR_SIZE];

    store_close (support_open (place->path, &settings));
    assert_int_equal (chmod (place->directory, 0755), 0);
    assert_int_equal (unlink (support_file (place, "store.lock")), 0);
    assert_int_equal (chmod (place->path, 0555), 0);
    if (root && seteuid (NOBODY) != 0) {
        skip (); /* a user namespace that knows no other user */
    }
    support_refused (place->path, error);
    assert_int_equal (root ? seteuid (0) : 0, 0);
    assert_int_equal (chmod (place->path, 0700), 0);
    assert_non_null (strstr (error, "Permission denied"));
    assert_non_null (strstr (error, "a directory it can write to"));
}

static void
set_largest_file (rlim_t size)
{
    struct rlimit limit;

    assert_int_equal (getrlimit (RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size < limit.rlim_max ? size : limit.rlim_max;
    assert_int_equal (setrlimit (RLIMIT_FSIZE, &limit), 0);
}

static void
lift_limit (const struct support_place *place)
{
    (void)place;
    set_largest_file (RLIM_INFINITY);
}

/* Anybody can try this one. SIGXFSZ keeps its default, which is to kill: the writer blocks it. */
static void
a_limit_of_file_size_is_lived_through (void **state)
{
    struct support_place *place = *state;
    const struct store_settings settings = support_settings (1000000);
    struct store *store = support_open (place->path, &settings);
    uint64_t count = 0;

    set_largest_file (500000);
    live_through_it (store, "", &count, lift_limit, place);
    store_close (store);
    store = support_open (place->path, &settings);
    assert_has_all (store, 0, count);
    store_close (store);
}

/* Nobody syncs: the writer tries again by itself. */
static void
the_writer_comes_back_by_itself (void **state)
{
    const struct store_settings settings = support_settings (1000000);
    struct store *store = support_open (((struct support_place *)*state)->path, &settings);

    set_largest_file (500000);
    const uint64_t count = put_until_failing (store, 0);
    set_largest_file (RLIM_INFINITY);
    wait_for_failing (store, false);
    support_sync (store);
    assert_int_equal (support_statistics (store).entries, count);
    store_close (store);
}

/* Leaves `spare` bytes of address space to the process, or no bound for 0. Returns whether that has
 * an effect: under qemu-user it has none. */
static bool
leave_address_space (size_t spare)
{
    struct rlimit limit;
    unsigned long pages = 0;
    FILE *const statm = fopen ("/proc/self/statm", "re");

    assert_non_null (statm);
    assert_int_equal (fscanf (statm, "%lu", &pages), 1);
    (void)fclose (statm);
    assert_int_equal (getrlimit (RLIMIT_AS, &limit), 0);
    limit.rlim_cur =
        spare == 0 ? limit.rlim_max : pages * (rlim_t)sysconf (_SC_PAGESIZE) + (rlim_t)spare;
    assert_int_equal (setrlimit (RLIMIT_AS, &limit), 0);
    void *const map = mmap (NULL, spare + 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return map == MAP_FAILED || munmap (map, spare + 4096) != 0;
}

/* As in a small container, or after ulimit -v. */
static void
little_address_space_is_enough (void **state)
{
    struct support_place *place = *state;
    const struct store_settings settings = support_settings (1000000);

    if (!leave_address_space ((size_t)200 << 20)) {
        (void)leave_address_space (0);
        skip ();
    }
    struct store *store = support_open (place->path, &settings);
    support_put (store, 0, 100);
    store = support_reopen (store, place, &settings);
    assert_has_all (store, 0, 100);
    store_close (store);
    (void)leave_address_space (0);
}

/* The file becomes as large as there is address space for, and its entries as many. */
static void
less_address_space_is_a_lower_bound (void **state)
{
    struct support_place *place = *state;
    const struct store_settings settings = support_settings (1000000);
    uint64_t entries;

    store_close (support_open (place->path, &settings));
    if (!leave_address_space ((size_t)45 << 20)) { /* the threads have some of it */
        (void)leave_address_space (0);
        skip ();
    }
    struct store *store = support_open (place->path, &settings);
    support_put (store, 0, 20000);
    support_put (store, 20000, 40000);
    support_put (store, 40000, 60000);
    entries = support_statistics (store).entries;
    assert_in_range (entries, STORE_MIN_BYTES / STORE_ENTRY_BYTES, 59000);
    assert_int_equal (support_statistics (store).write_errors, 0);
    assert_has_all (store, 60000 - entries, 60000);
    (void)leave_address_space (0);
    store = support_reopen (store, place, &settings);
    support_put (store, 60000, 61000);
    assert_int_equal (support_statistics (store).entries, entries + 1000);
    store_close (store);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        SUPPORT_TEST (a_directory_that_is_not_ours_is_refused),
        SUPPORT_TEST (a_limit_of_file_size_is_lived_through),
        SUPPORT_TEST (the_writer_comes_back_by_itself),
        SUPPORT_TEST (little_address_space_is_enough),
        SUPPORT_TEST (less_address_space_is_a_lower_bound),
        SUPPORT_TEST (a_full_disk_is_lived_through),
        SUPPORT_TEST (no_room_at_all_is_said_at_the_start),
        SUPPORT_TEST (a_read_only_file_system_is_refused),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
