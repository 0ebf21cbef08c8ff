/*
 * What may stand in a header: no name or value that ends it and begins another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "rpc/base/header.h"

static void
test_names (void **state)
{
    static const char *const bad[] = {"",    "a b",  "a:",   "a\r\nb: c", "a\n", "\x80",
                                      "\"a", "a(b)", "a\tb", "a@b",       "[a]", "a/b"};
    char name[HEADER_MOST_NAME + 2];
    (void)state;

    assert_true (header_is_name ("api-key"));
    assert_true (header_is_name ("!#$%&'*+-.^_`|~09azAZ"));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false (header_is_name (bad[i]));
    }
    memset (name, 'x', sizeof name);
    name[HEADER_MOST_NAME + 1] = '\0';
    assert_false (header_is_name (name));
    name[HEADER_MOST_NAME] = '\0';
    assert_true (header_is_name (name));
    assert_true (header_is_reserved ("HOST"));
    assert_true (header_is_reserved ("content-length"));
    assert_false (header_is_reserved ("Authorization"));
}

static void
test_values (void **state)
{
    static const char *const bad[] = {"", " ", " a", "a ", "a\r\nb: c", "a\n", "\xc3\xa4", "a\x7f"};
    char value[HEADER_MOST_VALUE + 2];
    (void)state;

    assert_true (header_is_value ("Bearer a-b_c~d+/=="));
    assert_true (header_is_value ("\"!~ ~!\""));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false (header_is_value (bad[i]));
    }
    memset (value, 'x', sizeof value);
    value[HEADER_MOST_VALUE + 1] = '\0';
    assert_false (header_is_value (value));
    value[HEADER_MOST_VALUE] = '\0';
    assert_true (header_is_value (value));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_names),
        cmocka_unit_test (test_values),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
