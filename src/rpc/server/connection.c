#include "rpc/server/connection.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "rpc/access/callers.h"
#include "rpc/base/memory.h"
#include "rpc/base/trouble.h"
#include "rpc/server/connections_internal.h"
#include "rpc/server/error_page.h"
#include "work/base/clock.h"

/*
 * A client that was refused while it was still sending is listened to this long: a descriptor
 * closed with data unread resets the connection, and the client may lose the answer.
 */
#define LINGER (2 * CLOCK_SECOND)

static void on_input (struct evbuffer *input, const struct evbuffer_cb_info *info, void *data);
static void on_output (struct evbuffer *output, const struct evbuffer_cb_info *info, void *data);

/* evhttp takes its callbacks off when it lets go of a connection, and only then. */
bool
connection_is_over (const struct connection *connection)
{
    bufferevent_event_cb callback = NULL;

    bufferevent_getcb (connection->bev, NULL, NULL, &callback, NULL);
    return callback == NULL;
}

/* evhttp has reading disabled from a request's end until its answer is written to the output. */
bool
connection_is_pending (const struct connection *connection)
{
    return !connection->refused && (bufferevent_get_enabled (connection->bev) & EV_READ) == 0;
}

bool
connection_has_output (const struct connection *connection)
{
    return evbuffer_get_length (bufferevent_get_output (connection->bev)) > 0;
}

bool
connection_is_answering (const struct connection *connection)
{
    return !connection_is_over (connection) && connection_has_output (connection) &&
           clock_now () - connection->since < LINGER;
}

bool
connection_is_overfull (const struct connection *connection)
{
    size_t length = evbuffer_get_length (bufferevent_get_input (connection->bev));

    return length >= connection->owner->settings.max_input && !connection_is_pending (connection) &&
           !connection_is_over (connection) && !connection_has_output (connection);
}

bool
connection_is_told (const struct connection *connection)
{
    return connection->refused && !connection_is_over (connection) &&
           !connection_has_output (connection);
}

static bool
is_by_fd (const struct connection *connection)
{
    return connection->fd >= 0 && connection->owner->by_fd[connection->fd] == connection;
}

void
connection_drop (struct connection *connection)
{
    TAILQ_REMOVE (&connection->owner->list, connection, link);
    connection->owner->count--;
    connection->owner->statistics.held -= connection->held;
    (void)evbuffer_remove_cb (bufferevent_get_input (connection->bev), on_input, connection);
    (void)evbuffer_remove_cb (bufferevent_get_output (connection->bev), on_output, connection);
    if (is_by_fd (connection)) {
        connection->owner->by_fd[connection->fd] = NULL;
    }
    address_groups_leave (&connection->owner->addresses, &connection->beside);
    (void)bufferevent_decref (connection->bev);
    free (connection);
}

bool
connection_lingers (const struct connection *connection)
{
    return connection->refused && clock_now () - connection->since < LINGER;
}

void
connection_let_go (struct connection *connection)
{
    bufferevent_trigger_event (connection->bev, BEV_EVENT_READING | BEV_EVENT_EOF, 0);
}

