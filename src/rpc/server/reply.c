#include "rpc/server/reply.h"

#include <event2/bufferevent.h>
#include <stdio.h>
#include <sys/socket.h>

#include "rpc/base/memory.h"

const char *
reply_reason (int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {202, "Accepted"},
        {204, "No Content"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {413, "Content Too Large"},
        {417, "Expectation Failed"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
    };

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return status < 400 ? "OK" : "Error";
}

/*
 * Of an answer that libevent had no memory for, any part may be missing: the client gets none of
 * it. To evhttp it is as if the client had left.
 */
static void
break_off (struct bufferevent *bev)
{
    struct evbuffer *output = bufferevent_get_output (bev);

    memory_missed ("an answer was not sent, and its connection is closed");
    (void)evbuffer_unfreeze (output, 1);
    (void)evbuffer_drain (output, evbuffer_get_length (output));
    (void)evbuffer_freeze (output, 1);
    (void)shutdown (bufferevent_getfd (bev), SHUT_RDWR);
}

void
reply_out (struct evhttp_request *http, int status)
{
    struct evhttp_connection *const connection = evhttp_request_get_connection (http);
    struct bufferevent *const bev = evhttp_connection_get_bufferevent (connection);
    const uint64_t failures = memory_failures ();

    evhttp_send_reply (http, status, reply_reason (status), NULL);
    if (memory_failures () != failures) {
        break_off (bev);
    }
}

/* The headers tell how long the body is that a GET would have had. */
static void
keep_headers_only (struct evhttp_request *http)
{
    struct evbuffer *output = evhttp_request_get_output_buffer (http);
    size_t length = evbuffer_get_length (output);
    char text[24];

    snprintf (text, sizeof text, "%zu", length);
    (void)evhttp_add_header (evhttp_request_get_output_headers (http), "Content-Length", text);
    (void)evbuffer_drain (output, length);
}

/* The body is in the output already. */
static void
finish (struct connection *connection, struct evhttp_request *http, int status, const char *type)
{
    if (type != NULL) {
        (void)evhttp_add_header (evhttp_request_get_output_headers (http), "Content-Type", type);
    }
    if (evhttp_request_get_command (http) == EVHTTP_REQ_HEAD) {
        keep_headers_only (http);
    }
    if (connection != NULL) {
        connection_expect_answer (connection);
    }
    reply_out (http, status);
}

void
reply_send (struct connection *connection, struct evhttp_request *http, int status,
            const char *type, struct evbuffer *body)
{
    struct evbuffer *output = evhttp_request_get_output_buffer (http);

    if (body != NULL && evbuffer_add_buffer (output, body) != 0) {
        reply_error (connection, http, 503, MEMORY_ERROR);
        return;
    }
    finish (connection, http, status, type);
}

static int
add_text (const char *text, size_t length, void *data)
{
    return evbuffer_add (data, text, length);
}

void
reply_json (struct connection *connection, struct evhttp_request *http, int status,
            const json_t *body)
{
    static const char out_of_memory[] = "{\"error\":\"Out of memory\"}";
    struct evbuffer *output = evhttp_request_get_output_buffer (http);

    if (body == NULL || json_dump_callback (body, add_text, output, JSON_COMPACT) != 0) {
        memory_missed ("an answer was not made");
        (void)evbuffer_drain (output, evbuffer_get_length (output));
        (void)evbuffer_add_reference (output, out_of_memory, sizeof out_of_memory - 1, NULL, NULL);
        status = 503;
    }
    finish (connection, http, status, "application/json");
}

void
reply_error (struct connection *connection, struct evhttp_request *http, int status,
             const char *error)
{
    json_t *body = json_pack ("{s:s}", "error", error);

    memory_told (error);
    reply_json (connection, http, status, body);
    json_decref (body);
}
