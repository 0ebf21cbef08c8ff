/* Every answer is read at once and byte by byte; both must come to the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rpc/client/http_answer.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])
#define MAX_BODY 32

struct example {
    const char *text;
    enum http_answer_state state;
    const char *body; /* with HTTP_ANSWER_WHOLE */
    bool keep_alive;
};

static void
feed (struct http_answer *answer, struct evbuffer *input, const char *text, size_t length,
      size_t part)
{
    for (size_t i = 0; i < length; i += part) {
        size_t here = length - i < part ? length - i : part;

        assert_int_equal (evbuffer_add (input, text + i, here), 0);
        (void)http_answer_read (answer, input);
    }
}

static void
check (const struct example *example, size_t part)
{
    struct evbuffer *input = evbuffer_new ();
    struct http_answer answer;
    char body[MAX_BODY + 1] = "";

    assert_non_null (input);
    http_answer_init (&answer, MAX_BODY, false);
    feed (&answer, input, example->text, strlen (example->text), part);
    if (answer.state < HTTP_ANSWER_WHOLE) {
        (void)http_answer_end (&answer);
    }
    if (answer.state != example->state) {
        fail_msg ("%d, not %d: %s", answer.state, example->state, example->text);
    }
    if (example->body != NULL) {
        assert_int_equal (answer.status, 200);
        assert_int_equal (answer.keep_alive, example->keep_alive);
        assert_true (evbuffer_remove (answer.body, body, MAX_BODY) >= 0);
        assert_string_equal (body, example->body);
    }
    http_answer_clear (&answer);
    evbuffer_free (input);
}

static void
check_all (const struct example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check (&examples[i], strlen (examples[i].text));
        check (&examples[i], 1);
    }
}

static void
test_whole (void **state)
{
    static const struct example examples[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", HTTP_ANSWER_WHOLE, "{}", true},
        {"HTTP/1.1 200\r\ncontent-length:2  \r\n\r\n{}", HTTP_ANSWER_WHOLE, "{}", true},
        {"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}", HTTP_ANSWER_WHOLE, "{}", true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", HTTP_ANSWER_WHOLE, "", true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", HTTP_ANSWER_WHOLE,
         "{}", true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 32\r\n\r\n12345678901234567890123456789012",
         HTTP_ANSWER_WHOLE, "12345678901234567890123456789012", true},
        {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", HTTP_ANSWER_WHOLE,
         "{}", false},
        {"HTTP/1.1 200 OK\r\nConnection: TE, Close\r\nContent-Length: 2\r\n\r\n{}",
         HTTP_ANSWER_WHOLE, "{}", false},
        {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", HTTP_ANSWER_WHOLE, "{}", false},
        {"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\n{}",
         HTTP_ANSWER_WHOLE, "{}", true},
        {"HTTP/1.1 200 OK\r\n\r\nuntil the end", HTTP_ANSWER_WHOLE, "until the end", false},
        {"HTTP/1.1 200 OK\r\n\r\n", HTTP_ANSWER_WHOLE, "", false},
        {"HTTP/1.1 200 OK\r\nA: b\r\n folded: 7\r\nContent-Length: 2\r\n\r\n{}", HTTP_ANSWER_WHOLE,
         "{}", true},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nConnection: close\r\n"
         "Content-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
         HTTP_ANSWER_WHOLE, "{}", true},
    };
    (void)state;

    check_all (examples, COUNT (examples));
}

