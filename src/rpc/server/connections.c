#include "rpc/server/connections.h"

#include <stdlib.h>
#include <string.h>

#include "rpc/base/memory.h"
#include "work/base/clock.h"

/* nano_node's bound. */
#define HEADER_SIZE 8192

/* How often deadlines are looked at: a fraction of the shortest, within these bounds. */
#define LONGEST_TICK 0.25
#define SHORTEST_TICK 0.02

/* Whether `a` is to be closed rather than `b`. */
static bool
goes_before (const struct connection *a, const struct connection *b)
{
    const bool a_reads = a->state == CONNECTION_READING;
    const bool b_reads = b->state == CONNECTION_READING;

    if ((a->state == CONNECTION_LINGERING) != (b->state == CONNECTION_LINGERING)) {
        return a->state == CONNECTION_LINGERING;
    }
    return a_reads != b_reads ? b_reads : a->since < b->since;
}

static bool
is_beside (const struct connection *connection, const struct connection *newcomer)
{
    return connection->has_caller && newcomer->has_caller &&
           memcmp (&connection->caller, &newcomer->caller, sizeof newcomer->caller) == 0;
}

/*
 * Closes one that is not busy, of those beside `newcomer` if that is not NULL. Returns which that
 * was, for comparing; NULL: all are busy.
 */
static const struct connection *
close_one (struct connections *connections, const struct connection *newcomer)
{
    struct connection *best = NULL;
    struct connection *each;

    TAILQ_FOREACH (each, &connections->list, link)
    {
        if (!connection_is_busy (each) && (newcomer == NULL || is_beside (each, newcomer)) &&
            (best == NULL || goes_before (each, best))) {
            best = each;
        }
    }
    if (best != NULL) {
        connection_close (best);
    }
    return best;
}

static size_t
count_beside (const struct connections *connections, const struct connection *newcomer)
{
    const struct connection *each;
    size_t count = 0;

    TAILQ_FOREACH (each, &connections->list, link)
    {
        count += is_beside (each, newcomer);
    }
    return count;
}

static void
note_fd (struct connections *connections, struct connection *connection)
{
    const size_t fd = (size_t)connection->fd;

    if (fd >= connections->by_fd_size) {
        connections->by_fd_size = 2 * (fd + 1);
        connections->by_fd = memory_resize (connections->by_fd, connections->by_fd_size,
                                            sizeof (struct connection *));
    }
    connections->by_fd[fd] = connection;
}

/* Makes room for `newcomer` among the connections of its address. Returns whether it stays. */
static bool
bound_beside (struct connections *connections, const struct connection *newcomer)
{
    const size_t max = connections->settings.max_per_address;

    return max == 0 || count_beside (connections, newcomer) <= max ||
           close_one (connections, newcomer) != newcomer;
}

static void
place (struct connections *connections, struct connection *newcomer)
{
    if (connection_place (newcomer) != 0) {
        connection_drop (newcomer);
        return;
    }
    note_fd (connections, newcomer);
    (void)bound_beside (connections, newcomer);
}

/* The last one is new until evhttp, after it has asked for a bufferevent, has had its turn. */
static void
place_newcomer (struct connections *connections)
{
    struct connection *const last = TAILQ_LAST (&connections->list, connection_list);

    if (last != NULL && last->fd < 0) {
        place (connections, last);
    }
}

static struct connection *
find_introduced (struct connections *connections)
{
    struct connection *each;

    TAILQ_FOREACH (each, &connections->list, link)
    {
        if (each->introduced) {
            return each;
        }
    }
    return NULL;
}

/* Those whose address a proxy has told since. */
static void
place_introduced (struct connections *connections)
{
    struct connection *newcomer;

    if (!connections->introduced) {
        return;
    }
    connections->introduced = false;
    while ((newcomer = find_introduced (connections)) != NULL) {
        if (bound_beside (connections, newcomer)) {
            connection_welcome (newcomer);
        }
    }
}

/* Closes connections until there is room for `coming` more, or all that are left are busy. */
static void
make_room (struct connections *connections, size_t coming)
{
    while (connections->statistics.connections + coming > connections->settings.max &&
           close_one (connections, NULL) != NULL) {
    }
}

