#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/cli/client_key.h"

static char path[] = "/tmp/workpeer-key-XXXXXX";

static void
write_file (const char *text, size_t length, mode_t mode)
{
    FILE *const file = fopen (path, "w");

    assert_non_null (file);
    assert_int_equal (fwrite (text, 1, length, file), length);
    assert_int_equal (fclose (file), 0);
    assert_int_equal (chmod (path, mode), 0);
}

static void
expect_key (const char *text, const char *expected)
{
    char key[CLIENT_KEY_SIZE] = "untouched";
    char error[CLIENT_KEY_ERROR_SIZE] = "";
    bool is_exposed = true;

    write_file (text, strlen (text), 0600);
    if (client_key_read (path, key, &is_exposed, error) != 0) {
        fail_msg ("%s", error);
    }
    assert_string_equal (key, expected);
    assert_false (is_exposed);
}

static void
expect_error (const char *file, const char *part)
{
    char key[CLIENT_KEY_SIZE] = "untouched";
    char error[CLIENT_KEY_ERROR_SIZE] = "";
    bool is_exposed;

    assert_int_equal (client_key_read (file, key, &is_exposed, error), -1);
    assert_string_equal (key, "untouched");
    if (strstr (error, part) == NULL) {
        fail_msg ("\"%s\" is not in \"%s\"", part, error);
    }
}

static void
expect_file_error (const char *text, size_t length, const char *part)
{
    write_file (text, length, 0600);
    expect_error (path, part);
}

static void
test_first_line (void **state)
{
    (void)state;
    expect_key ("s3cret", "s3cret");
    expect_key ("s3cret\n", "s3cret");
    expect_key ("s3cret\r\n", "s3cret");
    expect_key ("s3cret\nblake2b:00:11\n", "s3cret"); /* all that --make_key prints */
}

static void
test_what_is_no_key (void **state)
{
    (void)state;
    expect_file_error ("", 0, "it is empty");
    expect_file_error ("\n", 1, "there is no key in the first line");
    expect_file_error ("a b\n", 4, "there is no key in the first line");
    expect_file_error ("tab\there\n", 9, "there is no key in the first line");
    expect_file_error ("\xc3\xa9\n", 3, "there is no key in the first line");
    expect_error ("/nowhere/key", "cannot read the key in /nowhere/key: No such file or directory");
    expect_error ("/", "cannot read the key in /: Is a directory");
}

static void
test_length (void **state)
{
    char text[KEY_HASH_MOST_KEY_BYTES + 3];
    (void)state;

    memset (text, 'k', sizeof text);
    text[KEY_HASH_MOST_KEY_BYTES] = '\0';
    expect_key (text, text);
    text[KEY_HASH_MOST_KEY_BYTES] = '\r';
    text[KEY_HASH_MOST_KEY_BYTES + 1] = '\n';
    write_file (text, sizeof text - 1, 0600);
    char key[CLIENT_KEY_SIZE];
    char error[CLIENT_KEY_ERROR_SIZE];
    bool is_exposed;
    assert_int_equal (client_key_read (path, key, &is_exposed, error), 0);
    assert_int_equal (strlen (key), KEY_HASH_MOST_KEY_BYTES);
    memset (text, 'k', sizeof text);
    expect_file_error (text, KEY_HASH_MOST_KEY_BYTES + 1, "expected 1 to 1024 visible");
    expect_file_error (text, sizeof text, "expected 1 to 1024 visible");
}

static void
test_exposed (void **state)
{
    static const struct {
        mode_t mode;
        bool is_exposed;
    } cases[] = {{0600, false}, {0640, false}, {0644, true}, {0604, true}};
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char key[CLIENT_KEY_SIZE];
        char error[CLIENT_KEY_ERROR_SIZE];
        bool is_exposed;

        write_file ("key", 3, cases[i].mode);
        assert_int_equal (client_key_read (path, key, &is_exposed, error), 0);
        assert_int_equal (is_exposed, cases[i].is_exposed);
    }
}

static void
test_environment (void **state)
{
    char key[CLIENT_KEY_SIZE];
    char error[CLIENT_KEY_ERROR_SIZE];
    bool is_exposed;
    (void)state;

    assert_int_equal (unsetenv (CLIENT_KEY_VARIABLE), 0);
    assert_int_equal (client_key_read (NULL, key, &is_exposed, error), 0);
    assert_string_equal (key, "");
    assert_int_equal (setenv (CLIENT_KEY_VARIABLE, "", 1), 0);
    assert_int_equal (client_key_read (NULL, key, &is_exposed, error), 0);
    assert_string_equal (key, "");
    assert_int_equal (setenv (CLIENT_KEY_VARIABLE, "from-there", 1), 0);
    assert_int_equal (client_key_read (NULL, key, &is_exposed, error), 0);
    assert_string_equal (key, "from-there");
    assert_false (is_exposed);
    expect_key ("from-the-file\n", "from-the-file"); /* which is named, and so wins */
    assert_int_equal (setenv (CLIENT_KEY_VARIABLE, "a b", 1), 0);
    assert_int_equal (client_key_read (NULL, key, &is_exposed, error), -1);
    assert_string_equal (error, "the environment's WORKPEER_KEY is no key, expected 1 to 1024 "
                                "visible ASCII characters without blanks");
    assert_int_equal (unsetenv (CLIENT_KEY_VARIABLE), 0);
}

static int
make_file (void **state)
{
    const int fd = mkstemp (path);

    (void)state;
    return fd < 0 ? -1 : close (fd);
}

static int
remove_file (void **state)
{
    (void)state;
    return unlink (path);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_first_line),  cmocka_unit_test (test_what_is_no_key),
        cmocka_unit_test (test_length),      cmocka_unit_test (test_exposed),
        cmocka_unit_test (test_environment),
    };

    return cmocka_run_group_tests (tests, make_file, remove_file);
}
