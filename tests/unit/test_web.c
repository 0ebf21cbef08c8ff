/*
 * What the status page is made of: ten minutes of hash rates, and a state as HTML.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/web/web_history.h"
#include "node/web/web_table.h"
#include "work/base/clock.h"

static void
test_rates (void **state)
{
    struct web_history history = {.count = 0};

    (void)state;
    assert_int_equal (web_history_count (&history), 0);
    web_history_add (&history, 1000, CLOCK_SECOND); /* tells no rate yet */
    assert_int_equal (web_history_count (&history), 0);
    web_history_add (&history, 1000, CLOCK_SECOND); /* nor does no time */
    assert_int_equal (web_history_count (&history), 0);
    web_history_add (&history, 2000, 6 * CLOCK_SECOND);
    web_history_add (&history, 2000, 8 * CLOCK_SECOND);
    web_history_add (&history, 300, 10 * CLOCK_SECOND); /* by other devices */
    web_history_add (&history, 500, 11 * CLOCK_SECOND);
    assert_int_equal (web_history_count (&history), 4);
    assert_true (web_history_rate (&history, 0) == 200);
    assert_true (web_history_rate (&history, 1) == 0);
    assert_true (web_history_rate (&history, 2) == 150);
    assert_true (web_history_rate (&history, 3) == 200);
}

static void
test_the_oldest_rates_go (void **state)
{
    struct web_history history = {.count = 0};
    uint64_t hashes = 0;

    (void)state;
    for (unsigned i = 0; i <= WEB_HISTORY_SIZE + 5; i++) {
        hashes += i;
        web_history_add (&history, hashes, (i + 1) * CLOCK_SECOND);
    }
    assert_int_equal (web_history_count (&history), WEB_HISTORY_SIZE);
    for (unsigned i = 0; i < WEB_HISTORY_SIZE; i++) {
        assert_true (web_history_rate (&history, i) == i + 6);
    }
}

static void
assert_table (json_t *made, const char *expected)
{
    struct evbuffer *const output = evbuffer_new ();
    const char *text;

    assert_non_null (made);
    web_table_print (made, output);
    assert_int_equal (evbuffer_add (output, "", 1), 0);
    text = (const char *)evbuffer_pullup (output, -1);
    assert_non_null (text);
    if (text != NULL) {
        assert_non_null (strstr (text, expected));
        assert_null (strstr (text, "<script"));
    }
    json_decref (made);
    evbuffer_free (output);
}

static void
test_table (void **state)
{
    (void)state;
    assert_table (json_pack ("{s:s, s:s}", "version", "1", "empty", ""),
                  "<caption>state</caption>\n"
                  "<tr><th scope=\"row\">version</th><td>1</td></tr>\n</table>");
    assert_table (json_pack ("{s:{s:s}}", "store", "hits", "7"),
                  "<caption>store</caption>\n<tr><th scope=\"row\">hits</th><td>7</td></tr>\n");
    assert_table (json_pack ("{s:[{s:s, s:{s:s}}, {s:s, s:s}]}", "peers", "name", "a", "failures",
                             "late", "1", "name", "b", "failures", ""),
                  "<caption>peers</caption>\n<tr><th scope=\"col\">name</th>"
                  "<th scope=\"col\">failures</th></tr>\n"
                  "<tr><td>a</td><td>{&quot;late&quot;: &quot;1&quot;}</td></tr>\n"
                  "<tr><td>b</td><td></td></tr>\n</table>");
}

/* A driver's reason, or a peer's name, may be anything. */
static void
test_table_escapes (void **state)
{
    static const char evil[] = "<script>\"&'</script>";
    static const char harmless[] = "&lt;script&gt;&quot;&amp;'&lt;/script&gt;";

    (void)state;
    assert_table (json_pack ("{s:s}", "a", evil), harmless);
    assert_table (json_pack ("{s:s}", evil, "a"), harmless);
    assert_table (json_pack ("{s:[{s:s}]}", "devices", "reason", evil), harmless);
    assert_table (json_pack ("{s:{s:s}}", evil, "a", "b"), harmless);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_rates),
        cmocka_unit_test (test_the_oldest_rates_go),
        cmocka_unit_test (test_table),
        cmocka_unit_test (test_table_escapes),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
