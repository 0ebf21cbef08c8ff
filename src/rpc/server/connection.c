#include "rpc/server/connection.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "rpc/base/memory.h"
#include "rpc/base/rpc_log.h"
#include "rpc/server/hangup.h"
#include "rpc/server/proxy_header.h"
#include "work/base/clock.h"

/*
 * A client that was refused while it was still sending is listened to this long: a descriptor
 * closed with data unread resets the connection, and the client may lose the answer. And one that
 * does not read its answer is spared no longer.
 */
#define LINGER (2 * CLOCK_SECOND)

/*
 * Of requests that a client sends ahead of its answers so much is read. evhttp reads on while it
 * sends an answer.
 */
#define READ_AHEAD 65536

/* Stands for a request that was refused: no framing lets such a target pass. */
#define REFUSED_TARGET "\x01"
static const char refused_request[] = "GET " REFUSED_TARGET " HTTP/1.1\r\n\r\n";

static size_t
length_of (const struct evbuffer *buffer)
{
    return evbuffer_get_length (buffer);
}

static void
enter (struct connection *connection, enum connection_state state)
{
    connection->state = state;
    connection->since = clock_now ();
}

bool
connection_has_output (const struct connection *connection)
{
    return length_of (bufferevent_get_output (connection->bev)) > 0;
}

bool
connection_is_busy (const struct connection *connection)
{
    return connection->state == CONNECTION_PENDING ||
           (connection->state == CONNECTION_ANSWERING && clock_now () - connection->since < LINGER);
}

bool
connection_is_overdue (const struct connection *connection, uint64_t read_timeout)
{
    const uint64_t time = clock_now () - connection->since;

    return (connection->state == CONNECTION_LINGERING && time > LINGER) ||
           (connection->state == CONNECTION_READING && time > read_timeout);
}

/* Works out anew what it holds. */
static void
account (struct connection *connection)
{
    struct connections *const all = connection->all;
    const size_t size = length_of (connection->held) + connection->taken +
                        length_of (bufferevent_get_output (connection->bev));

    all->statistics.held += size;
    all->statistics.held -= connection->size;
    connection->size = size;
    if (all->settings.max_held > 0 && all->statistics.held > all->settings.max_held) {
        event_active (all->check, EV_TIMEOUT, 0);
    }
}

/* Where nothing that was asked before waits for its answer, and no more has come. */
static void
answer_expectation (struct connection *connection)
{
    if (connection->expects && connection->taken == 0) {
        connection->expects = false;
        (void)hangup_continue (connection->fd);
    }
}

static void
end_answer (struct connection *connection)
{
    connection->taken = length_of (bufferevent_get_input (connection->bev));
    enter (connection, connection->taken > 0 || length_of (connection->held) > 0
                           ? CONNECTION_READING
                           : CONNECTION_IDLE);
    answer_expectation (connection);
}

static void
on_output (struct evbuffer *output, const struct evbuffer_cb_info *info, void *data)
{
    struct connection *connection = data;

    connection->all->statistics.sent += info->n_added;
    if (connection->state == CONNECTION_ANSWERING && length_of (output) == 0) {
        end_answer (connection);
    }
    account (connection);
}

/* What came after `before` bytes, which evhttp has yet to read, is held. */
static void
hold (struct connection *connection, struct evbuffer *input, size_t before)
{
    struct evbuffer *all;

    if (before == 0) {
        memory_require (evbuffer_add_buffer (connection->held, input) == 0);
        return;
    }
    all = memory_need (evbuffer_new ());
    memory_require (evbuffer_add_buffer (all, input) == 0 &&
                    evbuffer_remove_buffer (all, input, before) == (int)before &&
                    evbuffer_add_buffer (connection->held, all) == 0);
    evbuffer_free (all);
}

static void
forget_held (struct connection *connection, size_t size)
{
    (void)evbuffer_drain (connection->held, size);
    connection->read = 0;
}

static void
refuse (struct connection *connection, struct evbuffer *input)
{
    connection->all->statistics.unreadable++;
    forget_held (connection, length_of (connection->held));
    memory_require (evbuffer_add (input, refused_request, sizeof refused_request - 1) == 0);
}

/* Whether libevent can read the target of the request that is held. */
static bool
is_target_good (struct connection *connection)
{
    const char *const head =
        memory_need (evbuffer_pullup (connection->held, (ev_ssize_t)connection->read));
    const char *const target = strchr (head, ' ') + 1;
    char *const copy = memory_need (strndup (target, strcspn (target, " ")));
    struct evhttp_uri *const uri = evhttp_uri_parse_with_flags (copy, EVHTTP_URI_NONCONFORMANT);

    free (copy);
    if (uri != NULL) {
        evhttp_uri_free (uri);
    }
    return uri != NULL;
}

