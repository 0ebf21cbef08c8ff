#include "support_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "work/base/clock.h"

/* Longer than anything takes. */
#define PATIENCE (20 * CLOCK_SECOND)

/* Takes what is there. */
static void
hear (struct client *client)
{
    ssize_t got;

    while (!client->ended) {
        FUZZ_CHECK (client->length < CLIENT_MAX_HEARD);
        got = recv (client->fd, client->heard + client->length, CLIENT_MAX_HEARD - client->length,
                    MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN) {
            break;
        }
        client->ended = got <= 0;
        client->length += got > 0 ? (size_t)got : 0;
        client->heard[client->length] = '\0';
    }
    if (client->ended) {
        (void)event_del (client->readable);
    }
}

static void
on_readable (evutil_socket_t fd, short what, void *data)
{
    (void)fd;
    (void)what;
    hear (data);
}

/*
 * Connections that the server closes keep their ports for a minute, of which one address has less
 * than thirty thousand. Of addresses there are many.
 */
static void
choose_address (struct client *client)
{
    const struct sockaddr_in own = {.sin_family = AF_INET,
                                    .sin_addr = {htonl (INADDR_LOOPBACK + client->dialled % 1000)}};
    const int late = 1;

    client->dialled++;
    FUZZ_CHECK (setsockopt (client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &late, sizeof late) ==
                0);
    FUZZ_CHECK (bind (client->fd, (const struct sockaddr *)&own, sizeof own) == 0);
}

void
client_dial (struct client *client, struct event_base *base, uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons (port), .sin_addr = {htonl (INADDR_LOOPBACK)}};
    const struct linger reset = {.l_onoff = 1};
    const int on = 1;

    client->base = base;
    client->ended = false;
    client->length = 0;
    client->heard[0] = '\0';
    client->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    FUZZ_CHECK (client->fd >= 0);
    choose_address (client);
    FUZZ_CHECK (connect (client->fd, (const struct sockaddr *)&address, sizeof address) == 0);
    FUZZ_CHECK (setsockopt (client->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) == 0);
    FUZZ_CHECK (setsockopt (client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
    client->readable = event_new (base, client->fd, EV_READ | EV_PERSIST, on_readable, client);
    FUZZ_CHECK (client->readable != NULL && event_add (client->readable, NULL) == 0);
}

void
client_turn (struct client *client)
{
    FUZZ_CHECK (event_base_loop (client->base, EVLOOP_NONBLOCK) >= 0);
}

void
client_say (struct client *client, const void *data, size_t size)
{
    const char *next = data;

    while (size > 0 && !client->ended) {
        ssize_t sent = send (client->fd, next, size, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent < 0 && errno != EAGAIN) {
            return; /* what was said before may still be answered */
        }
        next += sent > 0 ? sent : 0;
        size -= sent > 0 ? (size_t)sent : 0;
        if (sent < 0) {
            client_turn (client);
        }
    }
}

void
client_finish (struct client *client)
{
    (void)shutdown (client->fd, SHUT_WR);
}

static void
wait_turn (struct client *client, uint64_t deadline)
{
    FUZZ_CHECK (clock_now () < deadline);
    FUZZ_CHECK (event_base_loop (client->base, EVLOOP_ONCE) >= 0);
}

void
client_hear_all (struct client *client)
{
    uint64_t deadline = clock_now () + PATIENCE;

    while (!client->ended) {
        wait_turn (client, deadline);
    }
}

void
client_close (struct client *client)
{
    event_free (client->readable);
    client->readable = NULL;
    FUZZ_CHECK (close (client->fd) == 0);
    client->fd = -1;
}

/* The value of a header, or NULL. */
static const char *
header (const char *heard, const char *name)
{
    const size_t length = strlen (name);
    const char *line = heard;

    while ((line = strstr (line, "\r\n")) != NULL && strncmp (line, "\r\n\r\n", 4) != 0) {
        line += 2;
        if (strncasecmp (line, name, length) == 0 && line[length] == ':') {
            return line + length + 1;
        }
    }
    return NULL;
}

/* Whether the answer is all there, and then what it is. */
static bool
read_answer (const struct client *client, struct client_answer *answer)
{
    const char *end = strstr (client->heard, "\r\n\r\n");
    const char *length;

    if (end == NULL) {
        return false;
    }
    FUZZ_CHECK (strncmp (client->heard, "HTTP/1.1 ", 9) == 0);
    length = header (client->heard, "Content-Length");
    FUZZ_CHECK (length != NULL);
    answer->status = atoi (client->heard + 9);
    answer->body = end + 4;
    answer->length = (size_t)strtoul (length, NULL, 10);
    return client->length >= (size_t)(answer->body - client->heard) + answer->length;
}

static void
connect_again (struct client *client, struct event_base *base, uint16_t port)
{
    if (client->readable != NULL) {
        client_turn (client);
        if (client->ended) {
            client_close (client);
        }
    }
    if (client->readable == NULL) {
        client_dial (client, base, port);
    }
}

void
client_post (struct client *client, struct event_base *base, uint16_t port, const char *path,
             const void *body, size_t size, struct client_answer *answer)
{
    uint64_t deadline = clock_now () + PATIENCE;
    char head[256];
    int length =
        snprintf (head, sizeof head, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n",
                  path, size);

    connect_again (client, base, port);
    client->length = 0;
    client->heard[0] = '\0';
    client_say (client, head, (size_t)length);
    client_say (client, body, size);
    while (!read_answer (client, answer)) {
        FUZZ_CHECK (!client->ended);
        wait_turn (client, deadline);
    }
    /* One answer, and nothing after it. */
    FUZZ_CHECK (answer->body + answer->length == client->heard + client->length);
    FUZZ_CHECK (strlen (answer->body) == answer->length);
}
