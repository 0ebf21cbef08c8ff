/*
 * What the files of peer.h share. peer_client.c calls peer_call.c, which calls peer_cancel.c, which
 * calls peer.c; none of them calls one before it. Event-loop thread.
 */
#ifndef RPC_PEER_INTERNAL_H
#define RPC_PEER_INTERNAL_H

#include <sys/queue.h>

#include "rpc/client/http_call.h"
#include "rpc/peer/hops.h"
#include "rpc/peer/peer.h"

/* One work_cancel on its way. */
struct peer_cancel;

struct peer_client {
    struct event_base *base;
    struct resolver *resolver;
    struct tls *tls; /* held, or NULL */
    double connect_timeout;
    double response_timeout;
    double idle_timeout;
    char identity[HOPS_ID_SIZE]; /* "" is none */
    TAILQ_HEAD (, peer_call) calls;
    TAILQ_HEAD (, peer_cancel) cancels; /* the oldest first */
    size_t max_calls;                   /* 0 is no bound */
    size_t call_count;
    size_t cancel_count;
};

/* Held by its owner, its calls and its cancels; the last frees it. */
struct peer {
    struct peer_client *client;
    unsigned references;
    struct url url;
    char name[ENDPOINT_TEXT_SIZE];
    char *header_name; /* or NULL */
    char *header_value;
    struct http_kept kept;
    struct peer_record record;
};

/*
 * Posts `question` to the peer: url, headers, the time to connect and the bound on the answer are
 * filled in. `hops` is the hop header to send, or "".
 */
struct http_call *peer_post (struct peer *peer, struct http_question *question, const char *hops,
                             http_done_fn done, void *data);

/* Tells the peer that nobody wants work for `root` any more. */
void peer_cancel_send (struct peer *peer, const uint8_t root[32]);
void peer_cancel_free (struct peer_cancel *cancel);

/* Somebody wants it again: what has not been told yet must not be. */
void peer_cancel_forget (const struct peer *peer, const uint8_t root[32]);

/*
 * What the body of an answer with status 200 is worth, held against what was asked by the oracle:
 * PEER_FOUND, with `work` and `value`; or a failure, with a short printable `reason`. As nano_node
 * does it, only "work" counts where there is one, whatever else the answer says.
 */
enum peer_outcome peer_judge (struct evbuffer *body, const struct scan_target *target,
                              uint64_t *work, uint64_t *value, char reason[PEER_REASON_SIZE]);

/* Frees a call without another word, its record untouched. */
void peer_call_free (struct peer_call *call);

#endif
