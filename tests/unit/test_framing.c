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

static const struct framing_limits limits = {.max_head = 200, .max_body = 25};

/* What is taken when `text` comes `piece` bytes at a time. Returns how many requests have ended. */
static size_t
read_in_pieces (struct framing *framing, const char *text, size_t piece, char *clear)
{
    const size_t size = strlen (text);
    size_t wholes = 0;
    size_t kept = 0;
    size_t at = 0;

    *framing = (struct framing){.refused = NULL};
    while (at < size && framing->refused == NULL) {
        const size_t left = piece - at % piece;
        const size_t most = size - at < left ? size - at : left;
        size_t count = 0;
        const enum framing_event event = framing_read (framing, &limits, text + at, most, &count);

        assert_in_range (count, 1, most);
        assert_int_equal (event == FRAMING_REFUSED, framing->refused != NULL);
        assert_true (event != FRAMING_MORE || count == most);
        memcpy (clear + kept, text + at, count);
        kept += count;
        clear[kept] = '\0';
        if (event == FRAMING_BLANK) {
            kept -= strlen ("\r\n"); /* both bytes of it are there, and the last */
            assert_string_equal (clear + kept, "\r\n");
        }
        wholes += event == FRAMING_WHOLE;
        at += count;
    }
    clear[kept] = '\0';
    return wholes;
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
             "00\r\nX-Trailer: y\r\nZ:\r\nX-Forwarded: y\r\n\r\n" POST "\r\n",
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
    static const char *const lines[] = {"NS / HTTP/1.1",
                                        "GET  / HTTP/1.1",
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
    assert_refused (POST "Transfer-Encoding: chunked\r\n\r\n0\r\nX:\r\nforwarded: for=_x\r\n\r\n",
                    400, "Invalid body: a trailer that belongs in the head");
    assert_refused (POST "Transfer-Encoding: chunked\r\n\r\n0\r\nX-Forwarded-FOR: x\r\n\r\n", 400,
                    "Invalid body: a trailer that belongs in the head");
    assert_refused (POST "Transfer-Encoding: chunked\r\n\r\n0\r\n folded\r\n\r\n", 400,
                    "Invalid header: malformed field");
}

/* Where each ends, whatever the pieces. */
static void
requests_end_where_they_end (void **state)
{
    static const char text[] =
        POST "Content-Length: 5\r\n\r\nhello\r\n"
             "GET / HTTP/1.1\r\n\r\n" POST
             "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nA: b\r\n\r\n" POST
             "Content-Length: 5\r\n\r\nhell";

    (void)state;
    for (size_t piece = 1; piece <= sizeof text; piece++) {
        struct framing framing;
        char clear[1024];

        assert_int_equal (read_in_pieces (&framing, text, piece, clear), 3);
        assert_null (framing.refused);
    }
}

static void
assert_declined (const char *text, int status, const char *error)
{
    struct framing framing;
    char clear[1024];

    assert_refused (text, status, error);
    (void)read_in_pieces (&framing, text, 1, clear);
    assert_false (framing.ambiguous);
}

static void
what_is_too_long_is_declined (void **state)
{
    static const char line[] = "POST / HTTP/1.1";
    static const char name[] = "X:";
    char filler[256];
    char text[512];

    (void)state;
    memset (filler, 'a', sizeof filler - 1);
    filler[limits.max_head - strlen (line) - strlen (name)] = '\0';
    snprintf (text, sizeof text, "%s\r\n%s%s\r\n\r\n", line, name, filler);
    assert_clear (text, text);
    snprintf (text, sizeof text, "%s\r\n%s%sa", line, name, filler);
    assert_declined (text, 400, "Invalid header: header limit exceeded");
    snprintf (text, sizeof text, "%s\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n%s%s", line, name,
              filler);
    assert_declined (text, 400, "Invalid header: header limit exceeded");
    assert_declined (POST "Content-Length: 26\r\n\r\n", 413, "Invalid header: body limit exceeded");
    assert_declined (POST "Transfer-Encoding: chunked\r\n\r\n14\r\n01234567890123456789\r\n6\r\n",
                     413, "Invalid header: body limit exceeded");
    assert_clear (POST "Transfer-Encoding: chunked\r\n\r\n14\r\n01234567890123456789\r\n0\r\n\r\n",
                  POST "Transfer-Encoding: chunked\r\n\r\n14\r\n01234567890123456789\r\n0\r\n\r\n");
}

static void
tunnels_and_odd_expectations_are_declined (void **state)
{
    (void)state;
    assert_declined ("CONNECT a:1 HTTP/1.1\r\n\r\n", 501, "Unknown method");
    assert_declined (POST "Expect: 200-ok\r\nContent-Length: 5\r\n\r\n", 417,
                     "Invalid header: bad expectation");
    assert_clear (POST "Expect: 200-ok\r\n\r\n", POST "Expect: 200-ok\r\n\r\n");
}

/* Once, where there is a body to come. */
static void
expectations_are_told_of (void **state)
{
    static const char with_body[] =
        POST "Expect: 100-Continue\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n";
    static const char without[] = POST "Expect: 100-continue\r\n\r\n";
    struct framing framing = {.refused = NULL};
    size_t count;
    size_t rest;

    (void)state;
    assert_int_equal (framing_read (&framing, &limits, with_body, sizeof with_body - 1, &count),
                      FRAMING_EXPECTS);
    assert_ptr_equal (strstr (with_body, "1\r\na"), with_body + count);
    assert_int_equal (
        framing_read (&framing, &limits, with_body + count, sizeof with_body - 1 - count, &rest),
        FRAMING_WHOLE);
    assert_int_equal (count + rest, sizeof with_body - 1);
    assert_int_equal (framing_read (&framing, &limits, without, sizeof without - 1, &count),
                      FRAMING_WHOLE);
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
        cmocka_unit_test (requests_end_where_they_end),
        cmocka_unit_test (what_is_too_long_is_declined),
        cmocka_unit_test (tunnels_and_odd_expectations_are_declined),
        cmocka_unit_test (expectations_are_told_of),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
