#include "node/cli/client.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/base/memory.h"
#include "rpc/base/text.h"
#include "rpc/base/url.h"
#include "rpc/client/http_call.h"
#include "rpc/server/reply.h"

/* The largest answer is a status of many devices. */
#define BODY_MAX (4 * 1024 * 1024)
#define DEFAULT_PORT 7000
#define STATUS_OK 200

/* How long the connection is kept for another question; longer than most pauses of --watch. */
#define KEEP_SECONDS 20

struct client_call {
    struct client *client;
    struct http_call *http;
    client_done_fn done;
    void *data;
};

struct client {
    struct event_base *base;
    struct resolver *resolver;
    struct http_kept kept;
    struct url url;
    struct tls *tls; /* for https, or NULL */
    char shown[ENDPOINT_TEXT_SIZE + URL_PATH_SIZE + sizeof URL_SCHEME_SECURE];
    char *authorization; /* secret; the header's value, or NULL */
};

/* Reads what people type: the scheme and the port may be missing. */
static int
read_url (const char *text, struct url *url, const char **expected)
{
    char whole[ENDPOINT_TEXT_SIZE + URL_PATH_SIZE + sizeof URL_SCHEME_SECURE];

    *expected = "a shorter one";
    if (snprintf (whole, sizeof whole, "%s%s", strstr (text, "://") == NULL ? URL_SCHEME : "",
                  text) >= (int)sizeof whole ||
        url_parse (whole, DEFAULT_PORT, url, expected) != 0) {
        return -1;
    }
    *expected = "a port from 1 to 65535";
    return url->endpoint.port != 0 ? 0 : -1;
}

static void
show_url (struct client *client)
{
    const struct endpoint *const endpoint = &client->url.endpoint;
    const bool v6 = strchr (endpoint->host, ':') != NULL;

    (void)snprintf (client->shown, sizeof client->shown, "%s%s%s%s:%u%s",
                    client->url.secure ? URL_SCHEME_SECURE : URL_SCHEME, v6 ? "[" : "",
                    endpoint->host, v6 ? "]" : "", (unsigned)endpoint->port,
                    strcmp (client->url.path, "/") == 0 ? "" : client->url.path);
}

struct client *
client_new (struct event_base *base, const char *url, const char *authorities, char *error,
            size_t error_size)
{
    char reason[TLS_TEXT_SIZE];
    struct client *const client = memory_new (1, sizeof *client);
    const char *expected;

    if (read_url (url, &client->url, &expected) != 0) {
        (void)snprintf (error, error_size, "'%.200s' cannot be asked, expected %s", url, expected);
        free (client);
        return NULL;
    }
    client->tls = NULL;
    if (client->url.secure && (client->tls = tls_new (authorities, reason)) == NULL) {
        (void)snprintf (error, error_size, "'%.200s' cannot be asked: %s (tls.authorities)", url,
                        reason);
        free (client);
        return NULL;
    }
    client->base = base;
    client->resolver = resolver_new (base, NULL);
    show_url (client);
    return client;
}

void
client_set_key (struct client *client, const char *key)
{
    const size_t size = sizeof "Bearer " + strlen (key);

    client->authorization = memory_new (size, 1);
    (void)snprintf (client->authorization, size, "Bearer %s", key);
}

const char *
client_url (const struct client *client)
{
    return client->shown;
}

void
client_drop (struct client_call *call)
{
    http_call_free (call->http);
    free (call);
}

void
client_free (struct client *client)
{
    if (client == NULL) {
        return;
    }
    if (client->authorization != NULL) {
        explicit_bzero (client->authorization, strlen (client->authorization));
    }
    free (client->authorization);
    http_kept_clear (&client->kept);
    resolver_free (client->resolver);
    tls_release (client->tls);
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
    const size_t length = strlen (text);

    text_clean (text + length, CLIENT_TEXT_SIZE - length, words);
}

/* What to do about an error by which the daemon's access keeps its clients off, or "". */
static const char *
advice_on (const char *error)
{
    switch (reply_refusal_by_error (error)) {
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
    case ACCESS_NO_RIGHT:
        return ": its rights are in the daemon's access.keys";
    case ACCESS_GRANTED:
        break;
    }
    return "";
}