static void
test_chunked (void **state)
{
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
    static const struct example examples[] = {
        {CHUNKED "2\r\n{}\r\n0\r\n\r\n", HTTP_ANSWER_WHOLE, "{}", true},
        {CHUNKED "1\r\n{\r\n00000001;a=b\r\n}\r\n0 ;c\r\nTrailer: x\r\n\r\n", HTTP_ANSWER_WHOLE,
         "{}", true},
        {CHUNKED "0\r\n\r\n", HTTP_ANSWER_WHOLE, "", true},
        {CHUNKED "1f\r\n1234567890123456789012345678901\r\n1\r\n2\r\n0\r\n\r\n", HTTP_ANSWER_WHOLE,
         "12345678901234567890123456789012", true},
        {CHUNKED "20\r\n12345678901234567890123456789012\r\n1\r\n3\r\n0\r\n\r\n",
         HTTP_ANSWER_TOO_LARGE, NULL, false},
        {CHUNKED "21\r\n", HTTP_ANSWER_TOO_LARGE, NULL, false},
        {CHUNKED "ffffffffffffffffff\r\n", HTTP_ANSWER_TOO_LARGE, NULL, false},
        {CHUNKED "100000000\r\n", HTTP_ANSWER_TOO_LARGE, NULL, false},
        {CHUNKED "-1\r\n", HTTP_ANSWER_BROKEN, NULL, false},
        {CHUNKED "\r\n", HTTP_ANSWER_BROKEN, NULL, false},
        {CHUNKED "2x\r\n", HTTP_ANSWER_BROKEN, NULL, false},
        {CHUNKED "2\r\n{}{}\r\n", HTTP_ANSWER_BROKEN, NULL, false},
        {CHUNKED "2\r\n{}\r\n", HTTP_ANSWER_CHUNK_SIZE, NULL, false},
        {CHUNKED "2\r\n{}\r\n0\r\n", HTTP_ANSWER_TRAILER, NULL, false},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 7\r\n\r\n"
         "2\r\n{}\r\n0\r\n\r\n",
         HTTP_ANSWER_WHOLE, "{}", false},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", HTTP_ANSWER_BROKEN, NULL,
         false},
    };
    (void)state;

    check_all (examples, COUNT (examples));
}

static void
test_refused (void **state)
{
    static const struct example examples[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 33\r\n\r\n", HTTP_ANSWER_TOO_LARGE, NULL, false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n", HTTP_ANSWER_TOO_LARGE, NULL,
         false},
        {"HTTP/1.1 200 OK\r\n\r\n123456789012345678901234567890123", HTTP_ANSWER_TOO_LARGE, NULL,
         false},
        {"HTTP/1.1 400 Bad Request\r\n\r\n", HTTP_ANSWER_OTHER_STATUS, NULL, false},
        {"HTTP/1.1 500\r\nContent-Length: 1073741824\r\n\r\n", HTTP_ANSWER_OTHER_STATUS, NULL,
         false},
        {"HTTP/1.1 204 No Content\r\n\r\n", HTTP_ANSWER_OTHER_STATUS, NULL, false},
        {"HTTP/1.1 101 Switching\r\n\r\n", HTTP_ANSWER_OTHER_STATUS, NULL, false},
        {"HTTP/1.1 2000 OK\r\n\r\n", HTTP_ANSWER_BROKEN, NULL, false},
        {"HTTP/1.1 20\r\n\r\n", HTTP_ANSWER_BROKEN, NULL, false},
        {"HTTP/1.\r\n", HTTP_ANSWER_BROKEN, NULL, false},
        {"HTTP/1.1\r\n", HTTP_ANSWER_BROKEN, NULL, false},
        {"HTTP/2 200\r\n\r\n", HTTP_ANSWER_BROKEN, NULL, false},
        {"SSH-2.0-OpenSSH\r\n", HTTP_ANSWER_BROKEN, NULL, false},
        {"\r\n", HTTP_ANSWER_BROKEN, NULL, false},
        {"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", HTTP_ANSWER_BROKEN, NULL, false},
        {"HTTP/1.1 200 OK\r\n: nameless\r\n\r\n", HTTP_ANSWER_BROKEN, NULL, false},
        {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", HTTP_ANSWER_BROKEN, NULL, false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n", HTTP_ANSWER_BROKEN, NULL, false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", HTTP_ANSWER_BROKEN,
         NULL, false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", HTTP_ANSWER_BROKEN,
         NULL, false},
        {"HTTP/1.1 200 O", HTTP_ANSWER_STATUS_LINE, NULL, false},
        {"HTTP/1.1 200 OK\r\nContent-Le", HTTP_ANSWER_HEADER, NULL, false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", HTTP_ANSWER_BODY, NULL, false},
    };
    (void)state;

    check_all (examples, COUNT (examples));
}

