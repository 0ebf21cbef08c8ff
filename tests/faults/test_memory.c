/*
 * Memory that runs short in libevent and jansson: once, and then what was set aside helps; twice in
 * a row, and then what was under way is seen to have failed. The linker has memory.c allocate
 * through here (--wrap).
 */
#include <event2/buffer.h>
#include <event2/event.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rpc/base/json.h"
#include "rpc/base/memory.h"
#include "rpc/base/trouble.h"
#include "rpc/server/server.h"
#include "support_http.h"

#define NEVER UINT_MAX

static const char answer[] = "{\"said\":\"all of it\"}";

static struct {
    unsigned calls; /* since fail_from */
    unsigned first; /* of those that fail */
    unsigned count;
    unsigned failed;
    char told[256]; /* the last trouble */
} state = {.first = NEVER};

void *__real_realloc (void *memory, size_t size);
void *__wrap_realloc (void *memory, size_t size);

void *
__wrap_realloc (void *memory, size_t size)
{
    const unsigned call = state.calls++;

    if (call >= state.first && call - state.first < state.count) {
        state.failed++;
        return NULL;
    }
    return __real_realloc (memory, size);
}

static void
fail_from (unsigned first, unsigned count)
{
    state.calls = 0;
    state.failed = 0;
    state.first = first;
    state.count = count;
    state.told[0] = '\0';
}

static void
hear (const char *text)
{
    (void)snprintf (state.told, sizeof state.told, "%s", text);
}

static void
once_is_no_failure (void **unused)
{
    const uint64_t failures = memory_failures ();
    struct evbuffer *buffer;

    (void)unused;
    fail_from (0, 1);
    buffer = evbuffer_new ();
    fail_from (NEVER, 0);
    assert_non_null (buffer);
    assert_int_equal (memory_failures (), failures);
    evbuffer_free (buffer);
}

static void
each_is_told (void **unused)
{
    struct evbuffer *buffer;

    (void)unused;
    fail_from (0, 1);
    buffer = evbuffer_new ();
    assert_non_null (strstr (state.told, "what was set aside is used"));
    evbuffer_free (buffer);
    fail_from (0, 2);
    assert_null (evbuffer_new ());
    assert_non_null (strstr (state.told, "Out of memory"));
    state.told[0] = '\0';
    memory_told ("Work queue is full");
    assert_string_equal (state.told, "");
    memory_told (MEMORY_ERROR);
    assert_string_equal (state.told, "Out of memory: a request is not met");
    fail_from (NEVER, 0);
}

static void
twice_is_a_failure (void **unused)
{
    const uint64_t failures = memory_failures ();

    (void)unused;
    fail_from (0, 2);
    assert_null (evbuffer_new ());
    fail_from (NEVER, 0);
    assert_int_equal (memory_failures (), failures + 1);
}

/* What is set aside is there again for the next time. */
static void
it_is_set_aside_again (void **unused)
{
    const uint64_t failures = memory_failures ();

    (void)unused;
    for (int i = 0; i < 3; i++) {
        struct evbuffer *buffer;

        fail_from (0, 1);
        buffer = evbuffer_new ();
        assert_non_null (buffer);
        fail_from (NEVER, 0);
        evbuffer_free (buffer);
        evbuffer_free (evbuffer_new ());
    }
    assert_int_equal (memory_failures (), failures);
}

/* jansson itself drops bytes of a text and says that all is well. */
static void
nothing_is_read_in_part (void **unused)
{
    static const char text[] =
        "{\"action\":\"work_generate\",\"hash\":"
        "\"718CC2121C3E641059BC1C2CFC45666C99E8AE922F7A807B7D07B62C995D79E2\","
        "\"account\":\"\\u00e9 and a text that takes more room\"}";
    struct evbuffer *input = evbuffer_new ();
    unsigned refused = 0;
    json_t *whole;

    (void)unused;
    assert_non_null (input);
    assert_int_equal (evbuffer_add (input, text, sizeof text - 1), 0);
    whole = json_loadb (text, sizeof text - 1, 0, NULL);
    for (unsigned first = 0; first == 0 || state.failed > 0; first++) {
        const char *error = NULL;
        json_t *tree;

        fail_from (first, 2);
        tree = json_parse (input, 20, &error);
        state.first = NEVER;
        if (tree != NULL) {
            assert_int_equal (state.failed, 0);
            assert_true (json_equal (tree, whole));
        } else {
            assert_string_equal (error, MEMORY_ERROR);
            refused++;
        }
        json_decref (tree);
    }
    assert_true (refused > 5);
    json_decref (whole);
    evbuffer_free (input);
}

/* Has the allocation after `context`'s number fail, and the one that is made instead. */
static void
get_failing (void *context, struct request *request)
{
    const unsigned *const first = context;
    struct evbuffer *body = evbuffer_new ();

    assert_non_null (body);
    assert_int_equal (evbuffer_add (body, answer, sizeof answer - 1), 0);
    fail_from (*first, 2);
    request_reply (request, 200, "application/json", body);
    state.first = NEVER;
    evbuffer_free (body);
}

static const struct route routes[] = {
    {.method = ROUTE_GET, .path = "/failing", .run = get_failing},
    {.path = NULL},
};

static struct server *
serve (struct event_base *base, unsigned *first, uint16_t *port)
{
    static const struct server_settings settings = {
        .max_connections = 5,
        .max_request_size = 1000,
        .max_json_depth = 20,
        .read_timeout = 30,
        .idle_timeout = 30,
    };
    struct server *server = server_new (base, &settings, NULL, NULL);
    char error[256];

    assert_non_null (server);
    assert_int_equal (server_add_routes (server, routes, first), 0);
    assert_int_equal (server_listen (server, "127.0.0.1", port, error, sizeof error),
                      SERVER_LISTENING);
    return server;
}

/* A client that is answered has the whole answer, or nothing and the end of the connection. */
static void
no_answer_is_sent_in_part (void **unused)
{
    static const char ask[] = "GET /failing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    struct event_base *base = event_base_new ();
    uint16_t port = 0;
    unsigned first = 0;
    struct server *const server = serve (base, &first, &port);
    unsigned whole = 0;
    unsigned none = 0;

    (void)unused;
    do {
        const char *const heard = http_ask (base, port, ask, NULL);

        if (*heard == '\0') {
            none++;
        } else {
            assert_has (heard, "Content-Length: ");
            assert_has (heard, state.failed > 0 ? "\r\n\r\n{\"" : answer);
            whole++;
        }
        first++;
    } while (state.failed > 0);
    assert_true (none > 3);
    assert_true (whole > 0);
    server_stop (server);
    server_free (server);
    event_base_free (base);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (once_is_no_failure),      cmocka_unit_test (each_is_told),
        cmocka_unit_test (twice_is_a_failure),      cmocka_unit_test (it_is_set_aside_again),
        cmocka_unit_test (nothing_is_read_in_part), cmocka_unit_test (no_answer_is_sent_in_part),
    };

    trouble_set (hear);
    memory_watch ();
    return cmocka_run_group_tests (tests, NULL, NULL);
}
