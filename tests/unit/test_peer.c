/* Asking a work peer: what is sent, and what becomes of every kind of answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>

#include "support_peer.h"
#include "work/base/clock.h"
#include "work/base/hex.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])
#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define GOOD HEAD "Content-Length: 27\r\n\r\n{\"work\":\"" PEER_WORK "\"}"

static const struct fake_peer_turn good = {.answer = GOOD};

static void
expect_found (struct asked *asked)
{
    uint64_t work;

    peer_bench_expect (asked, PEER_FOUND, "");
    assert_int_equal (hex_parse_u64 (PEER_WORK, &work), 0);
    assert_int_equal (asked->answer.work, work);
    assert_int_equal (asked->answer.value, UINT64_C (0xffffffd21c3933f4));
    assert_string_equal (asked->reason, "");
    assert_true (asked->answer.seconds > 0 && asked->answer.seconds < 30);
}

static void
test_good (void **state)
{
    struct peer_bench *bench = *state;
    struct fake_peer *fake = peer_bench_usual (bench, &good);
    struct peer_health health;

    expect_found (peer_bench_ask (bench, 20));
    peer_health (bench->peer, &health);
    assert_int_equal (health.count[PEER_FOUND], 1);
    assert_int_equal (health.in_flight, 0);
    assert_true (health.p50 > 0 && health.p50 == health.p95);
    assert_true (peer_ready (bench->peer));
    assert_int_equal (fake_peer_accepted (fake), 1);
}

/* What nano_node sends, byte for byte but for Host's port and the hops. */
static void
test_bytes (void **state)
{
    struct peer_bench *bench = *state;
    struct fake_peer *fake = peer_bench_usual (bench, &good);
    char expected[1024];

    snprintf (expected, sizeof expected,
              "POST / HTTP/1.1\r\n"
              "Content-Type: application/json\r\n"
              "Host: 127.0.0.1:%u\r\n"
              "Content-Length: 152\r\n"
              "Workpeer-Hops: daemon-1\r\n"
              "\r\n"
              "{\n"
              "    \"action\": \"work_generate\",\n"
              "    \"hash\": \"" PEER_ROOT "\",\n"
              "    \"difficulty\": \"ffffffc000000000\"\n"
              "}\n",
              fake_peer_port (fake));
    expect_found (peer_bench_ask (bench, 20));
    assert_string_equal (fake_peer_heard (fake, 0), expected);
}

/* All that may be sent. */
static void
test_bytes_of_all (void **state)
{
    struct peer_bench *bench = *state;
    struct fake_peer *fake = peer_bench_usual (bench, &good);
    struct peer_settings settings = {
        .path = "/work?a=b",
        .header_name = "X-Api-Key",
        .header_value = "a secret",
    };
    static const struct hops hops = {2, {"a", "b"}};
    struct peer_question question = {
        .target = {.threshold = 0xff, .order = DIFFICULTY_AT_LEAST},
        .account = "nano_3t6k35gi95xu6tergt6p69ck76ogmitsa8mnijtpxm9fkcm736xtoncuohr3",
        .hops = &hops,
        .timeout = 20,
    };
    const char *expected;
    char text[1024];

    question.target.root[31] = 0xab;
    assert_int_equal (
        endpoint_make ("::ffff:127.0.0.1", fake_peer_port (fake), &settings.endpoint, &expected),
        0);
    peer_free (bench->peer);
    bench->peer = peer_new (bench->client, &settings);
    assert_non_null (bench->peer);
    snprintf (text, sizeof text, "::ffff:127.0.0.1:%u", fake_peer_port (fake));
    assert_string_equal (peer_name (bench->peer), text);
    peer_bench_wait (peer_bench_question (bench, &question));
    snprintf (
        text, sizeof text,
        "POST /work?a=b HTTP/1.1\r\n"
        "Content-Type: application/json\r\n"
        "Host: 127.0.0.1:%u\r\n"
        "Content-Length: 236\r\n"
        "Workpeer-Hops: a,b,daemon-1\r\n"
        "X-Api-Key: a secret\r\n"
        "\r\n"
        "{\n"
        "    \"action\": \"work_generate\",\n"
        "    \"hash\": \"00000000000000000000000000000000000000000000000000000000000000AB\",\n"
        "    \"difficulty\": \"00000000000000ff\",\n"
        "    \"account\": \"nano_3t6k35gi95xu6tergt6p69ck76ogmitsa8mnijtpxm9fkcm736xtoncuohr3\"\n"
        "}\n",
        fake_peer_port (fake));
    assert_string_equal (fake_peer_heard (fake, 0), text);
}

