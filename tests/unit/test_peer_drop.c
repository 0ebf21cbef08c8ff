/* Calls that are dropped, at each stage, and peers that are freed under them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>

#include "support_peer.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])
#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define GOOD HEAD "Content-Length: 27\r\n\r\n{\"work\":\"" PEER_WORK "\"}"

/* An ask and a work_cancel on their ways, each for itself. */
struct heard {
    const struct fake_peer *fake;
    const char *text;
};

static size_t
count_heard (const void *data)
{
    const struct heard *heard = data;

    return fake_peer_count (heard->fake, heard->text);
}

static void
until_heard (struct peer_bench *bench, const struct fake_peer *fake, const char *text, size_t count)
{
    const struct heard heard = {fake, text};

    peer_bench_until (bench, count_heard, &heard, count);
}

static void
check_cancel (struct peer_bench *bench, const struct fake_peer *fake, size_t connection)
{
    char expected[1024];
    struct peer_health health;

    snprintf (expected, sizeof expected,
              "POST / HTTP/1.1\r\n"
              "Content-Type: application/json\r\n"
              "Host: 127.0.0.1:%u\r\n"
              "Content-Length: 112\r\n"
              "Connection: close\r\n"
              "\r\n"
              "{\n"
              "    \"action\": \"work_cancel\",\n"
              "    \"hash\": \"" PEER_ROOT "\"\n"
              "}\n",
              fake_peer_port (fake));
    assert_string_equal (fake_peer_heard (fake, connection), expected);
    peer_bench_quiet (bench);
    peer_health (bench->peer, &health);
    assert_int_equal (health.cancels, 1);
    assert_int_equal (health.dropped, 1);
    assert_int_equal (health.in_flight, 0);
    assert_true (peer_ready (bench->peer));
}

/* Dropped after `answer`, a part of one, has come; the cancel is answered, or not. */
static void
check_sent (struct peer_bench *bench, const char *answer, const char *cancelled)
{
    const struct fake_peer_turn turns[] = {{.answer = answer}, {.answer = cancelled}};
    struct fake_peer *fake = peer_bench_fake (bench, turns, COUNT (turns));
    struct asked *asked;

    if (bench->client == NULL) {
        peer_bench_start (bench, 20, 20, NULL);
    }
    peer_bench_peer (bench, "127.0.0.1", fake_peer_port (fake));
    asked = peer_bench_ask (bench, 20);
    until_heard (bench, fake, "work_generate", 1);
    for (size_t i = 0; i < 10; i++) { /* the part of an answer has come */
        peer_bench_turn (bench);
    }
    peer_bench_drop (asked);
    assert_int_equal (peer_client_busy (bench->client), 1);
    until_heard (bench, fake, "work_cancel", 1);
    peer_bench_until (bench, count_open, fake, cancelled == NULL ? 1 : 0);
    peer_bench_quiet (bench);
    peer_bench_until (bench, count_open, fake, 0);
    assert_int_equal (fake_peer_accepted (fake), 2);
    assert_int_equal (fake_peer_count (fake, "POST"), 2);
    check_cancel (bench, fake, 1);
}

static void
test_sent (void **state)
{
    struct peer_bench *bench = *state;

    check_sent (bench, NULL, HEAD "Content-Length: 2\r\n\r\n{}");
    check_sent (bench, HEAD, "");
    check_sent (bench, HEAD "Content-Length: 27\r\n\r\n{\"work\":", GOOD);
    check_sent (bench, NULL, "HTTP/1.1 500 Oh\r\n\r\n");
    /* A cancel that is never answered is given up. */
    check_sent (bench, NULL, NULL);
}

/* Nothing has been done yet: nobody hears of it. */
static void
test_at_once (void **state)
{
    static const struct fake_peer_turn silent = {.answer = NULL};
    struct peer_bench *bench = *state;
    struct fake_peer *fake = peer_bench_usual (bench, &silent);
    struct peer_health health;

    peer_bench_drop (peer_bench_ask (bench, 20));
    assert_int_equal (peer_client_busy (bench->client), 0);
    for (size_t i = 0; i < 10; i++) {
        peer_bench_turn (bench);
    }
    assert_int_equal (fake_peer_accepted (fake), 0);
    peer_health (bench->peer, &health);
    assert_int_equal (health.cancels, 0);
    assert_int_equal (health.dropped, 1);
}

static void
test_connecting (void **state)
{
    struct peer_bench *bench = *state;
    struct asked *asked;
    struct plug plug;

    peer_bench_plug (&plug, "127.0.0.1", 0);
    peer_bench_start (bench, 20, 20, NULL);
    peer_bench_peer (bench, "127.0.0.1", plug.port);
    asked = peer_bench_ask (bench, 20);
    for (size_t i = 0; i < 10; i++) {
        peer_bench_turn (bench);
    }
    peer_bench_drop (asked);
    assert_int_equal (peer_client_busy (bench->client), 0);
    peer_bench_unplug (&plug);
}

