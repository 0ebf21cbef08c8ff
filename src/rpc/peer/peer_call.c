#include <stdlib.h>
#include <string.h>

#include "rpc/base/memory.h"
#include "rpc/peer/peer_internal.h"
#include "work/base/clock.h"
#include "work/base/hex.h"

/* One ask: an HTTP call, or a refusal that is told on the loop's next turn. */
struct peer_call {
    TAILQ_ENTRY (peer_call) link; /* in client->calls */
    struct peer *peer;            /* held */
    struct scan_target target;
    uint64_t since;
    bool probe;
    struct http_call *http;    /* or NULL: refused */
    enum peer_outcome refused; /* why */
    struct event *refusal;     /* tells it */
    peer_done_fn done;
    void *data;
};

void
peer_call_free (struct peer_call *call)
{
    TAILQ_REMOVE (&call->peer->client->calls, call, link);
    call->peer->client->call_count--;
    http_call_free (call->http);
    if (call->refusal != NULL) {
        event_free (call->refusal);
    }
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
    if (call->http != NULL && http_call_sent (call->http) && !is_wanted (call)) {
        peer_cancel_send (call->peer, call->target.root);
    }
}

static void
on_done (void *data, const struct http_result *result)
{
    static const enum peer_outcome outcomes[] = {
        [HTTP_UNRESOLVED] = PEER_UNRESOLVED,
        [HTTP_REFUSED] = PEER_REFUSED,
        [HTTP_UNREACHABLE] = PEER_UNREACHABLE,
        [HTTP_CONNECT_TIMEOUT] = PEER_CONNECT_TIMEOUT,
        [HTTP_UNTRUSTED] = PEER_UNTRUSTED,
        [HTTP_CLOSED] = PEER_CLOSED,
        [HTTP_CUT] = PEER_CUT,
        [HTTP_RESPONSE_TIMEOUT] = PEER_RESPONSE_TIMEOUT,
        [HTTP_BAD_STATUS] = PEER_BAD_STATUS,
        [HTTP_TOO_LARGE] = PEER_TOO_LARGE,
        [HTTP_NOT_HTTP] = PEER_NOT_HTTP,
        [HTTP_SHORTAGE] = PEER_SHORTAGE,
    };
    struct peer_call *call = data;
    char reason[PEER_REASON_SIZE];
    struct peer_answer answer = {.outcome = outcomes[result->outcome], .reason = result->reason};

    if (result->outcome == HTTP_ANSWERED) {
        answer.outcome =
            peer_judge (result->body, &call->target, &answer.work, &answer.value, reason);
        answer.reason = reason;
    } else if (result->outcome == HTTP_RESPONSE_TIMEOUT) {
        call_off (call);
    }
    finish (call, &answer);
}

static void
on_refusal (evutil_socket_t fd, short what, void *data)
{
    struct peer_call *call = data;
    struct peer_answer answer = {
        .outcome = call->refused,
        .reason = call->refused == PEER_LOOP ? "the request has passed through too many daemons"
                                             : "too many requests to peers are in progress",
    };

    (void)fd;
    (void)what;
    finish (call, &answer);
}

static void
refuse (struct peer_call *call, enum peer_outcome outcome)
{
    call->refused = outcome;
    call->refusal = memory_need (evtimer_new (call->peer->client->base, on_refusal, call));
    event_active (call->refusal, EV_TIMEOUT, 0);
}

static json_t *
new_body (const struct peer_question *question)
{
    char root[HEX_ROOT_SIZE];
    char difficulty[HEX_U64_SIZE];
    json_t *body;

    hex_print_root (question->target.root, root);
    hex_print_u64 (question->target.threshold, difficulty);
    body = memory_need (json_pack ("{s:s, s:s, s:s}", "action", "work_generate", "hash", root,
                                   "difficulty", difficulty));
    if (question->account != NULL) {
        /* What is not UTF-8 is left out: the peer can do without. */
        (void)json_object_set_new (body, "account", json_string (question->account));
    }
    return body;
}

static void
post (struct peer_call *call, const struct peer_question *question, const char *hops)
{
    json_t *const body = new_body (question);

    call->http = peer_post (call->peer,
                            &(struct http_question){
                                .body = body,
                                .response_timeout = call->peer->client->response_timeout,
                                .timeout = question->timeout,
                                .kept = &call->peer->kept,
                            },
                            hops, on_done, call);
    json_decref (body);
}

struct peer_call *
peer_ask (struct peer *peer, const struct peer_question *question, peer_done_fn done, void *data)
{
    struct peer_client *const client = peer->client;
    struct peer_call *const call = memory_new (1, sizeof *call);
    struct hops hops = question->hops != NULL ? *question->hops : (struct hops){0};
    char text[HOPS_TEXT_SIZE] = "";

    call->peer = peer;
    peer_hold (peer);
    TAILQ_INSERT_TAIL (&client->calls, call, link);
    client->call_count++;
    call->target = question->target;
    call->since = clock_now ();
    call->done = done;
    call->data = data;
    if (client->identity[0] != '\0' && hops_append (&hops, client->identity) != 0) {
        refuse (call, PEER_LOOP);
    } else if (client->max_calls > 0 && client->call_count > client->max_calls) {
        refuse (call, PEER_SHORTAGE);
    } else {
        if (client->identity[0] != '\0') {
            hops_print (&hops, text);
        }
        post (call, question, text);
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
