/*
 * Servers of routes, over real sockets and in one thread: the test turns the loop itself while it
 * waits for what a client gets.
 */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "rpc/base/rpc_log.h"
#include "rpc/server/request.h"
#include "rpc/server/server.h"
#include "support_http.h"
#include "work/base/clock.h"

#define MOST_PENDING 8

/* What the routes below act upon. */
struct fixture {
    struct event_base *base;
    struct server *server;
    uint16_t port;
    struct request *pending[MOST_PENDING]; /* in the order of their coming */
    size_t pending_count;
    size_t left; /* how many leave callbacks have run */
};

static const struct server_settings settings = {
    .connections.max = MOST_PENDING + 1,
    .connections.limits.max_body = 1000,
    .max_json_depth = 20,
    .connections.read_timeout = 30,
    .idle_timeout = 30,
};

/* The routes. */

static void
reply_text (struct request *request, int status, const char *text)
{
    struct evbuffer *body = evbuffer_new ();

    assert_non_null (body);
    assert_int_equal (evbuffer_add_printf (body, "%s", text), (int)strlen (text));
    request_reply (request, status, "text/plain", body);
    assert_int_equal (evbuffer_get_length (body), 0);
    evbuffer_free (body);
}

static void
get_now (void *context, struct request *request)
{
    (void)context;
    reply_text (request, 200, "now");
}

static void
get_teapot (void *context, struct request *request)
{
    (void)context;
    request_add_header (request, "Retry-After", "7");
    request_reply_error (request, 429, "too \"many\"");
}

/* Says what it was sent. */
static void
post_echo (void *context, struct request *request)
{
    const char *colour = request_header (request, "x-colour");
    struct evbuffer *body = request_body (request);
    size_t length = evbuffer_get_length (body);
    char text[256];

    (void)context;
    snprintf (text, sizeof text, "%s %zu %02x", colour != NULL ? colour : "(none)", length,
              length > 0 ? evbuffer_pullup (body, -1)[length - 1] : 0);
    reply_text (request, 202, text);
}

static void
on_leave (void *data)
{
    struct fixture *fixture = data;

    fixture->left++;
}

static void
keep (void *context, struct request *request)
{
    struct fixture *fixture = context;

    assert_true (fixture->pending_count < MOST_PENDING);
    fixture->pending[fixture->pending_count++] = request;
    request_on_leave (request, on_leave, fixture);
}

static const struct route routes[] = {
    {ROUTE_GET, "/now", false, get_now, ACCESS_RIGHT_NONE},
    {ROUTE_GET, "/teapot", false, get_teapot, ACCESS_RIGHT_NONE},
    {ROUTE_POST, "/echo", true, post_echo, ACCESS_RIGHT_NONE},
    {ROUTE_GET, "/later", false, keep, ACCESS_RIGHT_NONE},
    {ROUTE_POST, "/later", false, keep, ACCESS_RIGHT_NONE},
    {ROUTE_OTHER, NULL, false, NULL, ACCESS_RIGHT_NONE},
};

static void
act (void *context, struct request *request)
{
    (void)context;
    request_answer (request, json_pack ("{s:s}", "acted", ""));
}

static const struct action actions[] = {
    {"act", ACCESS_RIGHT_NONE, false, false, act},
    {NULL, ACCESS_RIGHT_NONE, false, false, NULL},
};

/* The server. */

static struct server *
start_server (struct fixture *fixture, const struct server_settings *own,
              const struct action *table, uint16_t *port)
{
    struct server *server = server_new (fixture->base, own, table, fixture);
    char error[256];

    assert_non_null (server);
    server_add_routes (server, routes, fixture);
    *port = 0;
    assert_int_equal (server_listen (server, "127.0.0.1", port, error, sizeof error),
                      SERVER_LISTENING);
    return server;
}

/* The context of the routes is the fixture: it must stay where it is. */
static void
setup (struct fixture *fixture, const struct action *table)
{
    *fixture = (struct fixture){.base = event_base_new ()};
    assert_non_null (fixture->base);
    fixture->server = start_server (fixture, &settings, table, &fixture->port);
}

