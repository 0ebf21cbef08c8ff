#include <stdlib.h>
#include <string.h>

#include "node/search/broker_internal.h"
#include "rpc/base/memory.h"
#include "work/base/clock.h"

/*
 * Questions that may be with the peers for one search and one list, each easier than the ones
 * before it. Whoever comes with an easier one still waits for the easiest of these.
 */
#define MOST_ASKINGS 4

static bool
wants_peers (const struct broker_waiter *waiter, enum peers_list list)
{
    return waiter->peers && waiter->list == list;
}

static void
free_asking (struct asking *asking)
{
    asking->search->look_at_peers[asking->list] = true;
    TAILQ_REMOVE (&asking->search->askings, asking, link);
    free (asking->hops);
    free (asking);
}

static void
drop_askings (struct search *search, enum peers_list list)
{
    struct asking *next;

    for (struct asking *asking = TAILQ_FIRST (&search->askings); asking != NULL; asking = next) {
        next = TAILQ_NEXT (asking, link);
        if (asking->list == list) {
            forward_drop (asking->errand);
            free_asking (asking);
        }
    }
}

static size_t
count_askings (const struct search *search, enum peers_list list)
{
    const struct asking *asking;
    size_t count = 0;

    TAILQ_FOREACH (asking, &search->askings, link)
    {
        count += asking->list == list;
    }
    return count;
}

/*
 * Whether a question that is out will bring what is good for `waiter`, or less than that first. Who
 * came through other daemons waits for no question that says nothing of them: it may be those who
 * are asked, and then everybody would wait for everybody else.
 */
static bool
is_asked (const struct search *search, const struct broker_waiter *waiter)
{
    const struct asking *asking;

    TAILQ_FOREACH (asking, &search->askings, link)
    {
        if (asking->list == waiter->list &&
            !search_is_easier (search, waiter->threshold, asking->threshold) &&
            (waiter->hops == NULL ||
             (asking->hops != NULL && strcmp (waiter->hops, asking->hops) == 0))) {
            return true;
        }
    }
    return false;
}

/* Of those who wait for the peers of `list`, the easiest for whom nothing is out. */
static const struct broker_waiter *
easiest_unasked (const struct search *search, enum peers_list list)
{
    const struct broker_waiter *waiter;
    const struct broker_waiter *found = NULL;

    TAILQ_FOREACH (waiter, &search->waiters, link)
    {
        if (wants_peers (waiter, list) && !is_asked (search, waiter) &&
            (found == NULL || search_is_easier (search, waiter->threshold, found->threshold))) {
            found = waiter;
        }
    }
    return found;
}

/*
 * Those who waited for the peers of `list` to bring what is as good as `threshold`, or less, turn
 * to the devices here, or have nobody left. Who came after `since` is asked for once more.
 */
static void
give_up_peers (struct search *search, enum peers_list list, uint64_t threshold, uint64_t since)
{
    struct broker_waiter *waiter;

    TAILQ_FOREACH (waiter, &search->waiters, link)
    {
        if (waiter->peers && waiter->list == list && waiter->since <= since &&
            !is_asked (search, waiter) &&
            difficulty_reached (search->order, threshold, waiter->threshold)) {
            search_redirect (waiter, waiter->local || waiter->fallback, false);
            waiter->fallback = false;
        }
    }
}

/* What no threshold is harder than. */
static uint64_t
hardest (const struct search *search)
{
    return search->order == DIFFICULTY_AT_LEAST ? UINT64_MAX : 0;
}

static void
on_work (struct search *search, const struct forward_answer *answer)
{
    const struct broker_answer found = {
        .outcome = BROKER_FOUND,
        .work = answer->work,
        .value = answer->value,
        .source = answer->peer,
        .by = METRICS_PEER,
    };

    search_found (search, &found, answer->peer);
}

static void
on_asked (void *data, const struct forward_answer *answer)
{
    struct asking *asking = data;
    struct search *search = asking->search;
    const enum peers_list list = asking->list;
    const uint64_t threshold = asking->threshold;
    const uint64_t since = asking->since;

    free_asking (asking);
    search->held++; /* keeps it while callbacks run */
    if (answer->found) {
        on_work (search, answer);
    } else if (count_askings (search, list) == 0) {
        give_up_peers (search, list, hardest (search), since);
    } else {
        give_up_peers (search, list, threshold, since);
    }
    search->held--;
    search_settle (search);
}

static struct asking *
new_asking (const struct broker_waiter *waiter)
{
    struct asking *asking = calloc (1, sizeof *asking);

    if (asking == NULL) {
        return NULL;
    }
    asking->hops = waiter->hops != NULL ? strdup (waiter->hops) : NULL;
    if (waiter->hops != NULL && asking->hops == NULL) {
        free (asking);
        return NULL;
    }
    return asking;
}

/* Puts the question of `waiter` to its list of peers. */
static int
ask_peers (struct search *search, const struct broker_waiter *waiter)
{
    struct asking *asking = new_asking (waiter);
    struct forward_question question = {
        .target = {.threshold = waiter->threshold, .order = search->order},
        .list = waiter->list,
        .account = search->account,
        .hops = waiter->hops,
        .seconds = search->broker->settings.request_timeout,
        .last = !waiter->local && !waiter->fallback,
    };

    if (asking == NULL) {
        memory_missed ("no work peer is asked");
        return -1;
    }
    memcpy (question.target.root, search->root, sizeof search->root);
    asking->search = search;
    asking->list = waiter->list;
    asking->threshold = waiter->threshold;
    asking->since = clock_now ();
    asking->errand = forward_start (search->broker->forward, &question, on_asked, asking);
    if (asking->errand == NULL) {
        free (asking->hops);
        free (asking);
        return -1;
    }
    TAILQ_INSERT_TAIL (&search->askings, asking, link);
    return 0;
}

/* Puts another question to the peers of `list` where none will do that is there. */
static void
see_to_askings (struct search *search, enum peers_list list)
{
    const struct broker_waiter *waiter = easiest_unasked (search, list);
    const size_t count = count_askings (search, list);

    if (waiter != NULL && count < MOST_ASKINGS && ask_peers (search, waiter) != 0 && count == 0) {
        give_up_peers (search, list, hardest (search), UINT64_MAX);
    }
}

void
asking_settle (struct search *search)
{
    for (enum peers_list list = 0; list < PEERS_LISTS; list++) {
        if (search->peer_waiters[list] == 0) {
            drop_askings (search, list);
        } else if (search->look_at_peers[list]) {
            search->look_at_peers[list] = false;
            see_to_askings (search, list);
        }
    }
}

void
asking_drop_all (struct search *search)
{
    for (enum peers_list list = 0; list < PEERS_LISTS; list++) {
        drop_askings (search, list);
    }
}
