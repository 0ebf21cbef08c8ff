/*
 * Atto's requests: what is read from them at which time, and what comes back over a socket. The
 * clock is the test's, and stands still.
 */
#include <event2/buffer.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_device.h"
#include "node/atto/atto_works.h"
#include "node/base/log.h"
#include "node/search/broker.h"
#include "rpc/server/server.h"
#include "support_http.h"
#include "work/base/atto.h"
#include "work/scan/value.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

#define TARGET "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"

#define YEAR_2024 INT64_C (1704067200000)
#define YEAR_2026 INT64_C (1767225600000) /* 2026-01-01T00:00:00.000Z */
#define YEAR_2064 INT64_C (2966371200000)

/* The clock. */

static int64_t stopped_at;

static int64_t
stopped_clock (void)
{
    return stopped_at;
}

/* Reading. */

static const char *
read_text (const char *text, struct atto_works_request *wanted)
{
    const struct atto_works works = {.max_json_depth = 20, .now = stopped_clock};
    struct evbuffer *body = evbuffer_new ();
    const char *error;

    assert_non_null (body);
    assert_int_equal (evbuffer_add (body, text, strlen (text)), 0);
    error = atto_works_read (&works, body, wanted);
    evbuffer_free (body);
    return error;
}

static const char *
read_timestamp (const char *timestamp, struct atto_works_request *wanted)
{
    char text[256];

    snprintf (text, sizeof text,
              "{\"network\":\"LIVE\",\"timestamp\":%s,\"target\":\"" TARGET "\"}", timestamp);
    return read_text (text, wanted);
}

static void
assert_year (int64_t timestamp, int year)
{
    struct atto_works_request wanted;
    uint64_t threshold;
    char text[32];

    snprintf (text, sizeof text, "%" PRId64, timestamp);
    assert_null (read_timestamp (text, &wanted));
    assert_int_equal (wanted.year, year);
    assert_int_equal (atto_threshold (ATTO_LIVE, year, &threshold), 0);
    assert_int_equal (wanted.target.threshold, threshold);
}

static void
assert_refused (const char *text, const char *error)
{
    struct atto_works_request wanted = {.year = 7};
    const char *given = read_text (text, &wanted);

    assert_non_null (given);
    assert_has (given, error);
    assert_int_equal (wanted.year, 7);
}

static void
assert_timestamp_refused (const char *timestamp, const char *error)
{
    struct atto_works_request wanted = {.year = 7};
    const char *given = read_timestamp (timestamp, &wanted);

    if (given == NULL) {
        fail_msg ("%s was accepted", timestamp);
    }
    assert_has (given, error);
    assert_int_equal (wanted.year, 7);
}

static void
assert_timestamp_number_refused (int64_t timestamp, const char *error)
{
    char text[32];

    snprintf (text, sizeof text, "%" PRId64, timestamp);
    assert_timestamp_refused (text, error);
}

static void
test_read (void **state)
{
    static const struct {
        const char *text;
        enum atto_network network;
    } rows[] = {
        {"{\"network\":\"LIVE\",\"timestamp\":1767225600000,\"target\":\"" TARGET "\"}", ATTO_LIVE},
        {"{\"target\":\"" TARGET "\",\"network\":\"BETA\",\"timestamp\":1767225600000}", ATTO_BETA},
        {"{\"network\":\"DEV\",\"timestamp\":1767225600000,\"target\":\"" TARGET
         "\",\"more\":[{\"x\":null}],\"threshold\":\"1\"}",
         ATTO_DEV},
        {" {\"network\":\"LOCAL\",\"timestamp\":\"1767225600000\",\"target\":\"" TARGET "\"}\n",
         ATTO_LOCAL},
    };
    static const uint8_t bytes[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};

    (void)state;
    stopped_at = YEAR_2026;
    for (size_t i = 0; i < COUNT (rows); i++) {
        struct atto_works_request wanted;
        uint64_t threshold;
        assert_null (read_text (rows[i].text, &wanted));
        assert_int_equal (wanted.network, rows[i].network);
        assert_int_equal (wanted.year, 2026);
        assert_int_equal (wanted.target.order, DIFFICULTY_AT_MOST);
        assert_int_equal (atto_threshold (rows[i].network, 2026, &threshold), 0);
        assert_int_equal (wanted.target.threshold, threshold);
        assert_memory_equal (wanted.target.root, bytes, sizeof bytes);
        assert_memory_equal (wanted.target.root + 24, bytes, sizeof bytes);
    }
}

