#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rpc/peer/peer_internal.h"
#include "rpc/peer/peer_judge.h"
#include "work/base/clock.h"

/*
 * One ask. It dials, or takes the kept connection; then it exchanges; then it ends. At any time it
 * has one of dial and exchange, or neither when it is about to end.
 */
struct peer_call {
    TAILQ_ENTRY (peer_call) link; /* in client->calls */
    struct peer *peer;            /* held */
    struct scan_target target;
    char *account; /* or NULL */
    char hops[HOPS_TEXT_SIZE];
    uint64_t since;
    uint64_t deadline;
    bool probe;
    bool reused;               /* the connection was a kept one */
    enum peer_outcome refused; /* unless PEER_FOUND, nothing is sent: the timer ends it at once */
    struct dial *dial;
    struct exchange *exchange;
    struct event *timer;
    double patience; /* what the timer was set to, in seconds */
    peer_done_fn done;
    void *data;
};

void
peer_call_free (struct peer_call *call)
{
    TAILQ_REMOVE (&call->peer->client->calls, call, link);
    call->peer->client->call_count--;
    dial_free (call->dial);
    exchange_free (call->exchange);
    if (call->timer != NULL) {
        event_free (call->timer);
    }
    free (call->account);
    peer_release (call->peer);
    free (call);
}

/* The end of every call that is not dropped: what `answer` lacks is filled in. */
static void
finish (struct peer_call *call, struct peer_answer *answer)
{
    uint64_t now = clock_now ();
    peer_done_fn done = call->done;
    void *data = call->data;

    answer->seconds = clock_seconds (now - call->since);
    peer_record_end (&call->peer->record, call->probe, call->since, now, answer->outcome,
                     answer->reason);
    peer_call_free (call);
    done (data, answer);
}

static void
fail (struct peer_call *call, enum peer_outcome outcome, const char *reason)
{
    struct peer_answer answer = {.outcome = outcome, .reason = reason};

    finish (call, &answer);
}

