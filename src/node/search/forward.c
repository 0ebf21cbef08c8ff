#include "node/search/forward.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "node/base/log.h"
#include "rpc/base/memory.h"
#include "work/base/clock.h"
#include "work/base/hex.h"

/* Before a peer has answered often enough to know how long it takes. */
#define HEDGE_UNKNOWN 2.0

/* However little time is left for a peer, it is worth a try. */
#define LEAST_TIMEOUT 0.05

struct forward {
    struct event_base *base;
    struct peers *peers;
    enum forward_mode mode;
};

/* One of the peers that an errand may ask. */
struct candidate {
    struct errand *errand;
    struct peer *peer;      /* held */
    struct peer_call *call; /* while it is asked, or NULL */
    bool tried;
};

struct errand {
    struct forward *forward;
    enum forward_mode mode; /* as it was at the start */
    struct peer_question question;
    char *account; /* the question's; NULL is none */
    char *hops;
    bool last;
    uint64_t deadline;
    struct event *hedge; /* when the next one is asked as well; NULL in other modes */
    forward_done_fn done;
    void *data;
    size_t in_flight;
    size_t count;
    struct candidate candidates[];
};

struct forward *
forward_new (struct event_base *base, struct peers *peers, enum forward_mode mode)
{
    struct forward *forward = calloc (1, sizeof *forward);

    if (forward != NULL) {
        forward->base = base;
        forward->peers = peers;
        forward->mode = mode;
    }
    return forward;
}

void
forward_set_mode (struct forward *forward, enum forward_mode mode)
{
    forward->mode = mode;
}

void
forward_free (struct forward *forward)
{
    free (forward);
}

bool
forward_can (const struct forward *forward, enum peers_list list)
{
    return peers_count (forward->peers, list) > 0;
}

/* The end of an errand. */

static void
drop_calls (struct errand *errand)
{
    for (size_t i = 0; i < errand->count; i++) {
        if (errand->candidates[i].call != NULL) {
            peer_drop (errand->candidates[i].call);
            errand->candidates[i].call = NULL;
        }
    }
    errand->in_flight = 0;
}

static void
destroy (struct errand *errand)
{
    drop_calls (errand);
    for (size_t i = 0; i < errand->count; i++) {
        peer_release (errand->candidates[i].peer);
    }
    if (errand->hedge != NULL) {
        event_free (errand->hedge);
    }
    free (errand->account);
    free (errand->hops);
    free (errand);
}

void
forward_drop (struct errand *errand)
{
    destroy (errand);
}

/* Calls back after the errand has gone, so that nobody finds it half done. */
static void
finish (struct errand *errand, struct forward_answer *answer, struct peer *winner)
{
    forward_done_fn done = errand->done;
    void *data = errand->data;

    if (winner != NULL) {
        peer_hold (winner);
        answer->peer = peer_name (winner);
    }
    destroy (errand);
    done (data, answer);
    if (winner != NULL) {
        peer_release (winner);
    }
}

/* Choosing. */

static size_t
count_tried (const struct errand *errand)
{
    size_t count = 0;

    for (size_t i = 0; i < errand->count; i++) {
        count += errand->candidates[i].tried;
    }
    return count;
}

/* The first one that is ready, in the list's order. */
static struct candidate *
find_ready (struct errand *errand)
{
    for (size_t i = 0; i < errand->count; i++) {
        struct candidate *candidate = &errand->candidates[i];
        if (!candidate->tried && peer_ready (candidate->peer)) {
            return candidate;
        }
    }
    return NULL;
}