static void
test_identity (void **state)
{
    struct peer_bench *bench = *state;

    assert_null (peer_client_new (bench->base,
                                  &(struct peer_client_settings){1, 1, .identity = "not an id"}));
}

struct bad_answer {
    struct fake_peer_turn turn;
    enum peer_outcome outcome;
    const char *reason;
};

/* The client closes the connection of whoever misbehaved on the wire, and rests the peer. */
static void
check_bad_answer (struct peer_bench *bench, const struct bad_answer *bad)
{
    struct fake_peer *fake = peer_bench_usual (bench, &bad->turn);
    struct peer_health health;

    peer_bench_expect (peer_bench_ask (bench, 20), bad->outcome, bad->reason);
    peer_health (bench->peer, &health);
    assert_int_equal (health.count[bad->outcome], 1);
    assert_string_equal (health.reason, bench->asked[bench->asked_count - 1].reason);
    assert_true (health.resting_until > clock_now ());
    assert_false (peer_ready (bench->peer));
    peer_free (bench->peer);
    bench->peer = NULL;
    peer_bench_until (bench, count_open, fake, 0);
    assert_int_equal (fake_peer_accepted (fake), 1);
    fake_peer_free (fake);
    bench->fake_count--;
}

static void
check_bad_answers (struct peer_bench *bench, const struct bad_answer *bad, size_t count)
{
    peer_bench_start (bench, 20, 20, NULL);
    for (size_t i = 0; i < count; i++) {
        check_bad_answer (bench, &bad[i]);
    }
}

/* Of these the loop must see to it that they end: none has a declared end. */
#define ENDING(text)                                                      \
    {                                                                     \
        .answer = "HTTP/1.1 200 OK\r\n\r\n" text, .then = FAKE_PEER_CLOSE \
    }

static void
test_bad_work (void **state)
{
    static const struct bad_answer bad[] = {
        {ENDING (""), PEER_EMPTY, "empty"},
        {ENDING ("<html>"), PEER_NOT_JSON, "not a JSON object"},
        {ENDING ("[]"), PEER_NOT_JSON, "not a JSON object"},
        {ENDING ("{\"work\":\"" PEER_WORK "\"} x"), PEER_NOT_JSON, "not a JSON object"},
        {ENDING ("{\"error\":\"a\\nb\\u001b[1m\\u00e4\"}"), PEER_ERROR, "an error: a?b?[1m??"},
        {ENDING ("{\"error\":{}}"), PEER_ERROR, "an error: "},
        {ENDING ("{}"), PEER_NO_WORK, "no \"work\""},
        {ENDING ("{\"work\":\"\"}"), PEER_BAD_WORK, "not 1 to 16 hexadecimal digits: "},
        {ENDING ("{\"work\":\"12345678901234567\"}"), PEER_BAD_WORK, "12345678901234567"},
        {ENDING ("{\"work\":\"xyz\",\"error\":\"e\"}"), PEER_BAD_WORK, "digits: xyz"},
        {ENDING ("{\"work\":12}"), PEER_BAD_WORK, "not a string"},
        {ENDING ("{\"work\":null}"), PEER_BAD_WORK, "not a string"},
        {ENDING ("{\"work\":null,\"error\":\"\"}"), PEER_BAD_WORK, "not a string"},
        {ENDING ("{\"work\":null,\"error\":\"payment required\"}"), PEER_ERROR,
         ": payment required"},
        {ENDING ("{\"work\":\"\",\"error\":\"busy\"}"), PEER_ERROR, "an error: busy"},
        {ENDING ("{\"error\":\"no\",\"work\":false}"), PEER_ERROR, "an error: no"},
        {ENDING ("{\"work\":\"0\"}"), PEER_WRONG_WORK, "wrong work"},
        /* The next vector's work, for another root. */
        {ENDING ("{\"work\":\"bbe869e32c992096\"}"), PEER_WRONG_WORK, "wrong work"},
    };

    check_bad_answers (*state, bad, COUNT (bad));
}