/* Whether `a` is to be shed rather than `b`: those that are just being answered come last. */
static bool
is_heavier (const struct connection *a, const struct connection *b)
{
    const bool a_last = a->state == CONNECTION_ANSWERING && connection_is_busy (a);
    const bool b_last = b->state == CONNECTION_ANSWERING && connection_is_busy (b);

    return a_last != b_last ? b_last : a->size > b->size;
}

static struct connection *
to_shed (struct connections *connections)
{
    struct connection *most = NULL;
    struct connection *each;

    TAILQ_FOREACH (each, &connections->list, link)
    {
        if (each->size > 0 && (most == NULL || is_heavier (each, most))) {
            most = each;
        }
    }
    return most;
}

/* Closes what holds most until the rest is within the bound. */
static void
shed (struct connections *connections)
{
    const uint64_t max_held = connections->settings.max_held;
    struct connection *victim;

    while (max_held > 0 && connections->statistics.held > max_held &&
           (victim = to_shed (connections)) != NULL) {
        connections->statistics.shed++;
        connection_close (victim);
    }
}

/* Once evhttp has had its turn: somebody has come, or too much is held. */
static void
on_check (evutil_socket_t fd, short what, void *data)
{
    struct connections *connections = data;

    (void)fd;
    (void)what;
    place_newcomer (connections);
    place_introduced (connections);
    shed (connections);
    make_room (connections, 0);
}

static void
on_tick (evutil_socket_t fd, short what, void *data)
{
    struct connections *connections = data;
    const uint64_t limit = clock_from_seconds (connections->settings.read_timeout);
    struct connection *next;

    (void)fd;
    (void)what;
    for (struct connection *each = TAILQ_FIRST (&connections->list); each != NULL; each = next) {
        next = TAILQ_NEXT (each, link);
        if (connection_is_overdue (each, limit)) {
            connection_close (each);
        } else if (each->state == CONNECTION_LINGERING) {
            (void)bufferevent_enable (each->bev, EV_READ); /* evhttp, in closing it, has not */
        }
    }
}

/* evhttp asks for the bufferevent of a connection that it has accepted. */
static struct bufferevent *
make_bufferevent (struct event_base *base, void *data)
{
    struct connections *connections = data;

    (void)base;
    place_newcomer (connections);
    make_room (connections, 1);
    event_active (connections->check, EV_TIMEOUT, 0);
    return connection_new (connections)->bev;
}

static struct timeval
tick_interval (double read_timeout)
{
    double seconds = read_timeout / 8;

    seconds = seconds > LONGEST_TICK ? LONGEST_TICK : seconds;
    return clock_timeval (seconds < SHORTEST_TICK ? SHORTEST_TICK : seconds);
}

void
connections_set (struct connections *connections, const struct connections_settings *settings)
{
    const struct timeval interval = tick_interval (settings->read_timeout);

    connections->settings = *settings;
    if (settings->limits.max_head == 0) {
        connections->settings.limits.max_head = HEADER_SIZE;
    }
    memory_require (event_add (connections->tick, &interval) == 0);
}

struct connections *
connections_new (struct event_base *base, struct evhttp *http)
{
    struct connections *connections = memory_new (1, sizeof *connections);

    TAILQ_INIT (&connections->list);
    connections->base = base;
    connections->check = memory_need (event_new (base, -1, 0, on_check, connections));
    connections->tick = memory_need (event_new (base, -1, EV_PERSIST, on_tick, connections));
    evhttp_set_bevcb (http, make_bufferevent, connections);
    return connections;
}

void
connections_free (struct connections *connections)
{
    struct connection *connection;

    while ((connection = TAILQ_FIRST (&connections->list)) != NULL) {
        connection_drop (connection);
    }
    event_free (connections->tick);
    event_free (connections->check);
    free (connections->by_fd);
    free (connections);
}

struct connection *
connections_take (struct connections *connections, struct evhttp_request *request)
{
    struct evhttp_connection *evhttp = evhttp_request_get_connection (request);
    struct connection *const connection =
        connections->by_fd[bufferevent_getfd (evhttp_connection_get_bufferevent (evhttp))];

    connection->state = CONNECTION_PENDING;
    connection->http = request;
    return connection;
}

bool
connections_flushed (const struct connections *connections)
{
    const struct connection *each;

    TAILQ_FOREACH (each, &connections->list, link)
    {
        if (connection_has_output (each)) {
            return false;
        }
    }
    return true;
}
