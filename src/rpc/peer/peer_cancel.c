#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rpc/peer/peer_internal.h"

/* From being connected; what is longer is not worth a descriptor. */
static const struct timeval send_time = {.tv_sec = 2};

struct peer_cancel {
    TAILQ_ENTRY (peer_cancel) link; /* in client->cancels */
    struct peer *peer;              /* held */
    uint8_t root[32];
    struct evbuffer *request;
    struct dial *dial;
    struct exchange *exchange;
    struct event *timer;
};

void
peer_cancel_free (struct peer_cancel *cancel)
{
    if (cancel->exchange != NULL && exchange_sent_whole (cancel->exchange)) {
        cancel->peer->record.health.cancels++;
    }
    TAILQ_REMOVE (&cancel->peer->client->cancels, cancel, link);
    cancel->peer->client->cancel_count--;
    dial_free (cancel->dial);
    exchange_free (cancel->exchange);
    if (cancel->request != NULL) {
        evbuffer_free (cancel->request);
    }
    if (cancel->timer != NULL) {
        event_free (cancel->timer);
    }
    peer_release (cancel->peer);
    free (cancel);
}

static void
on_timer (evutil_socket_t fd, short what, void *data)
{
    (void)fd;
    (void)what;
    peer_cancel_free (data);
}

/*
 * An answer is waited for, though nobody needs it: a socket that is closed with bytes to read is
 * reset, and the reset may overtake the request.
 */
static void
on_exchanged (void *data, enum exchange_end end)
{
    (void)end;
    peer_cancel_free (data);
}

static void
on_dialled (void *data, const struct dial_answer *answer)
{
    struct peer_cancel *cancel = data;
    struct event_base *base = cancel->peer->client->base;

    cancel->dial = NULL;
    if (answer->end != DIAL_CONNECTED) {
        peer_cancel_free (cancel);
        return;
    }
    cancel->exchange = exchange_new (base, answer->fd, cancel->request, on_exchanged, cancel);
    if (cancel->exchange == NULL) {
        (void)close (answer->fd);
    }
    if (cancel->exchange == NULL || event_add (cancel->timer, &send_time) != 0) {
        peer_cancel_free (cancel);
    }
}

void
peer_cancel_send (struct peer *peer, const uint8_t root[32])
{
    struct peer_client *client = peer->client;
    struct peer_cancel *cancel = calloc (1, sizeof *cancel);

    if (cancel == NULL) {
        return;
    }
    if (client->cancel_count == PEER_MAX_CANCELS) {
        peer_cancel_free (TAILQ_FIRST (&client->cancels));
    }
    cancel->peer = peer;
    memcpy (cancel->root, root, sizeof cancel->root);
    peer_hold (peer);
    TAILQ_INSERT_TAIL (&client->cancels, cancel, link);
    client->cancel_count++;
    cancel->request = evbuffer_new ();
    cancel->timer = evtimer_new (client->base, on_timer, cancel);
    if (cancel->request != NULL && cancel->timer != NULL &&
        peer_request_cancel (peer, root, cancel->request) == 0) {
        cancel->dial = dial_new (client->base, client->resolver, &peer->endpoint,
                                 client->connect_timeout, on_dialled, cancel);
    }
    if (cancel->dial == NULL) {
        peer_cancel_free (cancel);
    }
}

void
peer_cancel_forget (const struct peer *peer, const uint8_t root[32])
{
    struct peer_cancel *next;

    for (struct peer_cancel *each = TAILQ_FIRST (&peer->client->cancels); each != NULL;
         each = next) {
        next = TAILQ_NEXT (each, link);
        if (peer_same_place (each->peer, peer) &&
            memcmp (each->root, root, sizeof each->root) == 0 &&
            (each->exchange == NULL || !exchange_sent (each->exchange))) {
            peer_cancel_free (each);
        }
    }
}
