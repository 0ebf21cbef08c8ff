#include "rpc/connections.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "work/clock.h"

/* How often deadlines are looked at: a fraction of the shortest, within these bounds. */
#define LONGEST_TICK 1.0
#define SHORTEST_TICK 0.02

struct connection {
    TAILQ_ENTRY (connection) link;
    struct connections *owner;
    struct bufferevent *bev; /* a reference of ours: it outlives evhttp's interest in it */
    uint64_t since;  /* of the connection, its last answer, or its present request's first byte */
    bool reading;    /* a request has begun to arrive */
    bool correcting; /* evhttp wrote a page of its own, which is about to be replaced */
};

struct connections {
    struct event_base *base;
    struct connections_settings settings;
    TAILQ_HEAD (, connection) list;
    size_t count;
    struct event *tick;
    struct event *overflow; /* made active when a connection too many has come */
};

static void on_input (struct evbuffer *input, const struct evbuffer_cb_info *info, void *data);
static void on_output (struct evbuffer *output, const struct evbuffer_cb_info *info, void *data);

/* evhttp takes its callbacks off when it lets go of a connection, and only then. */
static bool
is_over (const struct connection *connection)
{
    bufferevent_event_cb callback = NULL;

    bufferevent_getcb (connection->bev, NULL, NULL, &callback, NULL);
    return callback == NULL;
}

/* evhttp has reading disabled from a request's end until its answer is sent. */
static bool
is_pending (const struct connection *connection)
{
    return (bufferevent_get_enabled (connection->bev) & EV_READ) == 0;
}

static void
drop (struct connection *connection)
{
    TAILQ_REMOVE (&connection->owner->list, connection, link);
    connection->owner->count--;
    (void)evbuffer_remove_cb (bufferevent_get_input (connection->bev), on_input, connection);
    (void)evbuffer_remove_cb (bufferevent_get_output (connection->bev), on_output, connection);
    (void)bufferevent_decref (connection->bev);
    free (connection);
}

static void
drop_over (struct connections *connections)
{
    struct connection *next;

    for (struct connection *each = TAILQ_FIRST (&connections->list); each != NULL; each = next) {
        next = TAILQ_NEXT (each, link);
        if (is_over (each)) {
            drop (each);
        }
    }
}

/* To evhttp this looks as if the client had closed. */
static void
close_now (struct connection *connection)
{
    bufferevent_trigger_event (connection->bev, BEV_EVENT_READING | BEV_EVENT_EOF, 0);
}

/* Replacing evhttp's error pages. */

static const char *
error_for_status (int status)
{
    switch (status) {
    case 413:
        return "Invalid header: body limit exceeded";
    case 417:
        return "Invalid header: bad expectation";
    case 501:
        return "Can only POST requests";
    default:
        return "Invalid header: malformed request, or header limit exceeded";
    }
}

/* The status of the answer at the front of `output`, 0 when there is none. */
static int
status_of (struct evbuffer *output)
{
    char line[16] = {0};
    int status = 0;

    if (evbuffer_copyout (output, line, sizeof line - 1) < 12 ||
        strncmp (line, "HTTP/1.", 7) != 0) {
        return 0;
    }
    for (const char *digit = line + 9; *digit >= '0' && *digit <= '9'; digit++) {
        status = 10 * status + (*digit - '0');
    }
    return status;
}

static void
correct (evutil_socket_t fd, short what, void *data)
{
    struct bufferevent *bev = data;
    struct evbuffer *output = bufferevent_get_output (bev);
    int status = status_of (output);
    char body[128];

    (void)fd;
    (void)what;
    if (status >= 400) {
        int length = snprintf (body, sizeof body, "{\n    \"error\": \"%s\"\n}\n",
                               error_for_status (status));
        (void)evbuffer_drain (output, evbuffer_get_length (output));
        (void)evbuffer_add_printf (output,
                                   "HTTP/1.1 200 OK\r\n"
                                   "Content-Type: application/json\r\n"
                                   "Access-Control-Allow-Origin: *\r\n"
                                   "Connection: close\r\n"
                                   "Content-Length: %d\r\n\r\n%s",
                                   length, body);
    }
    (void)bufferevent_decref (bev);
}

/*
 * Runs when evhttp adds to a connection's output. Its own error pages are all it ever sends with a
 * status of 400 or more, and it has written the whole page before the loop turns: the correction comes next, before
 * the socket is written to.
 */
static void
on_output (struct evbuffer *output, const struct evbuffer_cb_info *info, void *data)
{
    struct connection *connection = data;
    struct timeval now = {0};

    if (info->n_added == 0 || info->orig_size > 0) {
        return;
    }
    connection->reading = false;
    connection->since = clock_now ();
    if (connection->correcting || status_of (output) < 400) {
        return;
    }
    bufferevent_incref (connection->bev);
    connection->correcting = true;
    if (event_base_once (connection->owner->base, -1, EV_TIMEOUT, correct, connection->bev, &now) !=
        0) {
        (void)bufferevent_decref (connection->bev);
    }
}

