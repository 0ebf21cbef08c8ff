#include <stdio.h>
#include <stdlib.h>

#include "rpc/base/memory.h"
#include "rpc/peer/peer_internal.h"

/* Seconds; a kept connection that nobody has used for so long is closed. */
#define IDLE_TIMEOUT 15

struct peer_client *
peer_client_new (struct event_base *base, const struct peer_client_settings *settings)
{
    struct peer_client *client;

    if (settings->identity != NULL && !hops_is_id (settings->identity)) {
        return NULL;
    }
    client = memory_new (1, sizeof *client);
    client->base = base;
    peer_client_set_timeouts (client, settings->connect_timeout, settings->response_timeout);
    client->idle_timeout = settings->idle_timeout > 0 ? settings->idle_timeout : IDLE_TIMEOUT;
    if (settings->identity != NULL) {
        snprintf (client->identity, sizeof client->identity, "%s", settings->identity);
    }
    TAILQ_INIT (&client->calls);
    TAILQ_INIT (&client->cancels);
    client->resolver = resolver_new (base, settings->lookup);
    return client;
}

void
peer_client_set_tls (struct peer_client *client, struct tls *tls)
{
    tls_release (client->tls);
    client->tls = tls_hold (tls);
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
    tls_release (client->tls);
    free (client);
}
