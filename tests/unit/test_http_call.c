/*
 * One question to a server: how it ends, that each state ends in its time, and that it can be given
 * up in each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>

#include "rpc/client/http_call.h"
#include "support_peer.h"
#include "work/base/clock.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])
#define OK "HTTP/1.1 200 OK\r\n"
#define GOOD OK "Content-Length: 2\r\n\r\n{}"

enum { MAX_BODY = 100 };

/* Nothing is waited for so long; what is to end, ends after QUICK. */
#define LONG 30.0
#define QUICK 0.05

struct bench {
    size_t descriptors; /* before any of it */
    struct event_base *base;
    struct resolver *resolver;
    struct fake_peer *fake;
    struct http_kept kept;
    struct http_call *call; /* NULL: it has ended */
    bool frees;             /* `call` is freed within its own callback */
    unsigned answers;
    enum http_outcome outcome;
    unsigned status;
    bool sent;
    char body[MAX_BODY + 1];
    char retry_after[32];
    char reason[256];
};

static pthread_mutex_t name_server = PTHREAD_MUTEX_INITIALIZER;

/* "good" is the fake, "refused-then-good" has two addresses, and "held" takes as long as it is
 * held. */
static void
fake_lookup (const char *host, struct resolver_answer *answer)
{
    static const char *const texts[] = {"127.0.0.3", "127.0.0.1"};

    if (strcmp (host, "held") == 0) {
        (void)pthread_mutex_lock (&name_server);
        (void)pthread_mutex_unlock (&name_server);
    }
    for (size_t i = strcmp (host, "refused-then-good") == 0 ? 0 : 1; i < COUNT (texts); i++) {
        struct sockaddr_in address = {.sin_family = AF_INET};

        (void)inet_pton (AF_INET, texts[i], &address.sin_addr);
        memcpy (&answer->addresses[answer->count++], &address, sizeof address);
    }
}

static int
set_up (void **state)
{
    struct bench *bench = calloc (1, sizeof *bench);

    if (bench == NULL) {
        return -1;
    }
    *state = bench;
    bench->descriptors = count_descriptors ();
    bench->base = event_base_new ();
    bench->resolver = resolver_new (bench->base, fake_lookup);
    return bench->resolver == NULL;
}

static void
script (struct bench *bench, const struct fake_peer_turn *turns, size_t count)
{
    if (bench->fake != NULL) {
        fake_peer_free (bench->fake);
    }
    bench->fake = fake_peer_new (bench->base, turns, count);
}

static void
turn (struct bench *bench)
{
    assert_true (event_base_loop (bench->base, EVLOOP_ONCE | EVLOOP_NONBLOCK) >= 0);
}

/*
 * No call leaves a connection behind but the one that is kept. A look-up that was given up has a
 * thread, whose descriptor must not be missed in the midst of the next test.
 */
static int
tear_down (void **state)
{
    struct bench *bench = *state;
    const uint64_t end = clock_now () + 30 * CLOCK_SECOND;

    http_call_free (bench->call);
    http_kept_clear (&bench->kept);
    while (bench->fake != NULL && fake_peer_open (bench->fake) > 0) {
        assert_true (clock_now () < end);
        turn (bench);
    }
    if (bench->fake != NULL) {
        fake_peer_free (bench->fake);
    }
    resolver_free (bench->resolver);
    event_base_free (bench->base);
    await_descriptors (bench->descriptors);
    free (bench);
    return 0;
}

static void
on_done (void *data, const struct http_result *result)
{
    struct bench *bench = data;

    bench->answers++;
    bench->outcome = result->outcome;
    bench->status = result->status;
    bench->sent = http_call_sent (bench->call);
    (void)snprintf (bench->reason, sizeof bench->reason, "%s", result->reason);
    if (result->outcome == HTTP_ANSWERED) {
        const ev_ssize_t length = evbuffer_remove (result->body, bench->body, MAX_BODY);

        assert_true (length >= 0);
        bench->body[length] = '\0';
        (void)snprintf (bench->retry_after, sizeof bench->retry_after, "%s", result->retry_after);
    }
    if (bench->frees) {
        http_call_free (bench->call);
    }
    bench->call = NULL;
}

/* Asks `host` at the fake's port, or another. */
static void
ask_at (struct bench *bench, const char *host, uint16_t port, struct http_question question)
{
    struct url url = {.path = "/"};
    json_t *body = json_pack ("{s:s}", "action", "version");
    const char *expected;

    assert_int_equal (endpoint_make (host, port, &url.endpoint, &expected), 0);
    question.url = &url;
    question.body = body;
    question.max_body = MAX_BODY;
    question.keep_time = LONG;
    bench->answers = 0;
    bench->call = http_call_new (bench->base, bench->resolver, &question, on_done, bench);
    assert_int_equal (bench->answers, 0);
    assert_false (http_call_sent (bench->call));
    json_decref (body);
}

