#include <stdlib.h>
#include <string.h>

#include "node/search/broker_internal.h"
#include "work/base/clock.h"

static void
free_waiter (struct broker *broker, struct broker_waiter *waiter)
{
    broker->waiters -= !waiter->ahead;
    if (waiter->deadline != NULL) {
        event_free (waiter->deadline);
    }
    free (waiter->hops);
    free (waiter);
}

void
broker_answer (struct broker_waiter *waiter, const struct broker_answer *answer)
{
    struct broker_answer timed = *answer;
    broker_done_fn done = waiter->done;
    void *data = waiter->data;
    struct metrics *const metrics = waiter->search->broker->settings.metrics;

    timed.seconds = clock_seconds (clock_now () - waiter->since);
    if (metrics != NULL && timed.outcome == BROKER_FOUND && !waiter->ahead) {
        metrics_work (metrics, timed.by, timed.seconds);
    }
    free_waiter (waiter->search->broker, waiter);
    done (data, &timed);
}

static void
on_deadline (evutil_socket_t fd, short what, void *data)
{
    static const struct broker_answer expired = {.outcome = BROKER_EXPIRED};
    struct broker_waiter *waiter = data;
    struct search *search = waiter->search;

    (void)fd;
    (void)what;
    search->held++; /* keeps it while the callback runs */
    search_quit (waiter);
    broker_answer (waiter, &expired);
    search->held--;
    search_settle (search);
}

static int
set_deadline (struct broker *broker, struct broker_waiter *waiter)
{
    waiter->deadline = evtimer_new (broker->base, on_deadline, waiter);
    return waiter->deadline != NULL && event_add (waiter->deadline, broker->timeout) == 0 ? 0 : -1;
}

/* Who is to search for a request. */
struct plan {
    bool local;
    bool peers;
    bool fallback;
    bool stand_in;
    enum peers_list list;
};

/* For a request that may go to peers, which are there. */
static void
plan_for_peers (const struct broker *broker, bool devices, struct plan *plan)
{
    const enum broker_local local = broker->settings.local;

    plan->peers = true;
    plan->local = devices && local == BROKER_LOCAL_BESIDE;
    plan->fallback = devices && local == BROKER_LOCAL_FALLBACK;
}

/*
 * Without devices of its own the daemon has its peers stand in, whatever a request says of them.
 * Peers know Nano's way to compare, and no other.
 */
static enum broker_result
make_plan (const struct broker *broker, const struct broker_question *question, struct plan *plan)
{
    const bool devices = pool_device_count (broker->pool) > 0;
    const enum peers_list list =
        question->use_peers && question->secondary ? PEERS_SECONDARY : PEERS_PRIMARY;
    const bool peers = broker->forward != NULL && forward_can (broker->forward, list) &&
                       (question->use_peers || broker->settings.stand_in) &&
                       !question->local_only && question->target.order == DIFFICULTY_AT_LEAST;
    const bool may_ask = peers && !question->looped;

    *plan = (struct plan){.list = list};
    if (may_ask && (question->use_peers || !devices)) {
        plan_for_peers (broker, devices, plan);
        return BROKER_ACCEPTED;
    }
    if (devices) {
        plan->local = true;
        plan->stand_in = may_ask;
        return BROKER_ACCEPTED;
    }
    if (peers) {
        return BROKER_LOOPED;
    }
    return question->use_peers ? BROKER_DISABLED : BROKER_LOCAL_DISABLED;
}