/* Dropped after each possible number of turns: a cancel goes out if and only if the ask did. */
static void
test_each_turn (void **state)
{
    static const struct fake_peer_turn turns[] = {{.answer = NULL}, {.then = FAKE_PEER_CLOSE}};
    struct peer_bench *bench = *state;
    size_t unsent = 0;
    size_t sent = 0;

    peer_bench_start (bench, 20, 20, NULL);
    for (size_t count = 0; count < 20; count++) {
        struct fake_peer *fake = peer_bench_fake (bench, turns, COUNT (turns));
        struct asked *asked;

        peer_bench_peer (bench, "127.0.0.1", fake_peer_port (fake));
        asked = peer_bench_ask (bench, 20);
        for (size_t i = 0; i < count; i++) {
            peer_bench_turn (bench);
        }
        peer_bench_drop (asked);
        peer_bench_quiet (bench);
        peer_bench_until (bench, count_open, fake, 0);
        assert_int_equal (fake_peer_count (fake, "work_cancel"),
                          fake_peer_count (fake, "work_generate"));
        sent += fake_peer_count (fake, "work_generate");
        unsent += fake_peer_count (fake, "work_generate") == 0;
        fake_peer_free (fake);
        bench->fake_count--;
    }
    assert_true (unsent > 0 && sent > 0);
}

/* While its name is being resolved. */

static pthread_mutex_t name_server = PTHREAD_MUTEX_INITIALIZER;

static void
held_lookup (const char *host, struct resolver_answer *answer)
{
    (void)host;
    (void)pthread_mutex_lock (&name_server);
    answer->error = EAI_NONAME;
    (void)pthread_mutex_unlock (&name_server);
}

static void
test_resolving (void **state)
{
    struct peer_bench *bench = *state;
    struct asked *asked;

    (void)pthread_mutex_lock (&name_server);
    peer_bench_start (bench, 0.2, 20, held_lookup);
    peer_bench_peer (bench, "name", 1);
    asked = peer_bench_ask (bench, 20);
    peer_bench_turn (bench);
    peer_bench_drop (asked);
    assert_int_equal (peer_client_busy (bench->client), 0);
    peer_bench_expect (peer_bench_ask (bench, 20), PEER_UNRESOLVED, "within 0.2 s");
    peer_bench_expect (peer_bench_ask (bench, 0.1), PEER_CONNECT_TIMEOUT, "within 0.1 s");
    (void)pthread_mutex_unlock (&name_server);
    /* The name server answers at last; who has left does not hear of it. */
    peer_bench_expect (peer_bench_ask (bench, 20), PEER_UNRESOLVED, "resolve");
}

/* work_cancel ends all work for a root: it is not sent while another call waits for that. */
static void
test_wanted (void **state)
{
    static const struct fake_peer_turn turns[] = {
        {.answer = NULL}, {.answer = NULL}, {.then = FAKE_PEER_CLOSE}, {.answer = NULL}};
    struct peer_bench *bench = *state;
    struct fake_peer *fake = peer_bench_fake (bench, turns, COUNT (turns));
    struct asked *again;

    peer_bench_start (bench, 20, 20, NULL);
    peer_bench_peer (bench, "127.0.0.1", fake_peer_port (fake));
    (void)peer_bench_ask (bench, 20);
    again = peer_bench_ask (bench, 20);
    until_heard (bench, fake, "work_generate", 2);
    peer_bench_drop (&bench->asked[0]);
    assert_int_equal (peer_client_busy (bench->client), 1);
    peer_bench_drop (again);
    assert_int_equal (peer_client_busy (bench->client), 1);
    until_heard (bench, fake, "work_cancel", 1);
    peer_bench_quiet (bench);
    /* Asked again before the cancel has left. */
    again = peer_bench_ask (bench, 20);
    until_heard (bench, fake, "work_generate", 3);
    peer_bench_drop (again);
    again = peer_bench_ask (bench, 20);
    assert_int_equal (peer_client_busy (bench->client), 1);
    until_heard (bench, fake, "work_generate", 4);
    assert_int_equal (fake_peer_count (fake, "work_cancel"), 1);
    peer_bench_drop (again);
    until_heard (bench, fake, "work_cancel", 2);
    fake_peer_hang_up (fake);
}

/* The peer that is told has gone meanwhile: nobody waits, and nothing is made of it. */
static void
test_cancel_fails (void **state)
{
    static const struct fake_peer_turn silent = {.answer = NULL};
    struct peer_bench *bench = *state;
    struct fake_peer *fake = peer_bench_usual (bench, &silent);
    struct asked *asked = peer_bench_ask (bench, 20);
    struct peer_health health;

    until_heard (bench, fake, "work_generate", 1);
    fake_peer_free (fake);
    bench->fake_count = 0;
    peer_bench_drop (asked);
    peer_bench_quiet (bench);
    peer_health (bench->peer, &health);
    assert_int_equal (health.cancels, 0);
    assert_true (peer_ready (bench->peer));
}