static void
teardown (struct fixture *fixture)
{
    server_stop (fixture->server);
    server_free (fixture->server);
    event_base_free (fixture->base);
}

static const char *
ask (struct fixture *fixture, const char *request, const char *end)
{
    return http_ask (fixture->base, fixture->port, request, end);
}

static void
wait_for (struct fixture *fixture, const size_t *number, size_t wanted)
{
    uint64_t deadline = clock_now () + HTTP_PATIENCE;

    while (*number != wanted) {
        assert_true (clock_now () < deadline);
        http_turn (fixture->base);
    }
}

/* The tests. */

static void
test_get (void **state)
{
    struct fixture fixture;
    const char *answer;

    (void)state;
    setup (&fixture, NULL);
    answer = ask (&fixture, "GET /now?a=b HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n\r\nnow");
    assert_has (answer, "HTTP/1.1 200 OK\r\n");
    assert_has (answer, "Content-Type: text/plain\r\n");
    assert_has (answer, "Content-Length: 3\r\n");
    assert_has (answer, "Allow: GET, HEAD, OPTIONS\r\n");
    assert_has_not (answer, "Access-Control");
    teardown (&fixture);
}

/* Nothing that may be taken for a body comes before the next answer. */
static void
test_head (void **state)
{
    struct fixture fixture;
    const char *answer;

    (void)state;
    setup (&fixture, NULL);
    answer = ask (&fixture,
                  "HEAD /now HTTP/1.1\r\nHost: x\r\n\r\n"
                  "HEAD /none HTTP/1.1\r\nHost: x\r\n\r\n"
                  "GET /now HTTP/1.1\r\nHost: x\r\n\r\n",
                  "\r\n\r\nnow");
    assert_has (answer, "Content-Length: 3\r\n");
    assert_has (answer, "\r\n\r\nHTTP/1.1 404 Not Found\r\n");
    assert_has (answer, "\r\n\r\nHTTP/1.1 200 OK\r\n");
    teardown (&fixture);
}

static void
test_options (void **state)
{
    struct fixture fixture;
    const char *answer;

    (void)state;
    setup (&fixture, NULL);
    answer = ask (&fixture, "OPTIONS /echo HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n\r\n");
    assert_has (answer, "HTTP/1.1 204 No Content\r\n");
    assert_has (answer, "Allow: POST, OPTIONS\r\n");
    assert_has (answer, "Access-Control-Allow-Origin: *\r\n");
    assert_has (answer, "Access-Control-Allow-Methods: POST, OPTIONS\r\n");
    answer = ask (&fixture, "OPTIONS /now HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n\r\n");
    assert_has (answer, "HTTP/1.1 204 No Content\r\n");
    assert_has_not (answer, "Access-Control");
    teardown (&fixture);
}

/* They are answers like others: as they were given, and the connection is kept. */
static void
test_errors (void **state)
{
    struct fixture fixture;
    const char *answer;

    (void)state;
    setup (&fixture, NULL);
    answer = ask (&fixture,
                  "GET /teapot HTTP/1.1\r\nHost: x\r\n\r\n"
                  "GET /none HTTP/1.1\r\nHost: x\r\n\r\n"
                  "POST /now HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
                  "BREW /echo HTTP/1.1\r\nHost: x\r\n\r\n"
                  "GET /now HTTP/1.1\r\nHost: x\r\n\r\n",
                  "\r\n\r\nnow");
    assert_has (answer, "HTTP/1.1 429 Too Many Requests\r\n");
    assert_has (answer, "Retry-After: 7\r\n");
    assert_has (answer, "{\"error\":\"too \\\"many\\\"\"}");
    assert_has (answer, "HTTP/1.1 404 Not Found\r\n");
    assert_has (answer, "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD, OPTIONS\r\n");
    assert_has (answer, "HTTP/1.1 405 Method Not Allowed\r\nAllow: POST, OPTIONS\r\n");
    assert_has_not (answer, "Connection: close");
    teardown (&fixture);
}