static struct broker_waiter *
new_waiter (struct broker *broker, const struct broker_question *question, const struct plan *plan)
{
    struct broker_waiter *waiter = calloc (1, sizeof *waiter);

    if (waiter == NULL) {
        return NULL;
    }
    *waiter = (struct broker_waiter){
        .threshold = question->target.threshold,
        .since = clock_now (),
        .local = plan->local,
        .peers = plan->peers,
        .fallback = plan->fallback,
        .stand_in = plan->stand_in,
        .ahead = question->ahead,
        .list = plan->list,
    };
    broker->waiters += !waiter->ahead;
    if (question->hops != NULL) {
        waiter->hops = strdup (question->hops);
    }
    if ((question->hops != NULL && waiter->hops == NULL) ||
        (!question->ahead && set_deadline (broker, waiter) != 0)) {
        free_waiter (broker, waiter);
        return NULL;
    }
    return waiter;
}

/* Has `waiter` join the search for its root, made if need be. */
static enum broker_result
admit (struct broker *broker, const struct broker_question *question, struct broker_waiter *waiter)
{
    struct search *search = search_find (broker, question->network, question->target.root);
    enum broker_result result;

    if (search == NULL && !question->ahead &&
        broker->people_count >= broker->settings.max_searches) {
        return BROKER_FULL;
    }
    if (search == NULL) {
        search = search_new (broker, question);
    }
    if (search == NULL) {
        return BROKER_NO_MEMORY;
    }
    search_join (search, waiter);
    result = search_admit (search, waiter);
    if (result != BROKER_ACCEPTED) {
        search_quit (waiter);
        search_settle (search);
    }
    return result;
}

bool
broker_recall (struct broker *broker, const struct broker_question *question,
               struct broker_answer *answer)
{
    const uint64_t start = clock_now ();
    struct store_entry entry;

    if (broker->store == NULL ||
        !store_get (broker->store, question->network, &question->target, &entry)) {
        return false;
    }
    *answer = (struct broker_answer){
        .outcome = BROKER_FOUND,
        .work = entry.work,
        .value = entry.value,
        .seconds = clock_seconds (clock_now () - start),
        .source = BROKER_SOURCE_CACHE,
        .by = METRICS_CACHE,
    };
    if (broker->settings.metrics != NULL) {
        metrics_work (broker->settings.metrics, METRICS_CACHE, answer->seconds);
    }
    return true;
}

enum broker_result
broker_generate (struct broker *broker, const struct broker_question *question, broker_done_fn done,
                 void *data, struct broker_waiter **waiter)
{
    struct broker_waiter *comer;
    struct plan plan;
    enum broker_result result = BROKER_DOWN;

    if (!broker->stopped) {
        result = make_plan (broker, question, &plan);
    }
    if (result != BROKER_ACCEPTED) {
        return result;
    }
    comer = new_waiter (broker, question, &plan);
    if (comer == NULL) {
        return BROKER_NO_MEMORY;
    }
    comer->done = done;
    comer->data = data;
    result = admit (broker, question, comer);
    if (result != BROKER_ACCEPTED) {
        free_waiter (broker, comer);
        return result;
    }
    *waiter = comer;
    return BROKER_ACCEPTED;
}

void
broker_leave (struct broker_waiter *waiter)
{
    struct search *search = waiter->search;

    search_quit (waiter);
    free_waiter (search->broker, waiter);
    if (search->listed) { /* or it is about to be answered, apart from its search */
        search_settle (search);
    }
}

size_t
broker_cancel (struct broker *broker, enum store_network network, const uint8_t root[32])
{
    struct search *search = search_find (broker, network, root);

    return search != NULL ? search_end (search, BROKER_CANCELLED) : 0;
}

static void
on_drain (evutil_socket_t fd, short what, void *data)
{
    struct broker *broker = data;

    (void)fd;
    (void)what;
    pool_drain (broker->pool);
}

static size_t
count_starved (const struct broker *broker)
{
    const struct search *search;
    size_t count = 0;

    TAILQ_FOREACH (search, &broker->starved, link)
    {
        count++;
    }
    return count;
}

/*
 * Each once: one that still finds no room is back at the end of the list, and waits for the next
 * time.
 */
