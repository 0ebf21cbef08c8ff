#include "node/cli/client.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/server/refusal.h"
#include "work/base/clock.h"

/* The largest answer is a status of many devices. */
#define BODY_MAX (4 * 1024 * 1024)
#define DEFAULT_PORT 7000

struct client_call {
    struct client *client;
    struct client_call *next;
    struct client_call **link; /* what points to this one */
    struct evhttp_connection *connection;
    struct event *deadline;
    struct event *finish; /* made active when there is an answer */
    struct client_answer answer;
    json_t *body;
    bool answered;
    client_done_fn done;
    void *data;
};

struct client {
    struct event_base *base;
    char host[256]; /* without brackets */
    char authority[300];
    char path[256];
    char url[600];
    uint16_t port;
    char *authorization; /* secret; the header's value, or NULL */
    struct client_call *calls;
};

/* "host:port" is what people type; evhttp_uri_parse takes it for a scheme. */
static struct evhttp_uri *
parse_uri (const char *url)
{
    char whole[512];

    if (strstr (url, "://") != NULL) {
        return evhttp_uri_parse (url);
    }
    if (snprintf (whole, sizeof whole, "http://%s", url) >= (int)sizeof whole) {
        return NULL;
    }
    return evhttp_uri_parse (whole);
}

static const char *
take_uri (struct client *client, const struct evhttp_uri *uri)
{
    const char *const host = evhttp_uri_get_host (uri);
    const char *const path = evhttp_uri_get_path (uri);
    const int port = evhttp_uri_get_port (uri);
    const size_t length = host != NULL ? strlen (host) : 0;
    const bool bracketed = length > 2 && host[0] == '[' && host[length - 1] == ']';

    if (strcmp (evhttp_uri_get_scheme (uri), "http") != 0) {
        return "only http:// is spoken";
    }
    if (length == 0 || length >= sizeof client->host) {
        return "there is no host in it";
    }
    if (port == 0 || port > UINT16_MAX) {
        return "the port is not from 1 to 65535";
    }
    if (evhttp_uri_get_userinfo (uri) != NULL || evhttp_uri_get_query (uri) != NULL ||
        (path != NULL && strlen (path) >= sizeof client->path)) {
        return "there is more in it than a host, a port and a path";
    }
    client->port = (uint16_t)(port < 0 ? DEFAULT_PORT : port);
    (void)snprintf (client->host, sizeof client->host, "%.*s",
                    (int)(bracketed ? length - 2 : length), bracketed ? host + 1 : host);
    (void)snprintf (client->authority, sizeof client->authority, "%s:%u", host, client->port);
    (void)snprintf (client->path, sizeof client->path, "%s",
                    path != NULL && *path != '\0' ? path : "/");
    (void)snprintf (client->url, sizeof client->url, "http://%s%s", client->authority,
                    strcmp (client->path, "/") == 0 ? "" : client->path);
    return NULL;
}

struct client *
client_new (struct event_base *base, const char *url, char *error, size_t error_size)
{
    struct client *const client = calloc (1, sizeof *client);
    struct evhttp_uri *const uri = parse_uri (url);
    const char *wrong = "it is not a URL";

    if (client != NULL && uri != NULL) {
        client->base = base;
        wrong = take_uri (client, uri);
    }
    if (uri != NULL) {
        evhttp_uri_free (uri);
    }
    if (client == NULL || wrong != NULL) {
        (void)snprintf (error, error_size,
                        "'%.200s' cannot be asked: %s; expected http://host:port", url,
                        client == NULL ? "out of memory" : wrong);
        free (client);
        return NULL;
    }
    return client;
}

static void
forget_key (struct client *client)
{
    if (client->authorization != NULL) {
        explicit_bzero (client->authorization, strlen (client->authorization));
        free (client->authorization);
    }
    client->authorization = NULL;
}

int
client_set_key (struct client *client, const char *key)
{
    const size_t size = sizeof "Bearer " + strlen (key);

    forget_key (client);
    client->authorization = malloc (size);
    if (client->authorization == NULL) {
        return -1;
    }
    (void)snprintf (client->authorization, size, "Bearer %s", key);
    return 0;
}

const char *
client_url (const struct client *client)
{
    return client->url;
}

void
client_drop (struct client_call *call)
{
    if (call->connection != NULL) {
        evhttp_connection_free (call->connection); /* and the request, without its callback */
    }
    *call->link = call->next;
    if (call->next != NULL) {
        call->next->link = call->link;
    }
    if (call->deadline != NULL) {
        event_free (call->deadline);
    }
    if (call->finish != NULL) {
        event_free (call->finish);
    }
    json_decref (call->body);
    free (call);
}

