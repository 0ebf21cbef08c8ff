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

/* Reads a header and prints what was read, with "me" after it. */
static const char *
pass_on (const char *header)
{
    static char text[HOPS_TEXT_SIZE];
    struct hops hops;

    hops_parse (header, &hops);
    assert_int_equal (hops_append (&hops, "me"), 0);
    hops_print (&hops, text);
    return text;
}

static void
test_pass_on (void **state)
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

    (void)state;
    for (size_t i = 0; i < COUNT (table); i++) {
        assert_string_equal (pass_on (table[i][0]), table[i][1]);
    }
}

static void
test_none (void **state)
{
    struct hops hops;
    char text[HOPS_TEXT_SIZE] = "as before";

    (void)state;
    hops_parse (NULL, &hops);
    assert_int_equal (hops.count, 0);
    hops_print (&hops, text);
    assert_string_equal (text, "");
}

static void
test_append_refuses (void **state)
{
    struct hops hops;
    struct hops before;

    (void)state;
    hops_parse ("1,2,3,4,5,6,7,8", &hops);
    before = hops;
    assert_int_equal (hops_append (&hops, "me"), -1);
    assert_true (hops_same (&hops, &before));
    hops_parse ("1", &hops);
    assert_int_equal (hops_append (&hops, "no id"), -1);
    assert_int_equal (hops.count, 1);
}

/* The longest list there can be, made as daemons make it. */
static void
test_longest (void **state)
{
    struct hops hops = {0};
    struct hops again;
    char text[HOPS_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < HOPS_MAX; i++) {
        assert_int_equal (hops_append (&hops, longest), 0);
        assert_true (hops_contains (&hops, longest));
    }
    assert_int_equal (hops_append (&hops, longest), -1);
    hops_print (&hops, text);
    assert_int_equal (strlen (text), HOPS_TEXT_SIZE - 1);
    hops_parse (text, &again);
    assert_true (hops_same (&hops, &again));
}

static bool
contains (const char *header, const char *id)
{
    struct hops hops;

    hops_parse (header, &hops);
    return hops_contains (&hops, id);
}

static void
test_contains (void **state)
{
    (void)state;
    assert_true (contains ("me", "me"));
    assert_true (contains ("a,me,b", "me"));
    assert_true (contains ("a, me", "me"));
    assert_false (contains ("a,mee,m", "me"));
    assert_false (contains ("ME", "me"));
    assert_false (contains (NULL, "me"));
    assert_false (contains ("", "me"));
    assert_false (contains ("me,,a", "me"));
    assert_false (contains ("1,2,3,4,5,6,7,8,me", "me"));
}

/* However the header writes it; an id is not what another one begins with. */
static void
test_same (void **state)
{
    struct hops a;
    struct hops b;

    (void)state;
    hops_parse ("a,b", &a);
    hops_parse (" a , b", &b);
    assert_true (hops_same (&a, &b));
    hops_parse ("b,a", &b);
    assert_false (hops_same (&a, &b));
    hops_parse ("a,bb", &b);
    assert_false (hops_same (&a, &b));
    hops_parse ("a", &b);
    assert_false (hops_same (&a, &b));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_ids),     cmocka_unit_test (test_pass_on),
        cmocka_unit_test (test_none),    cmocka_unit_test (test_append_refuses),
        cmocka_unit_test (test_longest), cmocka_unit_test (test_contains),
        cmocka_unit_test (test_same),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