/* Good work of which a little more was asked. */
static void
test_below_threshold (void **state)
{
    struct peer_bench *bench = *state;
    struct peer_question question = {.target = peer_bench_target (), .timeout = 20};

    (void)peer_bench_usual (bench, &good);
    question.target.threshold = UINT64_C (0xffffffd21c3933f4);
    expect_found (peer_bench_question (bench, &question));
    question.target.threshold++;
    peer_bench_expect (peer_bench_question (bench, &question), PEER_WRONG_WORK,
                       "it reaches ffffffd21c3933f4");
}

static void
test_long_error (void **state)
{
    struct peer_bench *bench = *state;
    char answer[1000] = "HTTP/1.1 200 OK\r\n\r\n{\"error\":\"";
    size_t head = strlen (answer);
    struct fake_peer_turn turn = {.answer = answer, .then = FAKE_PEER_CLOSE};
    const char *first;

    memset (answer + head, 'x', 500);
    (void)snprintf (answer + head + 500, sizeof answer - head - 500, "\"}");
    (void)peer_bench_usual (bench, &turn);
    peer_bench_expect (peer_bench_ask (bench, 20), PEER_ERROR, "xxx...");
    first = strchr (bench->asked[0].reason, 'x');
    assert_non_null (first);
    assert_int_equal (strspn (first, "x"), 120);
}

#define CHUNK "5\r\n12345\r\n"

static void
test_bad_http (void **state)
{
    static const struct bad_answer bad[] = {
        {{.then = FAKE_PEER_CLOSE}, PEER_CLOSED, "without an answer"},
        {{.then = FAKE_PEER_RESET}, PEER_CLOSED, "without an answer"},
        {{.at_accept = true, .then = FAKE_PEER_CLOSE}, PEER_CLOSED, "without an answer"},
        {{.at_accept = true, .then = FAKE_PEER_RESET}, PEER_CLOSED, "without an answer"},
        {{.answer = "H", .then = FAKE_PEER_CLOSE}, PEER_CUT, "in the middle of its answer"},
        {{.answer = HEAD "Content-Length: 9\r\n\r\n{", .then = FAKE_PEER_CLOSE},
         PEER_CUT,
         "in the middle"},
        {{.answer = HEAD "\r\n{", .then = FAKE_PEER_RESET},
         PEER_CUT,
         "in the middle of its answer"},
        {{.answer = "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}"},
         PEER_BAD_STATUS,
         "status 400"},
        {{.answer = "HTTP/1.1 500 Oh\r\n\r\n<html>"}, PEER_BAD_STATUS, "status 500"},
        {{.answer = "HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n"}, PEER_BAD_STATUS, "status 301"},
        {{.answer = "<html>\r\n"}, PEER_NOT_HTTP, "not HTTP"},
        {{.answer = HEAD "Content-Length: 1073741824\r\n\r\n"},
         PEER_TOO_LARGE,
         "larger than 65536"},
        {{.answer = HEAD "\r\n", .endless = "x"}, PEER_TOO_LARGE, "larger than 65536"},
        {{.answer = HEAD "Transfer-Encoding: chunked\r\n\r\n", .endless = CHUNK CHUNK CHUNK},
         PEER_TOO_LARGE,
         "larger than 65536"},
        {{.answer = HEAD, .endless = "A: b\r\n"}, PEER_TOO_LARGE, "or its header is"},
    };

    check_bad_answers (*state, bad, COUNT (bad));
}