void
client_free (struct client *client)
{
    if (client == NULL) {
        return;
    }
    while (client->calls != NULL) {
        client_drop (client->calls);
    }
    forget_key (client);
    free (client);
}

const char *
client_field (const json_t *body, const char *key, char *scratch, size_t size)
{
    const json_t *const field = json_object_get (body, key);

    switch (field != NULL ? json_typeof (field) : JSON_NULL) {
    case JSON_STRING:
        return json_string_value (field);
    case JSON_INTEGER:
        (void)snprintf (scratch, size, "%" JSON_INTEGER_FORMAT, json_integer_value (field));
        return scratch;
    case JSON_REAL:
        (void)snprintf (scratch, size, "%.15g", json_real_value (field));
        return scratch;
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    default:
        return "";
    }
}

/* Adds somebody else's words so that they speak to nobody's terminal. */
static void
quote (char text[CLIENT_TEXT_SIZE], const char *words)
{
    size_t length = strlen (text);

    for (; *words != '\0' && length + 1 < CLIENT_TEXT_SIZE; words++) {
        text[length++] = *words >= ' ' && *words <= '~' ? *words : '?';
    }
    text[length] = '\0';
}

/* What to do about an error by which the daemon's access keeps its clients off, or "". */
static const char *
advice_on (const char *error)
{
    switch (refusal_by_error (error)) {
    case ACCESS_NO_KEY:
        return ": give one with --key_file FILE, or in the environment as WORKPEER_KEY";
    case ACCESS_WRONG_KEY:
        return ": the key that was sent is none of the daemon's access.keys";
    case ACCESS_FORBIDDEN:
        return ": the daemon's access.allow leaves it out";
    case ACCESS_TOO_FAST:
    case ACCESS_TOO_MANY_JOBS:
        return ": try again later";
    case ACCESS_TOO_DIFFICULT:
        return ": ask for less";
    case ACCESS_GRANTED:
        break;
    }
    return "";
}

static void
tell_refusal (int status, const char *error, const char *retry_after, char text[CLIENT_TEXT_SIZE])
{
    text[0] = '\0';
    if (status != HTTP_OK) {
        (void)snprintf (text, CLIENT_TEXT_SIZE, "status %d: ", status);
    }
    quote (text, *error != '\0' ? error : "an error without words");
    quote (text, advice_on (error));
    if (retry_after != NULL) {
        quote (text, ", after ");
        quote (text, retry_after);
        quote (text, " s");
    }
}

static json_t *
read_body (struct evhttp_request *http)
{
    struct evbuffer *const input = evhttp_request_get_input_buffer (http);
    const size_t length = evbuffer_get_length (input);
    const unsigned char *const bytes = evbuffer_pullup (input, -1);

    return bytes != NULL ? json_loadb ((const char *)bytes, length, JSON_REJECT_DUPLICATES, NULL)
                         : NULL;
}

static void
judge (const struct client *client, struct evhttp_request *http, const json_t *body,
       struct client_answer *answer)
{
    const int status = evhttp_request_get_response_code (http);
    char scratch[64];

    if (!json_is_object (body)) {
        answer->outcome = CLIENT_UNREACHABLE;
        (void)snprintf (answer->text, sizeof answer->text,
                        "what answers at %.200s with status %d is no JSON object: is it a daemon?",
                        client->url, status);
        return;
    }
    answer->body = body;
    answer->outcome = CLIENT_ANSWERED;
    if (status != HTTP_OK || json_object_get (body, "error") != NULL) {
        answer->outcome = CLIENT_REFUSED;
        tell_refusal (status, client_field (body, "error", scratch, sizeof scratch),
                      evhttp_find_header (evhttp_request_get_input_headers (http), "Retry-After"),
                      answer->text);
    }
}

/* evhttp's own callbacks end here: from within them a connection cannot be freed. */
static void
on_finish (evutil_socket_t fd, short what, void *data)
{
    struct client_call *const call = data;
    struct client_answer answer = call->answer;
    const client_done_fn done = call->done;
    void *const done_data = call->data;
    json_t *const body = json_incref (call->body);

    (void)fd;
    (void)what;
    client_drop (call);
    done (done_data, &answer);
    json_decref (body);
}

