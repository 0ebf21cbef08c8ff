#include "rpc/server/refusal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rpc/server/reply.h"

/* So long a client may be told to wait; nobody waits longer. */
#define LONGEST_WAIT 3600

static const struct {
    int status;
    const char *error;
} refusals[] = {
    [ACCESS_GRANTED] = {200, ""},
    [ACCESS_NO_KEY] = {401, "An API key is required"},
    [ACCESS_WRONG_KEY] = {401, "Unknown API key"},
    [ACCESS_FORBIDDEN] = {403, "Requests from this address are not allowed"},
    [ACCESS_TOO_FAST] = {429, "Too many requests in a short time"},
    [ACCESS_TOO_MANY_JOBS] = {429, "Too many requests for work at once"},
    [ACCESS_TOO_DIFFICULT] = {403, "Difficulty above the limit of this client"},
};

enum access_verdict
refusal_by_error (const char *error)
{
    size_t verdict = sizeof refusals / sizeof refusals[0] - 1;

    while (verdict > ACCESS_GRANTED && strcmp (refusals[verdict].error, error) != 0) {
        verdict--;
    }
    return (enum access_verdict)verdict;
}

void
refusal_send (enum access_verdict verdict, const struct access_pass *pass, bool is_rpc,
              struct connection *connection)
{
    const int status = is_rpc && pass->is_node ? 200 : refusals[verdict].status;
    char wait[16];

    if (status == 401) { /* not Basic: browsers would ask their readers for a password */
        reply_add_header (connection, "WWW-Authenticate", "Bearer realm=\"workpeer\"");
    }
    if (status == 429) {
        snprintf (wait, sizeof wait, "%.0f", fmin (fmax (ceil (pass->wait), 1), LONGEST_WAIT));
        reply_add_header (connection, "Retry-After", wait);
    }
    reply_error (connection, status, is_rpc, refusals[verdict].error);
}
