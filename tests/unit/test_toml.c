#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/config/toml.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

static const struct toml_document *
parse (const char *text)
{
    const struct toml_document *document = NULL;
    struct toml_error error;

    if (toml_parse (text, strlen (text), &document, &error) != 0) {
        fail_msg ("%u:%u: %s", (unsigned)error.place.line, (unsigned)error.place.column,
                  error.text);
    }
    return document;
}

static void
assert_entry (const struct toml_entry *entry, const char *path, enum toml_type type,
              const char *text, uint32_t line, uint32_t column)
{
    assert_string_equal (entry->path, path);
    assert_int_equal (entry->type, type);
    if (text == NULL) {
        assert_null (entry->text);
    } else {
        assert_string_equal (entry->text, text);
        assert_int_equal (entry->length, strlen (text));
    }
    assert_int_equal (entry->place.line, line);
    assert_int_equal (entry->place.column, column);
}

/* The column is toml++'s to choose, where a line has room for opinions. */
static void
assert_error (const char *text, size_t length, uint32_t line)
{
    const struct toml_document *document = NULL;
    struct toml_error error;

    assert_int_equal (toml_parse (text, length, &document, &error), -1);
    assert_null (document);
    assert_true (error.text[0] != '\0');
    assert_int_equal (error.place.line, line);
    assert_int_not_equal (error.place.column, 0);
}

static void
test_empty (void **state)
{
    static const char *const texts[] = {"", "\n", "# nothing", "\xef\xbb\xbf", "\r\n"};
    (void)state;

    for (size_t i = 0; i < COUNT (texts); i++) {
        const struct toml_document *const document = parse (texts[i]);

        assert_int_equal (document->count, 0);
        toml_free (document);
    }
    toml_free (NULL);
}

static void
test_types (void **state)
{
    const struct toml_document *const document =
        parse ("s = \"a\\tb\"\ni = 0x10\nn = -9223372036854775808\nf = 64.0\ng = 5e-3\n"
               "h = inf\nk = -nan\nb = true\nc = false\nd = 1979-05-27\nt = 07:32:00\n"
               "o = 1979-05-27T07:32:00Z\n");
    const struct toml_entry *const entries = document->entries;
    (void)state;

    assert_int_equal (document->count, 12);
    assert_entry (&entries[0], "s", TOML_TYPE_STRING, "a\tb", 1, 5);
    assert_entry (&entries[1], "i", TOML_TYPE_INTEGER, "16", 2, 5);
    assert_entry (&entries[2], "n", TOML_TYPE_INTEGER, "-9223372036854775808", 3, 5);
    assert_entry (&entries[3], "f", TOML_TYPE_FLOAT, "64.0", 4, 5);
    assert_entry (&entries[4], "g", TOML_TYPE_FLOAT, "0.005", 5, 5);
    assert_entry (&entries[5], "h", TOML_TYPE_FLOAT, "inf", 6, 5);
    assert_int_equal (entries[6].type, TOML_TYPE_FLOAT);
    assert_non_null (strstr (entries[6].text, "nan"));
    assert_entry (&entries[7], "b", TOML_TYPE_BOOLEAN, "true", 8, 5);
    assert_entry (&entries[8], "c", TOML_TYPE_BOOLEAN, "false", 9, 5);
    assert_entry (&entries[9], "d", TOML_TYPE_TIME, NULL, 10, 5);
    assert_entry (&entries[10], "t", TOML_TYPE_TIME, NULL, 11, 5);
    assert_entry (&entries[11], "o", TOML_TYPE_TIME, NULL, 12, 5);
    toml_free (document);
}

static void
test_tree (void **state)
{
    const struct toml_document *const document =
        parse ("[z]\n\tb = [1, [2], {c = 3}]\n\ta = 1\n\n[[y.list]]\nk = 1\n[[y.list]]\n[a]\n");
    static const struct {
        const char *path;
        size_t span;
    } expected[] = {
        {"z", 8},         {"z.b", 6},         {"z.b[0]", 1},    {"z.b[1]", 2}, {"z.b[1][0]", 1},
        {"z.b[2]", 2},    {"z.b[2].c", 1},    {"z.a", 1},       {"y", 5},      {"y.list", 4},
        {"y.list[0]", 2}, {"y.list[0].k", 1}, {"y.list[1]", 1}, {"a", 1},
    };
    const struct toml_entry *const entries = document->entries;
    (void)state;

    assert_int_equal (document->count, COUNT (expected));
    for (size_t i = 0; i < COUNT (expected); i++) {
        assert_string_equal (entries[i].path, expected[i].path);
        assert_int_equal (entries[i].span, expected[i].span);
    }
    assert_entry (&entries[2], "z.b[0]", TOML_TYPE_INTEGER, "1", 2, 7);
    assert_entry (&entries[4], "z.b[1][0]", TOML_TYPE_INTEGER, "2", 2, 11);
    assert_entry (&entries[13], "a", TOML_TYPE_TABLE, NULL, 8, 1);
    assert_int_equal (entries[7].key.line, 3);
    assert_int_equal (entries[7].key.column, 2);
    toml_free (document);
}

