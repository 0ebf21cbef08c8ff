#include "rpc/server/connections.h"

#include <stdlib.h>

#include "rpc/base/memory.h"
#include "rpc/server/connections_internal.h"
#include "work/base/clock.h"

/* How often deadlines are looked at: a fraction of the shortest, within these bounds. */
#define LONGEST_TICK 0.25
#define SHORTEST_TICK 0.02

/* Drops what evhttp has let go of; of those refused, only what has lingered long enough. */
static void
drop_over (struct connections *connections)
{
    struct connection *next;

    for (struct connection *each = TAILQ_FIRST (&connections->list); each != NULL; each = next) {
        next = TAILQ_NEXT (each, link);
        if (!connection_is_over (each)) {
            continue;
        }
        if (connection_lingers (each)) {
            (void)bufferevent_enable (each->bev, EV_READ);
        } else {
            connection_drop (each);
        }
    }
}

/* The bound on their number. */

/* Refused ones go before idle ones, those before ones that are sending; of each the oldest first.
 */
static bool
goes_before (const struct connection *a, const struct connection *b)
{
    if (a->refused != b->refused) {
        return a->refused;
    }
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
        if (!connection_is_pending (each) && !connection_is_answering (each) &&
            (best == NULL || goes_before (each, best))) {
            best = each;
        }
    }
    return best;
}

/* The one of the same address that goes first, or NULL. */
static struct connection *
to_close_beside (const struct connection *connection)
{
    struct connection *best = NULL;

    for (struct address_member *each = address_groups_first (&connection->beside); each != NULL;
         each = address_groups_next (each)) {
        struct connection *const other = each->owner;

        if (!connection_is_pending (other) && !connection_is_answering (other) &&
            (best == NULL || goes_before (other, best))) {
            best = other;
        }
    }
    return best;
}

static void
make_room_beside (struct connection *connection)
{
    struct connection *const victim = to_close_beside (connection);

    if (victim != NULL) {
        connection_close (victim);
    }
}

static bool
is_crowded (const struct connection *connection)
{
    const size_t max = connection->owner->settings.max_per_address;

    return max > 0 && connection->beside.group != NULL &&
           address_groups_size (&connection->beside) > max;
}

/* The first of those that evhttp has not said the descriptors of yet: they are the last. */
static struct connection *
first_unplaced (struct connections *connections)
{
    struct connection *first = NULL;

    for (struct connection *each = TAILQ_LAST (&connections->list, connection_list);
         each != NULL && !each->placed; each = TAILQ_PREV (each, connection_list, link)) {
        first = each;
    }
    return first;
}

/* evhttp has had its turn, and those who came have descriptors. Each may crowd out one. */
static void
on_coming (evutil_socket_t fd, short what, void *data)
{
    struct connections *connections = data;
    struct connection *next;

    (void)fd;
    (void)what;
    for (struct connection *each = first_unplaced (connections); each != NULL; each = next) {
        next = TAILQ_NEXT (each, link); /* not placed, so not to be closed */
        connection_place (each);
        if (is_crowded (each)) {
            make_room_beside (each);
        }
    }
}

/* Closes connections until there is room for `coming` more, or all that are left are pending. */
static void
make_room (struct connections *connections, size_t coming)
{
    struct connection *victim;

    if (connections->count + coming > connections->settings.max) {
        drop_over (connections);
    }
    while (connections->count + coming > connections->settings.max &&
           (victim = to_close (connections)) != NULL) {
        connection_close (victim);
    }
}

/* Of those that are just being answered, or of the others; NULL where none of them holds anything.
 */
static struct connection *
holds_most (struct connections *connections, bool answering)
{
    struct connection *most = NULL;
    struct connection *each;

    TAILQ_FOREACH (each, &connections->list, link)
    {
        if (each->held > (most != NULL ? most->held : 0) &&
            connection_is_answering (each) == answering) {
            most = each;
        }
    }
    return most;
}

static struct connection *
to_shed (struct connections *connections)
{
    struct connection *const most = holds_most (connections, false);

    return most != NULL ? most : holds_most (connections, true);
}

/* Closes what holds most until the rest is within the bound. */
static void
shed (struct connections *connections)
{
    struct connection *victim;

    while (connections->settings.max_held > 0 &&
           connections->statistics.held > connections->settings.max_held &&
           (victim = to_shed (connections)) != NULL) {
        connections->statistics.shed++;
        connection_close (victim);
    }
}

