/*
 * Whose a request is that came through proxies: what Forwarded and X-Forwarded-For tell.
 * The proxies that are trusted here are in 10.0.0.0/8 and 2001:db8:f::/48.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "rpc/access/forwarded.h"

#define PROXY "10.0.0.1" /* whose connection it is */
#define BAD NULL         /* 400 */

struct field {
    const char *name;
    const char *value;
};

static struct cidr
network_of (const char *text)
{
    struct cidr cidr;

    assert_int_equal (cidr_parse (text, &cidr), 0);
    return cidr;
}

/* Whom a request from `peer` with these fields is from, or BAD. */
static const char *
find (const char *peer, const struct field *fields, size_t count, bool protocol,
      char text[CIDR_TEXT_SIZE])
{
    struct cidr trusted[] = {network_of ("10.0.0.0/8"), network_of ("2001:db8:f::/48")};
    const struct proxies proxies = {.networks = trusted, .count = 2, .protocol = protocol};
    struct cidr_address address = network_of (peer).address;
    struct evkeyvalq headers;
    int result;

    TAILQ_INIT (&headers);
    assert_int_equal (evhttp_add_header (&headers, "Host", "example.org"), 0);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal (evhttp_add_header (&headers, fields[i].name, fields[i].value), 0);
    }
    result = forwarded_find (&proxies, &headers, &address);
    evhttp_clear_headers (&headers);
    cidr_address_print (&address, text);
    if (result != 0) {
        assert_int_equal (result, -1);
        assert_string_equal (text, peer);
        return BAD;
    }
    return text;
}

static void
assert_client (const char *expected, const char *peer, const struct field *fields, size_t count)
{
    char text[CIDR_TEXT_SIZE];
    const char *const found = find (peer, fields, count, false, text);

    if (expected == BAD ? found != BAD : found == BAD || strcmp (found, expected) != 0) {
        fail_msg ("%s: %s is %s, expected %s", fields[0].name, fields[0].value,
                  found == BAD ? "refused" : found, expected == BAD ? "a refusal" : expected);
    }
}

struct client {
    const char *value;
    const char *client;
};

static void
assert_clients (const char *name, const struct client *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct field field = {name, cases[i].value};

        assert_client (cases[i].client, PROXY, &field, 1);
        assert_client ("192.0.2.77", "192.0.2.77", &field, 1); /* no proxy: it does not count */
    }
}

