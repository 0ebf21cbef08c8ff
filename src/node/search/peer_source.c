#include "node/search/peer_source.h"

#include "node/search/peer_search.h"

/*
 * Peer searches at a time for one search and one list. Whoever comes with an easier threshold still
 * waits for the easiest of these.
 */
#define MOST 4

static bool
covers (const struct peer_search *asked, const struct broker_waiter *waiter)
{
    return !search_is_easier (waiter->search, waiter->threshold, asked->threshold) &&
           (waiter->hops.count == 0 || hops_same (&waiter->hops, &asked->hops));
}

static bool
is_asked_for (const struct broker_waiter *waiter, enum source source)
{
    for (const struct peer_search *asked = waiter->search->under_way[source]; asked != NULL;
         asked = asked->next) {
        if (covers (asked, waiter)) {
            return true;
        }
    }
    return false;
}

/* Of those who wait for the source, the easiest for whom nobody is asked. */
static const struct broker_waiter *
easiest_unasked (const struct search *search, enum source source)
{
    const struct broker_waiter *waiter;
    const struct broker_waiter *found = NULL;

    TAILQ_FOREACH (waiter, &search->waiters, link)
    {
        if (source_route_has (&waiter->route, source) && !is_asked_for (waiter, source) &&
            (found == NULL || search_is_easier (search, waiter->threshold, found->threshold))) {
            found = waiter;
        }
    }
    return found;
}

static size_t
count_asked (const struct search *search, enum source source)
{
    size_t count = 0;

    for (const struct peer_search *asked = search->under_way[source]; asked != NULL;
         asked = asked->next) {
        count++;
    }
    return count;
}

static void
unlink_asked (struct peer_search *asked)
{
    struct peer_search *before = asked->search->under_way[asked->source];

    if (before == asked) {
        asked->search->under_way[asked->source] = asked->next;
        return;
    }
    while (before->next != asked) {
        before = before->next;
    }
    before->next = asked->next;
}

/*
 * Those who waited for `failed` turn to others, unless another one is good for them. Who came after
 * it began has not had the peers' full time, and is asked for once more.
 */
static void
give_up (const struct peer_search *failed)
{
    const struct search *search = failed->search;
    const bool last = search->under_way[failed->source] == NULL;
    struct broker_waiter *waiter;

    TAILQ_FOREACH (waiter, &search->waiters, link)
    {
        if (waiter->since <= failed->since &&
            (last ||
             (!is_asked_for (waiter, failed->source) &&
              difficulty_reached (search_order (search), failed->threshold, waiter->threshold)))) {
            source_route_fail (&waiter->route, failed->source);
        }
    }
}

static void
on_done (struct peer_search *asked, const struct broker_answer *answer)
{
    unlink_asked (asked);
    if (answer->outcome == BROKER_FOUND) {
        search_found (asked->search, answer, answer->source);
    } else {
        give_up (asked);
        search_settle (asked->search);
    }
    peer_search_free (asked);
}

/* Returns 0, or -1 when there is nobody to ask. */
static int
ask (const struct peer_source *peers, const struct broker_waiter *waiter, enum source source)
{
    struct search *search = waiter->search;
    struct peer_search *asked = peer_search_new (peers->peers, source, waiter, on_done);

    if (asked == NULL) {
        return -1;
    }
    asked->next = search->under_way[source];
    search->under_way[source] = asked;
    peer_search_start (asked, peers->base, peers->settings);
    return 0;
}

static void
drop (void *self, struct search *search, enum source source)
{
    struct peer_search *asked;

    (void)self;
    while ((asked = search->under_way[source]) != NULL) {
        unlink_asked (asked);
        peer_search_free (asked);
    }
}

static enum source_state
settle (void *self, struct search *search, enum source source, const struct source_need *need)
{
    const struct broker_waiter *waiter;
    size_t count;

    if (need->first == NULL) {
        drop (self, search, source);
        return SOURCE_SEES_TO_IT;
    }
    count = count_asked (search, source);
    while (count < MOST && (waiter = easiest_unasked (search, source)) != NULL) {
        if (ask (self, waiter, source) != 0) {
            return count == 0 ? SOURCE_FAILED : SOURCE_SEES_TO_IT;
        }
        count++;
    }
    return SOURCE_SEES_TO_IT;
}

const struct source_calls peer_source_calls = {settle, drop};
