#include "rpc/connections.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "rpc/callers.h"
#include "rpc/crowd.h"
#include "rpc/error_page.h"
#include "rpc/memory.h"
#include "work/clock.h"

/* How often deadlines are looked at: a fraction of the shortest, within these bounds. */
#define LONGEST_TICK 0.25
#define SHORTEST_TICK 0.02

/*
 * A client that was refused while it was still sending is listened to this long: a descriptor
 * closed with data unread resets the connection, and the client may lose the answer.
 */
#define LINGER (2 * CLOCK_SECOND)

struct connection {
    TAILQ_ENTRY (connection) link;
    struct connections *owner;
    struct bufferevent *bev; /* a reference of ours: it outlives evhttp's interest in it */
    int fd;                  /* once evhttp has said it; -1 before */
    bool placed;             /* it has been looked for */
    bool has_address;
    struct cidr_address address; /* of its other end */
    struct crowd_member crowd;   /* those from the same address */
    uint64_t since;    /* of the connection, its last answer, or its present request's first byte */
    size_t received;   /* bytes of the present request */
    bool reading;      /* a request has begun to arrive */
    bool refused;      /* evhttp wrote a page of its own, and closes */
    bool answered;     /* what is written next is an answer of ours */
    bool close_is_set; /* evhttp tells us of its end */
    void (*closed) (void *data);
    void *data;
};

struct connections {
    struct event_base *base;
    struct connections_settings settings;
    TAILQ_HEAD (connection_list, connection) list;
    size_t count;
    struct connections_statistics statistics;
    struct crowd crowd;
    struct connection **by_fd;
    size_t by_fd_size;
    struct event *tick;
    struct event *excess; /* made active when there is too much of something */
    struct event *coming; /* made active when somebody has come */
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

/* evhttp has reading disabled from a request's end until its answer is written to the output. */
static bool
is_pending (const struct connection *connection)
{
    return !connection->refused && (bufferevent_get_enabled (connection->bev) & EV_READ) == 0;
}

static bool
has_output (const struct connection *connection)
{
    return evbuffer_get_length (bufferevent_get_output (connection->bev)) > 0;
}

/* An answer is on its way, and not held up for long by a client that does not read. */
static bool
is_answering (const struct connection *connection)
{
    return !is_over (connection) && has_output (connection) &&
           clock_now () - connection->since < LINGER;
}

/*
 * More has come than any request is long, and evhttp is waiting for more still: the line of a
 * chunk's size that does not end. Requests sent ahead of their answers may pile up as high.
 */
static bool
is_overfull (const struct connection *connection)
{
    size_t length = evbuffer_get_length (bufferevent_get_input (connection->bev));

    return length >= connection->owner->settings.max_input && !is_pending (connection) &&
           !is_over (connection) && !has_output (connection);
}

/*
 * evhttp has refused a request and said that it closes, and all that is sent. It does close, save
 * after CONNECT: there it would read on, and take what is left of that request for the next.
 */
static bool
is_refused_and_told (const struct connection *connection)
{
    return connection->refused && !is_over (connection) && !has_output (connection);
}

/* It is, save when there was no memory for a table of that size. */
static bool
is_by_fd (const struct connection *connection)
{
    return connection->fd >= 0 && (size_t)connection->fd < connection->owner->by_fd_size &&
           connection->owner->by_fd[connection->fd] == connection;
}

static void
drop (struct connection *connection)
{
    TAILQ_REMOVE (&connection->owner->list, connection, link);
    connection->owner->count--;
    (void)evbuffer_remove_cb (bufferevent_get_input (connection->bev), on_input, connection);
    (void)evbuffer_remove_cb (bufferevent_get_output (connection->bev), on_output, connection);
    if (is_by_fd (connection)) {
        connection->owner->by_fd[connection->fd] = NULL;
    }
    crowd_leave (&connection->owner->crowd, &connection->crowd);
    (void)bufferevent_decref (connection->bev);
    free (connection);
}

static bool
lingers (const struct connection *connection)
{
    return connection->refused && clock_now () - connection->since < LINGER;
}

/* Drops what evhttp has let go of; of those refused, only what has lingered long enough. */
static void
drop_over (struct connections *connections)
{
    struct connection *next;

    for (struct connection *each = TAILQ_FIRST (&connections->list); each != NULL; each = next) {
        next = TAILQ_NEXT (each, link);
        if (!is_over (each)) {
            continue;
        }
        if (lingers (each)) {
            (void)bufferevent_enable (each->bev, EV_READ);
        } else {
            drop (each);
        }
    }
}

/* To evhttp this looks as if the client had closed; it lets go of the connection at once. */
static void
let_go (struct connection *connection)
{
    bufferevent_trigger_event (connection->bev, BEV_EVENT_READING | BEV_EVENT_EOF, 0);
}

static void
close_now (struct connection *connection)
{
    struct connections *connections = connection->owner;
    size_t count = connections->count;

    let_go (connection);
    if (connections->count == count) { /* it did not tell */
        drop (connection);
    }
}

/* Whoever waits on the connection hears of its end, and it is dropped. */
static void
on_close (struct evhttp_connection *evhttp_connection, void *data)
{
    struct connection *connection = data;
    void (*closed) (void *data) = connection->closed;

    (void)evhttp_connection;
    connection->closed = NULL;
    if (closed != NULL) {
        closed (connection->data);
    }
    drop (connection);
}

/*
 * Whether what evhttp has just begun to write is the end of a request: an answer, or a page of its
 * own, which is replaced. Such a page, with a status of 400 or more and the last on its connection,
 * is all that it sends of its own accord beside interim answers.
 */
static bool
ends_request (struct connection *connection, struct evbuffer *output)
{
    struct connections *connections = connection->owner;
    int status = error_page_status (output);
    const char *error;

    if (status >= 400 && !connection->refused) {
        connection->refused = true;
        connections->statistics.unreadable++;
        error = error_page_text (status, connections->settings.keep_status,
                                 connection->received > connections->settings.max_header_size);
        (void)error_page_replace (connections->base, connection->bev,
                                  connections->settings.keep_status ? status : 200, error);
    }
    return status >= 200; /* else the request is still on its way */
}

static void
on_output (struct evbuffer *output, const struct evbuffer_cb_info *info, void *data)
{
    struct connection *connection = data;

    connection->owner->statistics.sent += info->n_added;
    if (info->n_added == 0) {
        if (is_refused_and_told (connection)) {
            event_active (connection->owner->excess, EV_TIMEOUT, 0);
        }
        return;
    }
    if (connection->answered || (info->orig_size == 0 && ends_request (connection, output))) {
        connection->answered = false;
        connection->reading = false;
        connection->since = clock_now ();
    }
}

/* Finds a place for a connection whose descriptor is known now. */
static void
know_fd (struct connection *connection)
{
    struct connections *connections = connection->owner;
    int fd = bufferevent_getfd (connection->bev);
    size_t size = (size_t)fd + 1;
    struct connection **by_fd;

    connection->fd = fd;
    if (fd < 0) {
        return;
    }
    if (size > connections->by_fd_size) {
        size = 2 * size;
        by_fd = reallocarray (connections->by_fd, size, sizeof (struct connection *));
        if (by_fd == NULL) {
            return; /* it will be found among all */
        }
        memset (by_fd + connections->by_fd_size, 0,
                (size - connections->by_fd_size) * sizeof (struct connection *));
        connections->by_fd = by_fd;
        connections->by_fd_size = size;
    }
    connections->by_fd[fd] = connection;
}

static void
know_address (struct connection *connection)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    struct callers_id id;

