#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rpc/server/framing.h"

#define POST "POST / HTTP/1.1\r\nHost: a\r\n"

/* What goes through when `text` comes `piece` bytes at a time. */
static void
read_in_pieces (struct framing *framing, const char *text, size_t piece, char *clear)
{
    const size_t size = strlen (text);
    size_t kept = 0;

    *framing = (struct framing){.refused = NULL};
    for (size_t at = 0; at < size; at += piece) {
        const size_t count = size - at < piece ? size - at : piece;

        kept += framing_read (framing, text + at, count, clear + kept);
    }
    clear[kept] = '\0';
}

static void
assert_clear (const char *text, const char *expected)
{
    char clear[1024];

    for (size_t piece = 1; piece <= strlen (text); piece++) {
        struct framing framing;

        read_in_pieces (&framing, text, piece, clear);
        assert_null (framing.refused);
        assert_string_equal (clear, expected);
    }
}

static void
assert_refused (const char *text, int status, const char *error)
{
    char clear[1024];
    char first[1024];

    for (size_t piece = 1; piece <= strlen (text); piece++) {
        struct framing framing;

        read_in_pieces (&framing, text, piece, clear);
        if (framing.refused == NULL) {
            fail_msg ("taken: %s", text);
        }
        assert_string_equal (framing.refused, error);
        assert_int_equal (framing.status, status);
        if (piece == 1) {
            strcpy (first, clear);
        }
        assert_string_equal (clear, first);
        assert_int_equal (strncmp (text, clear, strlen (clear)), 0);
        assert_non_null (strstr (framing_ending (&framing), "\r\n"));
    }
}

static void
clear_messages_pass (void **state)
{
    static const char *const texts[] = {
        POST "Content-Length: 5\r\n\r\nhello" POST "content-length:0\r\n\r\n",
        POST "Content-Length:   007  \r\nX:\r\n\r\nPOST / H",
        POST "Transfer-Encoding: ChunKed\r\n\r\n5\r\nhello\r\n0\r\n\r\n" POST "\r\n",
        POST "Transfer-Encoding: chunked\r\n\r\n00a\r\n0123456789\r\nF\r\n0123456789abcde\r\n"
             "00\r\nX-Trailer: y\r\nZ:\r\n\r\n" POST "\r\n",
        "GET /health?a=b HTTP/1.0\r\n\r\n",
        "HEAD /health HTTP/1.1\r\nAccept: */*\r\n\r\nTRACE / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n",
        "DELETE / HTTP/1.1\r\nContent-Length: 2\r\nCookie: caf\xc3\xa9\ta\r\n\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_clear (texts[i], texts[i]);
    }
}

static void
empty_lines_before_a_request_are_passed_over (void **state)
{
    (void)state;
    assert_clear ("\r\n" POST "\r\n\r\n\r\n" POST "Content-Length: 2\r\n\r\n\r\n\r\n",
                  POST "\r\n" POST "Content-Length: 2\r\n\r\n\r\n");
}

static void
lengths_that_are_none_are_refused (void **state)
{
    static const char *const values[] = {"-0",
                                         "+20",
                                         "0x14",
                                         "5 5",
                                         "5, 5",
                                         "",
                                         " ",
                                         "1e1",
                                         "5;",
                                         "5\t",
                                         "\t5",
                                         "1_0",
                                         "٣",
                                         "5a",
                                         "-",
                                         "5.0",
                                         "9999999999999999999",
                                         "00000000000000000000000000000000005"};
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        snprintf (text, sizeof text, POST "Content-Length: %s\r\n\r\nhello", values[i]);
        assert_refused (text, 400,
                        strlen (values[i]) > FRAMING_WORD_SIZE
                            ? "Invalid header: malformed field"
                            : "Invalid header: Content-Length is not a number");
    }
    assert_refused (POST "Content-Length: 5\r\nContent-length: 6\r\n\r\nhello!", 400,
                    "Invalid header: more than one Content-Length");
    assert_refused (POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400,
                    "Invalid header: more than one Content-Length");
}

static void
codings_but_chunked_are_refused (void **state)
{
    static const char *const values[] = {
        "xchunked",  "chunked, chunked", "gzip, chunked", "identity",   "",
        "chunked\t", "\tchunked",        "chunkedx",      "chunked;q=1"};
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        snprintf (text, sizeof text, POST "Transfer-Encoding: %s\r\n\r\n0\r\n\r\n", values[i]);
        assert_refused (text, 501, "Invalid header: Transfer-Encoding other than chunked");
    }
    /* What is kept of a long value ends in blanks. */
    assert_refused (POST "Transfer-Encoding: chunked                              x\r\n\r\n", 400,
                    "Invalid header: malformed field");
    assert_refused (POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
                    "Invalid header: more than one Transfer-Encoding");
    assert_refused (POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
                    "Invalid header: both Content-Length and Transfer-Encoding");
    assert_refused (POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400,
                    "Invalid header: both Content-Length and Transfer-Encoding");
    assert_refused ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
                    "Invalid header: Transfer-Encoding in HTTP 1.0");
}