/* Once evhttp has had its turn: a connection too many that found everything pending, one overfull,
 * one that was refused, or too much that is held. */
static void
on_excess (evutil_socket_t fd, short what, void *data)
{
    struct connections *connections = data;
    struct connection *next;

    (void)fd;
    (void)what;
    for (struct connection *each = TAILQ_FIRST (&connections->list); each != NULL; each = next) {
        next = TAILQ_NEXT (each, link);
        if (connection_is_told (each)) {
            connection_let_go (each); /* and linger */
        } else if (connection_is_overfull (each)) {
            connection_close (each);
        }
    }
    shed (connections);
    make_room (connections, 0);
}

static void
on_tick (evutil_socket_t fd, short what, void *data)
{
    struct connections *connections = data;
    uint64_t limit = clock_from_seconds (connections->settings.read_timeout);
    uint64_t now = clock_now ();
    struct connection *next;

    (void)fd;
    (void)what;
    drop_over (connections);
    for (struct connection *each = TAILQ_FIRST (&connections->list); each != NULL; each = next) {
        next = TAILQ_NEXT (each, link);
        if (each->reading && !connection_is_pending (each) && now - each->since > limit) {
            connection_close (each);
        }
    }
}

/* evhttp asks for the bufferevent of a connection that it has accepted. NULL lets it make its own.
 */
static struct bufferevent *
make_bufferevent (struct event_base *base, void *data)
{
    struct connections *connections = data;
    struct connection *connection;

    (void)base;
    make_room (connections, 1);
    connection = connection_new (connections);
    connections->statistics.accepted++;
    event_active (connections->coming, EV_TIMEOUT, 0);
    if (connections->count > connections->settings.max) {
        event_active (connections->excess, EV_TIMEOUT, 0);
    }
    return connection->bev;
}

static struct timeval
tick_interval (double read_timeout)
{
    double seconds = read_timeout / 8;

    seconds = seconds > LONGEST_TICK ? LONGEST_TICK : seconds;
    return clock_timeval (seconds < SHORTEST_TICK ? SHORTEST_TICK : seconds);
}

struct connections *
connections_new (struct event_base *base, struct evhttp *http,
                 const struct connections_settings *settings)
{
    struct connections *connections = memory_new (1, sizeof *connections);
    const struct timeval interval = tick_interval (settings->read_timeout);

    TAILQ_INIT (&connections->list);
    connections->base = base;
    connections->settings = *settings;
    connections->tick = memory_need (event_new (base, -1, EV_PERSIST, on_tick, connections));
    connections->excess = memory_need (event_new (base, -1, 0, on_excess, connections));
    connections->coming = memory_need (event_new (base, -1, 0, on_coming, connections));
    memory_require (event_add (connections->tick, &interval) == 0);
    evhttp_set_bevcb (http, make_bufferevent, connections);
    return connections;
}

void
connections_set (struct connections *connections, const struct connections_settings *settings)
{
    const struct timeval interval = tick_interval (settings->read_timeout);

    connections->settings = *settings;
    (void)event_add (connections->tick, &interval);
}

void
connections_free (struct connections *connections)
{
    struct connection *connection;

    while ((connection = TAILQ_FIRST (&connections->list)) != NULL) {
        connection_drop (connection);
    }
    event_free (connections->tick);
    event_free (connections->excess);
    event_free (connections->coming);
    free (connections->by_fd);
    free (connections);
}

struct connection *
connections_find (struct connections *connections, struct evhttp_request *request)
{
    struct evhttp_connection *evhttp = evhttp_request_get_connection (request);
    const int fd = bufferevent_getfd (evhttp_connection_get_bufferevent (evhttp));
    struct connection *const connection = connections->by_fd[fd];

    connection_watch_close (connection, evhttp);
    return connection;
}

size_t
connections_count (struct connections *connections)
{
    drop_over (connections);
    return connections->count;
}

void
connections_statistics (const struct connections *connections,
                        struct connections_statistics *statistics)
{
    *statistics = connections->statistics;
}

bool
connections_flushed (struct connections *connections)
{
    struct connection *each;

    drop_over (connections);
    TAILQ_FOREACH (each, &connections->list, link)
    {
        if (connection_has_output (each)) {
            return false;
        }
    }
    return true;
}
