/*
 * Reading the RPC's JSON, field by field, and writing it, byte by byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rpc/base/json.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

/* A text with its length, so that it may hold zeros. */
#define TEXT(literal)                   \
    {                                   \
        (literal), sizeof (literal) - 1 \
    }

enum { DEPTH = 20 };

struct text {
    const char *bytes;
    size_t length;
};

static json_t *
parse_bytes (const char *bytes, size_t length, size_t max_depth, const char **error)
{
    struct evbuffer *input = evbuffer_new ();
    json_t *tree;

    assert_non_null (input);
    assert_int_equal (evbuffer_add (input, bytes, length), 0);
    tree = json_parse (input, max_depth, error);
    evbuffer_free (input);
    return tree;
}

static json_t *
parse (const char *text)
{
    const char *error = NULL;
    json_t *tree = parse_bytes (text, strlen (text), DEPTH, &error);

    assert_non_null (tree);
    assert_null (error);
    return tree;
}

static void
assert_refused (const char *bytes, size_t length, size_t max_depth, const char *message)
{
    const char *error = NULL;

    assert_null (parse_bytes (bytes, length, max_depth, &error));
    assert_non_null (error);
    assert_string_equal (error, message);
}

static void
parse_takes_objects (void **state)
{
    static const char *const good[] = {
        "{}",
        " \t\r\n{ } \n",
        "{\"action\":\"work_generate\",\"hash\":\"00\"}",
        "{\"action\":{\"action\":{}}}", /* the same key again, but in another object */
        "{\"a\":[1,2.5,-3e2,true,false,null,\"x\",{},[]]}",
        "{\"\":\"\"}",
        "\xef\xbb\xbf{}",
        "\xef\xbb\xbf \n{}",
        "{\"a\":\"\\u00e9 \\ud83d\\ude00 \xc3\xa9\"}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT (good); i++) {
        json_decref (parse (good[i]));
    }
}

static void
parse_refuses_the_rest (void **state)
{
    static const struct text bad[] = {
        TEXT (""),
        TEXT (" "),
        TEXT ("\xef\xbb\xbf"),
        TEXT ("\xef\xbb"),
        TEXT ("\xef\xbb\xbf\xef\xbb\xbf{}"),
        TEXT ("{"),
        TEXT ("}"),
        TEXT ("{}}"),
        TEXT ("{} {}"),
        TEXT ("{}x"),
        TEXT ("{},"),
        TEXT ("[]"),
        TEXT ("[{}]"),
        TEXT ("\"text\""),
        TEXT ("1"),
        TEXT ("null"),
        TEXT ("true"),
        TEXT ("{\"a\"}"),
        TEXT ("{\"a\":}"),
        TEXT ("{\"a\":1,}"),
        TEXT ("{a:1}"),
        TEXT ("{'a':1}"),
        TEXT ("{\"a\":01}"),
        TEXT ("{\"a\":NaN}"),
        TEXT ("{\"a\":\"\n\"}"),
        TEXT ("{\"a\":\"\\x\"}"),
        TEXT ("{\"a\":\"\xff\"}"),
        TEXT ("{\"a\":\"\\ud800\"}"),
        TEXT ("{\"a\":1,\"a\":1}"),
        TEXT ("{\"a\":1,\"b\":2,\"\\u0061\":3}"),
        TEXT ("{\"o\":{\"a\":1,\"a\":2}}"),
        TEXT ("{}\0"),
        TEXT ("\0{}"),
        TEXT ("{\"a\":\"x\0y\"}"),
        TEXT ("{\"a\":\"x\\u0000y\"}"),
        TEXT ("{\"a\0b\":1}"),
        TEXT ("{\"a\":1\0}"),
        TEXT ("{\"a\":true\0}"),
        TEXT ("{\"a\":[1\0,2]}"),
    };

    (void)state;
    for (size_t i = 0; i < COUNT (bad); i++) {
        assert_refused (bad[i].bytes, bad[i].length, DEPTH, "Unable to parse JSON");
    }
}

/* A request cut short anywhere is refused, and read no further than its end. */
static void
parse_refuses_every_beginning (void **state)
{
    static const char whole[] =
        "{\"action\":\"work_generate\",\"n\":[1,-2.5e3,null],\"t\":{\"\\u00e9\":true}}";

    (void)state;
    for (size_t length = 0; length < sizeof whole - 1; length++) {
        char *copy = malloc (length > 0 ? length : 1); /* its end is where the sanitizers look */

        assert_non_null (copy);
        memcpy (copy, whole, length);
        assert_refused (copy, length, DEPTH, "Unable to parse JSON");
        free (copy);
    }
    json_decref (parse (whole));
}

