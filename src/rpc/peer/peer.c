#include "rpc/peer/peer.h"

#include <stdio.h>
#include <stdlib.h>

#include "rpc/base/memory.h"
#include "rpc/base/text.h"
#include "rpc/peer/peer_internal.h"
#include "work/base/clock.h"

#define MAX_BODY 65536 /* bytes, of an answer */

struct peer *
peer_new (struct peer_client *client, const struct peer_settings *settings)
{
    struct peer *peer = memory_new (1, sizeof *peer);

    peer->client = client;
    peer->references = 1;
    peer->url.secure = settings->secure;
    peer->url.endpoint = settings->endpoint;
    (void)snprintf (peer->url.path, sizeof peer->url.path, "%s",
                    settings->path != NULL ? settings->path : "/");
    endpoint_print (&settings->endpoint, peer->name);
    peer->header_name = memory_text (settings->header_name);
    peer->header_value = memory_text (settings->header_value);
    return peer;
}

bool
peer_same_place (const struct peer *a, const struct peer *b)
{
    return url_same (&a->url, &b->url);
}

bool
peer_same (const struct peer *a, const struct peer *b)
{
    return peer_same_place (a, b) && text_same (a->header_name, b->header_name) &&
           text_same (a->header_value, b->header_value);
}

void
peer_free (struct peer *peer)
{
    if (peer != NULL) {
        http_kept_clear (&peer->kept);
        peer_release (peer);
    }
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
        http_kept_clear (&peer->kept);
        free (peer->header_name);
        free (peer->header_value);
        free (peer);
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

struct http_call *
peer_post (struct peer *peer, struct http_question *question, const char *hops, http_done_fn done,
           void *data)
{
    const struct peer_client *const client = peer->client;
    const struct http_header headers[] = {
        {HOPS_HEADER, hops},
        {peer->header_name, peer->header_value},
    };

    question->url = &peer->url;
    question->tls = client->tls;
    question->headers = headers;
    question->header_count = sizeof headers / sizeof headers[0];
    question->connect_timeout = client->connect_timeout;
    question->max_body = MAX_BODY;
    question->keep_time = client->idle_timeout;
    return http_call_new (client->base, client->resolver, question, done, data);
}
