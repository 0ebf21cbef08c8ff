#include "fake_peers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "work/base/clock.h"

enum { MAX_ASKS = 4096, MAX_PEERS = 16 };

struct peer {
    unsigned references;
    char name[ENDPOINT_TEXT_SIZE];
};

struct peer_call {
    struct fake_ask ask;
};

/* What is known of those of a name. */
struct health {
    char name[ENDPOINT_TEXT_SIZE];
    uint64_t resting_until;
    double usual;
};

static struct peer_call calls[MAX_ASKS];
static size_t call_count;
static struct health healths[MAX_PEERS];

void
fake_peers_reset (void)
{
    call_count = 0;
    memset (healths, 0, sizeof healths);
}

size_t
fake_peers_asks (void)
{
    return call_count;
}

const struct fake_ask *
fake_peers_ask (size_t index)
{
    assert_true (index < call_count);
    return &calls[index].ask;
}

static void
answer (size_t index, const struct peer_answer *with)
{
    struct fake_ask *ask = &calls[index].ask;

    assert_true (index < call_count && ask->open);
    ask->open = false;
    ask->done (ask->data, with);
}

void
fake_peers_find (size_t index, uint64_t value)
{
    answer (index, &(struct peer_answer){.outcome = PEER_FOUND, .value = value, .reason = ""});
}

void
fake_peers_fail (size_t index)
{
    answer (index, &(struct peer_answer){.outcome = PEER_REFUSED, .reason = "as the test says"});
}

static struct health *
health_of (const char *name)
{
    size_t i = 0;

    while (healths[i].name[0] != '\0' && strcmp (healths[i].name, name) != 0) {
        assert_in_range (++i, 1, MAX_PEERS - 1);
    }
    (void)snprintf (healths[i].name, sizeof healths[i].name, "%s", name);
    return &healths[i];
}

void
fake_peers_rest (const char *name, uint64_t until)
{
    health_of (name)->resting_until = until;
}

void
fake_peers_usual (const char *name, double seconds)
{
    health_of (name)->usual = seconds;
}

/* In the place of rpc/peer/peer.c. */

struct peer *
peer_new (struct peer_client *client, const struct peer_settings *settings)
{
    struct peer *peer = calloc (1, sizeof *peer);

    (void)client;
    assert_non_null (peer);
    peer->references = 1;
    endpoint_print (&settings->endpoint, peer->name);
    return peer;
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
        free (peer);
    }
}

void
peer_free (struct peer *peer)
{
    if (peer != NULL) {
        peer_release (peer);
    }
}

const char *
peer_name (const struct peer *peer)
{
    return peer->name;
}

bool
peer_same_place (const struct peer *a, const struct peer *b)
{
    return strcmp (a->name, b->name) == 0;
}

bool
peer_same (const struct peer *a, const struct peer *b)
{
    return peer_same_place (a, b);
}

bool
peer_ready (const struct peer *peer)
{
    return health_of (peer->name)->resting_until <= clock_now ();
}

void
peer_health (const struct peer *peer, struct peer_health *health)
{
    const struct health *known = health_of (peer->name);

    *health = (struct peer_health){.p95 = known->usual, .resting_until = known->resting_until};
}

struct peer_call *
peer_ask (struct peer *peer, const struct peer_question *question, peer_done_fn done, void *data)
{
    struct peer_call *call = &calls[call_count];

    assert_in_range (call_count++, 0, MAX_ASKS - 1);
    call->ask = (struct fake_ask){.target = question->target,
                                  .timeout = question->timeout,
                                  .open = true,
                                  .done = done,
                                  .data = data};
    (void)snprintf (call->ask.peer, sizeof call->ask.peer, "%s", peer->name);
    if (question->hops != NULL) {
        call->ask.hops = *question->hops;
    }
    if (question->account != NULL) {
        (void)snprintf (call->ask.account, sizeof call->ask.account, "%s", question->account);
    }
    return call;
}

void
peer_drop (struct peer_call *call)
{
    assert_true (call->ask.open);
    call->ask.open = false;
    call->ask.dropped = true;
}