/* The year is the request's own, up to a minute ahead of the clock's. */
static void
test_new_year (void **state)
{
    (void)state;
    stopped_at = YEAR_2026 - 1; /* 2025-12-31T23:59:59.999Z */
    assert_year (YEAR_2026 - 1, 2025);
    assert_year (YEAR_2026, 2026);
    assert_year (YEAR_2026 - 1 + 60000, 2026);
    assert_timestamp_number_refused (YEAR_2026 - 1 + 60001, "more than a minute ahead");
    assert_year (YEAR_2024, 2024);

    stopped_at = YEAR_2026;
    assert_year (YEAR_2026 - 1, 2025);
    assert_year (YEAR_2026, 2026);

    stopped_at = YEAR_2026 - 60000; /* a minute before */
    assert_year (YEAR_2026, 2026);
    stopped_at = YEAR_2026 - 60001;
    assert_timestamp_number_refused (YEAR_2026, "more than a minute ahead");
}

static void
test_every_year (void **state)
{
    int64_t timestamp = YEAR_2024;

    (void)state;
    for (int year = ATTO_FIRST_YEAR; year <= ATTO_LAST_YEAR; year++) {
        const int64_t days = year % 4 == 0 ? 366 : 365; /* 2100 is far */
        stopped_at = timestamp;
        assert_year (timestamp, year);
        timestamp += days * 86400 * 1000;
        stopped_at = timestamp - 1;
        assert_year (timestamp - 1, year);
    }
    assert_int_equal (timestamp, YEAR_2064);
}

static void
test_no_such_threshold (void **state)
{
    (void)state;
    stopped_at = YEAR_2026;
    assert_timestamp_number_refused (YEAR_2024 - 1, "of 2024 or later");
    assert_timestamp_number_refused (YEAR_2064, "more than a minute ahead");
    stopped_at = YEAR_2064 - 1;
    assert_timestamp_number_refused (YEAR_2064, "after 2063");
    stopped_at = INT64_MAX - 60000;
    assert_timestamp_number_refused (YEAR_2064, "after 2063");
    stopped_at = INT64_MIN; /* a clock that is wrong refuses, and does not overflow */
    assert_timestamp_number_refused (YEAR_2026, "more than a minute ahead");
}

static void
test_bad_timestamps (void **state)
{
    static const char *const bad[] = {
        "0",
        "-1",
        "-0",
        "1",
        "-1767225600000",
        "1767225600000.5",
        "1.5",
        "1e300",
        "-1e300",
        "9007199254740992",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
        "100000000000000000000000000000000",
        "true",
        "null",
        "\"\"",
        "\"x\"",
        "\" 1767225600000\"",
        "\"+1767225600000\"",
        "\"0x19b75b7d800\"",
        "\"2026-01-01T00:00:00Z\"",
        "[1767225600000]",
        "{}",
    };

    (void)state;
    stopped_at = YEAR_2026;
    for (size_t i = 0; i < COUNT (bad); i++) {
        assert_timestamp_refused (bad[i], "The timestamp must be a whole number");
    }
}

static void
test_bad_bodies (void **state)
{
    static const struct {
        const char *text;
        const char *error;
    } rows[] = {
        {"", "Unable to parse JSON"},
        {"nonsense", "Unable to parse JSON"},
        {"[]", "Unable to parse JSON"},
        {"{\"network\":\"LIVE\",\"network\":\"BETA\"}", "Unable to parse JSON"},
        {"{\"x\":[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]}", "Max JSON depth"},
        {"{}", "The network must be LIVE, BETA, DEV or LOCAL"},
        {"{\"network\":\"UNKNOWN\"}", "The network must be"},
        {"{\"network\":\"live\"}", "The network must be"},
        {"{\"network\":null}", "The network must be"},
        {"{\"network\":0}", "The network must be"},
        {"{\"network\":[\"LIVE\"]}", "The network must be"},
        {"{\"network\":\"LIVE\"}", "The timestamp must be"},
        {"{\"network\":\"LIVE\",\"timestamp\":1767225600000}", "The target must be"},
        {"{\"network\":\"LIVE\",\"timestamp\":1767225600000,\"target\":1}", "The target must be"},
        {"{\"network\":\"LIVE\",\"timestamp\":1767225600000,\"target\":\"" TARGET "0\"}",
         "The target must be 64 hexadecimal digits"},
        {"{\"network\":\"LIVE\",\"timestamp\":1767225600000,\"target\":\"01234567\"}",
         "The target must be 64 hexadecimal digits"},
        {"{\"network\":\"LIVE\",\"timestamp\":1767225600000,\"target\":"
         "\"g123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF\"}",
         "The target must be 64 hexadecimal digits"},
    };

    (void)state;
    stopped_at = YEAR_2026;
    for (size_t i = 0; i < COUNT (rows); i++) {
        assert_refused (rows[i].text, rows[i].error);
    }
}