static void
parse_counts_every_bracket (void **state)
{
    static const struct {
        const char *text;
        size_t brackets;
    } rows[] = {
        {"{}", 1},
        {"{\"a\":[]}", 2},
        {"{\"a\":[],\"b\":[],\"c\":{}}", 4}, /* side by side counts as inside */
        {"{\"a\":\"[[{{\"}", 5},             /* and so does a text */
        {"{\"[\":1}", 2},
        {"{\"a\":\"]]}}\"}", 1},
    };
    const char *error = NULL;

    (void)state;
    for (size_t i = 0; i < COUNT (rows); i++) {
        size_t length = strlen (rows[i].text);
        json_t *tree = parse_bytes (rows[i].text, length, rows[i].brackets, &error);

        assert_non_null (tree);
        json_decref (tree);
        assert_refused (rows[i].text, length, rows[i].brackets - 1, "Max JSON depth exceeded");
    }
    assert_refused ("[[[", 3, 2, "Max JSON depth exceeded"); /* before anything is parsed */
}

/* A body comes in as many pieces as the network made of it. */
static void
parse_joins_the_pieces (void **state)
{
    static const char text[] = "{\"action\":\"version\"}";
    char scratch[JSON_SCRATCH_SIZE];
    struct evbuffer *input = evbuffer_new ();
    const char *error = NULL;
    json_t *tree;

    (void)state;
    assert_non_null (input);
    for (size_t i = 0; i < sizeof text - 1; i++) {
        assert_int_equal (evbuffer_add_reference (input, text + i, 1, NULL, NULL), 0);
    }
    tree = json_parse (input, DEPTH, &error);
    assert_non_null (tree);
    assert_string_equal (json_text (tree, "action", scratch), "version");
    json_decref (tree);
    evbuffer_free (input);
}

static void
text_of_every_type (void **state)
{
    static const struct {
        const char *value;
        const char *text;
    } rows[] = {
        {"\"\"", ""},
        {"\"text\"", "text"},
        {"\"a\\/b\\u00e9\\n\"", "a/b\xc3\xa9\n"},
        {"0", "0"},
        {"-1", "-1"},
        {"9007199254740991", "9007199254740991"},
        {"9007199254740992", "9.0071992547409920e+15"},
        {"-9007199254740991", "-9007199254740991"},
        {"18446744073709551615", "1.8446744073709552e+19"}, /* numbers are doubles */
        {"100000000000000000000000000000000000000000000000000", "1.0000000000000001e+50"},
        {"1.0", "1"},
        {"2.5", "2.5"},
        {"-0.125", "-0.125"},
        {"1e300", "1.0000000000000001e+300"},
        {"0.1", "0.10000000000000001"},
        {"true", "true"},
        {"false", "false"},
        {"null", "null"},
        {"[1]", ""},
        {"{\"a\":\"b\"}", ""},
    };
    char scratch[JSON_SCRATCH_SIZE];
    char object[100];

    (void)state;
    for (size_t i = 0; i < COUNT (rows); i++) {
        json_t *tree;

        snprintf (object, sizeof object, "{\"before\":1,\"key\":%s,\"after\":2}", rows[i].value);
        tree = parse (object);
        assert_string_equal (json_text (tree, "key", scratch), rows[i].text);
        json_decref (tree);
    }
}

static void
text_of_an_absent_field_is_none (void **state)
{
    char scratch[JSON_SCRATCH_SIZE];
    json_t *tree = parse ("{\"key\":\"\",\"in\":{\"side\":1}}");

    (void)state;
    assert_null (json_text (tree, "Key", scratch));
    assert_null (json_text (tree, "", scratch));
    assert_null (json_text (tree, "side", scratch));
    assert_non_null (json_text (tree, "key", scratch));
    json_decref (tree);
}

static void
assert_flag (const char *value, bool otherwise, bool expected)
{
    char object[100];
    json_t *tree;

    snprintf (object, sizeof object, "{\"flag\":%s}", value);
    tree = parse (object);
    assert_int_equal (json_flag (tree, "flag", otherwise), expected);
    json_decref (tree);
}

static void
flags_are_true_false_1_and_0 (void **state)
{
    static const char *const yes[] = {"true", "1", "\"true\"", "\"1\"", "1.0"};
    static const char *const no[] = {"false", "0", "\"false\"", "\"0\"", "0.0"};
    static const char *const neither[] = {
        "\"\"", "\"yes\"", "\"True\"", "\"FALSE\"", "\" true\"", "\"true \"", "\"01\"",
        "2",    "-1",      "0.5",      "null",      "[]",        "{}",        "[true]",
    };

    (void)state;
    for (int otherwise = 0; otherwise <= 1; otherwise++) {
        for (size_t i = 0; i < COUNT (yes); i++) {
            assert_flag (yes[i], otherwise, true);
        }
        for (size_t i = 0; i < COUNT (no); i++) {
            assert_flag (no[i], otherwise, false);
        }
        for (size_t i = 0; i < COUNT (neither); i++) {
            assert_flag (neither[i], otherwise, otherwise);
        }
    }
}