static void
test_forwarded (void **state)
{
    static const struct client cases[] = {
        /* RFC 7239's */
        {"for=\"_gazonk\"", PROXY},
        {"For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"},
        {"for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"},
        {"for=192.0.2.43, for=198.51.100.17", "198.51.100.17"},
        {"for=_hidden, for=_SEVKISEK", PROXY},
        {"for=192.0.2.43, for=\"[2001:db8:cafe::17]\"", "2001:db8:cafe::17"},
        {"for=192.0.2.43,for=\"[2001:db8:cafe::17]\",for=unknown", PROXY},
        {"for=\"192.0.2.43:47011\"", "192.0.2.43"},
        {"for=\"[2001:db8:cafe::17]:47011\"", "2001:db8:cafe::17"},
        {"for=192.0.2.43, for=\"[2001:db8:cafe::17]\";by=203.0.113.60;proto=http;host=example.com",
         "2001:db8:cafe::17"},
        /* The last that no trusted proxy has */
        {"for=192.0.2.1, for=10.0.0.2", "192.0.2.1"},
        {"for=192.0.2.1, for=192.0.2.2, for=10.0.0.2, for=\"[2001:db8:f::1]\"", "192.0.2.2"},
        {"for=10.0.0.3, for=192.0.2.2", "192.0.2.2"},
        {"for=10.0.0.3, for=10.0.0.2", "10.0.0.3"},
        {"for=192.0.2.1, for=unknown, for=10.0.0.2", "10.0.0.2"},
        {"for=192.0.2.1, for=unknown, for=10.0.0.3, for=10.0.0.2", "10.0.0.3"},
        {"for=192.0.2.1, proto=https", PROXY},
        {"for=unknown, for=192.0.2.1", "192.0.2.1"},
        /* Forms */
        {"FOR=192.0.2.1", "192.0.2.1"},
        {"for=\"192.0.2.1\"", "192.0.2.1"},
        {"for=\"1\\92.0.\\2.1\"", "192.0.2.1"},
        {"by=_x;for=192.0.2.1", "192.0.2.1"},
        {"by=\"a,b;for=192.0.2.9\";for=192.0.2.1", "192.0.2.1"},
        {"for=192.0.2.1;by=\"\\\"\"", "192.0.2.1"},
        {"for=192.0.2.1; proto=http ; by=_y", "192.0.2.1"},
        {"for=192.0.2.1;", "192.0.2.1"},
        {"for=192.0.2.1 , ", "192.0.2.1"},
        {", ,for=192.0.2.1,,", "192.0.2.1"},
        {"\tfor=192.0.2.1\t", "192.0.2.1"},
        {"for=\"192.0.2.1:_port\"", "192.0.2.1"},
        {"for=\"unknown:80\"", PROXY},
        {"for=UNKNOWN", PROXY},
        {"for=\"_a.b-c_d:_e\"", PROXY},
        {"for=\"[::ffff:192.0.2.1]\"", "192.0.2.1"},
        {"for=\"[::FFFF:10.0.0.9]:1\", for=10.0.0.2", "10.0.0.9"},
        {"proto=http", PROXY},
        {"", PROXY},
        {", ,", PROXY},
        /* Nonsense */
        {"192.0.2.1", BAD},
        {"for", BAD},
        {"for=", BAD},
        {"for=\"\"", BAD},
        {"for=;by=_x", BAD},
        {"=192.0.2.1", BAD},
        {"for =192.0.2.1", BAD},
        {"for= 192.0.2.1", BAD},
        {"for=192.0.2.1:80", BAD},
        {"for=[2001:db8::1]", BAD},
        {"for=2001:db8::1", BAD},
        {"for=\"2001:db8::1\"", BAD},
        {"for=\"[2001:db8::1\"", BAD},
        {"for=\"[2001:db8::1]x\"", BAD},
        {"for=\"[2001:db8::1]80\"", BAD},
        {"for=\"[192.0.2.1]\"", BAD},
        {"for=\"[unknown]\"", BAD},
        {"for=\"[]\"", BAD},
        {"for=\"192.0.2.1:\"", BAD},
        {"for=\"192.0.2.1:65536\"", BAD},
        {"for=\"192.0.2.1:8o\"", BAD},
        {"for=\"192.0.2.1:_\"", BAD},
        {"for=\"192.0.2.1/32\"", BAD},
        {"for=192.0.2.256", BAD},
        {"for=192.0.2", BAD},
        {"for=example.org", BAD},
        {"for=_", BAD},
        {"for=\"_a b\"", BAD},
        {"for=unknowns", BAD},
        {"for=192.0.2.1;for=192.0.2.2", BAD},
        {"for=\"192.0.2.1", BAD},
        {"for=\"192.0.2.1\\", BAD},
        {"for=\"192.0.2.1\"x", BAD},
        {"for=192.0.2.1 for=192.0.2.2", BAD},
        {"for=192.0.2.1 x", BAD},
        {"for=192.0.2.1;by", BAD},
        {"nonsense, for=192.0.2.1", BAD},
        {"for=\"x, for=192.0.2.1", BAD},
        {"for=\"x, for=\"[2001:db8::1]\"", BAD},
    };

    (void)state;
    assert_clients ("Forwarded", cases, sizeof cases / sizeof cases[0]);
    assert_clients ("fORWARDED", cases, sizeof cases / sizeof cases[0]);
}

static void
test_x_forwarded_for (void **state)
{
    static const struct client cases[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"2001:db8::1", "2001:db8::1"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"[2001:db8::1]", "2001:db8::1"},
        {"[2001:db8::1]:4711", "2001:db8::1"},
        {"192.0.2.1:4711", "192.0.2.1"},
        {"192.0.2.1, 198.51.100.1", "198.51.100.1"},
        {"192.0.2.1,198.51.100.1 ,\t10.0.0.7", "198.51.100.1"},
        {"10.0.0.7", "10.0.0.7"},
        {"10.0.0.8, 10.0.0.7", "10.0.0.8"},
        {"2001:db8::1, 2001:db8:f::1", "2001:db8::1"},
        {"192.0.2.1, unknown", PROXY},
        {"unknown, 192.0.2.1", "192.0.2.1"},
        {"192.0.2.1, _secret, 10.0.0.7", "10.0.0.7"},
        {"", PROXY},
        {" , ,", PROXY},
        {",192.0.2.1,", "192.0.2.1"},
        {"192.0.2.1 192.0.2.2", BAD},
        {"192.0.2.1;192.0.2.2", BAD},
        {"for=192.0.2.1", BAD},
        {"\"192.0.2.1\"", BAD},
        {"192.0.2.1/32", BAD},
        {"10.0.0.0/8", BAD},
        {"192.0.2.1:x", BAD},
        {"192.0.2.1:99999", BAD},
        {"2001:db8::1:99999", BAD},
        {"[2001:db8::1", BAD},
        {"2001:db8::1]", BAD},
        {"[2001:db8::1]]", BAD},
        {"[]", BAD},
        {"01.2.3.4", BAD},
        {"1.2.3", BAD},
        {"localhost", BAD},
        {"nonsense, 192.0.2.1", BAD},
        {"192.0.2.1, nonsense", BAD},
        {"fe80::1%eth0", BAD},
    };

    (void)state;
    assert_clients ("X-Forwarded-For", cases, sizeof cases / sizeof cases[0]);
    assert_clients ("x-forwarded-for", cases, sizeof cases / sizeof cases[0]);
}