void
connection_close (struct connection *connection)
{
    struct connections *connections = connection->owner;
    size_t count = connections->count;

    connection_let_go (connection);
    /* cppcheck-suppress knownConditionTrueFalse ; it is on_close that counts, called from within */
    if (connections->count == count) { /* it did not tell */
        connection_drop (connection);
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
    connection_drop (connection);
}

/* Whether evhttp has stumbled over what was put in the place of a refused request, or over one
 * before. */
static bool
has_met_ending (const struct connection *connection)
{
    const struct framing *const framing = &connection->framing;

    return framing->refused != NULL &&
           evbuffer_get_length (bufferevent_get_input (connection->bev)) <
               strlen (framing_ending (framing));
}

/* Puts an error of ours in the place of evhttp's page. */
static void
replace_page (struct connection *connection, int status)
{
    const struct connections *const connections = connection->owner;
    const bool keep_status = connections->settings.keep_status;
    const char *error = error_page_text (
        status, keep_status, connection->received > connections->settings.max_header_size);

    if (has_met_ending (connection)) {
        status = connection->framing.status;
        error = connection->framing.refused;
        trouble_tell ("A request was refused with status %d: %s", status, error);
    } else if (!keep_status) {
        status = 200;
    }
    error_page_replace (connections->base, connection->bev, status, error);
}

/*
 * Whether what evhttp has just begun to write is the end of a request: an answer, or a page of its
 * own, which is replaced. Such a page, with a status of 400 or more and the last on its connection,
 * is all that it sends of its own accord beside interim answers.
 */
static bool
ends_request (struct connection *connection, struct evbuffer *output)
{
    const int status = error_page_status (output);

    if (status >= 400 && !connection->refused) {
        connection->refused = true;
        connection->owner->statistics.unreadable++;
        replace_page (connection, status);
    }
    return status >= 200; /* else the request is still on its way */
}

/* Works out anew what it holds. evhttp has a request's bytes from when it has read them until it is
 * answered, wherever they are meanwhile. */
static void
account (struct connection *connection)
{
    struct connections *connections = connection->owner;
    const size_t input = evbuffer_get_length (bufferevent_get_input (connection->bev));
    const size_t output = evbuffer_get_length (bufferevent_get_output (connection->bev));
    const size_t received = connection->received > input ? connection->received : input;
    const uint64_t max = connections->settings.max_held;

    connections->statistics.held += received + output;
    connections->statistics.held -= connection->held;
    connection->held = received + output;
    if (max > 0 && connections->statistics.held > max) {
        event_active (connections->excess, EV_TIMEOUT, 0);
    }
}

/* What has come since is of the next. */
static void
end_request (struct connection *connection)
{
    connection->answered = false;
    connection->reading = false;
    connection->received = evbuffer_get_length (bufferevent_get_input (connection->bev));
    connection->since = clock_now ();
}

static void
on_output (struct evbuffer *output, const struct evbuffer_cb_info *info, void *data)
{
    struct connection *connection = data;

    connection->owner->statistics.sent += info->n_added;
    account (connection);
    if (info->n_added == 0) {
        if (connection_is_told (connection)) {
            event_active (connection->owner->excess, EV_TIMEOUT, 0);
        }
        return;
    }
    if (connection->answered || (info->orig_size == 0 && ends_request (connection, output))) {
        end_request (connection);
        account (connection);
    }
}

/* Finds a place for a connection whose descriptor is known now. */
static void
know_fd (struct connection *connection)
{
    struct connections *connections = connection->owner;
    int fd = bufferevent_getfd (connection->bev);
    size_t size = (size_t)fd + 1;

    connection->fd = fd;
    if (fd < 0) {
        return;
    }
    if (size > connections->by_fd_size) {
        size = 2 * size;
        connections->by_fd = memory_resize (connections->by_fd, size, sizeof (struct connection *));
        memset (connections->by_fd + connections->by_fd_size, 0,
                (size - connections->by_fd_size) * sizeof (struct connection *));
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
    address_groups_join (&connection->owner->addresses, &id, &connection->beside, connection);
}

/* Once, as soon as evhttp has said which descriptor it is. */
void
connection_place (struct connection *connection)
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

/* Takes everything behind the first `before` bytes away, and puts `bytes` and `ending` there. */
static void
replace_rest (struct evbuffer *input, size_t before, const char *bytes, size_t size,
              const char *ending)
{
    struct evbuffer *const rest = memory_need (evbuffer_new ());

    memory_require (evbuffer_add_buffer (rest, input) == 0 &&
                    evbuffer_remove_buffer (rest, input, before) == (int)before &&
                    evbuffer_add (input, bytes, size) == 0 &&
                    evbuffer_add (input, ending, strlen (ending)) == 0);
    evbuffer_free (rest);
}

/*
 * evhttp has yet to see the `size` bytes that came after `before`: of what is ambiguous it sees
 * nothing.
 */
static void
filter (struct connection *connection, struct evbuffer *input, size_t before, size_t size)
{
    struct framing *const framing = &connection->framing;
    const bool was_refused = framing->refused != NULL;
    char *const bytes = memory_new (size, 1);
    struct evbuffer_ptr start;
    size_t clear;

    (void)evbuffer_ptr_set (input, &start, before, EVBUFFER_PTR_SET);
    (void)evbuffer_copyout_from (input, &start, bytes, size);
    clear = framing_read (framing, bytes, size, bytes);
    if (clear < size) {
        const bool refused = framing->refused != NULL && !was_refused;

        connection->filtering = true;
        replace_rest (input, before, bytes, clear, refused ? framing_ending (framing) : "");
        connection->filtering = false;
    }
    free (bytes);
}

static void
on_input (struct evbuffer *input, const struct evbuffer_cb_info *info, void *data)
{
    struct connection *connection = data;

    if (connection->filtering) {
        return;
    }
    if (info->n_added == 0) {
        account (connection);
        return;
    }
    connection->owner->statistics.received += info->n_added;
    if (connection_is_over (connection)) { /* nobody reads it any more */
        (void)evbuffer_drain (input, evbuffer_get_length (input));
        return;
    }
    connection_place (connection);
    if (!connection->reading) {
        connection->reading = true;
        connection->since = clock_now ();
    }
    connection->received += info->n_added;
    filter (connection, input, info->orig_size, info->n_added);
    account (connection);
    if (evbuffer_get_length (input) >= connection->owner->settings.max_input) {
        event_active (connection->owner->excess, EV_TIMEOUT, 0);
    }
}

struct connection *
connection_new (struct connections *connections)
{
    struct connection *connection = memory_new (1, sizeof *connection);

    connection->owner = connections;
    connection->fd = -1;
    connection->since = clock_now ();
    connection->bev =
        memory_need (bufferevent_socket_new (connections->base, -1, BEV_OPT_CLOSE_ON_FREE));
    (void)memory_need (
        evbuffer_add_cb (bufferevent_get_input (connection->bev), on_input, connection));
    (void)memory_need (
        evbuffer_add_cb (bufferevent_get_output (connection->bev), on_output, connection));
    bufferevent_setwatermark (connection->bev, EV_READ, 0, connections->settings.max_input);
    bufferevent_incref (connection->bev);
    TAILQ_INSERT_TAIL (&connections->list, connection, link);
    connections->count++;
    return connection;
}

void
connection_watch_close (struct connection *connection, struct evhttp_connection *evhttp)
{
    if (!connection->close_is_set) {
        connection->close_is_set = true;
        evhttp_connection_set_closecb (evhttp, on_close, connection);
    }
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
