#include "rpc/peer/peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rpc/peer/peer_internal.h"
#include "work/base/clock.h"

/* Seconds; a kept connection that nobody has used for so long is closed. */
#define IDLE_TIMEOUT 15

#define MAX_PATH 2048
#define MAX_HEADER 2048

struct peer_client *
peer_client_new (struct event_base *base, const struct peer_client_settings *settings)
{
    struct peer_client *client;

    if (settings->identity != NULL && !hops_is_id (settings->identity)) {
        return NULL;
    }
    client = calloc (1, sizeof *client);
    if (client == NULL) {
        return NULL;
    }
    client->base = base;
    client->connect_timeout = settings->connect_timeout;
    client->response_timeout = settings->response_timeout;
    client->idle_timeout = settings->idle_timeout > 0 ? settings->idle_timeout : IDLE_TIMEOUT;
    if (settings->identity != NULL) {
        snprintf (client->identity, sizeof client->identity, "%s", settings->identity);
    }
    TAILQ_INIT (&client->calls);
    TAILQ_INIT (&client->cancels);
    client->resolver = resolver_new (base, settings->lookup);
    if (client->resolver == NULL) {
        free (client);
        return NULL;
    }
    return client;
}

void
peer_client_set_timeouts (struct peer_client *client, double connect, double response)
{
    client->connect_timeout = connect;
    client->response_timeout = response;
}

void
peer_client_set_max_calls (struct peer_client *client, size_t max_calls)
{
    client->max_calls = max_calls;
}

size_t
peer_client_busy (const struct peer_client *client)
{
    return client->call_count + client->cancel_count;
}

void
peer_client_free (struct peer_client *client)
{
    if (client == NULL) {
        return;
    }
    while (!TAILQ_EMPTY (&client->calls)) {
        peer_call_free (TAILQ_FIRST (&client->calls));
    }
    while (!TAILQ_EMPTY (&client->cancels)) {
        peer_cancel_free (TAILQ_FIRST (&client->cancels));
    }
    resolver_free (client->resolver);
    free (client);
}

/* Whether `text` has 1 to `max` characters, all visible ASCII and none of `except`. */
static bool
is_visible (const char *text, size_t max, const char *except)
{
    size_t length = strlen (text);

    for (size_t i = 0; i < length; i++) {
        if (text[i] <= ' ' || text[i] > '~' || strchr (except, text[i]) != NULL) {
            return false;
        }
    }
    return length > 0 && length <= max;
}

/* Whether `text` can be a header's value: printable ASCII and no blank at either end. */
static bool
is_value (const char *text)
{
    size_t length = strlen (text);

    for (size_t i = 0; i < length; i++) {
        if (text[i] < ' ' || text[i] > '~') {
            return false;
        }
    }
    return length > 0 && length <= MAX_HEADER && text[0] != ' ' && text[length - 1] != ' ';
}

const char *
peer_settings_fault (const struct peer_settings *settings)
{
    const char *path = settings->path;
    const char *name = settings->header_name;

    if (path != NULL && (path[0] != '/' || !is_visible (path, MAX_PATH, "#"))) {
        return "a path that begins with '/', of visible ASCII characters without '#'";
    }
    if (name != NULL && !is_visible (name, MAX_HEADER, "\"(),/:;<=>?@[\\]{}")) {
        return "a header's name of letters, digits and '-'";
    }
    if (name != NULL && (settings->header_value == NULL || !is_value (settings->header_value))) {
        return "a header's value of printable ASCII characters, with no blank at either end";
    }
    return NULL;
}

/* Kept connections. */

static int
take_fd (struct peer *peer)
{
    int fd = peer->idle_fd;

    if (peer->idle_event != NULL) {
        event_free (peer->idle_event);
        peer->idle_event = NULL;
    }
    peer->idle_fd = -1;
    return fd;
}

static void
close_idle (struct peer *peer)
{
    int fd = take_fd (peer);

    if (fd >= 0) {
        (void)close (fd);
    }
}

/* Closed by the peer, or unused for too long, or there are bytes that belong to no answer. */
static void
on_idle (evutil_socket_t fd, short what, void *data)
{
    (void)fd;
    (void)what;
    close_idle (data);
}

int
peer_take_idle (struct peer *peer)
{
    char byte;
    int fd = take_fd (peer);

    if (fd < 0) {
        return -1;
    }
    if (recv (fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN) {
        return fd;
    }
    (void)close (fd);
    return -1;
}

void
peer_keep_idle (struct peer *peer, int fd)
{
    const struct timeval time = clock_timeval (peer->client->idle_timeout);

    if (peer->idle_fd >= 0) {
        (void)close (fd);
        return;
    }
    peer->idle_fd = fd;
    peer->idle_event = event_new (peer->client->base, fd, EV_READ, on_idle, peer);
    if (peer->idle_event == NULL || event_add (peer->idle_event, &time) != 0) {
        close_idle (peer);
    }
}

/* Peers. */

static void
destroy (struct peer *peer)
{
    close_idle (peer);
    free (peer->path);
    free (peer->header_name);
    free (peer->header_value);
    free (peer);
}

/* Returns 0 or -1. */
static int
copy_settings (struct peer *peer, const struct peer_settings *settings)
{
    peer->endpoint = settings->endpoint;
    endpoint_print (&peer->endpoint, peer->name);
    peer->path = strdup (settings->path != NULL ? settings->path : "/");
    if (peer->path == NULL) {
        return -1;
    }
    if (settings->header_name == NULL) {
        return 0;
    }
    peer->header_name = strdup (settings->header_name);
    peer->header_value = strdup (settings->header_value);
    return peer->header_name == NULL || peer->header_value == NULL ? -1 : 0;
}

struct peer *
peer_new (struct peer_client *client, const struct peer_settings *settings)
{
    struct peer *peer;

    if (peer_settings_fault (settings) != NULL) {
        return NULL;
    }
    peer = calloc (1, sizeof *peer);
    if (peer == NULL) {
        return NULL;
    }
    peer->client = client;
    peer->references = 1;
    peer->idle_fd = -1;
    if (copy_settings (peer, settings) != 0) {
        destroy (peer);
        return NULL;
    }
    return peer;
}

static bool
same_text (const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp (a, b) == 0;
}

bool
peer_same_place (const struct peer *a, const struct peer *b)
{
    return strcmp (a->endpoint.host, b->endpoint.host) == 0 &&
           a->endpoint.port == b->endpoint.port && strcmp (a->path, b->path) == 0;
}

bool
peer_same (const struct peer *a, const struct peer *b)
{
    return peer_same_place (a, b) && same_text (a->header_name, b->header_name) &&
           same_text (a->header_value, b->header_value);
}

void
peer_free (struct peer *peer)
{
    if (peer == NULL) {
        return;
    }
    close_idle (peer);
    peer_release (peer);
}

void
peer_hold (struct peer *peer)
{
    peer->references++;
}

void
peer_release (struct peer *peer)
{
    if (--peer->references == 0) {
        destroy (peer);
    }
}

const char *
peer_name (const struct peer *peer)
{
    return peer->name;
}

bool
peer_ready (const struct peer *peer)
{
    return peer_record_ready (&peer->record, clock_now ());
}

void
peer_health (const struct peer *peer, struct peer_health *health)
{
    peer_record_health (&peer->record, health);
}