static void
on_feed (evutil_socket_t fd, short what, void *data)
{
    struct broker *broker = data;
    struct search *search;

    (void)fd;
    (void)what;
    for (size_t left = count_starved (broker);
         left > 0 && (search = TAILQ_FIRST (&broker->starved)) != NULL; left--) {
        TAILQ_REMOVE (&broker->starved, search, link);
        search->starved = false;
        search_settle (search);
    }
}

static const struct timeval *
common_timeout (struct event_base *base, double seconds)
{
    const struct timeval time = clock_timeval (seconds);

    return event_base_init_common_timeout (base, &time);
}

static void
free_events (struct broker *broker)
{
    if (broker->drain != NULL) {
        event_free (broker->drain);
    }
    if (broker->feed != NULL) {
        event_free (broker->feed);
    }
}

struct broker *
broker_new (struct event_base *base, struct pool *pool, struct forward *forward,
            struct store *store, const struct broker_settings *settings)
{
    struct broker *broker = calloc (1, sizeof *broker);

    if (broker == NULL) {
        return NULL;
    }
    broker->base = base;
    broker->pool = pool;
    broker->forward = forward;
    broker->store = store;
    broker->settings = *settings;
    broker->timeout = common_timeout (base, settings->request_timeout);
    TAILQ_INIT (&broker->starved);
    TAILQ_INIT (&broker->all);
    broker->drain = event_new (base, pool_fd (pool), EV_READ | EV_PERSIST, on_drain, broker);
    broker->feed = evtimer_new (base, on_feed, broker);
    if (broker->timeout == NULL || broker->drain == NULL || broker->feed == NULL ||
        event_add (broker->drain, NULL) != 0) {
        free_events (broker);
        free (broker);
        return NULL;
    }
    return broker;
}

/* Ends the pool's jobs of all searches, which stay while callbacks run. Returns how many. */
static size_t
hold_all (struct broker *broker, struct search **searches)
{
    struct search *search;
    size_t count = 0;

    TAILQ_FOREACH (search, &broker->all, each)
    {
        search->held++;
        search_lose_job (search);
        searches[count++] = search;
    }
    return count;
}

/* Those whom `old` still has work for are answered; then none of its jobs is left. */
static void
empty_pool (struct broker *broker, struct pool *old)
{
    broker->moving = true;
    pool_drain (old);
    broker->moving = false;
}

int
broker_move (struct broker *broker, struct pool *pool)
{
    struct search **searches = calloc (broker->search_count + 1, sizeof (struct search *));
    struct pool *old = broker->pool;
    struct event *drain =
        event_new (broker->base, pool_fd (pool), EV_READ | EV_PERSIST, on_drain, broker);

    if (searches == NULL || drain == NULL || event_add (drain, NULL) != 0) {
        free (searches);
        if (drain != NULL) {
            event_free (drain);
        }
        return -1;
    }
    const size_t count = hold_all (broker, searches);

    event_free (broker->drain);
    broker->drain = drain;
    broker->pool = pool;
    empty_pool (broker, old);
    for (size_t i = 0; i < count; i++) {
        searches[i]->held--;
        search_settle (searches[i]);
    }
    free (searches);
    return 0;
}

int
broker_set (struct broker *broker, const struct broker_settings *settings)
{
    const struct timeval *timeout = common_timeout (broker->base, settings->request_timeout);

    if (timeout == NULL) {
        return -1;
    }
    broker->timeout = timeout;
    broker->settings = *settings;
    return 0;
}

void
broker_stop (struct broker *broker)
{
    broker->stopped = true;
    while (broker->searches != NULL) {
        (void)search_end (*(struct search **)broker->searches,
                          BROKER_CANCELLED); /* the tree's root */
    }
}

void
broker_free (struct broker *broker)
{
    if (broker == NULL) {
        return;
    }
    pool_drain (broker->pool);
    free_events (broker);
    free (broker);
}

size_t
broker_waiters (const struct broker *broker)
{
    return broker->waiters;
}