/* Answers that are unusual, but good. */
static void
test_unusual_http (void **state)
{
    static const struct fake_peer_turn turns[] = {
        {.answer = "HTTP/1.1 100 Continue\r\n\r\n" GOOD},
        {.answer = HEAD "\r\n{\"work\":\"2BF29EF00786A6BC\"}", .then = FAKE_PEER_CLOSE},
        {.answer = HEAD "Transfer-Encoding: chunked\r\n\r\n"
                        "9;a=b\r\n{\"work\":\"\r\n12\r\n" PEER_WORK "\"}\r\n0\r\n\r\n"},
        {.answer = "HTTP/1.0 200 OK\r\nContent-Length: 38\r\n\r\n"
                   "{\"error\":\"\",\"work\":\"" PEER_WORK "\"}"},
        {.answer = GOOD, .drip = 0.001},
        /* Before it was asked. */
        {.answer = GOOD, .at_accept = true},
    };
    struct peer_bench *bench = *state;

    for (size_t i = 0; i < COUNT (turns); i++) {
        (void)peer_bench_usual (bench, &turns[i]);
        expect_found (peer_bench_ask (bench, 20));
    }
}

/* Silent after accept, half an answer, and one that drips for longer than there is time. */
static void
test_response_timeout (void **state)
{
    static const struct fake_peer_turn turns[] = {
        {.answer = NULL},
        {.answer = HEAD},
        {.answer = HEAD "Content-Length: 28\r\n\r\n{\"work\":\"" PEER_WORK "\"}"},
        {.answer = GOOD, .drip = 0.05},
        {.answer = HEAD "Transfer-Encoding: chunked\r\n\r\n1\r\n"},
    };
    struct peer_bench *bench = *state;

    peer_bench_start (bench, 20, 0.2, NULL);
    for (size_t i = 0; i < COUNT (turns); i++) {
        struct fake_peer *fake = peer_bench_usual (bench, &turns[i]);

        peer_bench_expect (peer_bench_ask (bench, 20), PEER_RESPONSE_TIMEOUT, "within 0.2 s");
        assert_true (bench->asked[i].answer.seconds >= 0.1);
        assert_true (bench->asked[i].answer.seconds < 10);
        peer_bench_until (bench, count_accepted, fake, 2); /* the second says work_cancel */
        fake_peer_hang_up (fake);
    }
}

/* The ask's own time is over before the client's. */
static void
test_timeout (void **state)
{
    static const struct fake_peer_turn silent = {.answer = NULL};
    struct peer_bench *bench = *state;
    struct fake_peer *fake = peer_bench_usual (bench, &silent);

    peer_bench_expect (peer_bench_ask (bench, 0.1), PEER_RESPONSE_TIMEOUT, "no complete answer");
    assert_true (bench->asked[0].answer.seconds >= 0.05 && bench->asked[0].answer.seconds < 10);
    peer_bench_until (bench, count_accepted, fake, 2);
    fake_peer_hang_up (fake);
}

static void
test_absent (void **state)
{
    struct peer_bench *bench = *state;
    struct fake_peer *fake = fake_peer_new (bench->base, &good, 1);
    uint16_t port = fake_peer_port (fake);

    fake_peer_free (fake);
    peer_bench_start (bench, 20, 20, NULL);
    peer_bench_peer (bench, "127.0.0.1", port);
    peer_bench_expect (peer_bench_ask (bench, 20), PEER_REFUSED, "Connection refused");
    peer_bench_peer (bench, "127.0.0.1", 0);
    peer_bench_wait (peer_bench_ask (bench, 20));
    assert_int_not_equal (bench->asked[1].answer.outcome, PEER_FOUND);
    /* A broadcast address takes no TCP. */
    peer_bench_peer (bench, "255.255.255.255", port);
    peer_bench_expect (peer_bench_ask (bench, 20), PEER_UNREACHABLE, "cannot connect: ");
}

static void
test_half_open (void **state)
{
    struct peer_bench *bench = *state;
    struct plug plug;

    peer_bench_plug (&plug, "127.0.0.1", 0);
    peer_bench_start (bench, 0.2, 20, NULL);
    peer_bench_peer (bench, "127.0.0.1", plug.port);
    peer_bench_expect (peer_bench_ask (bench, 20), PEER_CONNECT_TIMEOUT, "within 0.2 s");
    assert_true (bench->asked[0].answer.seconds < 10);
    peer_bench_expect (peer_bench_ask (bench, 0.1), PEER_CONNECT_TIMEOUT, "within 0.1 s");
    peer_bench_unplug (&plug);
}