static void
on_input (struct evbuffer *input, const struct evbuffer_cb_info *info, void *data)
{
    struct connection *connection = data;

    (void)input;
    if (info->n_added > 0 && !connection->reading) {
        connection->reading = true;
        connection->since = clock_now ();
    }
}

/* The bound on their number. */

/* Idle ones go before those that are sending, and among each the oldest goes first. */
static bool
goes_before (const struct connection *a, const struct connection *b)
{
    if (a->reading != b->reading) {
        return !a->reading;
    }
    return a->since < b->since;
}

static struct connection *
to_close (struct connections *connections)
{
    struct connection *best = NULL;
    struct connection *each;

    TAILQ_FOREACH (each, &connections->list, link)
    {
        if (!is_pending (each) && (best == NULL || goes_before (each, best))) {
            best = each;
        }
    }
    return best;
}

static void
on_overflow (evutil_socket_t fd, short what, void *data)
{
    struct connections *connections = data;
    struct connection *victim = NULL;

    (void)fd;
    (void)what;
    drop_over (connections);
    while (connections->count > connections->settings.max &&
           (victim = to_close (connections)) != NULL) {
        close_now (victim);
        drop (victim);
    }
}

static void
on_tick (evutil_socket_t fd, short what, void *data)
{
    struct connections *connections = data;
    uint64_t limit = clock_from_seconds (connections->settings.read_timeout);
    uint64_t now = clock_now ();
    struct connection *each;

    (void)fd;
    (void)what;
    drop_over (connections);
    TAILQ_FOREACH (each, &connections->list, link)
    {
        if (each->reading && !is_pending (each) && now - each->since > limit) {
            close_now (each);
        }
    }
}

static int
watch_buffers (struct connection *connection)
{
    struct evbuffer *input = bufferevent_get_input (connection->bev);
    struct evbuffer *output = bufferevent_get_output (connection->bev);

    return evbuffer_add_cb (input, on_input, connection) == NULL ||
                   evbuffer_add_cb (output, on_output, connection) == NULL
               ? -1
               : 0;
}

/* evhttp asks for the bufferevent of a connection that it has accepted. NULL lets it make its own. */
static struct bufferevent *
make_bufferevent (struct event_base *base, void *data)
{
    struct connections *connections = data;
    struct connection *connection = calloc (1, sizeof *connection);

    if (connection == NULL) {
        return NULL;
    }
    connection->owner = connections;
    connection->since = clock_now ();
    connection->bev = bufferevent_socket_new (base, -1, 0);
    if (connection->bev == NULL || watch_buffers (connection) != 0) {
        if (connection->bev != NULL) {
            bufferevent_free (connection->bev);
        }
        free (connection);
        return NULL;
    }
    bufferevent_incref (connection->bev);
    TAILQ_INSERT_TAIL (&connections->list, connection, link);
    connections->count++;
    if (connections->count > connections->settings.max) {
        event_active (connections->overflow, EV_TIMEOUT, 0);
    }
    return connection->bev;
}

static struct timeval
tick_interval (double read_timeout)
{
    double seconds = read_timeout / 8;
    struct timeval interval;

    seconds = seconds > LONGEST_TICK ? LONGEST_TICK : seconds;
    seconds = seconds < SHORTEST_TICK ? SHORTEST_TICK : seconds;
    interval.tv_sec = (time_t)seconds;
    interval.tv_usec = (suseconds_t)((seconds - (double)interval.tv_sec) * 1e6);
    return interval;
}

struct connections *
connections_new (struct event_base *base, struct evhttp *http,
                 const struct connections_settings *settings)
{
    struct connections *connections = calloc (1, sizeof *connections);
    struct timeval interval = tick_interval (settings->read_timeout);

    if (connections == NULL) {
        return NULL;
    }
    TAILQ_INIT (&connections->list);
    connections->base = base;
    connections->settings = *settings;
    connections->tick = event_new (base, -1, EV_PERSIST, on_tick, connections);
    connections->overflow = event_new (base, -1, 0, on_overflow, connections);
    if (connections->tick == NULL || connections->overflow == NULL ||
        event_add (connections->tick, &interval) != 0) {
        connections_free (connections);
        return NULL;
    }
    evhttp_set_bevcb (http, make_bufferevent, connections);
    return connections;
}

void
connections_free (struct connections *connections)
{
    struct connection *connection;

    if (connections == NULL) {
        return;
    }
    while ((connection = TAILQ_FIRST (&connections->list)) != NULL) {
        drop (connection);
    }
    if (connections->tick != NULL) {
        event_free (connections->tick);
    }
    if (connections->overflow != NULL) {
        event_free (connections->overflow);
    }
    free (connections);
}

size_t
connections_count (struct connections *connections)
{
    drop_over (connections);
    return connections->count;
}

bool
connections_flushed (struct connections *connections)
{
    struct connection *each;

    drop_over (connections);
    TAILQ_FOREACH (each, &connections->list, link)
    {
        if (evbuffer_get_length (bufferevent_get_output (each->bev)) > 0) {
            return false;
        }
    }
    return true;
}