/* All fields of one name are one list. */
static void
test_several_fields (void **state)
{
    const struct field lists[] = {
        {"X-Forwarded-For", "192.0.2.1"},  {"X-Forwarded-For", "192.0.2.2, 10.0.0.8"},
        {"x-forwarded-for", "10.0.0.7"},   {"X-Forwarded-For", "192.0.2.3"},
        {"X-Forwarded-For", "192.0.2.3,"}, {"X-Forwarded-For", "x"},
    };
    const struct field elements[] = {
        {"Forwarded", "for=192.0.2.1"},
        {"Forwarded", "for=\"[2001:db8::1]\", for=10.0.0.7"},
        {"Forwarded", "proto=https"},
        {"Forwarded", "for=\"192.0.2.1"},
        {"Forwarded", "\""},
    };

    (void)state;
    assert_client ("192.0.2.2", PROXY, lists, 3);
    assert_client ("192.0.2.3", PROXY, lists, 5);
    assert_client (BAD, PROXY, lists, 6);
    assert_client ("2001:db8::1", PROXY, elements, 2);
    assert_client (PROXY, PROXY, elements, 3);
    assert_client (BAD, PROXY, &elements[3], 2); /* no string goes from one field into the next */
}

/* A proxy knows one of the two: the other is the client's, unless both say the same. */
static void
test_both (void **state)
{
    static const struct {
        const char *forwarded;
        const char *list;
        const char *client;
    } cases[] = {
        {"for=192.0.2.1", "192.0.2.1", "192.0.2.1"},
        {"for=192.0.2.1, for=10.0.0.7", "192.0.2.1", "192.0.2.1"},
        {"for=\"[2001:DB8::1]:1\"", "2001:db8:0::1", "2001:db8::1"},
        {"for=unknown", "unknown", PROXY},
        {"for=192.0.2.1", "192.0.2.2", BAD},
        {"for=192.0.2.1", "unknown", BAD},
        {"for=192.0.2.1", "", BAD},
        {"for=unknown", "192.0.2.1", BAD},
        {"", "192.0.2.1", BAD},
        {"x", "192.0.2.1", BAD},
        {"for=192.0.2.1", "x", BAD},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct field fields[] = {
            {"Forwarded", cases[i].forwarded},
            {"X-Forwarded-For", cases[i].list},
            {"Forwarded", cases[i].forwarded},
        };

        assert_client (cases[i].client, PROXY, fields, 2);
        assert_client (cases[i].client, PROXY, &fields[1], 2);
        assert_client ("192.0.2.77", "192.0.2.77", fields, 2);
    }
}

static void
test_none (void **state)
{
    const struct field none = {"X-Forwarded-Host", "192.0.2.1"};

    (void)state;
    assert_client (PROXY, PROXY, &none, 1);
    assert_client ("2001:db8:f::9", "2001:db8:f::9", &none, 1);
}

/* With the PROXY protocol they are what the client has written. */
static void
test_protocol (void **state)
{
    const struct field fields[] = {{"Forwarded", "for=192.0.2.1"}, {"X-Forwarded-For", "x"}};
    char text[CIDR_TEXT_SIZE];

    (void)state;
    assert_string_equal (find (PROXY, fields, 2, true, text), PROXY);
}

static char *
repeat (const char *first, const char *piece, size_t count)
{
    const size_t length = strlen (piece);
    char *const text = calloc (1, strlen (first) + count * length + 1);

    assert_non_null (text);
    strcpy (text, first);
    for (size_t i = 0; i < count; i++) {
        strcpy (text + strlen (first) + i * length, piece);
    }
    return text;
}

static void
assert_repeated (const char *name, const char *first, const char *piece, const char *client)
{
    char *const value = repeat (first, piece, 1000);
    const struct field field = {name, value};

    assert_client (client, PROXY, &field, 1);
    free (value);
}

static void
test_long (void **state)
{
    (void)state;
    assert_repeated ("X-Forwarded-For", "192.0.2.1", ",10.0.0.7", "192.0.2.1");
    assert_repeated ("X-Forwarded-For", "192.0.2.1", "1", BAD);
    assert_repeated ("X-Forwarded-For", "_", "a", BAD);
    assert_repeated ("Forwarded", "for=192.0.2.1", ",for=10.0.0.7;proto=http", "192.0.2.1");
    assert_repeated ("Forwarded", "for=192.0.2.1;host=", "a", "192.0.2.1");
    assert_repeated ("Forwarded", "for=192.0.2.1", "1", BAD);
    assert_repeated ("Forwarded", "for=_", "a", BAD);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_forwarded),      cmocka_unit_test (test_x_forwarded_for),
        cmocka_unit_test (test_several_fields), cmocka_unit_test (test_both),
        cmocka_unit_test (test_none),           cmocka_unit_test (test_protocol),
        cmocka_unit_test (test_long),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
