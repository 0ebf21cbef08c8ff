#include "node/search/broker.h"

#include <stdlib.h>
#include <string.h>

#include "node/search/device_source.h"
#include "node/search/peer_source.h"
#include "rpc/base/memory.h"
#include "work/base/clock.h"

struct broker {
    struct searches searches;
    struct device_source devices;
    struct peer_source peers;
    struct broker_settings settings;
    bool stopped;
};

void
broker_set (struct broker *broker, const struct broker_settings *settings)
{
    broker->settings = *settings;
}

struct broker *
broker_new (struct event_base *base, struct pool *pool, struct peers *peers, struct store *store,
            const struct broker_settings *settings)
{
    struct broker *broker = memory_new (1, sizeof *broker);
    struct searches *searches = &broker->searches;

    broker->settings = *settings;
    searches->base = base;
    searches->store = store;
    searches->settings = &broker->settings;
    searches_init (searches);
    device_source_init (&broker->devices, searches, pool);
    broker->peers = (struct peer_source){base, peers, &broker->settings};
    searches->sources[SOURCE_DEVICES] =
        (struct search_source){&device_source_calls, &broker->devices};
    searches->sources[SOURCE_PRIMARY] = (struct search_source){&peer_source_calls, &broker->peers};
    searches->sources[SOURCE_SECONDARY] = searches->sources[SOURCE_PRIMARY];
    return broker;
}

/* For a request that may go to peers, which are there. */
static struct source_route
route_by_peers (const struct broker *broker, unsigned peers, bool devices)
{
    const unsigned here = devices ? SOURCE_BIT (SOURCE_DEVICES) : 0;

    switch (broker->settings.local) {
    case CONFIG_PEERS_LOCAL_BESIDE:
        return (struct source_route){.steps = {(uint8_t)(peers | here)}};
    case CONFIG_PEERS_LOCAL_FALLBACK:
        return (struct source_route){.steps = {(uint8_t)peers, (uint8_t)here}};
    default:
        return (struct source_route){.steps = {(uint8_t)peers}};
    }
}

/*
 * Without devices of its own the daemon has its peers stand in, whatever a request says of them.
 * Peers know Nano's way to compare, and no other.
 */
static enum broker_result
make_route (const struct broker *broker, const struct broker_question *question,
            struct source_route *route)
{
    const bool devices = pool_device_count (broker->devices.pool) > 0;
    const enum peers_list list =
        question->use_peers && question->secondary ? PEERS_SECONDARY : PEERS_PRIMARY;
    const unsigned asked = SOURCE_BIT (SOURCE_PRIMARY + list);
    const bool peers = broker->peers.peers != NULL && peers_count (broker->peers.peers, list) > 0 &&
                       (question->use_peers || broker->settings.stand_in) &&
                       !question->local_only && question->target.order == DIFFICULTY_AT_LEAST;
    const bool may_ask = peers && !question->looped;

    if (may_ask && (question->use_peers || !devices)) {
        *route = route_by_peers (broker, asked, devices);
    } else if (devices) {
        *route = (struct source_route){.steps = {SOURCE_BIT (SOURCE_DEVICES)}};
        route->steps[1] = may_ask ? (uint8_t)asked : 0;
    } else if (peers) {
        return BROKER_LOOPED;
    } else {
        return question->use_peers ? BROKER_DISABLED : BROKER_LOCAL_DISABLED;
    }
    return BROKER_ACCEPTED;
}

/* Nobody waits for what is asked ahead: that is no use of the store. */
static bool
look_up (const struct broker *broker, const struct broker_question *question,
         struct store_entry *entry)
{
    struct store *store = broker->searches.store;
    const struct scan_target *target = &question->target;

    if (store == NULL || !question->ahead) {
        return store != NULL && store_get (store, question->network, target, entry);
    }
    return store_peek (store, question->network, target->root, entry) &&
           difficulty_reached (target->order, entry->value, target->threshold);
}

bool
broker_recall (struct broker *broker, const struct broker_question *question,
               struct broker_answer *answer)
{
    const uint64_t start = clock_now ();
    struct metrics *metrics = broker->settings.metrics;
    struct store_entry entry;

    if (!look_up (broker, question, &entry)) {
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
    if (metrics != NULL && !question->ahead) {
        metrics_work (metrics, answer->by, answer->seconds);
    }
    return true;
}

enum broker_result
broker_generate (struct broker *broker, const struct broker_question *question, broker_done_fn done,
                 void *data, struct broker_waiter **waiter)
{
    struct source_route route;
    enum broker_result result;

    if (broker->stopped) {
        return BROKER_DOWN;
    }
    result = make_route (broker, question, &route);
    if (result != BROKER_ACCEPTED) {
        return result;
    }
    return search_join (&broker->searches, question, &route, done, data, waiter);
}

void
broker_leave (struct broker_waiter *waiter)
{
    search_leave (waiter);
}

size_t
broker_cancel (struct broker *broker, enum store_network network, const uint8_t root[32])
{
    const struct search_key key = search_key (network, root);
    struct search *search = search_find (&broker->searches, &key);

    return search != NULL ? search_cancel (search) : 0;
}

bool
broker_is_searching (struct broker *broker, enum store_network network, const uint8_t root[32])
{
    const struct search_key key = search_key (network, root);

    return search_find (&broker->searches, &key) != NULL;
}

void
broker_move (struct broker *broker, struct pool *pool)
{
    device_source_move (&broker->devices, pool);
}

void
broker_stop (struct broker *broker)
{
    broker->stopped = true;
    while (!TAILQ_EMPTY (&broker->searches.all)) {
        (void)search_cancel (TAILQ_FIRST (&broker->searches.all));
    }
    searches_deliver (&broker->searches);
}

void
broker_free (struct broker *broker)
{
    if (broker != NULL) {
        device_source_clear (&broker->devices);
        searches_clear (&broker->searches);
        free (broker);
    }
}

static struct broker_search
describe (const struct broker *broker, const struct search *search)
{
    const struct broker_waiter *const first = TAILQ_FIRST (&search->waiters);
    struct broker_search described = {
        .ahead = !search->asked,
        .here = search->under_way[SOURCE_DEVICES] != NULL,
        .peers = search->under_way[SOURCE_PRIMARY] != NULL ||
                 search->under_way[SOURCE_SECONDARY] != NULL,
        .seconds = clock_seconds (clock_now () - first->since),
    };

    memcpy (described.root, search->key.root, sizeof described.root);
    (void)device_source_progress (&broker->devices, search, &described.progress);
    return described;
}

size_t
broker_searches (const struct broker *broker, struct broker_search *searches, size_t capacity)
{
    const struct search *search;
    size_t count = 0;

    TAILQ_FOREACH (search, &broker->searches.all, link)
    {
        if (count < capacity) {
            searches[count] = describe (broker, search);
        }
        count++;
    }
    return count;
}

size_t
broker_waiters (const struct broker *broker)
{
    return searches_waiters (&broker->searches);
}