/* What is held is one whole request. */
static void
pass_request (struct connection *connection, struct evbuffer *input)
{
    const size_t size = connection->read;

    if (connection->framing.absolute && !is_target_good (connection)) {
        connection->framing.refused = "Invalid header: malformed request";
        connection->framing.status = 400;
        refuse (connection, input);
        return;
    }
    memory_require (evbuffer_remove_buffer (connection->held, input, size) == (int)size);
    connection->taken += size;
    connection->read = 0;
}

static void
obey (struct connection *connection, struct evbuffer *input, enum framing_event event)
{
    switch (event) {
    case FRAMING_BLANK:
        forget_held (connection, connection->read);
        break;
    case FRAMING_EXPECTS:
        connection->expects = connection->read == length_of (connection->held);
        break;
    case FRAMING_WHOLE:
        pass_request (connection, input);
        break;
    case FRAMING_REFUSED:
        refuse (connection, input);
        break;
    default:
        break;
    }
}

/* Reads what is held, and gives evhttp what is whole. */
static void
pass (struct connection *connection, struct evbuffer *input)
{
    while (connection->read < length_of (connection->held)) {
        struct evbuffer_iovec piece;
        struct evbuffer_ptr at;
        enum framing_event event;
        size_t count;

        (void)evbuffer_ptr_set (connection->held, &at, connection->read, EVBUFFER_PTR_SET);
        (void)evbuffer_peek (connection->held, -1, &at, &piece, 1);
        event = framing_read (&connection->framing, &connection->all->settings.limits,
                              piece.iov_base, piece.iov_len, &count);
        connection->read += count;
        obey (connection, input, event);
    }
}

static void
set_address (struct connection *connection, const struct cidr_address *address, bool is_proxy)
{
    connection->has_address = true;
    connection->address = *address;
    connection->has_caller = !is_proxy;
    connection->caller = callers_id_of_address (address);
}

/* Who speaks otherwise than was agreed is no client, and gets no answer. */
static void
cut (struct connection *connection)
{
    char proxy[CIDR_TEXT_SIZE];

    cidr_address_print (&connection->address, proxy);
    rpc_log_write ("The proxy %s did not begin a connection with a PROXY header: it is closed",
                   proxy);
    connection->framing.refused = "no PROXY header";
    connection->all->statistics.unreadable++;
    forget_held (connection, length_of (connection->held));
    (void)shutdown (connection->fd, SHUT_RDWR);
}

/*
 * Takes the PROXY header from what is held. Where that tells a client what follows waits until
 * there is room among the client's connections.
 */
static void
take_header (struct connection *connection)
{
    const size_t held = length_of (connection->held);
    const size_t size = held < PROXY_HEADER_MOST ? held : PROXY_HEADER_MOST;
    struct proxy_header header;

    switch (proxy_header_read (memory_need (evbuffer_pullup (connection->held, (ev_ssize_t)size)),
                               size, &header)) {
    case PROXY_HEADER_MORE:
        return;
    case PROXY_HEADER_BAD:
        cut (connection);
        return;
    default:
        break;
    }
    (void)evbuffer_drain (connection->held, header.size);
    connection->awaits_header = false;
    if (header.known) {
        set_address (connection, &header.address, false);
        connection->introduced = connection->all->introduced = true;
        event_active (connection->all->check, EV_TIMEOUT, 0);
    }
    if (held == header.size) {
        enter (connection, CONNECTION_IDLE);
    }
}

/* With what is held. */
static void
go_on (struct connection *connection, struct evbuffer *input)
{
    connection->expects = false;
    pass (connection, input);
    answer_expectation (connection);
}

static void
receive (struct connection *connection, struct evbuffer *input, size_t before)
{
    const bool refused =
        connection->framing.refused != NULL; /* nothing that comes after it counts */

    if (refused && before == 0) { /* in place: a flood costs nothing */
        (void)evbuffer_drain (input, length_of (input));
        return;
    }
    hold (connection, input, before);
    if (refused) {
        forget_held (connection, length_of (connection->held));
        return;
    }
    if (connection->state == CONNECTION_IDLE) {
        enter (connection, CONNECTION_READING);
    }
    if (connection->awaits_header) {
        take_header (connection);
    }
    if (!connection->awaits_header && !connection->introduced) {
        go_on (connection, input);
    }
}

static void
on_input (struct evbuffer *input, const struct evbuffer_cb_info *info, void *data)
{
    struct connection *connection = data;

    if (connection->passing || info->n_added == 0) {
        return;
    }
    connection->all->statistics.received += info->n_added;
    connection->passing = true;
    receive (connection, input, info->orig_size);
    connection->passing = false;
    account (connection);
}