static void
test_post (void **state)
{
    struct fixture fixture;
    const char *answer;

    (void)state;
    setup (&fixture, NULL);
    answer = ask (&fixture,
                  "POST /echo HTTP/1.1\r\nHost: x\r\nX-Colour: red\r\nX-Colour: blue\r\n"
                  "Content-Length: 5\r\n\r\n{\xff}}z",
                  "\r\n\r\nred 5 7a");
    assert_has (answer, "HTTP/1.1 202 Accepted\r\n");
    assert_has (answer, "Access-Control-Allow-Origin: *\r\n");
    (void)ask (&fixture, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
               "\r\n\r\n(none) 0 00");
    (void)ask (&fixture,
               "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
               "2\r\nab\r\n3\r\nc}y\r\n0\r\n\r\n",
               "\r\n\r\n(none) 5 79");
    teardown (&fixture);
}

static void
test_pending (void **state)
{
    struct fixture fixture;
    int fd;

    (void)state;
    setup (&fixture, NULL);
    fd = http_dial (fixture.port);
    http_say (fd, "POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
                  "GET /now HTTP/1.1\r\nHost: x\r\n\r\n"
                  "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    wait_for (&fixture, &fixture.pending_count, 1);
    assert_int_equal (evbuffer_get_length (request_body (fixture.pending[0])), 2);
    reply_text (fixture.pending[0], 503, "first");
    wait_for (&fixture, &fixture.pending_count, 2);
    request_reply_json (fixture.pending[1], 200, json_pack ("{s:i}", "last", 1));
    assert_has (http_hear (fixture.base, fd, "{\"last\":1}"),
                "HTTP/1.1 503 Service Unavailable\r\n");
    assert_int_equal (close (fd), 0);
    assert_int_equal (fixture.left, 0);
    teardown (&fixture);
}

static void
test_leaving (void **state)
{
    struct fixture fixture;
    int fd;

    (void)state;
    setup (&fixture, NULL);
    fd = http_dial (fixture.port);
    http_say (fd, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    wait_for (&fixture, &fixture.pending_count, 1);
    assert_int_equal (close (fd), 0);
    wait_for (&fixture, &fixture.left, 1);
    assert_has (ask (&fixture, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n", "now"), "200 OK");
    assert_int_equal (fixture.left, 1);
    teardown (&fixture);
}

/* Whoever has only ended what it sends still reads. */
static void
test_half_close (void **state)
{
    struct fixture fixture;
    int fd;

    (void)state;
    setup (&fixture, NULL);
    fd = http_dial (fixture.port);
    http_say (fd, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    wait_for (&fixture, &fixture.pending_count, 1);
    assert_int_equal (shutdown (fd, SHUT_WR), 0);
    for (int i = 0; i < 400; i++) {
        http_turn (fixture.base);
    }
    assert_int_equal (fixture.left, 0);
    request_reply_error (fixture.pending[0], 400, "late");
    assert_has (http_hear (fixture.base, fd, "{\"error\":\"late\"}"),
                "HTTP/1.1 400 Bad Request\r\n");
    assert_int_equal (close (fd), 0);
    teardown (&fixture);
}

static void
test_stop (void **state)
{
    struct fixture fixture;
    const char *answer;
    int fd;

    (void)state;
    setup (&fixture, NULL);
    fd = http_dial (fixture.port);
    http_say (fd, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    wait_for (&fixture, &fixture.pending_count, 1);
    server_stop (fixture.server);
    assert_int_equal (fixture.left, 1);
    answer = http_hear (fixture.base, fd, NULL);
    assert_has (answer, "HTTP/1.1 503 Service Unavailable\r\n");
    assert_has (answer, "Connection: close\r\n");
    assert_has (answer, "\r\n\r\n{\"error\":\"Cancelled\"}");
    assert_int_equal (close (fd), 0);
    teardown (&fixture);
}

/* Whoever sends ahead is told to go on with a body when what came before is answered. */
static void
test_expectation_waits_its_turn (void **state)
{
    struct fixture fixture;
    int fd;

    (void)state;
    setup (&fixture, NULL);
    fd = http_dial (fixture.port);
    http_say (fd, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n"
                  "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                  "Content-Length: 2\r\n\r\n");
    wait_for (&fixture, &fixture.pending_count, 1);
    reply_text (fixture.pending[0], 200, "first");
    assert_has (http_hear (fixture.base, fd, "Continue\r\n\r\n"),
                "\r\n\r\nfirstHTTP/1.1 100 Continue\r\n");
    http_say (fd, "hi");
    assert_has (http_hear (fixture.base, fd, "(none) 2 69"), "HTTP/1.1 202 Accepted\r\n");
    assert_int_equal (close (fd), 0);
    teardown (&fixture);
}

/* Those that evhttp would answer with a page of its own, and what came before them is answered. */
static void
test_targets (void **state)
{
    static const char *const bad[] = {"http://x:y/now", "//x:y/now", "1:2", "http://[x/now"};
    struct fixture fixture;
    char text[256];

    (void)state;
    setup (&fixture, NULL);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *answer;

        snprintf (text, sizeof text,
                  "GET /now HTTP/1.1\r\nHost: x\r\n\r\nGET %s HTTP/1.1\r\nHost: x\r\n\r\n", bad[i]);
        answer = ask (&fixture, text, NULL);
        assert_has (answer, "\r\n\r\nnowHTTP/1.1 400 Bad Request\r\n");
        assert_has (answer, "Connection: close\r\n");
        assert_has (answer, "\"error\": \"Invalid header: malformed request\"");
    }
    (void)ask (&fixture, "GET http://x:80/now?a HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n\r\nnow");
    teardown (&fixture);
}

static const char too_large[] = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n";
static const char malformed[] = "GET /now HTTP/1.1\r\nno colon\r\n\r\n";
static const char tunnel[] = "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n";

static void
test_what_is_refused_unread (void **state)
{
    struct fixture fixture;
    const char *answer;

    (void)state;
    setup (&fixture, NULL);
    answer = ask (&fixture, too_large, NULL);
    assert_has (answer, "HTTP/1.1 413 Content Too Large\r\n");
    assert_has (answer, "\"Invalid header: body limit exceeded\"");
    answer = ask (&fixture, malformed, NULL);
    assert_has (answer, "HTTP/1.1 400 Bad Request\r\n");
    assert_has (answer, "Content-Type: application/json\r\n");
    answer = ask (&fixture,
                  "GET /none HTTP/1.1\r\nHost: x\r\n\r\n"
                  "GET /now HTTP/1.1\r\nno colon\r\n\r\n",
                  NULL);
    assert_has (answer, "HTTP/1.1 404 Not Found\r\n");
    assert_has (answer, "\"Invalid header: malformed field\"");
    answer = ask (&fixture, tunnel, "\"Unknown method\"");
    assert_has (answer, "HTTP/1.1 501 Not Implemented\r\n");
    teardown (&fixture);
}

/* Nothing that comes after it is taken for a request. */
static void
test_refused_connect_ends (void **state)
{
    static const char *const requests[] = {
        "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
        "CONNECT x:y HTTP/1.1\r\nHost: x\r\n\r\n",
        "CONNECT x:y HTTP/1.1\r\n\r\nGET /now HTTP/1.1\r\nHost: x\r\n\r\n",
    };
    struct fixture fixture;

    (void)state;
    setup (&fixture, NULL);
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        const char *answer = ask (&fixture, requests[i], NULL);

        assert_has (answer, "HTTP/1.1 501 ");
        assert_has (answer, "Connection: close\r\n");
        assert_null (strstr (answer + 1, "HTTP/1.1 "));
        assert_has_not (answer, "<HTML>");
    }
    teardown (&fixture);
}

/* The RPC's clients get an answer that they can read: see server.h. */
static void
test_routes_beside_actions (void **state)
{
    struct fixture fixture;
    const char *answer;

    (void)state;
    setup (&fixture, actions);
    answer = ask (&fixture, too_large, NULL);
    assert_has (answer, "HTTP/1.1 200 OK\r\n");
    answer =
        ask (&fixture,
             "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 16\r\n\r\n{\"action\":\"act\"}",
             "\r\n\r\n(none) 16 7d");
    assert_has (answer, "HTTP/1.1 202 Accepted\r\n");
    answer =
        ask (&fixture,
             "POST /echo/ HTTP/1.1\r\nHost: x\r\nContent-Length: 16\r\n\r\n{\"action\":\"act\"}",
             "\"acted\"");
    assert_has (answer, "HTTP/1.1 200 OK\r\n");
    answer = ask (&fixture, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "}");
    assert_has (answer, "HTTP/1.1 200 OK\r\n");
    assert_has (answer, "\"Can only POST requests\"");
    answer = ask (&fixture, "GET /none HTTP/1.1\r\nHost: x\r\n\r\n", "}");
    assert_has (answer, "HTTP/1.1 404 Not Found\r\n");
    assert_has (answer, "\"Can only POST requests\"");
    answer = ask (&fixture, "PUT /now HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "}");
    assert_has (answer, "HTTP/1.1 405 Method Not Allowed\r\n");
    teardown (&fixture);
}

/* Connections that fill one server leave another alone. */
static void
test_servers_have_limits_of_their_own (void **state)
{
    const struct server_settings narrow = {
        .connections.max = 2,
        .connections.limits.max_body = 10,
        .max_json_depth = 1,
        .connections.read_timeout = 30,
        .idle_timeout = 30,
    };
    struct fixture fixture;
    struct server *other;
    uint16_t port;
    int fds[2];

    (void)state;
    setup (&fixture, NULL);
    other = start_server (&fixture, &narrow, NULL, &port);
    for (size_t i = 0; i < 2; i++) {
        fds[i] = http_dial (port);
        http_say (fds[i], "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
        wait_for (&fixture, &fixture.pending_count, i + 1);
    }
    assert_int_equal (server_connections (other), 2);
    assert_has (ask (&fixture, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n", "now"), "200 OK");
    server_stop (other);
    assert_int_equal (fixture.left, 2);
    assert_has (ask (&fixture, "GET /now HTTP/1.1\r\nHost: x\r\n\r\n", "now"), "200 OK");
    server_free (other);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal (close (fds[i]), 0);
    }
    teardown (&fixture);
}

/* A pending request's connection is never closed for a newcomer's sake. */
static void
test_full_of_pending (void **state)
{
    struct fixture fixture;
    int fds[MOST_PENDING];

    (void)state;
    setup (&fixture, NULL);
    for (size_t i = 0; i < MOST_PENDING; i++) {
        fds[i] = http_dial (fixture.port);
        http_say (fds[i], "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
        wait_for (&fixture, &fixture.pending_count, i + 1);
    }
    for (int i = 0; i < 100; i++) {
        int fd = http_dial (fixture.port);
        http_turn (fixture.base);
        assert_int_equal (close (fd), 0);
    }
    assert_int_equal (fixture.left, 0);
    for (size_t i = 0; i < MOST_PENDING; i++) {
        reply_text (fixture.pending[i], 200, "held");
        (void)http_hear (fixture.base, fds[i], "\r\n\r\nheld");
        assert_int_equal (close (fds[i]), 0);
    }
    teardown (&fixture);
}

/* Who is told of requests. */

struct told {
    char text[1024]; /* a line for each, in their order */
    size_t length;
    size_t count;
};

static void
on_ended (void *data, const char *name, enum request_result result)
{
    static const char *const results[REQUEST_RESULTS] = {"ok", "error", "cancelled", "refused",
                                                         "left"};
    struct told *told = data;

    told->count++;
    told->length += (size_t)snprintf (told->text + told->length, sizeof told->text - told->length,
                                      "%s %s\n", name != NULL ? name : "(none)", results[result]);
    assert_in_range (told->length, 0, sizeof told->text - 1);
}

static void
setup_told (struct fixture *fixture, struct told *told)
{
    struct server_settings own = settings;

    *told = (struct told){.count = 0};
    own.ended = on_ended;
    own.ended_data = told;
    *fixture = (struct fixture){.base = event_base_new ()};
    assert_non_null (fixture->base);
    fixture->server = start_server (fixture, &own, actions, &fixture->port);
}

/* Each once, when it ends; those that ask what may be asked, not at all. */
static void
test_told_of_requests (void **state)
{
    struct fixture fixture;
    struct told told;

    (void)state;
    setup_told (&fixture, &told);
    (void)ask (
        &fixture,
        "GET /now HTTP/1.1\r\nHost: x\r\n\r\n"
        "HEAD /now?a HTTP/1.1\r\nHost: x\r\n\r\n"
        "GET /teapot HTTP/1.1\r\nHost: x\r\n\r\n"
        "OPTIONS /now HTTP/1.1\r\nHost: x\r\n\r\n"
        "OPTIONS / HTTP/1.1\r\nHost: x\r\n\r\n"
        "POST /now HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 16\r\n\r\n{\"action\":\"act\"}"
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 16\r\n\r\n{\"action\":\"sin\"}"
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n{"
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        "GET /now HTTP/1.1\r\nHost: x\r\n\r\n",
        "Can only POST requests\",\n    \"reason\": \"bad_request\"\n}\nHTTP/1.1 200 OK\r\n");
    while (told.count < 9) {
        http_turn (fixture.base);
    }
    assert_string_equal (told.text, "/now ok\n"
                                    "/now ok\n"
                                    "/teapot error\n"
                                    "/now refused\n"
                                    "act ok\n"
                                    "(none) refused\n"
                                    "(none) refused\n"
                                    "(none) refused\n"
                                    "/now ok\n");
    teardown (&fixture);
    assert_int_equal (told.count, 9);
}

static void
test_told_of_pending_requests (void **state)
{
    struct server_statistics statistics;
    struct fixture fixture;
    struct told told;
    int fds[4];

    (void)state;
    setup_told (&fixture, &told);
    for (size_t i = 0; i < 4; i++) {
        fds[i] = http_dial (fixture.port);
        http_say (fds[i], "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
        wait_for (&fixture, &fixture.pending_count, i + 1);
    }
    server_statistics (fixture.server, &statistics);
    assert_int_equal (statistics.waiting, 4);
    assert_int_equal (statistics.connections, 4);
    assert_int_equal (statistics.accepted, 4);
    assert_int_equal (statistics.received, 4 * strlen ("GET /later HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_int_equal (statistics.sent, 0);
    assert_int_equal (told.count, 0);
    assert_int_equal (close (fds[0]), 0);
    wait_for (&fixture, &told.count, 1);
    request_went (fixture.pending[1], REQUEST_CANCELLED);
    request_went (fixture.pending[1], REQUEST_REFUSED); /* the first counts */
    request_reply_error (fixture.pending[1], 503, "gone");
    (void)http_hear (fixture.base, fds[1], "gone\"}");
    request_reply_error (fixture.pending[2], 404, "gone");
    server_statistics (fixture.server, &statistics);
    assert_int_equal (statistics.waiting, 1);
    assert_true (statistics.sent > 0);
    server_stop (fixture.server);
    assert_string_equal (told.text, "/later left\n"
                                    "/later cancelled\n"
                                    "/later error\n"
                                    "/later left\n");
    server_statistics (fixture.server, &statistics);
    assert_int_equal (statistics.waiting, 0);
    for (size_t i = 1; i < 4; i++) {
        assert_int_equal (close (fds[i]), 0);
    }
    teardown (&fixture);
    assert_int_equal (told.count, 4);
}

static void
test_unreadable_is_counted (void **state)
{
    struct server_statistics statistics;
    struct fixture fixture;
    struct told told;

    (void)state;
    setup_told (&fixture, &told);
    (void)ask (&fixture, too_large, NULL);
    (void)ask (&fixture, malformed, NULL);
    server_statistics (fixture.server, &statistics);
    assert_int_equal (statistics.unreadable, 2);
    assert_int_equal (told.count, 0);
    teardown (&fixture);
}

static size_t lines_heard;

static void
hear_log (const char *text)
{
    assert_has (text, "Cannot accept a connection");
    lines_heard++;
}

/* Descriptors are below `limit` from now on; returns what it was. */
static rlim_t
limit_descriptors (rlim_t limit)
{
    struct rlimit now;
    rlim_t before;

    assert_int_equal (getrlimit (RLIMIT_NOFILE, &now), 0);
    before = now.rlim_cur;
    now.rlim_cur = limit;
    assert_int_equal (setrlimit (RLIMIT_NOFILE, &now), 0);
    return before;
}

static void
on_later (evutil_socket_t fd, short what, void *data)
{
    (void)fd;
    (void)what;
    ++*(size_t *)data;
}

/* It tries again 0.1 s after it had no descriptor to accept with, but not once it is stopped. */
static void
test_stopped_while_it_cannot_accept (void **state)
{
    const struct timeval later = {.tv_usec = 150000};
    struct server_statistics statistics;
    struct fixture fixture;
    size_t passed = 0;
    rlim_t before;
    int next;
    int fd;

    (void)state;
    setup (&fixture, NULL);
    rpc_log_set_writer (hear_log);
    fd = http_dial (fixture.port);
    next = dup (fd);
    assert_int_equal (close (next), 0);
    before = limit_descriptors ((rlim_t)next);
    wait_for (&fixture, &lines_heard, 1);
    server_stop (fixture.server);
    (void)limit_descriptors (before);
    assert_int_equal (event_base_once (fixture.base, -1, EV_TIMEOUT, on_later, &passed, &later), 0);
    wait_for (&fixture, &passed, 1);
    http_turn (fixture.base);
    server_statistics (fixture.server, &statistics);
    assert_int_equal (statistics.accepted, 0);
    rpc_log_set_writer (NULL);
    assert_int_equal (close (fd), 0);
    teardown (&fixture);
}

/* How many connections from clients this process has on `port`, all without Nagle's delay. */
static size_t
prompt_connections (uint16_t port)
{
    size_t count = 0;

    for (int fd = 3; fd < 64; fd++) {
        struct sockaddr_in here;
        struct sockaddr_in there;
        socklen_t size = sizeof here;
        int on = 0;

        if (getsockname (fd, (struct sockaddr *)&here, &size) == 0 && here.sin_family == AF_INET &&
            here.sin_port == htons (port) &&
            getpeername (fd, (struct sockaddr *)&there, &size) == 0) {
            size = sizeof on;
            assert_int_equal (getsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
            assert_true (on);
            count++;
        }
    }
    return count;
}

/* Else the second of them would, until the client acknowledges the first. */
static void
test_answers_are_not_held_back (void **state)
{
    struct fixture fixture;
    struct server_statistics statistics;
    int fd;

    (void)state;
    setup (&fixture, NULL);
    fd = http_dial (fixture.port);
    do {
        http_turn (fixture.base);
        server_statistics (fixture.server, &statistics);
    } while (statistics.accepted == 0);
    assert_int_equal (prompt_connections (fixture.port), 1);
    assert_int_equal (close (fd), 0);
    teardown (&fixture);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_answers_are_not_held_back),
        cmocka_unit_test (test_get),
        cmocka_unit_test (test_head),
        cmocka_unit_test (test_options),
        cmocka_unit_test (test_errors),
        cmocka_unit_test (test_post),
        cmocka_unit_test (test_pending),
        cmocka_unit_test (test_leaving),
        cmocka_unit_test (test_half_close),
        cmocka_unit_test (test_stop),
        cmocka_unit_test (test_expectation_waits_its_turn),
        cmocka_unit_test (test_targets),
        cmocka_unit_test (test_what_is_refused_unread),
        cmocka_unit_test (test_refused_connect_ends),
        cmocka_unit_test (test_routes_beside_actions),
        cmocka_unit_test (test_servers_have_limits_of_their_own),
        cmocka_unit_test (test_full_of_pending),
        cmocka_unit_test (test_told_of_requests),
        cmocka_unit_test (test_told_of_pending_requests),
        cmocka_unit_test (test_unreadable_is_counted),
        cmocka_unit_test (test_stopped_while_it_cannot_accept),
    };

    (void)signal (SIGPIPE, SIG_IGN); /* as the program does */
    return cmocka_run_group_tests (tests, NULL, NULL);
}