static void
tell_refusal (const struct http_result *result, const char *error, char text[CLIENT_TEXT_SIZE])
{
    if (result->status != STATUS_OK) {
        (void)snprintf (text, CLIENT_TEXT_SIZE, "status %u: ", result->status);
    }
    quote (text, *error != '\0' ? error : "an error without words");
    quote (text, advice_on (error));
    if (result->retry_after[0] != '\0') {
        quote (text, ", after ");
        quote (text, result->retry_after);
        quote (text, " s");
    }
}

/* What is answered, or NULL where it is no JSON object. */
static json_t *
read_body (struct evbuffer *input)
{
    const size_t length = evbuffer_get_length (input);
    const char *const bytes = length > 0 ? memory_need (evbuffer_pullup (input, -1)) : "";
    json_t *const body = json_loadb (bytes, length, JSON_REJECT_DUPLICATES, NULL);

    if (body != NULL && !json_is_object (body)) {
        json_decref (body);
        return NULL;
    }
    return body;
}

static enum client_outcome
judge (const struct client *client, const struct http_result *result, const json_t *body,
       char text[CLIENT_TEXT_SIZE])
{
    char scratch[64];

    if (body == NULL) {
        (void)snprintf (text, CLIENT_TEXT_SIZE,
                        "what answers at %.200s with status %u is no JSON object: is it a daemon?",
                        client->shown, result->status);
        return CLIENT_UNREACHABLE;
    }
    if (result->status != STATUS_OK || json_object_get (body, "error") != NULL) {
        const bool is_down = json_object_get (body, "error") == NULL; /* it is from /health */

        tell_refusal (result,
                      client_field (body, is_down ? "reason" : "error", scratch, sizeof scratch),
                      text);
        return CLIENT_REFUSED;
    }
    return CLIENT_ANSWERED;
}

/* Without an answer: why. */
static void
tell_failure (const struct client *client, const struct http_result *result,
              char text[CLIENT_TEXT_SIZE])
{
    switch (result->outcome) {
    case HTTP_REFUSED:
    case HTTP_UNREACHABLE:
        (void)snprintf (text, CLIENT_TEXT_SIZE,
                        "no daemon answers at %.200s: is it running? (--url names another)",
                        client->shown);
        break;
    case HTTP_CONNECT_TIMEOUT:
    case HTTP_RESPONSE_TIMEOUT:
        (void)snprintf (text, CLIENT_TEXT_SIZE,
                        "%.200s did not answer in time (--timeout gives it longer)", client->shown);
        break;
    default:
        (void)snprintf (text, CLIENT_TEXT_SIZE, "no complete answer from %.200s: %s", client->shown,
                        result->reason);
        break;
    }
}

static void
on_done (void *data, const struct http_result *result)
{
    const struct client_call call = *(struct client_call *)data;
    struct client_answer answer = {.outcome = CLIENT_UNREACHABLE};

    client_drop (data);
    if (result->outcome == HTTP_ANSWERED) {
        answer.body = read_body (result->body);
        answer.outcome = judge (call.client, result, answer.body, answer.text);
    } else {
        tell_failure (call.client, result, answer.text);
    }
    call.done (call.data, &answer);
    json_decref (answer.body);
}

struct client_call *
client_ask (struct client *client, json_t *request, double timeout, client_done_fn done, void *data)
{
    struct url health = client->url;
    struct client_call *const call = memory_new (1, sizeof *call);
    const struct http_header key = {"Authorization", client->authorization};

    (void)snprintf (health.path, sizeof health.path, "/health");
    *call = (struct client_call){.client = client, .done = done, .data = data};
    call->http = http_call_new (client->base, client->resolver,
                                &(struct http_question){
                                    .url = request != NULL ? &client->url : &health,
                                    .tls = client->tls,
                                    .headers = &key,
                                    .header_count = 1,
                                    .body = request,
                                    .timeout = timeout,
                                    .max_body = BODY_MAX,
                                    .any_status = true,
                                    .kept = &client->kept,
                                    .keep_time = KEEP_SECONDS,
                                },
                                on_done, call);
    json_decref (request);
    return call;
}
