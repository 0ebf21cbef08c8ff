#include "rpc/server/reply.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rpc/base/json.h"
#include "rpc/base/memory.h"

/* What evhttp does not know, or by an older name; NULL for all that it does. */
static const char *
reason_of (int status)
{
    switch (status) {
    case 413:
        return "Content Too Large";
    case 429:
        return "Too Many Requests";
    default:
        return NULL;
    }
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

void
reply_begin (struct connection *connection, const char *type)
{
    reply_add_header (connection, "Content-Type", type);
    evhttp_send_reply_start (connection->http, HTTP_OK, reason_of (HTTP_OK));
}

void
reply_add (struct connection *connection, struct evbuffer *bytes)
{
    struct evbuffer *const piece = memory_need (evbuffer_new ());

    memory_require (
        evbuffer_add (piece, evbuffer_pullup (bytes, -1), evbuffer_get_length (bytes)) == 0);
    evhttp_send_reply_chunk (connection->http, piece);
    evbuffer_free (piece);
}

void
reply_end (struct connection *connection)
{
    evhttp_send_reply_end (connection_answer (connection));
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
reply_fault (struct connection *connection, int status, bool is_rpc, const struct fault *fault)
{
    reply_json (connection, status, is_rpc,
                is_rpc ? fault_json (fault) : json_error (fault->error));
}

/* So long a client may be told to wait; nobody waits longer. */
#define LONGEST_WAIT 3600

#define HEADERS                                                                             \
    "a key is read from Authorization (alone, or after Bearer, Token or ApiKey, or as the " \
    "password of Basic), api-key, x-api-key and key"

static const struct {
    int status;
    struct fault fault;
} refusals[] = {
    [ACCESS_GRANTED] = {200, {.error = ""}},
    [ACCESS_NO_KEY] = {401, {"An API key is required", REASON_NO_KEY, HEADERS}},
    [ACCESS_WRONG_KEY] = {401, {"Unknown API key", REASON_WRONG_KEY, HEADERS}},
    [ACCESS_FORBIDDEN] = {403,
                          {"Requests from this address are not allowed", REASON_FORBIDDEN,
                           "access.allow names those that are"}},
    [ACCESS_TOO_FAST] = {429, {"Too many requests in a short time", REASON_TOO_FAST, ""}},
    [ACCESS_TOO_MANY_JOBS] = {429,
                              {"Too many requests for work at once", REASON_TOO_MANY_JOBS, ""}},
    [ACCESS_TOO_DIFFICULT] = {403,
                              {"Difficulty above the limit of this client", REASON_ABOVE_LIMIT,
                               ""}},
    [ACCESS_NO_RIGHT] = {403,
                         {"This API key does not have the right to that", REASON_FORBIDDEN, ""}},
};

enum access_verdict
reply_refusal_by_error (const char *error)
{
    size_t verdict = sizeof refusals / sizeof refusals[0] - 1;

    while (verdict > ACCESS_GRANTED && strcmp (refusals[verdict].fault.error, error) != 0) {
        verdict--;
    }
    return (enum access_verdict)verdict;
}

static const char *
name_of (enum access_right right)
{
    size_t i = 0;

    while (1U << i != (unsigned)right) {
        i++;
    }
    return access_right_names[i];
}

/* The bound that was met. */
static void
add_limit (struct fault *fault, enum access_verdict verdict, const struct access_pass *pass)
{
    const struct access_limits *const limits = &pass->limits;

    if (verdict == ACCESS_TOO_FAST) {
        (void)fault_set (fault, fault->reason, fault->error, "%g requests a second (access.rate)",
                         limits->rate);
    } else if (verdict == ACCESS_TOO_MANY_JOBS) {
        (void)fault_set (fault, fault->reason, fault->error, "%" PRIu64 " (access.max_jobs)",
                         limits->max_jobs);
    } else if (verdict == ACCESS_TOO_DIFFICULT) {
        (void)fault_set (fault, fault->reason, fault->error,
                         "multiplier %g (access.max_multiplier)", limits->max_multiplier);
    } else if (verdict == ACCESS_NO_RIGHT) {
        (void)fault_set (fault, fault->reason, fault->error, "it needs the right \"%s\"",
                         name_of (pass->needed));
    }
}

void
reply_refusal (enum access_verdict verdict, const struct access_pass *pass, bool is_rpc,
               struct connection *connection)
{
    const int status = is_rpc && pass->is_node ? 200 : refusals[verdict].status;
    struct fault fault = refusals[verdict].fault;
    char wait[16];

    if (status == 401) { /* not Basic: browsers would ask their readers for a password */
        reply_add_header (connection, "WWW-Authenticate", "Bearer realm=\"workpeer\"");
    }
    add_limit (&fault, verdict, pass);
    if (status == 429) {
        snprintf (wait, sizeof wait, "%.0f", fmin (fmax (ceil (pass->wait), 1), LONGEST_WAIT));
        reply_add_header (connection, "Retry-After", wait);
    }
    reply_fault (connection, status, is_rpc, &fault);
}