    if (getpeername (connection->fd, (struct sockaddr *)&address, &size) != 0 ||
        cidr_address_of ((struct sockaddr *)&address, &connection->address) != 0) {
        return;
    }
    connection->has_address = true;
    id = callers_id_of_address (&connection->address);
    (void)crowd_join (&connection->owner->crowd, &id, &connection->crowd, connection);
}

/* Once, as soon as evhttp has said which descriptor it is. */
static void
place (struct connection *connection)
{
    if (connection->placed) {
        return;
    }
    connection->placed = true;
    know_fd (connection);
    if (connection->fd >= 0) {
        know_address (connection);
    }
}

static void
on_input (struct evbuffer *input, const struct evbuffer_cb_info *info, void *data)
{
    struct connection *connection = data;

    if (info->n_added == 0) {
        return;
    }
    connection->owner->statistics.received += info->n_added;
    if (is_over (connection)) { /* nobody reads it any more */
        (void)evbuffer_drain (input, evbuffer_get_length (input));
        return;
    }
    place (connection);
    if (!connection->reading) {
        connection->reading = true;
        connection->since = clock_now ();
        connection->received = 0;
    }
    connection->received += info->n_added;
    if (evbuffer_get_length (input) >= connection->owner->settings.max_input) {
        event_active (connection->owner->excess, EV_TIMEOUT, 0);
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
        if (!is_pending (each) && !is_answering (each) &&
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

    for (struct crowd_member *each = crowd_first (&connection->crowd); each != NULL;
         each = crowd_next (each)) {
        struct connection *const other = each->owner;

        if (!is_pending (other) && !is_answering (other) &&
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
        close_now (victim);
    }
}

static bool
is_crowded (const struct connection *connection)
{
    const size_t max = connection->owner->settings.max_per_address;

    return max > 0 && connection->crowd.group != NULL && crowd_size (&connection->crowd) > max;
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
        place (each);
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
        close_now (victim);
    }
}

/* Once evhttp has had its turn: a connection too many that found everything pending, one overfull,
 * or one that was refused. */
static void
on_excess (evutil_socket_t fd, short what, void *data)
{
    struct connections *connections = data;
    struct connection *next;

    (void)fd;
    (void)what;
    for (struct connection *each = TAILQ_FIRST (&connections->list); each != NULL; each = next) {
        next = TAILQ_NEXT (each, link);
        if (is_refused_and_told (each)) {
            let_go (each); /* and linger */
        } else if (is_overfull (each)) {
            close_now (each);
        }
    }
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

/* evhttp asks for the bufferevent of a connection that it has accepted. NULL lets it make its own.
 */
static struct bufferevent *
make_bufferevent (struct event_base *base, void *data)
{
    struct connections *connections = data;
    struct connection *connection = calloc (1, sizeof *connection);

    if (connection == NULL) {
        memory_missed ("a connection is not looked after");
        return NULL;
    }
    make_room (connections, 1);
    connection->owner = connections;
    connection->fd = -1;
    connection->since = clock_now ();
    connection->bev = bufferevent_socket_new (base, -1, BEV_OPT_CLOSE_ON_FREE);
    if (connection->bev == NULL || watch_buffers (connection) != 0) {
        if (connection->bev != NULL) {
            bufferevent_free (connection->bev);
        }
        free (connection);
        return NULL;
    }
    bufferevent_setwatermark (connection->bev, EV_READ, 0, connections->settings.max_input);
    bufferevent_incref (connection->bev);
    TAILQ_INSERT_TAIL (&connections->list, connection, link);
    connections->count++;
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
    const struct timeval interval = tick_interval (settings->read_timeout);

    if (connections == NULL) {
        return NULL;
    }
    TAILQ_INIT (&connections->list);
    connections->base = base;
    connections->settings = *settings;
    connections->tick = event_new (base, -1, EV_PERSIST, on_tick, connections);
    connections->excess = event_new (base, -1, 0, on_excess, connections);
    connections->coming = event_new (base, -1, 0, on_coming, connections);
    if (connections->tick == NULL || connections->excess == NULL || connections->coming == NULL ||
        event_add (connections->tick, &interval) != 0) {
        connections_free (connections);
        return NULL;
    }
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

    if (connections == NULL) {
        return;
    }
    while ((connection = TAILQ_FIRST (&connections->list)) != NULL) {
        drop (connection);
    }
    if (connections->tick != NULL) {
        event_free (connections->tick);
    }
    if (connections->excess != NULL) {
        event_free (connections->excess);
    }
    if (connections->coming != NULL) {
        event_free (connections->coming);
    }
    free (connections->by_fd);
    free (connections);
}

static struct connection *
find (struct connections *connections, struct bufferevent *bev)
{
    const int fd = bufferevent_getfd (bev);
    struct connection *connection = NULL;

    if (fd >= 0 && (size_t)fd < connections->by_fd_size) {
        connection = connections->by_fd[fd];
    }
    if (connection != NULL && connection->bev == bev) {
        return connection;
    }
    TAILQ_FOREACH (connection, &connections->list, link)
    {
        if (connection->bev == bev && connection->fd >= 0) {
            return connection;
        }
    }
    return NULL;
}

struct connection *
connections_find (struct connections *connections, struct evhttp_request *request)
{
    struct evhttp_connection *evhttp_connection = evhttp_request_get_connection (request);
    struct bufferevent *bev = evhttp_connection_get_bufferevent (evhttp_connection);
    struct connection *const connection = find (connections, bev);

    if (connection == NULL) {
        return NULL;
    }
    if (!connection->close_is_set) {
        connection->close_is_set = true;
        evhttp_connection_set_closecb (evhttp_connection, on_close, connection);
    }
    return connection;
}

void
connection_on_close (struct connection *connection, void (*closed) (void *data), void *data)
{
    connection->closed = closed;
    connection->data = data;
}

const struct cidr_address *
connection_address (const struct connection *connection)
{
    return connection->has_address ? &connection->address : NULL;
}

int
connection_fd (const struct connection *connection)
{
    return connection->fd;
}

void
connection_expect_answer (struct connection *connection)
{
    connection->answered = true;
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
        if (has_output (each)) {
            return false;
        }
    }
    return true;
}
