/* The nearest name: what counts as near, which of several wins, words of any length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/base/nearest.h"

static const char *const names[] = {"daemon", "data_path", "network",
                                    "count",  "config",    "rpcconfig"};

enum { NAME_COUNT = sizeof names / sizeof names[0] };

static const char *
nearest (const char *word)
{
    return nearest_name (word, names, NAME_COUNT);
}

static void
test_one_edit (void **state)
{
    (void)state;
    assert_string_equal (nearest ("daemon"), "daemon");
    assert_string_equal (nearest ("deamon"), "daemon"); /* neighbours swapped */
    assert_string_equal (nearest ("daemn"), "daemon");  /* one missing */
    assert_string_equal (nearest ("ddaemon"), "daemon");
    assert_string_equal (nearest ("data-path"), "data_path");
    assert_string_equal (nearest ("netwark"), "network");
}

static void
test_case_does_not_count (void **state)
{
    (void)state;
    assert_string_equal (nearest ("DAEMON"), "daemon");
    assert_string_equal (nearest ("DataPaht"), "data_path");
}

static void
test_nothing_near (void **state)
{
    (void)state;
    assert_null (nearest (""));
    assert_null (nearest ("peers"));
    assert_null (nearest ("foo"));
    assert_null (nearest ("daemonised"));
    assert_null (nearest_name ("daemon", names, 0));
}

static void
test_edits_allowed_grow_with_the_word (void **state)
{
    const char *const short_names[] = {"a", "abc", "abcde", "abcdefghi"};

    (void)state;
    assert_string_equal (nearest_name ("abx", short_names, 4), "abc");
    assert_null (nearest_name ("xyc", short_names + 1, 3));
    assert_string_equal (nearest_name ("abxye", short_names, 4), "abcde");
    assert_string_equal (nearest_name ("abcxyzghi", short_names, 4), "abcdefghi");
    assert_null (nearest_name ("abwxyzghi", short_names, 4));
}

static void
test_the_nearest_and_then_the_first_wins (void **state)
{
    const char *const near[] = {"threads", "thread", "threat", "treads"};

    (void)state;
    assert_string_equal (nearest_name ("thread", near, 4), "thread");
    assert_string_equal (nearest_name ("threa", near, 4), "thread");
}

static void
test_long_words_are_near_nothing (void **state)
{
    char longest[64 + 1];
    char longer[65 + 1];
    const char *const long_names[] = {longer, longest};

    (void)state;
    memset (longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    memset (longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_ptr_equal (nearest_name (longest, long_names, 2), longest);
    assert_null (nearest_name (longer, long_names, 2));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_one_edit),
        cmocka_unit_test (test_case_does_not_count),
        cmocka_unit_test (test_nothing_near),
        cmocka_unit_test (test_edits_allowed_grow_with_the_word),
        cmocka_unit_test (test_the_nearest_and_then_the_first_wins),
        cmocka_unit_test (test_long_words_are_near_nothing),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
