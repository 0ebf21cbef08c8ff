/* Compiled kernels in a directory: what is whole comes back, and nothing else does. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "support_opencl.h"
#include "work/opencl/opencl_cache.h"

static const char binary[] = "a kernel, compiled";
static const uint8_t key[OPENCL_CACHE_DIGEST] = {0xab, 1, 2};

static void
keep (const char *directory, const char *data)
{
    assert_int_equal (
        opencl_cache_write (directory, key, (const unsigned char *)data, strlen (data)), 0);
}

static void
assert_kept (const char *directory, const char *data)
{
    size_t size = 0;
    unsigned char *const found = opencl_cache_read (directory, key, &size);

    assert_non_null (found);
    assert_int_equal (size, strlen (data));
    assert_memory_equal (found, data, size);
    free (found);
}

static void
assert_nothing (const char *directory)
{
    size_t size = 0;

    assert_null (opencl_cache_read (directory, key, &size));
}

/* The only file there is. */
static char *
file_in (const char *directory)
{
    char pattern[4096];
    glob_t files;
    char *path;

    (void)snprintf (pattern, sizeof pattern, "%s/*", directory);
    assert_int_equal (glob (pattern, 0, NULL, &files), 0);
    assert_int_equal (files.gl_pathc, 1);
    path = strdup (files.gl_pathv[0]);
    assert_non_null (path);
    globfree (&files);
    return path;
}

static void
test_kept (void **state)
{
    char *const directory = support_directory_new ();

    (void)state;
    assert_nothing (directory);
    keep (directory, binary);
    assert_kept (directory, binary);
    keep (directory, "another");
    assert_kept (directory, "another");
    free (file_in (directory)); /* nothing is left beside it */
    support_directory_free (directory);
}

static void
test_directories_are_made (void **state)
{
    char *const directory = support_directory_new ();
    char deeper[4096];
    struct stat status;

    (void)state;
    (void)snprintf (deeper, sizeof deeper, "%s/one/two", directory);
    keep (deeper, binary);
    assert_kept (deeper, binary);
    assert_int_equal (stat (deeper, &status), 0);
    assert_int_equal (status.st_mode & 077, 0);
    support_directory_free (directory);
}

/* Every byte counts, and so does every missing one. */
static void
test_damaged (void **state)
{
    char *const directory = support_directory_new ();
    char *path;
    struct stat status;

    (void)state;
    keep (directory, binary);
    path = file_in (directory);
    assert_int_equal (stat (path, &status), 0);
    for (off_t i = 0; i < status.st_size; i++) {
        const int fd = open (path, O_RDWR);
        char byte;

        assert_true (fd >= 0);
        assert_int_equal (pread (fd, &byte, 1, i), 1);
        byte = (char)(byte ^ 1);
        assert_int_equal (pwrite (fd, &byte, 1, i), 1);
        assert_nothing (directory);
        byte = (char)(byte ^ 1);
        assert_int_equal (pwrite (fd, &byte, 1, i), 1);
        assert_int_equal (close (fd), 0);
        assert_kept (directory, binary);
    }
    for (off_t size = status.st_size - 1; size >= 0; size--) {
        assert_int_equal (truncate (path, size), 0);
        assert_nothing (directory);
    }
    keep (directory, binary);
    assert_kept (directory, binary);
    free (path);
    support_directory_free (directory);
}

/* Where a file stands, no directory can be made: root may write anywhere else. */
static void
test_unwritable (void **state)
{
    char *const directory = support_directory_new ();
    char path[4096];

    (void)state;
    (void)snprintf (path, sizeof path, "%s/file", directory);
    assert_int_equal (close (open (path, O_WRONLY | O_CREAT, 0600)), 0);
    (void)snprintf (path, sizeof path, "%s/file/cache", directory);
    assert_int_equal (opencl_cache_write (path, key, (const unsigned char *)binary, 5), -1);
    assert_int_equal (errno, ENOTDIR);
    assert_nothing (path);
    support_directory_free (directory);
}

static void
test_keys (void **state)
{
    static const char *const texts[][2] = {
        {"ab", "c"}, {"a", "bc"}, {"abc", ""}, {"", "abc"}, {"abc", "d"}};
    enum { COUNT = sizeof texts / sizeof texts[0] };
    uint8_t keys[COUNT][OPENCL_CACHE_DIGEST];

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        uint8_t again[OPENCL_CACHE_DIGEST];

        opencl_cache_key (texts[i], 2, keys[i]);
        opencl_cache_key (texts[i], 2, again);
        assert_memory_equal (keys[i], again, sizeof again);
        for (size_t j = 0; j < i; j++) {
            assert_memory_not_equal (keys[i], keys[j], 16);
        }
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_kept),    cmocka_unit_test (test_directories_are_made),
        cmocka_unit_test (test_damaged), cmocka_unit_test (test_unwritable),
        cmocka_unit_test (test_keys),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
