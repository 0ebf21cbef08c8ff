#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "rpc/peer/hops.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

static const char longest[] = "0123456789abcdef0123456789ABCD-_";

static void
test_ids (void **state)
{
    (void)state;
    assert_true (hops_is_id ("a"));
    assert_true (hops_is_id (longest));
    assert_false (hops_is_id (""));
    assert_false (hops_is_id ("0123456789abcdef0123456789abcdef0"));
    assert_false (hops_is_id ("a b"));
    assert_false (hops_is_id ("a,b"));
    assert_false (hops_is_id ("a\r\nb"));
}

static void
test_append (void **state)
{
    static const char *const table[][2] = {
        {NULL, "me"},
        {"", "me"},
        {"a", "a,me"},
        {"a,b", "a,b,me"},
        {" a ,\tb ", "a,b,me"},
        {"a,,b", "me"},
        {"a,b,", "me"},
        {",a", "me"},
        {"a b", "me"},
        {"a;b", "me"},
        {"\xc3\xa4", "me"},
        {"0123456789abcdef0123456789abcdef0", "me"},
        {"1,2,3,4,5,6,7", "1,2,3,4,5,6,7,me"},
        {"1,2,3,4,5,6,7,8,9", "me"},
    };
    char text[HOPS_TEXT_SIZE];
    (void)state;

    for (size_t i = 0; i < COUNT (table); i++) {
        assert_int_equal (hops_append (table[i][0], "me", text), 0);
        assert_string_equal (text, table[i][1]);
    }
}

static void
test_append_refuses (void **state)
{
    char text[HOPS_TEXT_SIZE] = "as before";
    (void)state;

    assert_int_equal (hops_append ("1,2,3,4,5,6,7,8", "me", text), -1);
    assert_int_equal (hops_append ("1", "no id", text), -1);
    assert_string_equal (text, "as before");
}

/* The longest list there can be, made as daemons make it. */
static void
test_longest (void **state)
{
    char hops[HOPS_TEXT_SIZE] = "";
    char next[HOPS_TEXT_SIZE];
    (void)state;

    for (size_t i = 0; i < HOPS_MAX; i++) {
        assert_int_equal (hops_append (hops, longest, next), 0);
        memcpy (hops, next, sizeof hops);
        assert_true (hops_contains (hops, longest));
    }
    assert_int_equal (strlen (hops), HOPS_TEXT_SIZE - 1);
    assert_int_equal (hops_append (hops, longest, next), -1);
}

static void
test_contains (void **state)
{
    (void)state;
    assert_true (hops_contains ("me", "me"));
    assert_true (hops_contains ("a,me,b", "me"));
    assert_true (hops_contains ("a, me", "me"));
    assert_false (hops_contains ("a,mee,m", "me"));
    assert_false (hops_contains ("ME", "me"));
    assert_false (hops_contains (NULL, "me"));
    assert_false (hops_contains ("", "me"));
    assert_false (hops_contains ("me,,a", "me"));
    assert_false (hops_contains ("1,2,3,4,5,6,7,8,me", "me"));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_ids),
        cmocka_unit_test (test_append),
        cmocka_unit_test (test_append_refuses),
        cmocka_unit_test (test_longest),
        cmocka_unit_test (test_contains),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
