#include <stdlib.h>
#include <string.h>

#include "rpc/base/memory.h"
#include "rpc/peer/peer_internal.h"
#include "work/base/hex.h"

/* Seconds, from being connected; what takes longer is not worth a descriptor. */
#define SEND_TIME 2

struct peer_cancel {
    TAILQ_ENTRY (peer_cancel) link; /* in client->cancels */
    struct peer *peer;              /* held */
    uint8_t root[32];
    struct http_call *http;
};

void
peer_cancel_free (struct peer_cancel *cancel)
{
    if (http_call_sent (cancel->http)) {
        cancel->peer->record.health.cancels++;
    }
    TAILQ_REMOVE (&cancel->peer->client->cancels, cancel, link);
    cancel->peer->client->cancel_count--;
    http_call_free (cancel->http);
    peer_release (cancel->peer);
    free (cancel);
}

/*
 * An answer is waited for, though nobody needs it: a socket that is closed with bytes to read is
 * reset, and the reset may overtake the request.
 */
static void
on_done (void *data, const struct http_result *result)
{
    (void)result;
    peer_cancel_free (data);
}

/* On a connection of its own, which is not kept. */
static struct http_call *
post (struct peer_cancel *cancel)
{
    char root[HEX_ROOT_SIZE];
    json_t *body;
    struct http_call *http;

    hex_print_root (cancel->root, root);
    body = memory_need (json_pack ("{s:s, s:s}", "action", "work_cancel", "hash", root));
    http = peer_post (cancel->peer,
                      &(struct http_question){.body = body, .response_timeout = SEND_TIME}, "",
                      on_done, cancel);
    json_decref (body);
    return http;
}

void
peer_cancel_send (struct peer *peer, const uint8_t root[32])
{
    struct peer_client *const client = peer->client;
    struct peer_cancel *const cancel = memory_new (1, sizeof *cancel);

    if (client->cancel_count == PEER_MAX_CANCELS) {
        peer_cancel_free (TAILQ_FIRST (&client->cancels));
    }
    cancel->peer = peer;
    peer_hold (peer);
    memcpy (cancel->root, root, sizeof cancel->root);
    TAILQ_INSERT_TAIL (&client->cancels, cancel, link);
    client->cancel_count++;
    cancel->http = post (cancel);
}

void
peer_cancel_forget (const struct peer *peer, const uint8_t root[32])
{
    struct peer_cancel *next;

    for (struct peer_cancel *each = TAILQ_FIRST (&peer->client->cancels); each != NULL;
         each = next) {
        next = TAILQ_NEXT (each, link);
        if (peer_same_place (each->peer, peer) &&
            memcmp (each->root, root, sizeof each->root) == 0 && !http_call_sent (each->http)) {
            peer_cancel_free (each);
        }
    }
}