static void
bodies_that_nobody_reads_are_refused (void **state)
{
    static const char *const methods[] = {"HEAD", "TRACE", "PROPFIND", "CONNECT", "post", "QUERY"};
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        snprintf (text, sizeof text, "%s / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", methods[i]);
        assert_refused (text, 400, "Invalid header: a body with a method that has none");
        snprintf (text, sizeof text, "%s / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
                  methods[i]);
        assert_refused (text, 400, "Invalid header: a body with a method that has none");
    }
}

static void
malformed_heads_are_refused (void **state)
{
    static const char *const lines[] = {"GET  / HTTP/1.1",
                                        "GET / HTTP/1.1 ",
                                        " GET / HTTP/1.1",
                                        "GET / HTTP/2.0",
                                        "GET / HTTP/1.x",
                                        "GET /",
                                        "GET / HTTP/1.10",
                                        "GET\t/ HTTP/1.1",
                                        "G(T / HTTP/1.1",
                                        "GET / http/1.1",
                                        "GET /\x01 HTTP/1.1",
                                        "GET / HTTP/1.1\n",
                                        "\n",
                                        "\rGET / HTTP/1.1",
                                        "GET / HTTP/1.1\rX"};
    static const char *const fields[] = {"Content-Length : 5",
                                         "Transfer-Encoding : chunked",
                                         " folded: 1",
                                         "\tfolded: 1",
                                         "no colon",
                                         ": no name",
                                         "a b: c",
                                         "X: a\x01",
                                         "X: a\nContent-Length: 5",
                                         "X: a\x7f",
                                         "X\x80: a"};
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        snprintf (text, sizeof text, "%s\r\n\r\n", lines[i]);
        assert_refused (text, 400, "Invalid header: malformed request line");
    }
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        snprintf (text, sizeof text, POST "%s\r\n\r\n", fields[i]);
        assert_refused (text, 400, "Invalid header: malformed field");
    }
    assert_refused (POST "X: a\rContent-Length: 5\r\n\r\n", 400,
                    "Invalid header: a line that does not end with CR LF");
    assert_refused (POST "\rX", 400, "Invalid header: a line that does not end with CR LF");
}

static void
malformed_chunks_are_refused (void **state)
{
    static const char *const chunks[] = {"0x14\r\n",
                                         "+5\r\n",
                                         "-0\r\n",
                                         " 5\r\n",
                                         "5 \r\n",
                                         "5;a=b\r\nhello\r\n",
                                         "\r\n",
                                         "5\nhello\n",
                                         "g\r\n",
                                         "5\r\nhelloX\r\n",
                                         "5\r\nhello0\r\n\r\n",
                                         "5\rX",
                                         "5\r\nhello\r0",
                                         "fffffffffffffffff\r\n"};
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
        snprintf (text, sizeof text, POST "Transfer-Encoding: chunked\r\n\r\n%s", chunks[i]);
        assert_refused (text, 400, "Invalid body: malformed chunk");
    }
    assert_refused (POST "Transfer-Encoding: chunked\r\n\r\n0\r\nX : y\r\n\r\n", 400,
                    "Invalid header: malformed field");
    assert_refused (POST "Transfer-Encoding: chunked\r\n\r\n0\r\n folded\r\n\r\n", 400,
                    "Invalid header: malformed field");
}

static void
nothing_follows_what_is_refused (void **state)
{
    struct framing framing = {.refused = NULL};
    char clear[256];

    (void)state;
    (void)framing_read (&framing, "GET / HTTP/3\r\n\r\n", 16, clear);
    assert_non_null (framing.refused);
    assert_int_equal (framing_read (&framing, POST "\r\n", strlen (POST "\r\n"), clear), 0);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (clear_messages_pass),
        cmocka_unit_test (empty_lines_before_a_request_are_passed_over),
        cmocka_unit_test (lengths_that_are_none_are_refused),
        cmocka_unit_test (codings_but_chunked_are_refused),
        cmocka_unit_test (bodies_that_nobody_reads_are_refused),
        cmocka_unit_test (malformed_heads_are_refused),
        cmocka_unit_test (malformed_chunks_are_refused),
        cmocka_unit_test (nothing_follows_what_is_refused),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
