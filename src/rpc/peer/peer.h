/*
 * A work peer: somebody else who makes work, asked over HTTP as nano_node asks its work peers.
 *
 * One ask is one call: it ends exactly once, with work that the oracle has checked or with the
 * reason why there is none, within its time, whatever the peer does; or it is dropped. A peer whose
 * call is dropped, or runs out of time, after the request may have left is told work_cancel on a
 * new connection, as nano_node does it; nobody waits for that. As it ends all of the peer's work
 * for a root, it is not sent while another call waits for the same root.
 *
 * A connection that a peer keeps open after an answer is kept for the next call, one for each peer.
 * If the peer turns out to have closed it, the call begins again on a new one.
 *
 * Event-loop thread. Callbacks run there, and may call anything here but peer_client_free.
 */
#ifndef RPC_PEER_H
#define RPC_PEER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rpc/base/endpoint.h"
#include "rpc/client/resolver.h"
#include "rpc/client/tls.h"
#include "rpc/peer/hops.h"
#include "rpc/peer/peer_record.h"
#include "work/scan/scan.h"

/* What all peers share. */
struct peer_client;

/* Work_cancels at a time. Of more, the one that has had the most time is given up. */
#define PEER_MAX_CANCELS 256

struct peer_client_settings {
    double connect_timeout;    /* seconds, above 0: for a name to resolve, and for each address */
    double response_timeout;   /* seconds, above 0: from being connected to the end of the answer */
    double idle_timeout;       /* seconds that a kept connection may go unused; 0 is 15 */
    const char *identity;      /* an id (hops.h) that this daemon's requests carry; copied. NULL:
                                  none */
    resolver_lookup_fn lookup; /* for tests; NULL is the system's */
};

/* NULL when the identity is no id. */
struct peer_client *peer_client_new (struct event_base *base,
                                     const struct peer_client_settings *settings);

/* Whom https peers are checked by, for what is asked from now on; held. NULL while there are none.
 */
void peer_client_set_tls (struct peer_client *client, struct tls *tls);

/* Other time-outs, for what is asked from now on. */
void peer_client_set_timeouts (struct peer_client *client, double connect, double response);

/*
 * How many calls may be under way, from now on; 0, as at first, is no bound. One more ends at once
 * with PEER_SHORTAGE, which is held against nobody. Each call takes a descriptor, and so does each
 * of at most PEER_MAX_CANCELS work_cancels beside them.
 */
void peer_client_set_max_calls (struct peer_client *client, size_t max_calls);

/*
 * Calls and work_cancels under way. Who stops drops the calls, and gives the rest a moment: 0 is
 * when nothing is left to send.
 */
size_t peer_client_busy (const struct peer_client *client);

/*
 * Ends whatever is under way: no callback, no work_cancel. All peers must have been freed before.
 * NULL is fine.
 */
void peer_client_free (struct peer_client *client);

struct peer;

struct peer_settings {
    struct endpoint endpoint;
    bool secure;              /* by https */
    const char *path;         /* shorter than URL_PATH_SIZE, "/work?x=1"; NULL is "/" */
    const char *header_name;  /* of a header that goes with each request; NULL is none */
    const char *header_value; /* its value, an API key perhaps: it is never shown */
};

/* The settings, which the configuration has found to be good, are copied. */
struct peer *peer_new (struct peer_client *client, const struct peer_settings *settings);

/*
 * The owner lets go. Calls under way go on, and are answered or dropped as if nothing had happened;
 * the last of them takes the peer with it. NULL is fine.
 */
void peer_free (struct peer *peer);

/* Whether both ask the same daemon, whatever key they show it. */
bool peer_same_place (const struct peer *a, const struct peer *b);

/* Whether both were made with the same settings. */
bool peer_same (const struct peer *a, const struct peer *b);

/* Keeps a peer, for somebody who is not its owner, until it is released as often. */
void peer_hold (struct peer *peer);
void peer_release (struct peer *peer);

/* "host:port", as endpoint_print writes it; good as long as the peer. */
const char *peer_name (const struct peer *peer);

/* Whether it neither rests nor is being probed. Who asks all the same is not refused. */
bool peer_ready (const struct peer *peer);

void peer_health (const struct peer *peer, struct peer_health *health);

struct peer_question {
    struct scan_target target;
    const char *account;     /* as the request has it, or NULL */
    const struct hops *hops; /* the daemons that the request came through, or NULL */
    double timeout;          /* seconds, above 0, for everything together */
};

struct peer_answer {
    enum peer_outcome outcome;
    uint64_t work; /* when found; `value` is what it is worth for the root */
    uint64_t value;
    double seconds;     /* since peer_ask */
    const char *reason; /* of a failure, for the log; "" when found. Good during the callback */
};

typedef void (*peer_done_fn) (void *data, const struct peer_answer *answer);

struct peer_call;

/*
 * Asks for work. `done` is called exactly once, never from within, unless the call is dropped
 * first; the call is gone when it is called. What `question` points to is not kept.
 */
struct peer_call *peer_ask (struct peer *peer, const struct peer_question *question,
                            peer_done_fn done, void *data);

/* The caller does not want it any more: `done` will not be called. */
void peer_drop (struct peer_call *call);

#endif