/* Asks for work for a root of its own. */
static struct asked *
ask_other (struct peer_bench *bench)
{
    struct peer_question question = {.target = peer_bench_target (), .timeout = 20};

    question.target.root[0] = (uint8_t)bench->asked_count;
    return peer_bench_question (bench, &question);
}

/* The owner lets go of the peer: its calls go on. */
static void
test_free_meanwhile (void **state)
{
    static const struct fake_peer_turn turns[] = {
        {.answer = GOOD, .drip = 0.001}, {.answer = NULL}, {.then = FAKE_PEER_CLOSE}};
    struct peer_bench *bench = *state;
    struct fake_peer *fake = peer_bench_fake (bench, turns, COUNT (turns));
    struct asked *slow;
    struct asked *dropped;

    peer_bench_start (bench, 20, 20, NULL);
    peer_bench_peer (bench, "127.0.0.1", fake_peer_port (fake));
    slow = peer_bench_ask (bench, 20);
    until_heard (bench, fake, "work_generate", 1);
    dropped = ask_other (bench);
    until_heard (bench, fake, "work_generate", 2);
    peer_free (bench->peer);
    bench->peer = NULL;
    peer_bench_drop (dropped);
    until_heard (bench, fake, "work_cancel", 1);
    peer_bench_expect (slow, PEER_FOUND, "");
    peer_bench_quiet (bench);
    peer_bench_until (bench, count_open, fake, 0); /* the connection is not kept */
}

/* A callback may free its peer, ask again, and drop others. */
static void
drop_next_and_free (struct asked *asked)
{
    struct peer_bench *bench = asked->bench;

    peer_bench_drop (asked + 1);
    peer_free (bench->peer);
    bench->peer = NULL;
}

static void
ask_again (struct asked *asked)
{
    bool first = asked->bench->asked_count < 4;
    struct asked *next = first ? peer_bench_ask (asked->bench, 20) : NULL;

    if (next != NULL) {
        next->hook = ask_again;
    }
}

static void
test_callbacks (void **state)
{
    static const struct fake_peer_turn turns[] = {
        {.answer = GOOD}, {.answer = GOOD}, {.answer = GOOD},          {.answer = GOOD},
        {.answer = GOOD}, {.answer = NULL}, {.then = FAKE_PEER_CLOSE},
    };
    struct peer_bench *bench = *state;
    struct fake_peer *fake = peer_bench_fake (bench, turns, COUNT (turns));

    peer_bench_start (bench, 20, 20, NULL);
    peer_bench_peer (bench, "127.0.0.1", fake_peer_port (fake));
    peer_bench_ask (bench, 20)->hook = ask_again;
    peer_bench_quiet (bench);
    assert_int_equal (bench->asked_count, 4);
    assert_int_equal (fake_peer_accepted (fake), 1);
    peer_bench_ask (bench, 20)->hook = drop_next_and_free;
    (void)peer_bench_ask (bench, 20);
    peer_bench_expect (&bench->asked[4], PEER_FOUND, "");
    assert_true (bench->asked[5].dropped);
    assert_null (bench->peer);
}

/* The client goes while calls and cancels are under way: no callback, and nothing left behind. */
static void
test_client_free (void **state)
{
    static const struct fake_peer_turn silent = {.answer = NULL};
    struct peer_bench *bench = *state;
    struct fake_peer *fake = peer_bench_usual (bench, &silent);

    for (size_t i = 0; i < 10; i++) {
        (void)ask_other (bench);
    }
    until_heard (bench, fake, "work_generate", 10);
    for (size_t i = 0; i < 5; i++) {
        peer_bench_drop (&bench->asked[i]);
    }
    until_heard (bench, fake, "work_cancel", 5);
    (void)ask_other (bench);
    assert_int_equal (peer_client_busy (bench->client), 11);
    peer_free (bench->peer);
    peer_client_free (bench->client);
    bench->peer = NULL;
    bench->client = NULL;
    for (size_t i = 5; i < bench->asked_count; i++) {
        bench->asked[i].call = NULL;
        bench->asked[i].dropped = true;
    }
    peer_bench_until (bench, count_open, fake, 0);
}

int
main (void)
{
#define TEST(function) \
    cmocka_unit_test_setup_teardown (function, peer_bench_set_up, peer_bench_tear_down)
    const struct CMUnitTest tests[] = {
        TEST (test_sent),         TEST (test_at_once),        TEST (test_connecting),
        TEST (test_each_turn),    TEST (test_resolving),      TEST (test_wanted),
        TEST (test_cancel_fails), TEST (test_free_meanwhile), TEST (test_callbacks),
        TEST (test_client_free),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
