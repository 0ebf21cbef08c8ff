/*
 * A peer search: one question put to a list of work peers until one of them answers it.
 *
 * Serially, in their order, until one succeeds; or to all of them at once; or hedged, where the
 * next one is asked as well when the ones before it take longer than they use to. A peer that rests
 * after a failure is passed over while there are others. The first good answer wins; the others are
 * told to stop.
 *
 * It belongs to its search, by peer_source.c, which frees it: when it is done, or before. It asks
 * those who were in the list when it was made, even if the list has changed since.
 *
 * Event-loop thread.
 */
#ifndef NODE_PEER_SEARCH_H
#define NODE_PEER_SEARCH_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/search/peers.h"
#include "node/search/search.h"
#include "rpc/peer/hops.h"

struct peer_search;

/*
 * Called at most once, and never from within peer_search_start: BROKER_FOUND, the source being the
 * peer's name, good until this is freed; or BROKER_FAILED, when every peer has failed or there is
 * no more time.
 */
typedef void (*peer_search_done_fn) (struct peer_search *asked, const struct broker_answer *answer);

/* One of the peers that may be asked. */
struct peer_candidate {
    struct peer_search *asked;
    struct peer *peer;      /* held */
    struct peer_call *call; /* while it is asked, or NULL */
    bool tried;
};

struct peer_search {
    struct peer_search *next; /* peer_source.c's: the one before it of the same search and list */
    struct search *search;
    enum source source; /* which list */
    uint64_t threshold; /* that is asked for */
    struct hops hops;   /* what the peers are told of them */
    bool last;          /* nobody else can be turned to: peers at rest are tried as well */
    uint64_t since;     /* when it was made */
    uint64_t deadline;
    enum config_peers_mode mode;
    struct event *hedge; /* when the next one is asked as well; NULL in other modes */
    peer_search_done_fn done;
    size_t in_flight;
    size_t count;
    struct peer_candidate candidates[];
};

/*
 * For `waiter`, among the peers of `source`: its search's root and account, its threshold and hops.
 * NULL when there is no peer in the list.
 */
struct peer_search *peer_search_new (const struct peers *peers, enum source source,
                                     const struct broker_waiter *waiter, peer_search_done_fn done);

/* Begins to ask, in the mode of `settings`; all of it takes request_timeout at most. */
void peer_search_start (struct peer_search *asked, struct event_base *base,
                        const struct broker_settings *settings);

/* Tells every peer that is being asked that nobody wants the answer any more. */
void peer_search_free (struct peer_search *asked);

#endif
