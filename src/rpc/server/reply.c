#include "rpc/server/reply.h"

#include <stdio.h>

#include "rpc/base/json.h"
#include "rpc/base/memory.h"

static const char *
reason_of (int status)
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

void
reply_add_header (struct connection *connection, const char *name, const char *value)
{
    memory_require (
        evhttp_add_header (evhttp_request_get_output_headers (connection->http), name, value) == 0);
}

/* The headers tell how long the body is that a GET would have had. */
static void
keep_headers_only (struct connection *connection)
{
    struct evbuffer *output = evhttp_request_get_output_buffer (connection->http);
    size_t length = evbuffer_get_length (output);
    char text[24];

    snprintf (text, sizeof text, "%zu", length);
    reply_add_header (connection, "Content-Length", text);
    (void)evbuffer_drain (output, length);
}

void
reply_send (struct connection *connection, int status, const char *type, struct evbuffer *body)
{
    struct evbuffer *output = evhttp_request_get_output_buffer (connection->http);

    memory_require (body == NULL || evbuffer_add_buffer (output, body) == 0);
    if (type != NULL) {
        reply_add_header (connection, "Content-Type", type);
    }
    if (evhttp_request_get_command (connection->http) == EVHTTP_REQ_HEAD) {
        keep_headers_only (connection);
    }
    evhttp_send_reply (connection_answer (connection), status, reason_of (status), NULL);
}

static int
add_text (const char *text, size_t length, void *data)
{
    return evbuffer_add (data, text, length);
}

void
reply_json (struct connection *connection, int status, bool is_rpc, json_t *body)
{
    struct evbuffer *output = evhttp_request_get_output_buffer (connection->http);

    if (is_rpc) {
        json_print (body, output);
    } else {
        memory_require (json_dump_callback (body, add_text, output, JSON_COMPACT) == 0);
    }
    json_decref (body);
    reply_send (connection, status, "application/json", NULL);
}

void
reply_error (struct connection *connection, int status, bool is_rpc, const char *error)
{
    reply_json (connection, status, is_rpc, json_error (error));
}
