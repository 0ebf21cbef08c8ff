/* The URLs of peers, of the followed node and of the terminal's --url. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rpc/base/url.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

static void
test_parse (void **state)
{
    static const struct {
        const char *text;
        const char *host;
        uint16_t port;
        const char *path;
        bool secure;
    } cases[] = {
        {"http://peer.example.net", "peer.example.net", 7070, "/", false},
        {"HTTP://peer.example.net:7000", "peer.example.net", 7000, "/", false},
        {"http://192.0.2.1:1/a/b?c=d&e=%20", "192.0.2.1", 1, "/a/b?c=d&e=%20", false},
        {"http://[2001:db8::1]", "2001:db8::1", 7070, "/", false},
        {"http://[2001:db8::1]:7000/", "2001:db8::1", 7000, "/", false},
        {"https://peer.example.net/a", "peer.example.net", 443, "/a", true},
        {"HTTPS://[2001:db8::1]:7000", "2001:db8::1", 7000, "/", true},
    };
    (void)state;

    for (size_t i = 0; i < COUNT (cases); i++) {
        struct url url;
        const char *expected;

        assert_int_equal (url_parse (cases[i].text, 7070, &url, &expected), 0);
        assert_string_equal (url.endpoint.host, cases[i].host);
        assert_int_equal (url.endpoint.port, cases[i].port);
        assert_string_equal (url.path, cases[i].path);
        assert_int_equal (url.secure, cases[i].secure);
    }
}

static void
test_parse_refuses (void **state)
{
    static const struct {
        const char *text;
        const char *expected; /* in what is said */
    } cases[] = {
        {"", "http://host:port/path"},
        {"peer.example.net:7000", "http://host:port/path"},
        {"ftp://peer.example.net/", "http://host:port/path"},
        {"https:/peer.example.net/", "http://host:port/path"},
        {"https://", "host name"},
        {"http://2001:db8::1/", "in brackets"},
        {"http://", "host name"},
        {"http:///path", "host name"},
        {"http://peer.example.net:70000/", "a port"},
        {"http://peer.example.net:/", "a port"},
        {"http://[host]:1/", "between '[' and ']'"},
        {"http://peer.example.net?a", "a path"},
        {"http://peer.example.net#a", "a path"},
        {"http://peer.example.net/a b", "a path"},
        {"http://peer.example.net/a\r\nb", "a path"},
        {"http://peer.example.net/\xc3\xa9", "a path"},
    };
    struct url url = {.endpoint.host = "before", .path = "before"};
    char longest[URL_PATH_SIZE + 20];
    const char *expected;
    (void)state;

    for (size_t i = 0; i < COUNT (cases); i++) {
        expected = "";
        assert_int_equal (url_parse (cases[i].text, HTTP_PORT, &url, &expected), -1);
        assert_non_null (strstr (expected, cases[i].expected));
    }
    (void)snprintf (longest, sizeof longest, "http://%0*d/", ENDPOINT_TEXT_SIZE + 2, 0);
    assert_int_equal (url_parse (longest, HTTP_PORT, &url, &expected), -1);
    (void)snprintf (longest, sizeof longest, "http://a/%0*d", URL_PATH_SIZE - 1, 0);
    assert_int_equal (url_parse (longest, HTTP_PORT, &url, &expected), -1);
    assert_string_equal (url.endpoint.host, "before");
    assert_string_equal (url.path, "before");
    longest[strlen (longest) - 1] = '\0';
    assert_int_equal (url_parse (longest, HTTP_PORT, &url, &expected), 0);
    assert_int_equal (strlen (url.path), URL_PATH_SIZE - 1);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_parse),
        cmocka_unit_test (test_parse_refuses),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