/* The one whose rest ends first. */
static struct candidate *
find_least_bad (struct errand *errand)
{
    struct candidate *best = NULL;
    uint64_t soonest = 0;

    for (size_t i = 0; i < errand->count; i++) {
        struct candidate *candidate = &errand->candidates[i];
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
static struct candidate *
find_next (struct errand *errand)
{
    struct candidate *ready = find_ready (errand);

    if (ready != NULL) {
        return ready;
    }
    return errand->last || count_tried (errand) == 0 ? find_least_bad (errand) : NULL;
}

/* Asking. */

static void on_answer (void *data, const struct peer_answer *answer);

/*
 * What is left of the time is shared among those whose turn may still come: in a series the peers
 * not yet tried, and in any mode whoever is turned to when all of them have failed.
 */
static double
share_of_time (const struct errand *errand)
{
    const uint64_t now = clock_now ();
    const double left = now < errand->deadline ? clock_seconds (errand->deadline - now) : 0;
    size_t turns = errand->last ? 0 : 1;

    turns += errand->mode == FORWARD_SERIAL ? errand->count - count_tried (errand) : 1;
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
hedge_delay (const struct errand *errand, const struct peer *peer)
{
    double delay = usual_time (peer);

    for (size_t i = 0; i < errand->count; i++) {
        const struct candidate *candidate = &errand->candidates[i];

        if (!candidate->tried && peer_ready (candidate->peer) &&
            usual_time (candidate->peer) < delay) {
            delay = usual_time (candidate->peer);
        }
    }
    return delay;
}

static void
set_hedge (struct errand *errand, struct peer *peer)
{
    if (errand->hedge == NULL) {
        return;
    }
    const struct timeval delay = clock_timeval (hedge_delay (errand, peer));

    (void)event_add (errand->hedge, &delay);
}

/* A daemon that is in the list twice is asked once: a work_cancel for the one call ends the other.
 */
static void
mark_tried (struct errand *errand, const struct candidate *candidate)
{
    for (size_t i = 0; i < errand->count; i++) {
        if (peer_same_place (errand->candidates[i].peer, candidate->peer)) {
            errand->candidates[i].tried = true;
        }
    }
}

/* Returns 0, or -1 when it cannot even be asked. */
static int
ask (struct errand *errand, struct candidate *candidate)
{
    const double share = share_of_time (errand);

    errand->question.timeout = share > LEAST_TIMEOUT ? share : LEAST_TIMEOUT;
    mark_tried (errand, candidate);
    candidate->call = peer_ask (candidate->peer, &errand->question, on_answer, candidate);
    if (candidate->call == NULL) {
        memory_missed ("a work peer is not asked");
        return -1;
    }
    errand->in_flight++;
    set_hedge (errand, candidate->peer);
    return 0;
}

/* Asks one more, if there is one and the time for it. */
static void
ask_next (struct errand *errand)
{
    struct candidate *candidate;

    while (clock_now () < errand->deadline && (candidate = find_next (errand)) != NULL) {
        if (ask (errand, candidate) == 0) {
            return;
        }
    }
}

/* Asks all that are ready, or else one. */
static void
ask_all (struct errand *errand)
{
    struct candidate *candidate;

    while ((candidate = find_ready (errand)) != NULL) {
        (void)ask (errand, candidate);
    }
    if (errand->in_flight == 0) {
        ask_next (errand);
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
log_failure (const struct errand *errand, const struct candidate *candidate,
             const struct peer_answer *answer)
{
    char root[HEX_ROOT_SIZE];

    hex_print_root (errand->question.target.root, root);
    log_warn ("Work peer %s has failed to find work for %s: %s", peer_name (candidate->peer), root,
              answer->reason);
}

static void
on_answer (void *data, const struct peer_answer *answer)
{
    struct candidate *candidate = data;
    struct errand *errand = candidate->errand;
    struct forward_answer result = {.found = answer->outcome == PEER_FOUND};

    candidate->call = NULL;
    errand->in_flight--;
    if (result.found) {
        result.work = answer->work;
        result.value = answer->value;
        finish (errand, &result, candidate->peer);
        return;
    }
    log_failure (errand, candidate, answer);
    if (errand->in_flight == 0 || errand->mode == FORWARD_HEDGE) {
        ask_next (errand);
    }
    if (errand->in_flight == 0) {
        finish (errand, &result, NULL);
    }
}

/* Starting. */

static struct errand *
new_errand (struct forward *forward, enum peers_list list)
{
    const size_t count = peers_count (forward->peers, list);
    struct errand *errand = calloc (1, sizeof *errand + count * sizeof errand->candidates[0]);

    if (errand == NULL) {
        return NULL;
    }
    errand->forward = forward;
    errand->mode = forward->mode;
    errand->count = count;
    for (size_t i = 0; i < count; i++) {
        errand->candidates[i].errand = errand;
        errand->candidates[i].peer = peers_at (forward->peers, list, i);
        peer_hold (errand->candidates[i].peer);
    }
    return errand;
}

/* Returns 0, also for a NULL text, or -1 for want of memory. */
static int
copy_text (const char *text, char **copy)
{
    *copy = text != NULL ? strdup (text) : NULL;
    return text != NULL && *copy == NULL ? -1 : 0;
}

static int
fill (struct errand *errand, const struct forward_question *question)
{
    struct forward *forward = errand->forward;

    errand->question.target = question->target;
    errand->last = question->last;
    errand->deadline = clock_now () + clock_from_seconds (question->seconds);
    if (copy_text (question->account, &errand->account) != 0 ||
        copy_text (question->hops, &errand->hops) != 0) {
        return -1;
    }
    errand->question.account = errand->account;
    errand->question.hops = errand->hops;
    if (forward->mode == FORWARD_HEDGE) {
        errand->hedge = evtimer_new (forward->base, on_hedge, errand);
        return errand->hedge != NULL ? 0 : -1;
    }
    return 0;
}

struct errand *
forward_start (struct forward *forward, const struct forward_question *question,
               forward_done_fn done, void *data)
{
    struct errand *errand = new_errand (forward, question->list);

    if (errand == NULL || fill (errand, question) != 0) {
        memory_missed ("no work peer is asked");
        if (errand != NULL) {
            destroy (errand);
        }
        return NULL;
    }
    errand->done = done;
    errand->data = data;
    if (forward->mode == FORWARD_RACE) {
        ask_all (errand);
    } else {
        ask_next (errand);
    }
    if (errand->in_flight == 0) {
        destroy (errand);
        return NULL;
    }
    return errand;
}
