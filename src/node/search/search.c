#include "node/search/search.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rpc/base/memory.h"
#include "work/base/clock.h"

/* Between two tries to find room for a search. */
static const struct timeval feed_pause = {.tv_usec = 2000};

static void settle (struct search *search);

/* All searches. */

static int
compare_keys (const void *a, const void *b)
{
    const struct search_key *left = a;
    const struct search_key *right = b;

    if (left->network != right->network) {
        return left->network < right->network ? -1 : 1;
    }
    return memcmp (left->root, right->root, sizeof left->root);
}

struct search *
search_find (const struct searches *searches, const struct search_key *key)
{
    struct search **found = tfind (key, &searches->tree, compare_keys);

    return found != NULL ? *found : NULL;
}

/* The next one is known beforehand: settling ends the search at most, and no other. */
static void
settle_each (struct searches *searches, bool full_only)
{
    struct search *next;

    for (struct search *search = TAILQ_FIRST (&searches->all); search != NULL; search = next) {
        next = TAILQ_NEXT (search, link);
        if (search->full != 0 || !full_only) {
            settle (search);
        }
    }
}

void
searches_settle (struct searches *searches)
{
    settle_each (searches, false);
    searches_deliver (searches);
}

/* The oldest first, so that they have what room there is. */
static void
on_feed (evutil_socket_t fd, short what, void *data)
{
    struct searches *searches = data;

    (void)fd;
    (void)what;
    settle_each (searches, true);
    searches_deliver (searches);
}

void
searches_init (struct searches *searches)
{
    TAILQ_INIT (&searches->all);
    TAILQ_INIT (&searches->answered);
    searches->feed = memory_need (evtimer_new (searches->base, on_feed, searches));
}

void
searches_clear (struct searches *searches)
{
    event_free (searches->feed);
}

/* Whether anybody waits who asked ahead, or who did not. */
static bool
has_waiter (const struct search *search, bool ahead)
{
    const struct broker_waiter *waiter;

    TAILQ_FOREACH (waiter, &search->waiters, link)
    {
        if (waiter->ahead == ahead) {
            return true;
        }
    }
    return false;
}

size_t
searches_waiters (const struct searches *searches)
{
    const struct search *search;
    const struct broker_waiter *waiter;
    size_t count = 0;

    TAILQ_FOREACH (search, &searches->all, link)
    {
        TAILQ_FOREACH (waiter, &search->waiters, link)
        {
            count += !waiter->ahead;
        }
    }
    return count;
}

/* Its beginning and end. */

static struct search *
begin (struct searches *searches, const struct search_key *key,
       const struct broker_question *question)
{
    struct search *search = memory_new (1, sizeof *search);

    search->key = *key;
    search->searches = searches;
    search->unkept = question->unkept;
    search->has_account = question->has_account;
    memcpy (search->account_key, question->account_key, sizeof search->account_key);
    search->account = memory_text (question->account);
    TAILQ_INIT (&search->waiters);
    (void)memory_need (tsearch (search, &searches->tree, compare_keys));
    TAILQ_INSERT_TAIL (&searches->all, search, link);
    return search;
}

static void
end (struct search *search)
{
    struct searches *searches = search->searches;

    for (enum source source = 0; source < SOURCES; source++) {
        searches->sources[source].calls->drop (searches->sources[source].self, search, source);
    }
    (void)tdelete (search, &searches->tree, compare_keys);
    TAILQ_REMOVE (&searches->all, search, link);
    free (search->account);
    free (search);
}

/* Its waiters. */

enum difficulty_order
search_order (const struct search *search)
{
    return store_order (search->key.network);
}

bool
search_is_easier (const struct search *search, uint64_t a, uint64_t b)
{
    return a != b && difficulty_reached (search_order (search), b, a);
}

static bool
is_meant (const struct broker_waiter *waiter, const struct broker_answer *by)
{
    switch (by->outcome) {
    case BROKER_FOUND:
        return difficulty_reached (search_order (waiter->search), by->value, waiter->threshold);
    case BROKER_FAILED:
        return source_route_now (&waiter->route) == 0;
    default:
        return true;
    }
}