/* A key that is not bare is quoted in a path; a NUL is where the length says more than strlen. */
static void
test_keys (void **state)
{
    const struct toml_document *const document =
        parse ("\"a.b\" = 1\n'' = 2\n\"q\\\"\\\\\\n\" = 3\nbare-_9.\"c d\" = \"x\\u0000y\"\n"
               "\"\xc3\xa4\\u0000\" = \"\"\n");
    const struct toml_entry *const entries = document->entries;
    (void)state;

    assert_int_equal (document->count, 6);
    assert_entry (&entries[0], "\"a.b\"", TOML_TYPE_INTEGER, "1", 1, 9);
    assert_entry (&entries[1], "\"\"", TOML_TYPE_INTEGER, "2", 2, 6);
    assert_entry (&entries[2], "\"q\\\"\\\\\\u000A\"", TOML_TYPE_INTEGER, "3", 3, 13);
    assert_string_equal (entries[3].path, "bare-_9");
    assert_int_equal (entries[3].type, TOML_TYPE_TABLE);
    assert_string_equal (entries[4].path, "bare-_9.\"c d\"");
    assert_int_equal (entries[4].length, 3);
    assert_memory_equal (entries[4].text, "x\0y", 4);
    assert_entry (&entries[5], "\"\xc3\xa4\\u0000\"", TOML_TYPE_STRING, "", 5, 13);
    toml_free (document);
}

static void
test_errors (void **state)
{
    (void)state;

    assert_error ("a = 1\na = 2\n", 12, 2);
    assert_error ("[t]\nb = ]\n", 10, 2);
    assert_error ("a = [1,\n 2", 10, 2);
    assert_error ("a = \"\xff\"\n", 8, 1);
    assert_error ("a = 1\0", 6, 1);
    assert_error ("[\0\0", 3, 1);
    assert_error ("a = 1\n\xc3\xa9 = 1\n", 13, 2);
    assert_error ("a = \xc2\xa0 1\n", 9, 1);
    assert_error ("a = 99999999999999999999\n", 25, 1);
}

static void
test_depth (void **state)
{
    const struct toml_document *document;
    struct toml_error error;
    char *const text = malloc (1024 * 1024);
    size_t length = 0;
    (void)state;

    assert_non_null (text);

    /* As deep as may be: dots in strings, comments and lists of floats do not count. */
    length += (size_t)sprintf (text, "s = \"");
    memset (text + length, '.', 1000);
    length += 1000;
    length += (size_t)sprintf (text + length, "\"\nm = \"\"\"\n\\\"....\"\"\"\"\"\nl = [");
    for (size_t i = 0; i < 1000; i++) {
        length += (size_t)sprintf (text + length, "1.5, ");
    }
    length += (size_t)sprintf (text + length, "] # ");
    memset (text + length, '.', 1000);
    length += 1000;
    text[length++] = '\n';
    for (size_t i = 0; i < 64; i++) {
        length += (size_t)sprintf (text + length, "a.");
    }
    length += (size_t)sprintf (text + length, "a = 1\n");
    assert_int_equal (toml_parse (text, length, &document, &error), 0);
    toml_free (document);

    /* One dot more, and very many more, in every guise. */
    static const char *const starts[] = {"a", "[a", "a = {a", "x = {m = \"\"\"\"\"\"\"\", a"};
    static const char *const parts[] = {".a", " . 'a'", ".\"\\\"\""};

    for (size_t i = 0; i < COUNT (starts) * COUNT (parts); i++) {
        length = (size_t)sprintf (text, "%s", starts[i % COUNT (starts)]);
        while (length < 1000 * 1000) {
            length += (size_t)sprintf (text + length, "%s", parts[i / COUNT (starts)]);
        }
        assert_int_equal (toml_parse (text, length, &document, &error), -1);
        assert_non_null (strstr (error.text, "too many parts"));
        assert_int_equal (error.place.line, 1);
    }
    memset (text, '[', 100000);
    memcpy (text, "a = ", 4);
    assert_int_equal (toml_parse (text, 100000, &document, &error), -1);
    memset (text, 'a', 300);
    assert_int_equal (
        toml_parse (text, (size_t)sprintf (text + 300, " = 1") + 300, &document, &error), -1);
    assert_non_null (strstr (error.text, "too long"));
    free (text);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_empty),  cmocka_unit_test (test_types),
        cmocka_unit_test (test_tree),   cmocka_unit_test (test_keys),
        cmocka_unit_test (test_errors), cmocka_unit_test (test_depth),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
