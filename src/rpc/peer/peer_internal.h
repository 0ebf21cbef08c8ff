/*
 * What peer.c (clients, peers, kept connections), peer_call.c (asks), peer_cancel.c (work_cancels)
 * and peer_request.c (the bytes of both) share. Event-loop thread.
 */
#ifndef RPC_PEER_INTERNAL_H
#define RPC_PEER_INTERNAL_H

#include <event2/buffer.h>
#include <sys/queue.h>

#include "rpc/client/dial.h"
#include "rpc/client/exchange.h"
#include "rpc/peer/hops.h"
#include "rpc/peer/peer.h"

/* One work_cancel on its way. */
struct peer_cancel;

struct peer_client {
    struct event_base *base;
    struct resolver *resolver;
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
    struct endpoint endpoint;
    char name[ENDPOINT_TEXT_SIZE];
    char *path;
    char *header_name; /* or NULL */
    char *header_value;
    int idle_fd;              /* a kept connection, or -1 */
    struct event *idle_event; /* sees it close, or its time pass */
    struct peer_record record;
};

/* Takes the kept connection, if there is one and it is alive: a socket, the caller's, or -1. */
int peer_take_idle (struct peer *peer);

/* Keeps `fd` for the next call, or closes it. */
void peer_keep_idle (struct peer *peer, int fd);

/* Frees a call without another word, its record untouched. */
void peer_call_free (struct peer_call *call);

/* Tells the peer that nobody wants work for `root` any more. */
void peer_cancel_send (struct peer *peer, const uint8_t root[32]);
void peer_cancel_free (struct peer_cancel *cancel);

/* Somebody wants it again: what has not been told yet must not be. */
void peer_cancel_forget (const struct peer *peer, const uint8_t root[32]);

/*
 * Writes a request to `output`, which is empty. `hops` is the hop header to send, or "". Return 0,
 * or -1 for want of memory.
 */
int peer_request_generate (const struct peer *peer, const struct scan_target *target,
                           const char *account, const char *hops, struct evbuffer *output);
int peer_request_cancel (const struct peer *peer, const uint8_t root[32], struct evbuffer *output);

#endif