/* Answers all who are meant: whom the work satisfies, who have nobody left, or else everybody. */
static size_t
answer_those_meant (struct search *search, const struct broker_answer *with)
{
    struct broker_waiter *next;
    size_t count = 0;

    for (struct broker_waiter *waiter = TAILQ_FIRST (&search->waiters); waiter != NULL;
         waiter = next) {
        next = TAILQ_NEXT (waiter, link);
        if (is_meant (waiter, with)) {
            waiter_answer (waiter, with, &search->searches->answered);
            count++;
        }
    }
    return count;
}

void
searches_deliver (struct searches *searches)
{
    while (!TAILQ_EMPTY (&searches->answered)) {
        waiter_call_back (TAILQ_FIRST (&searches->answered), searches->settings->metrics);
    }
}

void
search_leave (struct broker_waiter *waiter)
{
    struct search *search = waiter->search;

    waiter_free (waiter);
    if (search != NULL) {
        search_settle (search);
    }
}

static void
on_deadline (evutil_socket_t fd, short what, void *data)
{
    static const struct broker_answer expired = {.outcome = BROKER_EXPIRED};
    struct broker_waiter *waiter = data;
    struct search *search = waiter->search;

    (void)fd;
    (void)what;
    waiter_answer (waiter, &expired, &search->searches->answered);
    search_settle (search);
}

/* Settling. */

void
search_give_up (struct search *search, enum source source)
{
    struct broker_waiter *waiter;

    TAILQ_FOREACH (waiter, &search->waiters, link)
    {
        source_route_fail (&waiter->route, source);
    }
}

static void
add_need (struct source_need *need, const struct broker_waiter *waiter)
{
    if (need->easiest == NULL ||
        search_is_easier (waiter->search, waiter->threshold, need->easiest->threshold)) {
        need->easiest = waiter;
    }
    if (need->first == NULL || (need->first->ahead && !waiter->ahead)) {
        need->first = waiter;
    }
}

static void
read_needs (const struct search *search, struct source_need needs[SOURCES])
{
    const struct broker_waiter *waiter;

    TAILQ_FOREACH (waiter, &search->waiters, link)
    {
        for (enum source source = 0; source < SOURCES; source++) {
            if (source_route_has (&waiter->route, source)) {
                add_need (&needs[source], waiter);
            }
        }
    }
}

/* Asks every source once. Returns whether one has failed, so that waiters have turned to others. */
static bool
settle_sources_once (struct search *search)
{
    struct source_need needs[SOURCES] = {{NULL, NULL}};
    bool failed = false;

    read_needs (search, needs);
    search->full = 0;
    for (enum source source = 0; source < SOURCES; source++) {
        const struct search_source *each = &search->searches->sources[source];
        const enum source_state state =
            each->calls->settle (each->self, search, source, &needs[source]);

        if (state == SOURCE_FULL) {
            search->full |= SOURCE_BIT (source);
        } else if (state == SOURCE_FAILED) {
            search_give_up (search, source);
            failed = true;
        }
    }
    return failed;
}

static void
settle_sources (struct search *search)
{
    struct event *feed = search->searches->feed;

    while (settle_sources_once (search)) {
    }
    if (search->full != 0 && !evtimer_pending (feed, NULL)) {
        memory_require (event_add (feed, &feed_pause) == 0);
    }
}

/* Kept so that a request too many costs nothing: there may be thousands of searches then. */
static void
count_asked (struct search *search)
{
    const bool asked = has_waiter (search, false);

    search->searches->asked += asked;
    search->searches->asked -= search->asked;
    search->asked = asked;
}

/* Answers those who have nobody left, and ends a search without waiters. */
static void
finish (struct search *search)
{
    static const struct broker_answer failed = {.outcome = BROKER_FAILED};

    (void)answer_those_meant (search, &failed);
    count_asked (search);
    if (TAILQ_EMPTY (&search->waiters)) {
        end (search);
    }
}

/* As search_settle, but leaves those who are answered to searches_deliver. */
static void
settle (struct search *search)
{
    settle_sources (search);
    finish (search);
}

void
search_settle (struct search *search)
{
    struct searches *searches = search->searches;

    settle (search);
    searches_deliver (searches);
}

/* Joining. */

