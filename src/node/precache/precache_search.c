#include <stdlib.h>
#include <string.h>

#include "node/base/log.h"
#include "node/precache/precache_internal.h"
#include "work/base/hex.h"

/* After a search that failed, before anything is tried again. */
static const struct timeval retry_pause = {.tv_sec = 5};

/* What is looked up in one turn of the loop, where the store has most of it. */
#define MOST_AT_ONCE 256

/* The states of a subject. */

static void
wake (struct precache *precache)
{
    static const struct timeval now = {0};

    (void)event_add (precache->pump, &now);
}

void
precache_search_stop (struct subject *subject, enum precache_state state)
{
    struct precache *precache = subject->precache;

    if (subject->state == PRECACHE_QUEUED) {
        TAILQ_REMOVE (&precache->queues[subject->rank], subject, turn);
        precache->statistics.queued--;
    } else if (subject->state == PRECACHE_SEARCHING) {
        if (subject->waiter != NULL) {
            broker_leave (subject->waiter);
            subject->waiter = NULL;
        }
        precache->searching[subject->rank]--;
        precache->statistics.searching--;
        wake (precache);
    } else if (subject->state == PRECACHE_READY) {
        precache->statistics.ready--;
    }
    subject->state = state;
    precache->statistics.ready += state == PRECACHE_READY;
}

void
precache_search_forget (struct subject *subject)
{
    precache_search_stop (subject, PRECACHE_WAITING);
    roster_remove (&subject->precache->roster, &subject->entry);
    free (subject);
}

static enum rank
rank_of (const struct subject *subject)
{
    switch (subject->entry.kind) {
    case ROSTER_ROOT:
        return RANK_ROOT;
    case ROSTER_NAMED:
        return RANK_NAMED;
    default:
        return RANK_SURE;
    }
}

void
precache_search_enqueue (struct subject *subject, bool first)
{
    struct precache *precache = subject->precache;
    struct subject_list *queue;

    precache_search_stop (subject, PRECACHE_QUEUED);
    subject->rank = rank_of (subject);
    queue = &precache->queues[subject->rank];
    if (first) {
        TAILQ_INSERT_HEAD (queue, subject, turn);
    } else {
        TAILQ_INSERT_TAIL (queue, subject, turn);
    }
    precache->statistics.queued++;
    wake (precache);
}

/* Searching. */

static void
log_found (const struct subject *subject, const struct broker_answer *answer)
{
    char root[HEX_ROOT_SIZE];

    hex_print_root (subject->frontier, root);
    log_debug ("Work for %s is ready ahead of need: %.0f ms (%s)", root, answer->seconds * 1e3,
               answer->source);
}

/* A root by itself is followed only until its work is there. */
static void
settle (struct subject *subject, enum precache_state state)
{
    precache_search_stop (subject, state);
    if (subject->entry.kind == ROSTER_ROOT) {
        precache_search_forget (subject);
    }
}

/* The broker has stored what it found. */
static void
on_answer (void *data, const struct broker_answer *answer)
{
    struct subject *subject = data;
    struct precache *precache = subject->precache;

    subject->waiter = NULL;
    switch (answer->outcome) {
    case BROKER_FOUND:
        log_found (subject, answer);
        precache->statistics.found++;
        settle (subject, PRECACHE_READY);
        break;
    case BROKER_CANCELLED:
        precache->statistics.cancelled++;
        settle (subject, PRECACHE_CANCELLED);
        break;
    default:
        precache->statistics.failed++;
        precache_search_enqueue (subject, false);
        (void)event_add (precache->pump, &retry_pause);
        break;
    }
}

/* Starts the search for a subject of a queue. Returns 0, or -1 when that cannot be now. */
static int
search_for (struct subject *subject)
{
    struct precache *precache = subject->precache;
    struct broker_question question = {
        .target = {.threshold = subject->threshold,
                   .order = store_order (precache->settings.network)},
        .network = precache->settings.network,
        .ahead = true,
        .local_only = !precache->settings.use_peers,
        .has_account = subject->entry.kind != ROSTER_ROOT,
    };
    struct broker_answer answer;

    memcpy (question.target.root, subject->frontier, sizeof question.target.root);
    if (broker_recall (precache->broker, &question, &answer)) {
        settle (subject, PRECACHE_READY);
        return 0;
    }
    memcpy (question.account_key, subject->entry.key, sizeof question.account_key);
    if (broker_generate (precache->broker, &question, on_answer, subject, &subject->waiter) !=
        BROKER_ACCEPTED) {
        subject->waiter = NULL;
        return -1;
    }
    precache_search_stop (subject, PRECACHE_SEARCHING);
    precache->searching[subject->rank]++;
    precache->statistics.searching++;
    return 0;
}

/* Searches at a time. */
static size_t
share_of (const struct precache *precache, enum rank rank)
{
    const size_t all = precache->settings.max_searches;
    const size_t quarter = all / 4 > 0 ? all / 4 : 1;

    return rank != RANK_SURE || all < 4 ? quarter : all - 2 * quarter;
}

/* What to search for next, or NULL. */
static struct subject *
next_subject (const struct precache *precache)
{
    for (enum rank rank = 0; rank < RANKS; rank++) {
        if (!TAILQ_EMPTY (&precache->queues[rank]) &&
            precache->searching[rank] < share_of (precache, rank)) {
            return TAILQ_FIRST (&precache->queues[rank]);
        }
    }
    return NULL;
}

static void
on_pump (evutil_socket_t fd, short what, void *data)
{
    struct precache *precache = data;
    struct subject *subject;

    (void)fd;
    (void)what;
    for (size_t turn = 0; (subject = next_subject (precache)) != NULL; turn++) {
        if (turn == MOST_AT_ONCE) {
            wake (precache);
            return;
        }
        if (search_for (subject) != 0) {
            (void)event_add (precache->pump, &retry_pause);
            return;
        }
    }
}

int
precache_search_init (struct precache *precache, struct event_base *base)
{
    for (enum rank rank = 0; rank < RANKS; rank++) {
        TAILQ_INIT (&precache->queues[rank]);
    }
    precache->pump = evtimer_new (base, on_pump, precache);
    return precache->pump != NULL ? 0 : -1;
}
