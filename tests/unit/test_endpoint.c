#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "rpc/base/endpoint.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

static void
test_parse (void **state)
{
    static const struct {
        const char *text;
        const char *host;
        uint16_t port;
        const char *printed;
    } good[] = {
        {"127.0.0.1:7000", "127.0.0.1", 7000, "127.0.0.1:7000"},
        {"[::1]:7000", "::1", 7000, "::1:7000"},
        {"::1:7000", "::1", 7000, "::1:7000"},
        {":::0", "::", 0, ":::0"},
        {"::ffff:1.2.3.4:7000", "::ffff:1.2.3.4", 7000, "::ffff:1.2.3.4:7000"},
        {"[::ffff:1.2.3.4]:7000", "::ffff:1.2.3.4", 7000, "::ffff:1.2.3.4:7000"},
        {"2001:db8::1:2:65535", "2001:db8::1:2", 65535, "2001:db8::1:2:65535"},
        {"localhost:1", "localhost", 1, "localhost:1"},
        {"Peer-1.Example.net.:80", "Peer-1.Example.net.", 80, "Peer-1.Example.net.:80"},
        {"work_server:080", "work_server", 80, "work_server:80"},
        {"7zip.example:9", "7zip.example", 9, "7zip.example:9"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT (good); i++) {
        struct endpoint endpoint;
        char text[ENDPOINT_TEXT_SIZE];
        const char *expected;

        assert_int_equal (endpoint_parse (good[i].text, &endpoint, &expected), 0);
        assert_string_equal (endpoint.host, good[i].host);
        assert_int_equal (endpoint.port, good[i].port);
        endpoint_print (&endpoint, text);
        assert_string_equal (text, good[i].printed);
    }
}

static void
test_parse_refuses (void **state)
{
    static const char *const bad[] = {
        "",           "host",          ":",
        ":7000",      "host:",         "host:65536",
        "host:-1",    "host:+80",      "host: 80",
        "host:80 ",   "host:http",     "::1",
        "[::1]",      "[::1]7000",     "[::1:7000",
        "::1]:7000",  "[]:7000",       "[:7000",
        "]:7000",     "[host]:80",     "[1.2.3.4]:80",
        "1.2.3:80",   "1.2.3.4.5:80",  "256.1.1.1:80",
        "-host:80",   "host-:80",      "a..b:80",
        ".a:80",      ".:80",          "a b:80",
        " host:80",   "h\xc3\xa9:80",  "ho/st:80",
        "a:b:80",     "1234:80:80",    "http://host:80",
        "[[::1]]:80", "fe80::1%lo:80",
    };
    (void)state;

    for (size_t i = 0; i < COUNT (bad); i++) {
        struct endpoint endpoint = {"untouched", 1};
        const char *expected = NULL;

        assert_int_equal (endpoint_parse (bad[i], &endpoint, &expected), -1);
        assert_non_null (expected);
        assert_string_equal (endpoint.host, "untouched");
        assert_int_equal (endpoint.port, 1);
    }
}

/* The text ends so, from `at` on. */
static void
end_text (char text[static 600], size_t at, const char *end)
{
    (void)snprintf (text + at, 600 - at, "%s", end);
}

static void
test_parse_lengths (void **state)
{
    struct endpoint endpoint;
    const char *expected;
    char text[600];
    (void)state;

    memset (text, 'a', 63);
    end_text (text, 63, ":1");
    assert_int_equal (endpoint_parse (text, &endpoint, &expected), 0);
    memset (text, 'a', 64);
    end_text (text, 64, ":1");
    assert_int_equal (endpoint_parse (text, &endpoint, &expected), -1);

    /* 127 labels of one letter are 253 characters, the most that a name may have. */
    for (size_t i = 0; i < 127; i++) {
        text[2 * i] = 'a';
        text[2 * i + 1] = '.';
    }
    end_text (text, 253, ":1");
    assert_int_equal (endpoint_parse (text, &endpoint, &expected), 0);
    assert_int_equal (strlen (endpoint.host), 253);
    end_text (text, 253, ".:1");
    assert_int_equal (endpoint_parse (text, &endpoint, &expected), 0);
    end_text (text, 253, ".a:1");
    assert_int_equal (endpoint_parse (text, &endpoint, &expected), -1);
    memset (text, 'a', 590);
    end_text (text, 590, ":1");
    assert_int_equal (endpoint_parse (text, &endpoint, &expected), -1);
}

static void
test_make (void **state)
{
    struct endpoint endpoint;
    const char *expected = NULL;
    (void)state;

    assert_int_equal (endpoint_make ("::1", 7000, &endpoint, &expected), 0);
    assert_string_equal (endpoint.host, "::1");
    assert_int_equal (endpoint.port, 7000);
    assert_int_equal (endpoint_make ("[2001:db8::1]", 0, &endpoint, &expected), 0);
    assert_string_equal (endpoint.host, "2001:db8::1");
    assert_int_equal (endpoint_make ("192.0.2.1", 65535, &endpoint, &expected), 0);
    assert_int_equal (endpoint.port, 65535);
    assert_int_equal (endpoint_make ("peer.example.net", 1, &endpoint, &expected), 0);

    assert_int_equal (endpoint_make ("", 1, &endpoint, &expected), -1);
    assert_int_equal (endpoint_make ("[", 1, &endpoint, &expected), -1);
    assert_int_equal (endpoint_make ("[]", 1, &endpoint, &expected), -1);
    assert_int_equal (endpoint_make ("host:80", 1, &endpoint, &expected), -1);
    assert_int_equal (endpoint_make ("[host]", 1, &endpoint, &expected), -1);
    assert_string_equal (endpoint.host, "peer.example.net");
    assert_non_null (expected);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_parse),
        cmocka_unit_test (test_parse_refuses),
        cmocka_unit_test (test_parse_lengths),
        cmocka_unit_test (test_make),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