static void
ask (struct bench *bench, const char *host, struct http_question question)
{
    ask_at (bench, host, fake_peer_port (bench->fake), question);
}

static void
expect (struct bench *bench, enum http_outcome outcome, const char *reason)
{
    const uint64_t end = clock_now () + 30 * CLOCK_SECOND;

    while (bench->answers == 0) {
        assert_true (clock_now () < end);
        assert_int_equal (event_base_loop (bench->base, EVLOOP_ONCE), 0);
    }
    assert_int_equal (bench->answers, 1);
    if (bench->outcome != outcome || strstr (bench->reason, reason) == NULL) {
        fail_msg ("%d (%s), not %d (%s)", bench->outcome, bench->reason, outcome, reason);
    }
}

static void
test_answered (void **state)
{
    static const struct fake_peer_turn good = {.answer = GOOD};
    struct bench *bench = *state;

    script (bench, &good, 1);
    ask (bench, "good", (struct http_question){.timeout = 0});
    expect (bench, HTTP_ANSWERED, "");
    assert_string_equal (bench->body, "{}");
    assert_string_equal (bench->reason, "");
    assert_int_equal (bench->status, 200);
    assert_non_null (strstr (fake_peer_heard (bench->fake, 0), "\r\nConnection: close\r\n"));
}

struct ending {
    struct fake_peer_turn turn;
    enum http_outcome outcome;
    const char *reason;
};

static void
test_endings (void **state)
{
    static const struct ending endings[] = {
        {{.then = FAKE_PEER_CLOSE}, HTTP_CLOSED, "without an answer"},
        {{.then = FAKE_PEER_RESET}, HTTP_CLOSED, "without an answer"},
        {{.answer = OK "Content-Le", .then = FAKE_PEER_CLOSE},
         HTTP_CUT,
         "in the middle of its answer"},
        {{.answer = OK "Content-Length: 2\r\n\r\n{", .then = FAKE_PEER_CLOSE},
         HTTP_CUT,
         "in the middle"},
        {{.answer = OK "\r\n{}", .then = FAKE_PEER_RESET}, HTTP_CUT, "in the middle of its answer"},
        {{.answer = OK "\r\n{}", .then = FAKE_PEER_CLOSE}, HTTP_ANSWERED, ""},
        {{.answer = GOOD, .drip = 0.001}, HTTP_ANSWERED, ""},
        {{.answer = OK "Content-Length: 101\r\n\r\n"}, HTTP_TOO_LARGE, "larger than 100 bytes"},
        {{.answer = OK "\r\n", .endless = "x"}, HTTP_TOO_LARGE, "larger than 100 bytes"},
        {{.answer = OK, .endless = "A: b\r\n"}, HTTP_TOO_LARGE, "or its header is"},
        {{.answer = "SSH-2.0-OpenSSH\r\n"}, HTTP_NOT_HTTP, "not HTTP"},
        {{.answer = "HTTP/1.1 429 Slow\r\nContent-Length: 2\r\n\r\n{}"},
         HTTP_BAD_STATUS,
         "HTTP status 429"},
    };
    struct bench *bench = *state;

    for (size_t i = 0; i < 2 * COUNT (endings); i++) {
        const struct ending *const ending = &endings[i / 2];

        bench->frees = i % 2 == 1;
        script (bench, &ending->turn, 1);
        ask (bench, "127.0.0.1", (struct http_question){.timeout = LONG});
        expect (bench, ending->outcome, ending->reason);
        assert_true (bench->sent);
    }
}

static void
test_any_status (void **state)
{
    static const struct {
        const char *answer;
        const char *body;
        const char *retry_after;
        unsigned status;
    } cases[] = {
        {"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{}", "{}", "7", 429},
        {"HTTP/1.1 100 Continue\r\nRetry-After: 7\r\n\r\n" GOOD, "{}", "", 200},
        {"HTTP/1.1 204 Nothing\r\n\r\n", "", "", 204},
        {"HTTP/1.1 304 The Same\r\nContent-Length: 9\r\n\r\n", "", "", 304},
    };
    struct bench *bench = *state;

    for (size_t i = 0; i < COUNT (cases); i++) {
        const struct fake_peer_turn answer = {.answer = cases[i].answer};

        script (bench, &answer, 1);
        ask (bench, "127.0.0.1", (struct http_question){.any_status = true});
        expect (bench, HTTP_ANSWERED, "");
        assert_int_equal (bench->status, cases[i].status);
        assert_string_equal (bench->body, cases[i].body);
        assert_string_equal (bench->retry_after, cases[i].retry_after);
    }
    /* No answer to this request: another protocol begins. */
    script (bench, &(struct fake_peer_turn){.answer = "HTTP/1.1 101 Other\r\n\r\n"}, 1);
    ask (bench, "127.0.0.1", (struct http_question){.any_status = true});
    expect (bench, HTTP_BAD_STATUS, "101");
}