static void
test_zero_byte (void **state)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nA: \0b\r\n\r\n";
    struct evbuffer *input = evbuffer_new ();
    struct http_answer answer;
    (void)state;

    http_answer_init (&answer, MAX_BODY, false);
    feed (&answer, input, text, sizeof text - 1, sizeof text);
    assert_int_equal (answer.state, HTTP_ANSWER_BROKEN);
    http_answer_clear (&answer);
    evbuffer_free (input);
}

/* What never ends is refused before it has cost much: `text` and then `more` for ever. */
static void
check_bound (const char *text, const char *more)
{
    struct evbuffer *input = evbuffer_new ();
    struct http_answer answer;
    size_t fed = strlen (text);

    http_answer_init (&answer, MAX_BODY, false);
    feed (&answer, input, text, fed, fed);
    while (answer.state < HTTP_ANSWER_WHOLE && fed < 2 * HTTP_ANSWER_MAX_HEAD) {
        feed (&answer, input, more, strlen (more), strlen (more));
        fed += strlen (more);
    }
    assert_int_equal (answer.state, HTTP_ANSWER_TOO_LARGE);
    assert_true (fed <= HTTP_ANSWER_MAX_HEAD + strlen (more) + 2);
    http_answer_clear (&answer);
    evbuffer_free (input);
}

static void
test_endless (void **state)
{
    (void)state;
    check_bound ("H", "x");
    check_bound ("HTTP/1.1 200 OK\r\n", "A: b\r\n");
    check_bound ("HTTP/1.1 200 OK\r\nA: ", "b");
    check_bound ("HTTP/1.1 100 Continue\r\n", "\r\nHTTP/1.1 100 Continue\r\n");
    check_bound (CHUNKED, "1");
    check_bound (CHUNKED "1;", "x");
    check_bound (CHUNKED "0\r\n", "A: b\r\n");
    check_bound (CHUNKED, "1\r\nx\r\n");
    check_bound ("HTTP/1.1 200 OK\r\n\r\n", "x");
}

/* A chunk's line with `blanks` of them, in pieces as whole. */
static void
check_line (int blanks, enum http_answer_state expected)
{
    char text[2048];
    const int length = snprintf (text, sizeof text, CHUNKED "2%*s\r\n{}\r\n0\r\n\r\n", blanks, "");

    assert_true (length > 0 && length < (int)sizeof text);
    for (size_t piece = 1; piece <= (size_t)length; piece += piece < 4 ? 1 : 1000) {
        struct evbuffer *input = evbuffer_new ();
        struct http_answer answer;

        http_answer_init (&answer, MAX_BODY, false);
        feed (&answer, input, text, (size_t)length, piece);
        assert_int_equal (answer.state, expected);
        http_answer_clear (&answer);
        evbuffer_free (input);
    }
}

static void
test_longest_line (void **state)
{
    (void)state;
    check_line (1023, HTTP_ANSWER_WHOLE);
    check_line (1024, HTTP_ANSWER_TOO_LARGE);
}

/* What comes after an answer is left alone. */
static void
test_after (void **state)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP";
    struct evbuffer *input = evbuffer_new ();
    struct http_answer answer;
    (void)state;

    http_answer_init (&answer, MAX_BODY, false);
    feed (&answer, input, text, sizeof text - 1, sizeof text);
    assert_int_equal (answer.state, HTTP_ANSWER_WHOLE);
    assert_int_equal (evbuffer_get_length (input), 4);
    http_answer_clear (&answer);
    evbuffer_free (input);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_whole),        cmocka_unit_test (test_chunked),
        cmocka_unit_test (test_refused),      cmocka_unit_test (test_zero_byte),
        cmocka_unit_test (test_endless),      cmocka_unit_test (test_after),
        cmocka_unit_test (test_longest_line),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
