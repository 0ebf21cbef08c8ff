/*
 * The PROXY protocol's headers, both versions: whose a connection is, what is none, and that no
 * byte is read before it is there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/server/proxy_header.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4 "\xc0\x00\x02\x01\xc0\x00\x02\x02\x30\x39\x01\xbb" /* 192.0.2.1 to 192.0.2.2 */
#define V6                                                             \
    "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" \
    "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x30\x39\x01\xbb"
#define BYTES(text) text, sizeof (text) - 1

struct bytes {
    const char *text;
    size_t size;
};

/* In memory of exactly that size, so that a sanitizer sees what is read beyond. */
static enum proxy_header_result
read_alone (const struct bytes *bytes, size_t size, struct proxy_header *header)
{
    uint8_t *const copy = malloc (size);
    enum proxy_header_result result;

    assert_non_null (copy);
    memcpy (copy, bytes->text, size);
    result = proxy_header_read (copy, size, header);
    free (copy);
    return result;
}

static void
test_good (void **state)
{
    static const struct {
        struct bytes bytes;
        const char *address; /* "" is none */
    } cases[] = {
        {{BYTES ("PROXY TCP4 192.0.2.1 192.0.2.2 12345 443\r\n")}, "192.0.2.1"},
        {{BYTES ("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n")}, "255.255.255.255"},
        {{BYTES ("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n")}, "0.0.0.0"},
        {{BYTES ("PROXY TCP6 2001:db8::1 2001:DB8::2 12345 443\r\n")}, "2001:db8::1"},
        {{BYTES ("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n")}, "192.0.2.1"},
        {{BYTES ("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
                 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n")},
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
        {{BYTES ("PROXY UNKNOWN\r\n")}, ""},
        {{BYTES ("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
                 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n")},
         ""},
        {{BYTES ("PROXY UNKNOWN anything at all\r\n")}, ""},
        {{BYTES (SIGNATURE "\x21\x11\x00\x0c" V4)}, "192.0.2.1"},
        {{BYTES (SIGNATURE "\x21\x11\x00\x11" V4 "\x04\x00\x02xy")}, "192.0.2.1"},
        {{BYTES (SIGNATURE "\x21\x21\x00\x24" V6)}, "2001:db8::1"},
        {{BYTES (SIGNATURE "\x21\x21\x00\x25" V6 "z")}, "2001:db8::1"},
        {{BYTES (SIGNATURE "\x21\x00\x00\x00")}, ""},
        {{BYTES (SIGNATURE "\x21\x00\x00\x03"
                           "abc")},
         ""},
        {{BYTES (SIGNATURE "\x21\x31\x00\x02"
                           "ab")},
         ""},
        {{BYTES (SIGNATURE "\x20\x00\x00\x00")}, ""},
        {{BYTES (SIGNATURE "\x20\x11\x00\x0c" V4)}, ""},
        {{BYTES (SIGNATURE "\x20\xff\x00\x01"
                           "a")},
         ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct bytes *const bytes = &cases[i].bytes;
        struct proxy_header header;
        char followed[512] = "";
        char text[CIDR_TEXT_SIZE] = "";

        for (size_t size = 1; size < bytes->size; size++) {
            assert_int_equal (read_alone (bytes, size, &header), PROXY_HEADER_MORE);
        }
        memcpy (followed, bytes->text, bytes->size);
        memcpy (followed + bytes->size, "\r\nPROXY", 7);
        assert_int_equal (proxy_header_read ((uint8_t *)followed, bytes->size + 7, &header),
                          PROXY_HEADER_WHOLE);
        assert_int_equal (header.size, bytes->size);
        assert_int_equal (read_alone (bytes, bytes->size, &header), PROXY_HEADER_WHOLE);
        assert_int_equal (header.size, bytes->size);
        assert_int_equal (header.known, cases[i].address[0] != '\0');
        if (header.known) {
            cidr_address_print (&header.address, text);
        }
        assert_string_equal (text, cases[i].address);
    }
}

static void
test_malformed (void **state)
{
    static const struct bytes cases[] = {
        {BYTES ("GET / HTTP/1.1\r\n")},
        {BYTES ("POST / HTTP/1.1\r\n")},
        {BYTES ("proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n")},
        {BYTES ("PROXY\r\n")},
        {BYTES ("PROXY \r\n")},
        {BYTES ("PROXY \n")},
        {BYTES ("PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n")},
        {BYTES ("PROXY\tTCP4 192.0.2.1 192.0.2.2 1 2\r\n")},
        {BYTES ("PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n")},
        {BYTES ("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n")},
        {BYTES ("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n")},
        {BYTES ("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n")},
        {BYTES ("PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n")},
        {BYTES ("PROXY TCP4 192.0.2.1 192.0.2.2\r\n")},
        {BYTES ("PROXY TCP4\r\n")},
        {BYTES ("PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n")},
        {BYTES ("PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n")},
        {BYTES ("PROXY TCP4 192.0.2.1 192.0.2.2 x 2\r\n")},
        {BYTES ("PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n")},
        {BYTES ("PROXY TCP4 192.0.2.1/32 192.0.2.2 1 2\r\n")},
        {BYTES ("PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n")},
        {BYTES ("PROXY TCP4 192.0.2.1 example.org 1 2\r\n")},
        {BYTES ("PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n")},
        {BYTES ("PROXY TCP4 192.0.2.1 2001:db8::2 1 2\r\n")},
        {BYTES ("PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n")},
        {BYTES ("PROXY TCP6 [2001:db8::1] [2001:db8::2] 1 2\r\n")},
        {BYTES ("PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n")},
        {BYTES ("PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n")},
        {BYTES ("PROXY UNKNOWNS\r\n")},
        {BYTES ("PROXY unknown\r\n")},
        {BYTES ("PROXY TCP4 192.0.2.1\0 192.0.2.2 1 2\r\n")},
        {BYTES ("PROXY UNKNOWN 0123456789012345678901234567890123456789012345678901234567890123456"
                "7890123456789012345678901\r\n")},
        {BYTES ("\r\n\r\n\0\r\nQUIT\r")},
        {BYTES ("\r\nPOST / HTTP/1.1\r\n")},
        {BYTES (SIGNATURE "\x11\x11\x00\x0c" V4)}, /* version 1 */
        {BYTES (SIGNATURE "\x31\x11\x00\x0c" V4)}, /* version 3 */
        {BYTES (SIGNATURE "\x22\x11\x00\x0c" V4)}, /* neither LOCAL nor PROXY */
        {BYTES (SIGNATURE "\x21\x12\x00\x0c" V4)}, /* UDP */
        {BYTES (SIGNATURE "\x21\x22\x00\x24" V6)},
        {BYTES (SIGNATURE "\x21\x01\x00\x0c" V4)},
        {BYTES (SIGNATURE "\x21\x10\x00\x0c" V4)},
        {BYTES (SIGNATURE "\x21\x41\x00\x0c" V4)},
        {BYTES (SIGNATURE "\x21\x11\x00\x00")}, /* too short for the family */
        {BYTES (SIGNATURE "\x21\x11\x00\x0b" V4)},
        {BYTES (SIGNATURE "\x21\x21\x00\x0c" V4)},
        {BYTES (SIGNATURE "\x21\x21\x00\x23" V6)},
        {BYTES (SIGNATURE "\x21\x11\x0f\xf1" V4)}, /* longer than any */
        {BYTES (SIGNATURE "\x20\x00\xff\xff")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct proxy_header header;
        enum proxy_header_result last = PROXY_HEADER_MORE;

        for (size_t size = 1; size <= cases[i].size; size++) { /* and it stays so */
            const enum proxy_header_result result = read_alone (&cases[i], size, &header);

            assert_int_not_equal (result, PROXY_HEADER_WHOLE);
            assert_true (last == PROXY_HEADER_MORE || result == PROXY_HEADER_BAD);
            last = result;
        }
        assert_int_equal (last, PROXY_HEADER_BAD);
    }
}

/* As long as is allowed, and what follows the address is passed over. */
static void
test_longest (void **state)
{
    static uint8_t bytes[PROXY_HEADER_MOST] = SIGNATURE "\x21\x11\x0f\xf0" V4;
    struct proxy_header header;

    (void)state;
    assert_int_equal (proxy_header_read (bytes, sizeof bytes - 1, &header), PROXY_HEADER_MORE);
    assert_int_equal (proxy_header_read (bytes, sizeof bytes, &header), PROXY_HEADER_WHOLE);
    assert_int_equal (header.size, PROXY_HEADER_MOST);
    assert_true (header.known);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_good),
        cmocka_unit_test (test_malformed),
        cmocka_unit_test (test_longest),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