/* Time-outs, of each state and of the whole. */

static void
test_name_times_out (void **state)
{
    static const struct fake_peer_turn silent = {.answer = NULL};
    struct bench *bench = *state;

    script (bench, &silent, 1);
    (void)pthread_mutex_lock (&name_server);
    ask (bench, "held", (struct http_question){.connect_timeout = QUICK});
    expect (bench, HTTP_UNRESOLVED, "did not resolve within 0.05 s");
    ask (bench, "held", (struct http_question){.connect_timeout = LONG, .timeout = QUICK});
    expect (bench, HTTP_CONNECT_TIMEOUT, "no connection within 0.");
    assert_false (bench->sent);
    (void)pthread_mutex_unlock (&name_server);
    assert_int_equal (fake_peer_accepted (bench->fake), 0);
}

static void
test_connect_times_out (void **state)
{
    struct bench *bench = *state;
    struct plug plug;

    peer_bench_plug (&plug, "127.0.0.1", 0);
    ask_at (bench, "127.0.0.1", plug.port, (struct http_question){.connect_timeout = QUICK});
    expect (bench, HTTP_CONNECT_TIMEOUT, "no connection within 0.05 s");
    assert_false (bench->sent);
    ask_at (bench, "127.0.0.1", plug.port, (struct http_question){.timeout = QUICK});
    expect (bench, HTTP_CONNECT_TIMEOUT, "no connection within 0.");
    peer_bench_unplug (&plug);
}

static void
test_answer_times_out (void **state)
{
    static const struct fake_peer_turn turns[] = {{.answer = NULL},
                                                  {.answer = OK},
                                                  {.answer = OK "Content-Length: 2\r\n\r\n{"},
                                                  {.answer = GOOD, .drip = 0.02}};
    struct bench *bench = *state;

    for (size_t i = 0; i < COUNT (turns); i++) {
        script (bench, &turns[i], 1);
        ask (bench, "127.0.0.1", (struct http_question){.response_timeout = QUICK});
        expect (bench, HTTP_RESPONSE_TIMEOUT, "no complete answer within 0.");
        assert_true (bench->sent);
    }
    ask (bench, "127.0.0.1", (struct http_question){.response_timeout = LONG, .timeout = QUICK});
    expect (bench, HTTP_RESPONSE_TIMEOUT, "no complete answer");
}

/* Giving up, in each state. */

static void
give_up (struct bench *bench)
{
    http_call_free (bench->call);
    bench->call = NULL;
    for (size_t i = 0; i < 10; i++) {
        turn (bench);
    }
    assert_int_equal (bench->answers, 0);
}

static void
test_give_up_dialling (void **state)
{
    static const struct fake_peer_turn good = {.answer = GOOD};
    struct bench *bench = *state;
    struct plug plug;

    script (bench, &good, 1);
    (void)pthread_mutex_lock (&name_server);
    ask (bench, "held", (struct http_question){.timeout = LONG});
    turn (bench);
    assert_false (http_call_sent (bench->call));
    give_up (bench);
    (void)pthread_mutex_unlock (&name_server);
    peer_bench_plug (&plug, "127.0.0.1", 0);
    ask_at (bench, "127.0.0.1", plug.port, (struct http_question){.timeout = LONG});
    for (size_t i = 0; i < 10; i++) {
        turn (bench);
    }
    give_up (bench);
    peer_bench_unplug (&plug);
    assert_int_equal (fake_peer_accepted (bench->fake), 0);
}