/* Over a socket. */

struct fixture {
    struct event_base *base;
    struct pool *pool;
    struct broker *broker;
    struct server *server;
    struct atto_works works;
    uint16_t port;
};

static void
setup (struct fixture *fixture, enum fake_behaviour behaviour, double timeout)
{
    const struct fake_settings fake = {.name = "fake", .behaviour = behaviour};
    const struct pool_settings pool_settings = {.max_jobs = 8, .batch_seconds = 0.01};
    const struct broker_settings broker_settings = {.max_searches = 1, .request_timeout = timeout};
    const struct server_settings server_settings = {
        .connections.max = 16,
        .connections.limits.max_body = 1000,
        .max_json_depth = 20,
        .connections.read_timeout = 30,
        .idle_timeout = 30,
    };
    char error[256];

    *fixture = (struct fixture){.base = event_base_new (), .pool = pool_new (&pool_settings)};
    assert_non_null (fixture->base);
    assert_non_null (fixture->pool);
    assert_int_equal (pool_add (fixture->pool, fake_device (fake_new (&fake))), 0);
    assert_int_equal (pool_start (fixture->pool), 0);
    fixture->broker = broker_new (fixture->base, fixture->pool, NULL, NULL, &broker_settings);
    assert_non_null (fixture->broker);
    fixture->works =
        (struct atto_works){.broker = fixture->broker, .max_json_depth = 20, .now = stopped_clock};
    fixture->server = server_new (fixture->base, &server_settings, NULL, NULL);
    assert_non_null (fixture->server);
    server_add_routes (fixture->server, atto_works_routes, &fixture->works);
    assert_int_equal (
        server_listen (fixture->server, "127.0.0.1", &fixture->port, error, sizeof error),
        SERVER_LISTENING);
}

static void
teardown (struct fixture *fixture)
{
    server_stop (fixture->server);
    broker_stop (fixture->broker);
    server_free (fixture->server);
    pool_stop (fixture->pool);
    broker_free (fixture->broker);
    pool_free (fixture->pool);
    event_base_free (fixture->base);
}

static void
say_request (int fd, const char *network, int64_t timestamp, const char *target)
{
    char body[256];
    char text[512];

    snprintf (body, sizeof body, "{\"network\":\"%s\",\"timestamp\":%" PRId64 ",\"target\":\"%s\"}",
              network, timestamp, target);
    snprintf (text, sizeof text, "POST /works HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s",
              strlen (body), body);
    http_say (fd, text);
}

/* A target that only the fake device has to do with. */
static void
fake_text (uint64_t tag, char text[HEX_ROOT_SIZE])
{
    struct scan_target target;

    fake_target (&target, tag, 0);
    hex_print_root (target.root, text);
}

/* The value of the work in an answer. */
static uint64_t
value_in (const char *answer, const char *target)
{
    static const char before[] = "\r\n\r\n{\"work\":\"";
    const char *work = strstr (answer, before);
    char digits[HEX_U64_SIZE] = "";
    uint8_t root[32];
    uint64_t written;
    uint64_t value;

    assert_has (answer, "HTTP/1.1 200 OK\r\n");
    assert_non_null (work);
    memcpy (digits, work + sizeof before - 1, HEX_U64_SIZE - 1);
    assert_int_equal (strspn (digits, "0123456789ABCDEF"), 16);
    assert_string_equal (work + sizeof before - 1 + 16, "\"}");
    assert_int_equal (hex_parse_u64 (digits, &written), 0);
    assert_int_equal (atto_parse_target (target, root), 0);
    value = value_of (root, __builtin_bswap64 (written));
    return value;
}

/*
 * At the last millisecond of 2025, both years are asked for at once, for one target: each gets work
 * for its own year, and the easier is not made to wait for the harder.
 */