/* Names. */

static void
put_address (struct resolver_answer *answer, const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    if (inet_pton (AF_INET, text, &v4.sin_addr) == 1) {
        memcpy (&answer->addresses[answer->count++], &v4, sizeof v4);
    } else if (inet_pton (AF_INET6, text, &v6.sin6_addr) == 1) {
        memcpy (&answer->addresses[answer->count++], &v6, sizeof v6);
    }
}

/* "none", or the addresses that the name is made of: "v6-then-v4", "hanging-then-v4". */
static void
fake_lookup (const char *host, struct resolver_answer *answer)
{
    if (strcmp (host, "none") == 0) {
        answer->error = EAI_NONAME;
    } else if (strcmp (host, "v6-then-v4") == 0) {
        put_address (answer, "::1");
        put_address (answer, "127.0.0.1");
    } else if (strcmp (host, "hanging-then-v4") == 0) {
        put_address (answer, "127.0.0.2");
        put_address (answer, "127.0.0.1");
    } else if (strcmp (host, "nowhere") == 0) {
        put_address (answer, "255.255.255.255");
        put_address (answer, "127.0.0.3");
    }
}

static void
test_names (void **state)
{
    struct peer_bench *bench = *state;
    struct fake_peer *fake = peer_bench_fake (bench, &good, 1);
    char host[64];

    peer_bench_start (bench, 20, 20, fake_lookup);
    peer_bench_peer (bench, "none", fake_peer_port (fake));
    peer_bench_expect (peer_bench_ask (bench, 20), PEER_UNRESOLVED, "cannot resolve the name: ");
    peer_bench_peer (bench, "nowhere", fake_peer_port (fake));
    peer_bench_expect (peer_bench_ask (bench, 20), PEER_REFUSED, "refused");
    peer_bench_peer (bench, "v6-then-v4", fake_peer_port (fake));
    expect_found (peer_bench_ask (bench, 20));
    snprintf (host, sizeof host, "\r\nHost: v6-then-v4:%u\r\n", fake_peer_port (fake));
    assert_non_null (strstr (fake_peer_heard (fake, 0), host));
}

/* Addresses are tried in turn: nothing comes to the second while the first hangs. */
static void
test_in_turn (void **state)
{
    struct peer_bench *bench = *state;
    struct fake_peer *fake = peer_bench_fake (bench, &good, 1);
    struct plug plug;
    struct asked *asked;

    peer_bench_plug (&plug, "127.0.0.2", fake_peer_port (fake));
    peer_bench_start (bench, 0.3, 20, fake_lookup);
    peer_bench_peer (bench, "hanging-then-v4", fake_peer_port (fake));
    asked = peer_bench_ask (bench, 20);
    expect_found (asked);
    assert_true (asked->answer.seconds >= 0.15);
    asked = peer_bench_ask (bench, 20);
    expect_found (asked); /* on the kept connection */
    peer_bench_peer (bench, "hanging-then-v4", fake_peer_port (fake));
    peer_bench_expect (peer_bench_ask (bench, 0.1), PEER_CONNECT_TIMEOUT, "no connection within");
    assert_int_equal (fake_peer_accepted (fake), 1);
    peer_bench_unplug (&plug);
}

static void
test_loop (void **state)
{
    static const struct hops hops = {8, {"1", "2", "3", "4", "5", "6", "7", "8"}};
    const struct peer_question question = {
        .target = peer_bench_target (), .hops = &hops, .timeout = 20};
    struct peer_bench *bench = *state;
    struct fake_peer *fake = peer_bench_usual (bench, &good);

    peer_bench_expect (peer_bench_question (bench, &question), PEER_LOOP, "too many daemons");
    assert_int_equal (fake_peer_accepted (fake), 0);
    assert_true (peer_ready (bench->peer));
}