/* After each possible number of turns, with a new connection and with a kept one. */
static void
test_give_up_at_any_time (void **state)
{
    static const struct fake_peer_turn turns[] = {{.answer = GOOD},
                                                  {.answer = OK "Content-Length: 2\r\n\r\n{"}};
    struct bench *bench = *state;
    unsigned unsent = 0;
    unsigned sent = 0;
    size_t descriptors;

    for (unsigned i = 0; i < 40; i++) {
        const bool kept = i % 2 == 1;

        script (bench, kept ? turns : turns + 1, kept ? 2 : 1);
        http_kept_clear (&bench->kept);
        if (kept) {
            ask (bench, "127.0.0.1", (struct http_question){.kept = &bench->kept});
            expect (bench, HTTP_ANSWERED, "");
            assert_non_null (bench->kept.stream);
        }
        ask (bench, "127.0.0.1", (struct http_question){.kept = &bench->kept});
        for (unsigned k = 0; k < i / 2; k++) {
            turn (bench);
        }
        sent += http_call_sent (bench->call);
        unsent += !http_call_sent (bench->call);
        descriptors = count_descriptors ();
        http_call_free (bench->call);
        bench->call = NULL;
        assert_int_equal (count_descriptors (), descriptors - (kept || i / 2 > 0));
        give_up (bench);
        assert_null (bench->kept.stream);
        assert_true (fake_peer_accepted (bench->fake) <= 1);
    }
    assert_true (sent > 10 && unsent > 2);
}

/* The second address is asked where nobody listens at the first. */
static void
test_next_address (void **state)
{
    static const struct fake_peer_turn good = {.answer = GOOD};
    struct bench *bench = *state;

    script (bench, &good, 1);
    ask (bench, "refused-then-good", (struct http_question){.connect_timeout = LONG});
    expect (bench, HTTP_ANSWERED, "");
    assert_int_equal (fake_peer_accepted (bench->fake), 1);
    ask (bench, "127.0.0.3", (struct http_question){.connect_timeout = LONG});
    expect (bench, HTTP_REFUSED, "Connection refused");
    assert_false (bench->sent);
}

/* Kept connections. */

/* Closed by the server as it is used again: the same is asked once more, of whom is there. */
static void
test_stale (void **state)
{
    static const struct fake_peer_turn turns[] = {{.answer = GOOD},
                                                  {.then = FAKE_PEER_CLOSE},
                                                  {.answer = GOOD},
                                                  {.then = FAKE_PEER_RESET},
                                                  {.then = FAKE_PEER_CLOSE}};
    const struct http_question question = {.kept = NULL};
    struct bench *bench = *state;
    struct http_question keeping = question;

    keeping.kept = &bench->kept;
    script (bench, turns, COUNT (turns));
    ask (bench, "127.0.0.1", keeping);
    expect (bench, HTTP_ANSWERED, "");
    ask (bench, "127.0.0.1", keeping);
    expect (bench, HTTP_ANSWERED, "");
    assert_int_equal (fake_peer_accepted (bench->fake), 2);
    assert_int_equal (fake_peer_count (bench->fake, "version"), 3);
    ask (bench, "127.0.0.1", keeping);
    expect (bench, HTTP_CLOSED, "without an answer");
    assert_int_equal (fake_peer_accepted (bench->fake), 3);
    assert_null (bench->kept.stream);
}

/* The time for the whole is not begun anew with the connection. */
static void
test_stale_in_time (void **state)
{
    static const struct fake_peer_turn turns[] = {
        {.answer = GOOD}, {.then = FAKE_PEER_CLOSE}, {.answer = NULL}};
    struct bench *bench = *state;
    const struct http_question question = {.timeout = QUICK, .kept = &bench->kept};

    script (bench, turns, COUNT (turns));
    ask (bench, "127.0.0.1", (struct http_question){.kept = &bench->kept});
    expect (bench, HTTP_ANSWERED, "");
    ask (bench, "127.0.0.1", question);
    expect (bench, HTTP_RESPONSE_TIMEOUT, "no complete answer");
    assert_true (bench->sent);
    assert_int_equal (fake_peer_accepted (bench->fake), 2);
}

/* What is said between two calls is no answer to the second. */
static void
test_unasked (void **state)
{
    static const struct fake_peer_turn turns[] = {
        {.answer = GOOD "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"}, {.answer = GOOD}};
    struct bench *bench = *state;

    script (bench, turns, COUNT (turns));
    for (size_t i = 0; i < 2; i++) {
        ask (bench, "127.0.0.1", (struct http_question){.kept = &bench->kept});
        expect (bench, HTTP_ANSWERED, "");
        assert_string_equal (bench->body, "{}");
    }
    assert_int_equal (fake_peer_accepted (bench->fake), 2);
}

int
main (void)
{
#define TEST(function) cmocka_unit_test_setup_teardown (function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST (test_answered),          TEST (test_endings),
        TEST (test_any_status),        TEST (test_name_times_out),
        TEST (test_connect_times_out), TEST (test_answer_times_out),
        TEST (test_give_up_dialling),  TEST (test_give_up_at_any_time),
        TEST (test_next_address),      TEST (test_stale),
        TEST (test_stale_in_time),     TEST (test_unasked),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