static void
test_both_sides_of_new_year (void **state)
{
    struct fixture fixture;
    uint64_t threshold_2025;
    uint64_t threshold_2026;
    unsigned between = 0;

    (void)state;
    assert_int_equal (atto_threshold (ATTO_LOCAL, 2025, &threshold_2025), 0);
    assert_int_equal (atto_threshold (ATTO_LOCAL, 2026, &threshold_2026), 0);
    setup (&fixture, FAKE_FINDS, 300);
    stopped_at = YEAR_2026 - 1;
    for (unsigned i = 0; i < 40; i++) {
        int old = http_dial (fixture.port);
        int new = http_dial (fixture.port);
        char target[65];
        uint64_t value;
        snprintf (target, sizeof target, "%064X", i);
        say_request (new, "LOCAL", YEAR_2026, target);
        say_request (old, "LOCAL", YEAR_2026 - 1, target);
        value = value_in (http_hear (fixture.base, old, "}"), target);
        assert_true (value <= threshold_2025);
        between += value > threshold_2026;
        assert_true (value_in (http_hear (fixture.base, new, "}"), target) <= threshold_2026);
        assert_int_equal (close (old), 0);
        assert_int_equal (close (new), 0);
    }
    assert_true (between > 0);
    teardown (&fixture);
}

static void
test_full_queue (void **state)
{
    struct fixture fixture;
    char target[HEX_ROOT_SIZE];
    char other[HEX_ROOT_SIZE];
    const char *answer;
    int first;
    int second;

    (void)state;
    stopped_at = YEAR_2026;
    setup (&fixture, FAKE_NEVER, 300);
    fake_text (1, target);
    fake_text (2, other);
    first = http_dial (fixture.port);
    second = http_dial (fixture.port);
    say_request (first, "LIVE", YEAR_2026, target);
    while (broker_waiters (fixture.broker) == 0) {
        http_turn (fixture.base);
    }
    say_request (second, "LIVE", YEAR_2026, other);
    answer = http_hear (fixture.base, second, "}");
    assert_has (answer, "HTTP/1.1 503 Service Unavailable\r\n");
    assert_has (answer, "Retry-After: 1\r\n");
    assert_has (answer, "{\"error\":\"Work queue is full\"}");
    assert_int_equal (close (second), 0);

    /* Another for the same target needs no place. */
    second = http_dial (fixture.port);
    say_request (second, "LIVE", YEAR_2026 - 1, target);
    while (broker_waiters (fixture.broker) < 2) {
        http_turn (fixture.base);
    }
    assert_int_equal (close (first), 0);
    while (broker_waiters (fixture.broker) > 1) {
        http_turn (fixture.base);
    }
    server_stop (fixture.server);
    assert_has (http_hear (fixture.base, second, NULL), "{\"error\":\"Cancelled\"}");
    assert_int_equal (broker_waiters (fixture.broker), 0);
    assert_int_equal (close (second), 0);
    teardown (&fixture);
}

static void
test_deadline (void **state)
{
    struct fixture fixture;
    char target[HEX_ROOT_SIZE];
    const char *answer;
    int fd;

    (void)state;
    stopped_at = YEAR_2026;
    setup (&fixture, FAKE_NEVER, 0.05);
    fake_text (1, target);
    fd = http_dial (fixture.port);
    say_request (fd, "LIVE", YEAR_2026, target);
    answer = http_hear (fixture.base, fd, "}");
    assert_has (answer, "HTTP/1.1 503 Service Unavailable\r\n");
    assert_has (answer, "{\"error\":\"No work was found in time\"}");
    assert_int_equal (close (fd), 0);
    teardown (&fixture);
}

static void
test_bad_request (void **state)
{
    struct fixture fixture;
    const char *answer;
    int fd;

    (void)state;
    stopped_at = YEAR_2026;
    setup (&fixture, FAKE_NEVER, 300);
    fd = http_dial (fixture.port);
    say_request (fd, "LIVE", YEAR_2026 + 60001, TARGET);
    answer = http_hear (fixture.base, fd, "}");
    assert_has (answer, "HTTP/1.1 400 Bad Request\r\n");
    assert_has (answer, "\r\n\r\n{\"error\":\"The timestamp is more than a minute ahead");
    assert_int_equal (broker_waiters (fixture.broker), 0);
    assert_int_equal (close (fd), 0);
    teardown (&fixture);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_read),
        cmocka_unit_test (test_new_year),
        cmocka_unit_test (test_every_year),
        cmocka_unit_test (test_no_such_threshold),
        cmocka_unit_test (test_bad_timestamps),
        cmocka_unit_test (test_bad_bodies),
        cmocka_unit_test (test_both_sides_of_new_year),
        cmocka_unit_test (test_full_queue),
        cmocka_unit_test (test_deadline),
        cmocka_unit_test (test_bad_request),
    };

    (void)signal (SIGPIPE, SIG_IGN); /* as the program does */
    log_set_level (LOG_LEVEL_OFF);
    return cmocka_run_group_tests (tests, NULL, NULL);
}