static void
answer_later (struct client_call *call)
{
    call->answered = true;
    event_active (call->finish, EV_TIMEOUT, 0);
}

/* Without a request or without a status there is no answer. */
static void
on_reply (struct evhttp_request *http, void *data)
{
    struct client_call *const call = data;
    const struct client *const client = call->client;
    const int status = http != NULL ? evhttp_request_get_response_code (http) : 0;
    struct client_answer *const answer = &call->answer;

    if (call->answered) {
        return;
    }
    if (http == NULL) {
        (void)snprintf (
            answer->text, sizeof answer->text,
            "no whole answer from %.200s: its name is not known, or it closed the connection",
            client->url);
    } else if (status == 0) {
        (void)snprintf (answer->text, sizeof answer->text,
                        "no daemon answers at %.200s: is it running? (--url names another)",
                        client->url);
    } else {
        call->body = read_body (http);
        judge (client, http, call->body, answer);
    }
    answer_later (call);
}

static void
on_deadline (evutil_socket_t fd, short what, void *data)
{
    struct client_call *const call = data;

    (void)fd;
    (void)what;
    if (!call->answered) {
        (void)snprintf (call->answer.text, sizeof call->answer.text,
                        "%.200s did not answer in time (--timeout gives it longer)",
                        call->client->url);
        answer_later (call);
    }
}

/* The request, with its headers and body, or NULL. */
static struct evhttp_request *
make_request (struct client_call *call, json_t *fields)
{
    struct evhttp_request *const http = evhttp_request_new (on_reply, call);
    char *const text = json_dumps (fields, JSON_COMPACT);
    struct evkeyvalq *headers;

    if (http == NULL || text == NULL) {
        free (text);
        if (http != NULL) {
            evhttp_request_free (http);
        }
        return NULL;
    }
    headers = evhttp_request_get_output_headers (http);
    if (evhttp_add_header (headers, "Host", call->client->authority) != 0 ||
        evhttp_add_header (headers, "Content-Type", "application/json") != 0 ||
        evhttp_add_header (headers, "Connection", "close") != 0 ||
        (call->client->authorization != NULL &&
         evhttp_add_header (headers, "Authorization", call->client->authorization) != 0) ||
        evbuffer_add (evhttp_request_get_output_buffer (http), text, strlen (text)) != 0) {
        free (text);
        evhttp_request_free (http);
        return NULL;
    }
    free (text);
    return http;
}

static int
init_events (struct client_call *call, double timeout)
{
    struct event_base *const base = call->client->base;
    const struct timeval time = clock_timeval (timeout);

    call->finish = event_new (base, -1, 0, on_finish, call);
    call->deadline = event_new (base, -1, 0, on_deadline, call);
    if (call->finish == NULL || call->deadline == NULL) {
        return -1;
    }
    return timeout > 0 ? event_add (call->deadline, &time) : 0;
}

static struct client_call *
new_call (struct client *client, client_done_fn done, void *data)
{
    struct client_call *const call = calloc (1, sizeof *call);

    if (call == NULL) {
        return NULL;
    }
    *call = (struct client_call){.client = client, .done = done, .data = data};
    call->answer.outcome = CLIENT_UNREACHABLE;
    call->next = client->calls;
    call->link = &client->calls;
    if (call->next != NULL) {
        call->next->link = &call->next;
    }
    client->calls = call;
    return call;
}

/* Returns 0, or -1; evhttp has the request in either case. */
static int
send_request (struct client_call *call, struct evhttp_request *http)
{
    const struct client *const client = call->client;

    call->connection = evhttp_connection_base_new (client->base, NULL, client->host, client->port);
    if (call->connection == NULL) {
        evhttp_request_free (http);
        return -1;
    }
    evhttp_connection_set_max_body_size (call->connection, BODY_MAX);
    evhttp_connection_set_timeout (call->connection, INT32_MAX / 1000); /* ours is the deadline */
    return evhttp_make_request (call->connection, http, EVHTTP_REQ_POST, client->path);
}

struct client_call *
client_ask (struct client *client, json_t *request, double timeout, client_done_fn done, void *data)
{
    struct client_call *const call = request != NULL ? new_call (client, done, data) : NULL;
    struct evhttp_request *http = NULL;

    if (call != NULL && init_events (call, timeout) == 0) {
        http = make_request (call, request);
    }
    json_decref (request);
    if (http == NULL || send_request (call, http) != 0) {
        if (call != NULL) {
            client_drop (call);
        }
        return NULL;
    }
    return call;
}
