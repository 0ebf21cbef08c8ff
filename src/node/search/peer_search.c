#include "node/search/peer_search.h"

#include <stdlib.h>
#include <string.h>

#include "node/base/log.h"
#include "rpc/base/memory.h"
#include "work/base/clock.h"
#include "work/base/hex.h"

/* Before a peer has answered often enough to know how long it takes. */
#define HEDGE_UNKNOWN 2.0

/* However little time is left for a peer, it is worth a try. */
#define LEAST_TIMEOUT 0.05

/* The end. */

static void
drop_calls (struct peer_search *asked)
{
    for (size_t i = 0; i < asked->count; i++) {
        if (asked->candidates[i].call != NULL) {
            peer_drop (asked->candidates[i].call);
            asked->candidates[i].call = NULL;
        }
    }
    asked->in_flight = 0;
    if (asked->hedge != NULL) {
        event_free (asked->hedge);
        asked->hedge = NULL;
    }
}

void
peer_search_free (struct peer_search *asked)
{
    drop_calls (asked);
    for (size_t i = 0; i < asked->count; i++) {
        peer_release (asked->candidates[i].peer);
    }
    free (asked);
}

static void
finish (struct peer_search *asked, const struct broker_answer *answer)
{
    drop_calls (asked); /* nobody finds it half done */
    asked->done (asked, answer);
}

/* Choosing. */

static size_t
count_tried (const struct peer_search *asked)
{
    size_t count = 0;

    for (size_t i = 0; i < asked->count; i++) {
        count += asked->candidates[i].tried;
    }
    return count;
}

/* The first one that is ready, in the list's order. */
static struct peer_candidate *
find_ready (struct peer_search *asked)
{
    for (size_t i = 0; i < asked->count; i++) {
        struct peer_candidate *candidate = &asked->candidates[i];
        if (!candidate->tried && peer_ready (candidate->peer)) {
            return candidate;
        }
    }
    return NULL;
}

/* The one whose rest ends first. */
static struct peer_candidate *
find_least_bad (struct peer_search *asked)
{
    struct peer_candidate *best = NULL;
    uint64_t soonest = 0;

    for (size_t i = 0; i < asked->count; i++) {
        struct peer_candidate *candidate = &asked->candidates[i];
        struct peer_health health;

        if (!candidate->tried) {
            peer_health (candidate->peer, &health);
            if (best == NULL || health.resting_until < soonest) {
                best = candidate;
                soonest = health.resting_until;
            }
        }
    }
    return best;
}

/*
 * Peers that rest are left alone while there is somebody else, be it another peer or the devices
 * here; yet when all of them rest one is tried.
 */
static struct peer_candidate *
find_next (struct peer_search *asked)
{
    struct peer_candidate *ready = find_ready (asked);

    if (ready != NULL) {
        return ready;
    }
    return asked->last || count_tried (asked) == 0 ? find_least_bad (asked) : NULL;
}

/* Asking. */

static void on_answer (void *data, const struct peer_answer *answer);

/*
 * What is left of the time is shared among those whose turn may still come: in a series the peers
 * not yet tried, and in any mode whoever is turned to when all of them have failed.
 */
static double
share_of_time (const struct peer_search *asked)
{
    const uint64_t now = clock_now ();
    const double left = now < asked->deadline ? clock_seconds (asked->deadline - now) : 0;
    size_t turns = asked->last ? 0 : 1;

    turns += asked->mode == CONFIG_PEERS_SERIAL ? asked->count - count_tried (asked) : 1;
    return left / (double)turns;
}

/* How long this peer usually takes at the most. */
static double
usual_time (const struct peer *peer)
{
    struct peer_health health;

    peer_health (peer, &health);
    return health.p95 > 0 ? health.p95 : HEDGE_UNKNOWN;
}

/*
 * How long `peer` is waited for before another one is asked as well: as long as it usually takes,
 * or as one that is left usually does, if that is less. So a peer that is always slow does not set
 * the pace.
 */
static double
hedge_delay (const struct peer_search *asked, const struct peer *peer)
{
    double delay = usual_time (peer);

    for (size_t i = 0; i < asked->count; i++) {
        const struct peer_candidate *candidate = &asked->candidates[i];

        if (!candidate->tried && peer_ready (candidate->peer) &&
            usual_time (candidate->peer) < delay) {
            delay = usual_time (candidate->peer);
        }
    }
    return delay;
}

static void
set_hedge (struct peer_search *asked, struct peer *peer)
{
    if (asked->hedge == NULL) {
        return;
    }
    const struct timeval delay = clock_timeval (hedge_delay (asked, peer));

    memory_require (event_add (asked->hedge, &delay) == 0);
}