void
connection_welcome (struct connection *connection)
{
    struct evbuffer *const input = bufferevent_get_input (connection->bev);

    connection->introduced = false;
    connection->passing = true;
    (void)evbuffer_unfreeze (input, 0); /* a bufferevent takes bytes only while it reads */
    go_on (connection, input);
    (void)evbuffer_freeze (input, 0);
    connection->passing = false;
    account (connection);
    bufferevent_trigger (connection->bev, EV_READ, 0);
}

struct connection *
connection_new (struct connections *all)
{
    struct connection *connection = memory_new (1, sizeof *connection);

    connection->all = all;
    connection->fd = -1;
    connection->held = memory_need (evbuffer_new ());
    connection->bev = memory_need (bufferevent_socket_new (all->base, -1, BEV_OPT_CLOSE_ON_FREE));
    (void)memory_need (
        evbuffer_add_cb (bufferevent_get_input (connection->bev), on_input, connection));
    (void)memory_need (
        evbuffer_add_cb (bufferevent_get_output (connection->bev), on_output, connection));
    bufferevent_setwatermark (connection->bev, EV_READ, 0, READ_AHEAD);
    bufferevent_incref (connection->bev);
    enter (connection, CONNECTION_IDLE);
    TAILQ_INSERT_TAIL (&all->list, connection, link);
    all->statistics.connections++;
    all->statistics.accepted++;
    return connection;
}

void
connection_drop (struct connection *connection)
{
    TAILQ_REMOVE (&connection->all->list, connection, link);
    connection->all->statistics.connections--;
    connection->all->statistics.held -= connection->size;
    (void)evbuffer_remove_cb (bufferevent_get_input (connection->bev), on_input, connection);
    (void)evbuffer_remove_cb (bufferevent_get_output (connection->bev), on_output, connection);
    (void)bufferevent_decref (connection->bev);
    evbuffer_free (connection->held);
    free (connection);
}

/* evhttp closes it: whoever waits on it hears of that. */
static void
on_close (struct evhttp_connection *evhttp, void *data)
{
    struct connection *connection = data;
    void (*closed) (void *data) = connection->closed;

    (void)evhttp;
    connection->evhttp = NULL;
    connection->closed = NULL;
    if (closed != NULL) {
        closed (connection->data);
    }
    if (connection->framing.refused != NULL && connection->state != CONNECTION_LINGERING) {
        enter (connection, CONNECTION_LINGERING);
    } else {
        connection_drop (connection);
    }
}

void
connection_close (struct connection *connection)
{
    struct evhttp_connection *const evhttp = connection->evhttp;

    connection->state = CONNECTION_LINGERING; /* as it has, long enough */
    if (evhttp != NULL) {
        evhttp_connection_free (evhttp);
    } else {
        connection_drop (connection);
    }
}

int
connection_place (struct connection *connection)
{
    const struct proxies *const proxies = connection->all->proxies;
    struct sockaddr_storage socket = {0};
    socklen_t size = sizeof socket;
    struct cidr_address address;
    void *evhttp = NULL;

    connection->fd = bufferevent_getfd (connection->bev);
    /* evhttp calls back for its own connection, which it tells in no other way before a request. */
    bufferevent_getcb (connection->bev, NULL, NULL, NULL, &evhttp);
    if (connection->fd < 0 || evhttp == NULL) {
        return -1;
    }
    connection->evhttp = evhttp;
    evhttp_connection_set_closecb (evhttp, on_close, connection);
    if (getpeername (connection->fd, (struct sockaddr *)&socket, &size) == 0 &&
        cidr_address_of ((struct sockaddr *)&socket, &address) == 0) {
        set_address (connection, &address, proxies != NULL && proxies_contain (proxies, &address));
        connection->awaits_header = !connection->has_caller && proxies->protocol;
    }
    return 0;
}

void
connection_on_close (struct connection *connection, void (*closed) (void *data), void *data)
{
    connection->closed = closed;
    connection->data = data;
}

int
connection_find_client (struct connection *connection)
{
    const struct proxies *const proxies = connection->all->proxies;

    connection->client = connection->address;
    return proxies == NULL || !connection->has_address
               ? 0
               : forwarded_find (proxies, evhttp_request_get_input_headers (connection->http),
                                 &connection->client);
}

const struct cidr_address *
connection_address (const struct connection *connection)
{
    return connection->has_address ? &connection->client : NULL;
}

struct evhttp_request *
connection_answer (struct connection *connection)
{
    struct evhttp_request *const http = connection->http;

    connection->http = NULL;
    enter (connection, CONNECTION_ANSWERING);
    return http;
}

bool
connection_is_refused (const struct connection *connection)
{
    return connection->framing.refused != NULL &&
           strcmp (evhttp_request_get_uri (connection->http), REFUSED_TARGET) == 0;
}
