#include "rpc/client/fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "rpc/base/json.h"
#include "rpc/client/dial.h"
#include "rpc/client/exchange.h"
#include "rpc/client/http_request.h"
#include "work/base/clock.h"

#define REASON_SIZE 128

/* Brackets in an answer; what is asked for here is flat. */
#define MAX_DEPTH 64

struct fetch {
    struct event_base *base;
    struct evbuffer *request;
    struct dial *dial;         /* while it connects */
    struct exchange *exchange; /* from then on */
    struct event *timer;
    fetch_done_fn done;
    void *data;
};

void
fetch_free (struct fetch *fetch)
{
    if (fetch == NULL) {
        return;
    }
    dial_free (fetch->dial);
    exchange_free (fetch->exchange);
    if (fetch->timer != NULL) {
        event_free (fetch->timer);
    }
    if (fetch->request != NULL) {
        evbuffer_free (fetch->request);
    }
    free (fetch);
}

/* Ends it with `body`, or without one for the reason of that name. */
static void
finish (struct fetch *fetch, json_t *body, const char *reason)
{
    struct fetch_answer answer = {.body = body, .reason = reason};
    fetch_done_fn done = fetch->done;
    void *data = fetch->data;

    fetch_free (fetch);
    done (data, &answer);
}

static void
on_timer (evutil_socket_t fd, short what, void *data)
{
    (void)fd;
    (void)what;
    finish (data, NULL, "no answer in time");
}

static void
refuse (struct fetch *fetch, const struct http_answer *answer)
{
    char reason[REASON_SIZE];

    switch (answer->state) {
    case HTTP_ANSWER_OTHER_STATUS:
        snprintf (reason, sizeof reason, "status %u, expected 200", answer->status);
        break;
    case HTTP_ANSWER_TOO_LARGE:
        snprintf (reason, sizeof reason, "an answer of more than %d bytes", EXCHANGE_MAX_BODY);
        break;
    case HTTP_ANSWER_NO_MEMORY:
        snprintf (reason, sizeof reason, "out of memory");
        break;
    default:
        snprintf (reason, sizeof reason, "an answer that is not HTTP");
        break;
    }
    finish (fetch, NULL, reason);
}

static void
on_exchanged (void *data, enum exchange_end end)
{
    struct fetch *fetch = data;
    const struct http_answer *answer = exchange_answer (fetch->exchange);
    const char *error = NULL;
    json_t *body;

    switch (end) {
    case EXCHANGE_WHOLE:
        body = json_parse (answer->body, MAX_DEPTH, &error);
        finish (fetch, body, error);
        break;
    case EXCHANGE_REFUSED:
        refuse (fetch, answer);
        break;
    case EXCHANGE_SHORTAGE:
        finish (fetch, NULL, "out of memory");
        break;
    default:
        finish (fetch, NULL, "closed before the answer's end");
        break;
    }
}

static void
on_dialled (void *data, const struct dial_answer *answer)
{
    struct fetch *fetch = data;

    fetch->dial = NULL;
    if (answer->end != DIAL_CONNECTED) {
        finish (fetch, NULL, answer->reason);
        return;
    }
    fetch->exchange = exchange_new (fetch->base, answer->fd, fetch->request, on_exchanged, fetch);
    if (fetch->exchange == NULL) {
        (void)close (answer->fd);
        finish (fetch, NULL, "out of memory");
    }
}

static int
start (struct fetch *fetch, struct resolver *resolver, const struct fetch_server *server,
       const json_t *question, double timeout)
{
    const struct timeval time = clock_timeval (timeout);

    fetch->request = evbuffer_new ();
    fetch->timer = evtimer_new (fetch->base, on_timer, fetch);
    if (fetch->request == NULL || fetch->timer == NULL || event_add (fetch->timer, &time) != 0 ||
        http_request_post (&server->endpoint, server->path, NULL, 0, question, fetch->request) !=
            0) {
        return -1;
    }
    fetch->dial = dial_new (fetch->base, resolver, &server->endpoint, timeout, on_dialled, fetch);
    return fetch->dial != NULL ? 0 : -1;
}

struct fetch *
fetch_new (struct event_base *base, struct resolver *resolver, const struct fetch_server *server,
           const json_t *question, double timeout, fetch_done_fn done, void *data)
{
    struct fetch *fetch = calloc (1, sizeof *fetch);

    if (fetch == NULL) {
        return NULL;
    }
    fetch->base = base;
    fetch->done = done;
    fetch->data = data;
    if (start (fetch, resolver, server, question, timeout) != 0) {
        fetch_free (fetch);
        return NULL;
    }
    return fetch;
}