/* A daemon that is in the list twice is asked once: a work_cancel for the one call ends the other.
 */
static void
mark_tried (struct peer_search *asked, const struct peer_candidate *candidate)
{
    for (size_t i = 0; i < asked->count; i++) {
        if (peer_same_place (asked->candidates[i].peer, candidate->peer)) {
            asked->candidates[i].tried = true;
        }
    }
}

static void
ask (struct peer_search *asked, struct peer_candidate *candidate)
{
    const double share = share_of_time (asked);
    const struct search *search = asked->search;
    struct peer_question question = {
        .target = {.threshold = asked->threshold, .order = search_order (search)},
        .account = search->account,
        .hops = &asked->hops,
        .timeout = share > LEAST_TIMEOUT ? share : LEAST_TIMEOUT,
    };

    memcpy (question.target.root, search->key.root, sizeof question.target.root);
    mark_tried (asked, candidate);
    candidate->call = peer_ask (candidate->peer, &question, on_answer, candidate);
    asked->in_flight++;
    set_hedge (asked, candidate->peer);
}

/* Asks one more, if there is one and the time for it. */
static void
ask_next (struct peer_search *asked)
{
    struct peer_candidate *candidate = find_next (asked);

    if (candidate != NULL && clock_now () < asked->deadline) {
        ask (asked, candidate);
    }
}

/* Asks all that are ready. */
static void
ask_all (struct peer_search *asked)
{
    struct peer_candidate *candidate;

    while ((candidate = find_ready (asked)) != NULL) {
        ask (asked, candidate);
    }
}

static void
on_hedge (evutil_socket_t fd, short what, void *data)
{
    (void)fd;
    (void)what;
    ask_next (data);
}

static void
log_failure (const struct peer_search *asked, const struct peer_candidate *candidate,
             const struct peer_answer *answer)
{
    char root[HEX_ROOT_SIZE];

    hex_print_root (asked->search->key.root, root);
    log_warn ("Work peer %s failed to find work for %s: %s", peer_name (candidate->peer), root,
              answer->reason);
}

static void
on_answer (void *data, const struct peer_answer *answer)
{
    struct peer_candidate *candidate = data;
    struct peer_search *asked = candidate->asked;
    const struct broker_answer result = {
        .outcome = answer->outcome == PEER_FOUND ? BROKER_FOUND : BROKER_FAILED,
        .work = answer->work,
        .value = answer->value,
        .source = peer_name (candidate->peer),
        .by = METRICS_PEER,
    };

    candidate->call = NULL;
    asked->in_flight--;
    if (result.outcome == BROKER_FOUND) {
        finish (asked, &result);
        return;
    }
    log_failure (asked, candidate, answer);
    if (asked->in_flight == 0 || asked->mode == CONFIG_PEERS_HEDGE) {
        ask_next (asked);
    }
    if (asked->in_flight == 0) {
        finish (asked, &result);
    }
}

/* Starting. */

struct peer_search *
peer_search_new (const struct peers *peers, enum source source, const struct broker_waiter *waiter,
                 peer_search_done_fn done)
{
    const enum peers_list list = (enum peers_list) (source - SOURCE_PRIMARY);
    const size_t count = peers_count (peers, list);
    struct peer_search *asked;

    if (count == 0) {
        return NULL;
    }
    asked = memory_new (1, sizeof *asked + count * sizeof asked->candidates[0]);
    asked->search = waiter->search;
    asked->source = source;
    asked->threshold = waiter->threshold;
    asked->hops = waiter->hops;
    asked->last = source_route_is_last (waiter->route, source);
    asked->since = clock_now ();
    asked->done = done;
    asked->count = count;
    for (size_t i = 0; i < count; i++) {
        asked->candidates[i].asked = asked;
        asked->candidates[i].peer = peers_at (peers, list, i);
        peer_hold (asked->candidates[i].peer);
    }
    return asked;
}

void
peer_search_start (struct peer_search *asked, struct event_base *base,
                   const struct broker_settings *settings)
{
    asked->mode = settings->mode;
    asked->deadline = asked->since + clock_from_seconds (settings->request_timeout);
    if (asked->mode == CONFIG_PEERS_HEDGE) {
        asked->hedge = memory_need (evtimer_new (base, on_hedge, asked));
    } else if (asked->mode == CONFIG_PEERS_RACE) {
        ask_all (asked);
    }
    if (asked->in_flight == 0) {
        ask_next (asked);
    }
}