static void
test_too_many (void **state)
{
    static const struct fake_peer_turn silent = {.answer = NULL};
    struct peer_bench *bench = *state;
    struct fake_peer *fake = peer_bench_usual (bench, &silent);
    struct asked *asked[3];

    peer_client_set_max_calls (bench->client, 2);
    for (size_t i = 0; i < 3; i++) {
        asked[i] = peer_bench_ask (bench, 20);
    }
    peer_bench_expect (asked[2], PEER_SHORTAGE, "too many requests to peers");
    peer_bench_until (bench, count_accepted, fake, 2);
    assert_true (peer_ready (bench->peer));
    fake_peer_hang_up (fake);
    peer_bench_expect (asked[0], PEER_CLOSED, "without an answer");
    peer_bench_expect (asked[1], PEER_CLOSED, "without an answer");
    asked[0] = peer_bench_ask (bench, 20); /* there is room again */
    peer_bench_until (bench, count_accepted, fake, 3);
    fake_peer_hang_up (fake);
    peer_bench_expect (asked[0], PEER_CLOSED, "without an answer");
}

/* Kept connections. */

static void
test_keep_alive (void **state)
{
    struct peer_bench *bench = *state;
    struct fake_peer *fake = peer_bench_usual (bench, &good);

    for (size_t i = 0; i < 5; i++) {
        expect_found (peer_bench_ask (bench, 20));
    }
    assert_int_equal (fake_peer_accepted (fake), 1);
    assert_int_equal (fake_peer_count (fake, "work_generate"), 5);
    /* Two at a time need two connections, of which one is kept. */
    (void)peer_bench_ask (bench, 20);
    (void)peer_bench_ask (bench, 20);
    expect_found (&bench->asked[5]);
    expect_found (&bench->asked[6]);
    assert_int_equal (fake_peer_accepted (fake), 2);
    peer_bench_until (bench, count_open, fake, 1);
    peer_free (bench->peer);
    bench->peer = NULL;
    peer_bench_until (bench, count_open, fake, 0);
}

static void
test_no_keep_alive (void **state)
{
    static const struct fake_peer_turn turns[] = {
        {.answer = HEAD "Connection: close\r\nContent-Length: 27\r\n\r\n"
                        "{\"work\":\"" PEER_WORK "\"}"},
        {.answer = GOOD "more"},
        {.answer = HEAD "\r\n{\"work\":\"" PEER_WORK "\"}", .then = FAKE_PEER_CLOSE},
        {.answer = GOOD},
    };
    struct peer_bench *bench = *state;
    struct fake_peer *fake = peer_bench_fake (bench, turns, COUNT (turns));
    uint64_t start = clock_now ();

    peer_bench_start (bench, 20, 20, NULL);
    peer_bench_peer (bench, "127.0.0.1", fake_peer_port (fake));
    for (size_t i = 0; i < 3; i++) {
        expect_found (peer_bench_ask (bench, 20));
        peer_bench_until (bench, count_open, fake, 0);
        assert_int_equal (fake_peer_accepted (fake), i + 1);
    }
    assert_true (clock_now () - start < 10 * CLOCK_SECOND); /* not for having been idle */
}

/* Unused for too long. */
static void
test_idle (void **state)
{
    const struct peer_client_settings settings = {20, 20, .idle_timeout = 0.2};
    struct peer_bench *bench = *state;
    struct fake_peer *fake;
    uint64_t start;

    bench->client = peer_client_new (bench->base, &settings);
    assert_non_null (bench->client);
    fake = peer_bench_usual (bench, &good);
    expect_found (peer_bench_ask (bench, 20));
    start = clock_now ();
    peer_bench_until (bench, count_open, fake, 0);
    assert_true (clock_now () - start >= CLOCK_SECOND / 10);
    assert_true (clock_now () - start < 10 * CLOCK_SECOND);
    expect_found (peer_bench_ask (bench, 20));
    assert_int_equal (fake_peer_accepted (fake), 2);
}