/* Whether another root is known as the account's frontier. */
static bool
stands_elsewhere (const struct search *search)
{
    struct store *store = search->searches->store;
    uint8_t frontier[32];

    return store != NULL && search->has_account &&
           store_account (store, search->key.network, search->account_key, frontier) &&
           memcmp (frontier, search->key.root, sizeof frontier) != 0;
}

/*
 * Whether a source has room for the search, or something under way for it. Who comes when others
 * wait for room already may wait with them: whatever is to run for them is good for the comer.
 */
static bool
has_place (const struct search *search, enum source source, unsigned full_before)
{
    return (search->full & ~full_before & SOURCE_BIT (source)) == 0 ||
           search->under_way[source] != NULL;
}

/* Settles for a comer who has just joined, and says whether it is helped. */
static enum broker_result
admit (struct search *search, const struct broker_waiter *comer)
{
    const unsigned full_before = search->full;

    settle_sources (search);
    search->elsewhere = stands_elsewhere (search);
    if (source_route_now (&comer->route) == 0) {
        return BROKER_DOWN;
    }
    for (enum source source = 0; source < SOURCES; source++) {
        if (source_route_has (&comer->route, source) && has_place (search, source, full_before)) {
            return BROKER_ACCEPTED;
        }
    }
    return BROKER_FULL;
}

static struct broker_waiter *
join (struct search *search, const struct broker_question *question, broker_done_fn done,
      void *data)
{
    const struct searches *const searches = search->searches;
    struct broker_waiter *comer = waiter_new (&search->waiters, question, done, data);

    comer->search = search;
    if (!question->ahead) {
        const struct timeval time = clock_timeval (searches->settings->request_timeout);

        comer->deadline = memory_need (evtimer_new (searches->base, on_deadline, comer));
        memory_require (event_add (comer->deadline, &time) == 0);
    }
    return comer;
}

enum broker_result
search_join (struct searches *searches, const struct broker_question *question,
             const struct source_route *route, broker_done_fn done, void *data,
             struct broker_waiter **waiter)
{
    const struct search_key key = search_key (question->network, question->target.root);
    struct search *search = search_find (searches, &key);
    struct broker_waiter *comer;
    enum broker_result result;

    if (search == NULL && !question->ahead && searches->asked >= searches->settings->max_searches) {
        return BROKER_FULL;
    }
    if (search == NULL) {
        search = begin (searches, &key, question);
    }
    comer = join (search, question, done, data);
    comer->route = *route;
    result = admit (search, comer);
    if (result == BROKER_ACCEPTED) {
        *waiter = comer;
        finish (search); /* others may have nobody left */
    } else {
        waiter_free (comer);
        settle (search);
    }
    if (!TAILQ_EMPTY (&searches->answered)) {
        event_active (searches->feed, EV_TIMEOUT, 0);
    }
    return result;
}

/* Answers. */

size_t
search_cancel (struct search *search)
{
    static const struct broker_answer cancelled = {.outcome = BROKER_CANCELLED};
    const size_t count = answer_those_meant (search, &cancelled);

    search_settle (search);
    return count;
}

/* Whether the store is to have what is found: not if the account has left since the last came. */
static bool
is_worth_keeping (const struct search *search)
{
    const struct searches *searches = search->searches;

    return searches->store != NULL && !search->unkept &&
           (searches->settings->keep || has_waiter (search, true)) &&
           (search->elsewhere || !stands_elsewhere (search));
}

static void
keep (const struct search *search, uint64_t work, const char *finder)
{
    struct store_entry entry = {
        .network = search->key.network,
        .work = work,
        .found = (uint64_t)time (NULL),
        .has_account = search->has_account,
    };

    memcpy (entry.root, search->key.root, sizeof entry.root);
    memcpy (entry.account, search->account_key, sizeof entry.account);
    snprintf (entry.source, sizeof entry.source, "%s", finder);
    (void)store_put (search->searches->store, &entry);
}

void
search_found (struct search *search, const struct broker_answer *found, const char *finder)
{
    if (is_worth_keeping (search)) {
        keep (search, found->work, finder);
    }
    (void)answer_those_meant (search, found);
    search_settle (search);
}
