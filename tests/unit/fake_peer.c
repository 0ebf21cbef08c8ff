#include "fake_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

struct connection {
    struct fake_peer *fake;
    struct bufferevent *stream; /* NULL: closed */
    struct event *drip;
    char heard[16384];
    size_t length;  /* of what was heard */
    size_t handled; /* of these, by whole requests */
    const struct fake_peer_turn *turn;
    size_t dripped;
};

struct fake_peer {
    struct event_base *base;
    struct evconnlistener *listener;
    uint16_t port;
    const struct fake_peer_turn *turns;
    size_t turn_count;
    size_t next_turn;
    struct connection *connections[FAKE_PEER_CONNECTIONS];
    size_t count;
};

static void
hang_up (struct connection *connection)
{
    if (connection->drip != NULL) {
        event_free (connection->drip);
        connection->drip = NULL;
    }
    if (connection->stream != NULL) {
        evutil_socket_t fd = bufferevent_getfd (connection->stream);

        (void)bufferevent_disable (connection->stream, EV_READ | EV_WRITE);
        bufferevent_free (connection->stream);
        connection->stream = NULL;
        assert_int_equal (close (fd), 0);
    }
}

static void
reset (struct connection *connection)
{
    const struct linger now = {.l_onoff = 1};

    assert_int_equal (setsockopt (bufferevent_getfd (connection->stream), SOL_SOCKET, SO_LINGER,
                                  &now, sizeof now),
                      0);
    hang_up (connection);
}

static void
then (struct connection *connection)
{
    if (connection->turn->then == FAKE_PEER_CLOSE) {
        hang_up (connection);
    } else if (connection->turn->then == FAKE_PEER_RESET) {
        reset (connection);
    }
}

static void
on_drip (evutil_socket_t fd, short what, void *data)
{
    struct connection *connection = data;
    const char *answer = connection->turn->answer;

    (void)fd;
    (void)what;
    if (answer[connection->dripped] != '\0') {
        assert_int_equal (bufferevent_write (connection->stream, answer + connection->dripped++, 1),
                          0);
        return;
    }
    assert_int_equal (event_del (connection->drip), 0);
    then (connection);
}

static void
start_drip (struct connection *connection)
{
    const struct timeval pause = {.tv_usec = (suseconds_t)(connection->turn->drip * 1e6)};

    connection->drip = event_new (connection->fake->base, -1, EV_PERSIST, on_drip, connection);
    assert_non_null (connection->drip);
    assert_int_equal (event_add (connection->drip, &pause), 0);
}

static void
take_turn (struct connection *connection)
{
    struct fake_peer *fake = connection->fake;
    const struct fake_peer_turn *turn = &fake->turns[fake->next_turn];

    if (fake->next_turn + 1 < fake->turn_count) {
        fake->next_turn++;
    }
    connection->turn = turn;
    if (turn->drip > 0) {
        start_drip (connection);
    } else if (turn->answer != NULL) {
        assert_int_equal (
            bufferevent_write (connection->stream, turn->answer, strlen (turn->answer)), 0);
    } else {
        then (connection);
    }
}

/* All is written. */
static void
on_written (struct bufferevent *stream, void *data)
{
    struct connection *connection = data;

    if (connection->turn == NULL || connection->drip != NULL) {
        return;
    }
    if (connection->turn->endless != NULL) {
        assert_int_equal (bufferevent_write (stream, connection->turn->endless,
                                             strlen (connection->turn->endless)),
                          0);
    } else {
        then (connection);
    }
}

/* The length of the first whole request in `text`, or 0. */
static size_t
whole_request (const char *text)
{
    const char *end = strstr (text, "\r\n\r\n");
    const char *length = strstr (text, "Content-Length: ");
    size_t whole;

    if (end == NULL) {
        return 0;
    }
    assert_non_null (length);
    whole = (size_t)(end - text) + 4 + strtoul (length + 16, NULL, 10);
    return strlen (text) >= whole ? whole : 0;
}

static void
on_heard (struct bufferevent *stream, void *data)
{
    struct connection *connection = data;
    size_t whole;

    connection->length += bufferevent_read (stream, connection->heard + connection->length,
                                            sizeof connection->heard - 1 - connection->length);
    while (connection->stream != NULL &&
           (whole = whole_request (connection->heard + connection->handled)) > 0) {
        connection->handled += whole;
        if (connection->turn == NULL || !connection->turn->at_accept) {
            take_turn (connection);
        }
    }
}

static void
on_event (struct bufferevent *stream, short what, void *data)
{
    (void)stream;
    (void)what;
    hang_up (data);
}

static void
on_accept (struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int size,
           void *data)
{
    struct fake_peer *fake = data;
    struct connection *connection = calloc (1, sizeof *connection);

    (void)listener;
    (void)address;
    (void)size;
    assert_non_null (connection);
    assert_true (fake->count < FAKE_PEER_CONNECTIONS);
    fake->connections[fake->count++] = connection;
    connection->fake = fake;
    connection->stream = bufferevent_socket_new (fake->base, fd, 0);
    assert_non_null (connection->stream);
    bufferevent_setcb (connection->stream, on_heard, on_written, on_event, connection);
    assert_int_equal (bufferevent_enable (connection->stream, EV_READ | EV_WRITE), 0);
    if (fake->turns[fake->next_turn].at_accept) {
        take_turn (connection);
    }
}

struct fake_peer *
fake_peer_new (struct event_base *base, const struct fake_peer_turn *turns, size_t count)
{
    struct fake_peer *fake = calloc (1, sizeof *fake);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;

    assert_non_null (fake);
    (void)signal (SIGPIPE, SIG_IGN); /* as the program does */
    address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    fake->base = base;
    fake->turns = turns;
    fake->turn_count = count;
    fake->listener = evconnlistener_new_bind (base, on_accept, fake, LEV_OPT_CLOSE_ON_FREE, 128,
                                              (struct sockaddr *)&address, sizeof address);
    assert_non_null (fake->listener);
    assert_int_equal (
        getsockname (evconnlistener_get_fd (fake->listener), (struct sockaddr *)&address, &size),
        0);
    fake->port = ntohs (address.sin_port);
    return fake;
}

void
fake_peer_hang_up (struct fake_peer *fake)
{
    for (size_t i = 0; i < fake->count; i++) {
        hang_up (fake->connections[i]);
    }
}

void
fake_peer_free (struct fake_peer *fake)
{
    fake_peer_hang_up (fake);
    for (size_t i = 0; i < fake->count; i++) {
        free (fake->connections[i]);
    }
    evconnlistener_free (fake->listener);
    free (fake);
}

uint16_t
fake_peer_port (const struct fake_peer *fake)
{
    return fake->port;
}

size_t
fake_peer_accepted (const struct fake_peer *fake)
{
    return fake->count;
}

size_t
fake_peer_open (const struct fake_peer *fake)
{
    size_t open = 0;

    for (size_t i = 0; i < fake->count; i++) {
        open += fake->connections[i]->stream != NULL;
    }
    return open;
}

const char *
fake_peer_heard (const struct fake_peer *fake, size_t index)
{
    assert_true (index < fake->count);
    return fake->connections[index]->heard;
}

size_t
fake_peer_count (const struct fake_peer *fake, const char *text)
{
    size_t count = 0;

    for (size_t i = 0; i < fake->count; i++) {
        const char *at = fake->connections[i]->heard;

        while ((at = strstr (at, text)) != NULL) {
            count++;
            at++;
        }
    }
    return count;
}