static void
absent_flag_is_otherwise (void **state)
{
    json_t *tree = parse ("{\"flags\":true}");

    (void)state;
    assert_true (json_flag (tree, "flag", true));
    assert_false (json_flag (tree, "flag", false));
    json_decref (tree);
}

/* What json_print makes of `tree`, which it takes, after `before`. */
static void
assert_printed (json_t *tree, const char *before, const char *expected)
{
    struct evbuffer *output = evbuffer_new ();

    assert_non_null (output);
    assert_int_equal (evbuffer_add (output, before, strlen (before)), 0);
    json_print (tree, output);
    json_decref (tree);
    assert_int_equal (evbuffer_get_length (output), strlen (expected));
    assert_memory_equal (evbuffer_pullup (output, -1), expected, strlen (expected));
    evbuffer_free (output);
}

static void
print_is_the_nodes (void **state)
{
    json_t *tree = json_object ();
    json_t *inner = json_object ();

    (void)state;
    json_put (tree, "work", "%016x", 0x2bf29e);
    json_put (tree, "multiplier", "%.3f", 1.5);
    json_put (tree, "a/b", "/\"\\\b\f\n\r\t\x01 %s", "\xc3\xa9");
    json_put (inner, "last", "%s", "");
    assert_int_equal (json_object_set_new (tree, "inner", inner), 0);
    assert_printed (tree, "",
                    "{\n"
                    "    \"work\": \"00000000002bf29e\",\n"
                    "    \"multiplier\": \"1.500\",\n"
                    "    \"a\\/b\": \"\\/\\\"\\\\\\b\\f\\n\\r\\t\\u0001 \xc3\xa9\",\n"
                    "    \"inner\": {\n"
                    "        \"last\": \"\"\n"
                    "    }\n"
                    "}\n");
}

static void
print_adds_to_the_output (void **state)
{
    (void)state;
    assert_printed (json_object (), "before\n", "before\n{}\n");
}

static void
put_replaces (void **state)
{
    json_t *tree = json_object ();

    (void)state;
    json_put (tree, "a", "1");
    json_put (tree, "b", "2");
    json_put (tree, "a", "%d", 3);
    assert_printed (tree, "", "{\n    \"a\": \"3\",\n    \"b\": \"2\"\n}\n");
}

static void
put_takes_what_is_not_utf_8 (void **state)
{
    char scratch[JSON_SCRATCH_SIZE];
    json_t *tree = json_object ();

    (void)state;
    json_put (tree, "a", "%s", "Ger\xe4t \xff");
    assert_string_equal (json_text (tree, "a", scratch), "Ger?t ?");
    json_decref (tree);
}

static void
put_cuts_what_is_too_long (void **state)
{
    char text[JSON_PUT_SIZE + 1];
    char scratch[JSON_SCRATCH_SIZE];
    json_t *tree = json_object ();

    (void)state;
    memset (text, 'x', sizeof text);
    text[JSON_PUT_SIZE] = '\0';
    json_put (tree, "a", "%s", text);
    assert_string_equal (json_text (tree, "a", scratch), text + 1);
    memcpy (text + JSON_PUT_SIZE - 2, "\xc3\xa9", 2); /* the cut goes through it */
    json_put (tree, "b", "%s", text);
    assert_int_equal (json_text (tree, "b", scratch)[JSON_PUT_SIZE - 2], '?');
    json_decref (tree);
}

static void
error_is_an_object (void **state)
{
    json_t *tree = json_error ("no \"work\" \xff");

    (void)state;
    assert_printed (tree, "", "{\n    \"error\": \"no \\\"work\\\" ?\"\n}\n");
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (parse_takes_objects),
        cmocka_unit_test (parse_refuses_the_rest),
        cmocka_unit_test (parse_refuses_every_beginning),
        cmocka_unit_test (parse_counts_every_bracket),
        cmocka_unit_test (parse_joins_the_pieces),
        cmocka_unit_test (text_of_every_type),
        cmocka_unit_test (text_of_an_absent_field_is_none),
        cmocka_unit_test (flags_are_true_false_1_and_0),
        cmocka_unit_test (absent_flag_is_otherwise),
        cmocka_unit_test (print_is_the_nodes),
        cmocka_unit_test (print_adds_to_the_output),
        cmocka_unit_test (put_replaces),
        cmocka_unit_test (put_takes_what_is_not_utf_8),
        cmocka_unit_test (put_cuts_what_is_too_long),
        cmocka_unit_test (error_is_an_object),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