/* Whether another call wants the same work of the same daemon. */
static bool
is_wanted (const struct peer_call *call)
{
    const struct peer_call *each;

    TAILQ_FOREACH (each, &call->peer->client->calls, link)
    {
        if (each != call && peer_same_place (each->peer, call->peer) &&
            memcmp (each->target.root, call->target.root, sizeof each->target.root) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * What the peer may be working on, it need not; but as work_cancel ends all work for a root, not if
 * another call waits for the same.
 */
static void
call_off (struct peer_call *call)
{
    if (call->exchange != NULL && exchange_sent (call->exchange) && !is_wanted (call)) {
        peer_cancel_send (call->peer, call->target.root);
    }
}

/* The timer fires `seconds` from now, or at the deadline if that is earlier. */
static int
set_timer (struct peer_call *call, double seconds)
{
    uint64_t now = clock_now ();
    double left = now < call->deadline ? clock_seconds (call->deadline - now) : 0;

    call->patience = seconds < left ? seconds : left;
    const struct timeval time = clock_timeval (call->patience);

    return event_add (call->timer, &time);
}

static void
on_timer (evutil_socket_t fd, short what, void *data)
{
    struct peer_call *call = data;
    char reason[PEER_REASON_SIZE];

    (void)fd;
    (void)what;
    if (call->refused == PEER_LOOP) {
        fail (call, PEER_LOOP, "the request has come through too many daemons");
    } else if (call->refused == PEER_SHORTAGE) {
        fail (call, PEER_SHORTAGE, "too many requests to peers are under way");
    } else if (call->exchange == NULL) {
        snprintf (reason, sizeof reason, "no connection within %.1f s", call->patience);
        fail (call, PEER_CONNECT_TIMEOUT, reason);
    } else {
        call_off (call);
        snprintf (reason, sizeof reason, "no whole answer within %.1f s", call->patience);
        fail (call, PEER_RESPONSE_TIMEOUT, reason);
    }
}

static void on_exchanged (void *data, enum exchange_end end);

/* Writes the request to a connected socket, which is this call's now. Returns 0 or -1. */
static int
begin_exchange (struct peer_call *call, int fd)
{
    struct peer_client *client = call->peer->client;
    struct evbuffer *request = evbuffer_new ();

    if (request != NULL && peer_request_generate (call->peer, &call->target, call->account,
                                                  call->hops, request) == 0) {
        call->exchange = exchange_new (client->base, fd, request, on_exchanged, call);
    }
    if (request != NULL) {
        evbuffer_free (request);
    }
    if (call->exchange == NULL) {
        (void)close (fd);
        return -1;
    }
    return set_timer (call, client->response_timeout);
}

static void
on_dialled (void *data, const struct dial_answer *answer)
{
    static const enum peer_outcome outcomes[] = {
        [DIAL_UNRESOLVED] = PEER_UNRESOLVED,   [DIAL_REFUSED] = PEER_REFUSED,
        [DIAL_UNREACHABLE] = PEER_UNREACHABLE, [DIAL_TIMED_OUT] = PEER_CONNECT_TIMEOUT,
        [DIAL_SHORTAGE] = PEER_SHORTAGE,
    };
    struct peer_call *call = data;

    call->dial = NULL;
    if (answer->end != DIAL_CONNECTED) {
        fail (call, outcomes[answer->end], answer->reason);
    } else if (begin_exchange (call, answer->fd) != 0) {
        fail (call, PEER_SHORTAGE, "out of memory");
    }
}

/* Begins with a new connection. Returns 0 or -1. */
static int
begin_dial (struct peer_call *call)
{
    struct peer_client *client = call->peer->client;

    call->reused = false;
    call->dial = dial_new (client->base, client->resolver, &call->peer->endpoint,
                           client->connect_timeout, on_dialled, call);
    return call->dial != NULL ? set_timer (call, 1e9) : -1;
}

/* The kept connection was not one any more; that is nobody's fault. */
static void
start_again (struct peer_call *call)
{
    exchange_free (call->exchange);
    call->exchange = NULL;
    if (begin_dial (call) != 0) {
        fail (call, PEER_SHORTAGE, "out of memory");
    }
}

static void
on_whole (struct peer_call *call)
{
    char reason[PEER_REASON_SIZE];
    struct peer_answer answer = {.reason = reason};
    int fd = exchange_take_fd (call->exchange);

    if (fd >= 0) {
        peer_keep_idle (call->peer, fd);
    }
    answer.outcome = peer_judge (exchange_answer (call->exchange)->body, &call->target,
                                 &answer.work, &answer.value, reason);
    finish (call, &answer);
}

static void
on_refused (struct peer_call *call)
{
    const struct http_answer *answer = exchange_answer (call->exchange);
    char reason[PEER_REASON_SIZE];

    switch (answer->state) {
    case HTTP_ANSWER_OTHER_STATUS:
        snprintf (reason, sizeof reason, "it answered with HTTP status %u", answer->status);
        fail (call, PEER_BAD_STATUS, reason);
        break;
    case HTTP_ANSWER_TOO_LARGE:
        snprintf (reason, sizeof reason, "its answer is larger than %d bytes, or its header is",
                  EXCHANGE_MAX_BODY);
        fail (call, PEER_TOO_LARGE, reason);
        break;
    default:
        fail (call, PEER_NOT_HTTP, "its answer is not HTTP");
        break;
    }
}

static void
on_exchanged (void *data, enum exchange_end end)
{
    struct peer_call *call = data;

    switch (end) {
    case EXCHANGE_WHOLE:
        on_whole (call);
        break;
    case EXCHANGE_REFUSED:
        on_refused (call);
        break;
    case EXCHANGE_UNANSWERED:
        if (call->reused) {
            start_again (call);
        } else {
            fail (call, PEER_CLOSED, "it closed the connection without an answer");
        }
        break;
    case EXCHANGE_CUT:
        fail (call, PEER_CUT, "it closed the connection within its answer");
        break;
    case EXCHANGE_SHORTAGE:
        fail (call, PEER_SHORTAGE, "out of memory");
        break;
    }
}

/* Returns 0, or -1 for want of memory. */
static int
begin (struct peer_call *call)
{
    int fd;

    if (call->refused != PEER_FOUND) {
        return set_timer (call, 0);
    }
    fd = peer_take_idle (call->peer);
    if (fd < 0) {
        return begin_dial (call);
    }
    call->reused = true;
    return begin_exchange (call, fd);
}

/* Why the peer is not to be asked, or PEER_FOUND. */
static enum peer_outcome
refusal (struct peer_call *call, const struct hops *hops)
{
    const struct peer_client *const client = call->peer->client;
    struct hops sent = hops != NULL ? *hops : (struct hops){0};

    if (client->identity[0] != '\0') {
        if (hops_append (&sent, client->identity) != 0) {
            return PEER_LOOP;
        }
        hops_print (&sent, call->hops);
    }
    return client->max_calls > 0 && client->call_count > client->max_calls ? PEER_SHORTAGE
                                                                           : PEER_FOUND;
}

static struct peer_call *
new_call (struct peer *peer, const struct peer_question *question)
{
    struct peer_call *call = calloc (1, sizeof *call);

    if (call == NULL) {
        return NULL;
    }
    call->peer = peer;
    peer_hold (peer);
    TAILQ_INSERT_TAIL (&peer->client->calls, call, link);
    peer->client->call_count++;
    call->target = question->target;
    call->since = clock_now ();
    call->deadline = call->since + clock_from_seconds (question->timeout);
    call->timer = evtimer_new (peer->client->base, on_timer, call);
    call->refused = refusal (call, question->hops);
    if (question->account != NULL) {
        call->account = strdup (question->account);
    }
    if (call->timer == NULL || (question->account != NULL && call->account == NULL)) {
        peer_call_free (call);
        return NULL;
    }
    return call;
}

struct peer_call *
peer_ask (struct peer *peer, const struct peer_question *question, peer_done_fn done, void *data)
{
    struct peer_call *call = new_call (peer, question);

    if (call == NULL) {
        return NULL;
    }
    call->done = done;
    call->data = data;
    if (begin (call) != 0) {
        peer_call_free (call);
        return NULL;
    }
    peer_cancel_forget (peer, call->target.root);
    call->probe = peer_record_ask (&peer->record, call->since);
    return call;
}

void
peer_drop (struct peer_call *call)
{
    peer_record_drop (&call->peer->record, call->probe);
    call_off (call);
    peer_call_free (call);
}
