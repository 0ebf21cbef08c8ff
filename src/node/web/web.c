#include "node/web/web.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "node/web/web_page.h"
#include "node/web/web_table.h"
#include "rpc/base/memory.h"
#include "work/base/clock.h"
#include "work/pool/pool.h"

static const struct timeval state_interval = {.tv_sec = 1};
static const struct timeval history_interval = {.tv_sec = WEB_HISTORY_INTERVAL};

/* Who opens a page within it has the last state: pages that open over and over cost no more. */
#define FRESH (CLOCK_SECOND * 9 / 10)

/* Its request's, from the first event to the leave callback. */
struct subscriber {
    LIST_ENTRY (subscriber) link;
    struct web *web;
    struct request *request;
};

struct web {
    struct web_sources sources;
    struct web_history history;
    struct event *sample; /* into the history */
    struct event *tick;   /* pending while anybody subscribes */
    LIST_HEAD (, subscriber) subscribers;
    size_t count;
    struct evbuffer *state; /* an event of the last one that was made */
    uint64_t made;          /* clock_now then */
};

static int
add_text (const char *text, size_t length, void *data)
{
    return evbuffer_add (data, text, length);
}

static void
make_state (struct web *web)
{
    json_t *const body = web_state (&web->sources, &web->history);

    (void)evbuffer_drain (web->state, evbuffer_get_length (web->state));
    memory_require (evbuffer_add_printf (web->state, "data: ") > 0 &&
                    json_dump_callback (body, add_text, web->state, JSON_COMPACT) == 0 &&
                    evbuffer_add (web->state, "\n\n", 2) == 0);
    json_decref (body);
    web->made = clock_now ();
}

static void
on_tick (evutil_socket_t fd, short what, void *data)
{
    struct web *const web = data;
    struct subscriber *subscriber;

    (void)fd;
    (void)what;
    make_state (web);
    LIST_FOREACH (subscriber, &web->subscribers, link)
    {
        request_stream_add (subscriber->request, web->state);
    }
}

static void
on_sample (evutil_socket_t fd, short what, void *data)
{
    struct web *const web = data;
    struct pool_statistics statistics;

    (void)fd;
    (void)what;
    pool_statistics (web->sources.actions->engine.pool, &statistics);
    web_history_add (&web->history, statistics.hashes, clock_now ());
}

static void
on_leave (void *data)
{
    struct subscriber *const subscriber = data;
    struct web *const web = subscriber->web;

    LIST_REMOVE (subscriber, link);
    web->count--;
    free (subscriber);
    if (web->count == 0) {
        (void)event_del (web->tick);
    }
}

static void
subscribe (struct web *web, struct request *request, const char *face)
{
    struct subscriber *const subscriber = memory_new (1, sizeof *subscriber);
    struct evbuffer *const first = memory_need (evbuffer_new ());

    if (web->made == 0 || clock_now () - web->made > FRESH) {
        make_state (web);
    }
    memory_require (evbuffer_add_printf (first, "event: face\ndata: %s\n\n", face) > 0 &&
                    evbuffer_add (first, evbuffer_pullup (web->state, -1),
                                  evbuffer_get_length (web->state)) == 0);
    request_add_header (request, "X-Content-Type-Options", "nosniff");
    request_add_header (request, "Cache-Control", "no-store");
    request_stream (request, "text/event-stream", first);
    evbuffer_free (first);
    *subscriber = (struct subscriber){.web = web, .request = request};
    LIST_INSERT_HEAD (&web->subscribers, subscriber, link);
    request_on_leave (request, on_leave, subscriber);
    if (web->count++ == 0) {
        memory_require (event_add (web->tick, &state_interval) == 0);
    }
}

static void
answer_events (struct web *web, struct request *request, const char *face)
{
    if (request_is_head (request)) {
        request_reply (request, 200, "text/event-stream", NULL);
    } else if (web->count == WEB_SUBSCRIBERS) {
        request_went (request, REQUEST_REFUSED);
        request_add_header (request, "Retry-After", "5");
        request_reply_error (request, 503, "Too many pages are open");
    } else {
        subscribe (web, request, face);
    }
}

static void
get_rpc_events (void *context, struct request *request)
{
    answer_events (context, request, "rpc");
}

static void
get_management_events (void *context, struct request *request)
{
    answer_events (context, request, "management");
}

static void
get_table (void *context, struct request *request)
{
    const struct web *const web = context;
    json_t *const body = web_state (&web->sources, &web->history);
    struct evbuffer *const output = memory_need (evbuffer_new ());

    web_table_print (body, output);
    json_decref (body);
    web_page_add_headers (request);
    request_reply (request, 200, "text/html; charset=utf-8", output);
    evbuffer_free (output);
}

const struct route web_rpc_routes[] = {
    {ROUTE_GET, "/events", false, get_rpc_events, ACCESS_RIGHT_NONE},
    {ROUTE_GET, "/table", false, get_table, ACCESS_RIGHT_NONE},
    {ROUTE_OTHER, NULL, false, NULL, ACCESS_RIGHT_NONE},
};

const struct route web_management_routes[] = {
    {ROUTE_GET, "/events", false, get_management_events, ACCESS_RIGHT_NONE},
    {ROUTE_GET, "/table", false, get_table, ACCESS_RIGHT_NONE},
    {ROUTE_OTHER, NULL, false, NULL, ACCESS_RIGHT_NONE},
};

struct web *
web_new (struct event_base *base, const struct web_sources *sources)
{
    struct web *const web = memory_new (1, sizeof *web);

    web->sources = *sources;
    LIST_INIT (&web->subscribers);
    web->state = memory_need (evbuffer_new ());
    web->tick = memory_need (event_new (base, -1, EV_PERSIST, on_tick, web));
    web->sample = memory_need (event_new (base, -1, EV_PERSIST, on_sample, web));
    memory_require (event_add (web->sample, &history_interval) == 0);
    return web;
}

void
web_free (struct web *web)
{
    if (web != NULL) {
        event_free (web->sample);
        event_free (web->tick);
        evbuffer_free (web->state);
        free (web);
    }
}
