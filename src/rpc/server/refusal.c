#include "rpc/server/refusal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rpc/base/json.h"
#include "rpc/base/memory.h"
#include "rpc/server/reply.h"

/* So long a client may be told to wait; nobody waits longer. */
#define LONGEST_WAIT 3600

static const struct {
    int status;
    const char *error;
} refusals[] = {
    [ACCESS_GRANTED] = {200, ""},
    [ACCESS_NO_KEY] = {401, "An API key is needed"},
    [ACCESS_WRONG_KEY] = {401, "Unknown API key"},
    [ACCESS_FORBIDDEN] = {403, "Requests from this address are not allowed"},
    [ACCESS_TOO_FAST] = {429, "Too many requests in a short time"},
    [ACCESS_TOO_MANY_JOBS] = {429, "Too many requests for work at once"},
    [ACCESS_TOO_DIFFICULT] = {403, "Difficulty above the limit of this client"},
};

struct refusal
refusal_of (enum access_verdict verdict, const struct access_pass *pass, bool is_rpc)
{
    struct refusal refusal = {
        .verdict = verdict,
        .status = is_rpc && pass->is_node ? 200 : refusals[verdict].status,
        .is_rpc = is_rpc,
    };

    if (refusal.status == 429) {
        refusal.wait = (unsigned)fmin (fmax (ceil (pass->wait), 1), LONGEST_WAIT);
    }
    return refusal;
}

enum access_verdict
refusal_by_error (const char *error)
{
    size_t verdict = sizeof refusals / sizeof refusals[0] - 1;

    while (verdict > ACCESS_GRANTED && strcmp (refusals[verdict].error, error) != 0) {
        verdict--;
    }
    return (enum access_verdict)verdict;
}

static void
add_headers (const struct refusal *refusal, struct evhttp_request *http)
{
    struct evkeyvalq *const output = evhttp_request_get_output_headers (http);
    char text[16];

    /* Not Basic: browsers would ask their readers for a password. */
    if (refusal->status == 401) {
        (void)evhttp_add_header (output, "WWW-Authenticate", "Bearer realm=\"workpeer\"");
    }
    if (refusal->wait > 0) {
        snprintf (text, sizeof text, "%u", refusal->wait);
        (void)evhttp_add_header (output, "Retry-After", text);
    }
}

/* As the RPC prints its answers, but for the status. */
static void
send_pretty (const struct refusal *refusal, struct connection *connection,
             struct evhttp_request *http)
{
    json_t *const body = json_error (refusals[refusal->verdict].error);

    json_print (body, evhttp_request_get_output_buffer (http));
    reply_send (connection, http, refusal->status, "application/json", NULL);
    json_decref (body);
}

void
refusal_send (const struct refusal *refusal, struct connection *connection,
              struct evhttp_request *http)
{
    const char *const error = refusals[refusal->verdict].error;

    add_headers (refusal, http);
    if (refusal->is_rpc) {
        send_pretty (refusal, connection, http);
    } else {
        reply_error (connection, http, refusal->status, error);
    }
}