/* Closed by the peer before it is used again, seen by the loop or not. */
static void
test_stale (void **state)
{
    struct peer_bench *bench = *state;
    struct fake_peer *fake = peer_bench_usual (bench, &good);

    expect_found (peer_bench_ask (bench, 20));
    fake_peer_hang_up (fake);
    expect_found (peer_bench_ask (bench, 20));
    fake_peer_hang_up (fake);
    for (size_t i = 0; i < 5; i++) {
        peer_bench_turn (bench);
    }
    expect_found (peer_bench_ask (bench, 20));
    assert_int_equal (fake_peer_accepted (fake), 3);
}

/* Closed by the peer just when it is used again: once more, on a new one, and no failure. */
static void
test_stale_in_use (void **state)
{
    static const enum fake_peer_then then[] = {FAKE_PEER_CLOSE, FAKE_PEER_RESET};
    struct peer_bench *bench = *state;
    struct peer_health health;

    for (size_t i = 0; i < COUNT (then); i++) {
        const struct fake_peer_turn turns[] = {good, {.then = then[i]}, good, {.then = then[i]}};
        struct fake_peer *fake = peer_bench_fake (bench, turns, COUNT (turns));

        if (bench->client == NULL) {
            peer_bench_start (bench, 20, 20, NULL);
        }
        peer_bench_peer (bench, "127.0.0.1", fake_peer_port (fake));
        expect_found (peer_bench_ask (bench, 20));
        expect_found (peer_bench_ask (bench, 20));
        assert_int_equal (fake_peer_accepted (fake), 2);
        peer_health (bench->peer, &health);
        assert_int_equal (health.count[PEER_FOUND], 2);
        assert_int_equal (health.count[PEER_CLOSED], 0);
        /* Closed on both: then it is one. */
        peer_bench_expect (peer_bench_ask (bench, 20), PEER_CLOSED, "without an answer");
        assert_int_equal (fake_peer_accepted (fake), 3);
    }
}

/* A hundred at once, of peers of all kinds. */
static void
test_crowd (void **state)
{
    static const struct fake_peer_turn turns[] = {
        {.answer = GOOD},
        {.answer = "HTTP/1.1 500 Oh\r\n\r\n"},
        {.then = FAKE_PEER_CLOSE},
        {.answer = HEAD "Content-Length: 27\r\n\r\n{", .then = FAKE_PEER_RESET},
        {.answer = GOOD, .drip = 0.001},
        {.answer = NULL},
    };
    static const enum peer_outcome outcomes[] = {
        PEER_FOUND, PEER_BAD_STATUS, PEER_CLOSED, PEER_CUT, PEER_FOUND, PEER_RESPONSE_TIMEOUT};
    struct peer_bench *bench = *state;

    peer_bench_start (bench, 20, 3, NULL);
    for (size_t i = 0; i < COUNT (turns); i++) {
        (void)peer_bench_usual (bench, &turns[i]);
        for (size_t k = 0; k < 20; k++) {
            (void)peer_bench_ask (bench, 20);
        }
    }
    for (size_t i = 0; i < bench->asked_count; i++) {
        peer_bench_expect (&bench->asked[i], outcomes[i / 20], "");
    }
    for (size_t i = 0; i < COUNT (turns); i++) {
        fake_peer_hang_up (bench->fakes[i]);
    }
}

int
main (void)
{
#define TEST(function) \
    cmocka_unit_test_setup_teardown (function, peer_bench_set_up, peer_bench_tear_down)
    const struct CMUnitTest tests[] = {
        TEST (test_good),          TEST (test_bytes),
        TEST (test_bytes_of_all),  TEST (test_identity),
        TEST (test_bad_work),      TEST (test_below_threshold),
        TEST (test_long_error),    TEST (test_bad_http),
        TEST (test_unusual_http),  TEST (test_response_timeout),
        TEST (test_timeout),       TEST (test_absent),
        TEST (test_half_open),     TEST (test_names),
        TEST (test_in_turn),       TEST (test_loop),
        TEST (test_too_many),      TEST (test_keep_alive),
        TEST (test_no_keep_alive), TEST (test_idle),
        TEST (test_stale),         TEST (test_stale_in_use),
        TEST (test_crowd),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
