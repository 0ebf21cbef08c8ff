#include <stdio.h>
#include <string.h>
#include <time.h>

#include "node/base/log.h"
#include "node/precache/precache_internal.h"
#include "rpc/base/memory.h"
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

    memory_require (event_add (precache->pump, &now) == 0);
}

static enum rank
rank_of (const struct subject *subject)
{
    static const enum rank ranks[SUBJECT_KINDS] = {
        [SUBJECT_NAMED] = RANK_NAMED,
        [SUBJECT_ROOT] = RANK_ROOT,
    };

    return ranks[subject->kind];
}

/* The list that a subject is in, or NULL. */
static struct subject_list *
list_of (struct subject *subject)
{
    if (subject->state == PRECACHE_QUEUED) {
        return &subject->precache->queues[subject->rank];
    }
    return subject->state == PRECACHE_READY ? &subject->precache->ready : NULL;
}

static void
leave_search (struct subject *subject)
{
    if (subject->waiter != NULL) {
        broker_leave (subject->waiter);
        subject->waiter = NULL;
    }
    subject->precache->searching[subject->rank]--;
    wake (subject->precache);
}

/* Puts a subject into another state: last in its list, or first. */
static void
enter (struct subject *subject, enum precache_state state, bool first)
{
    struct subject_list *list = list_of (subject);

    if (list != NULL) {
        TAILQ_REMOVE (list, subject, turn);
    }
    if (subject->state == PRECACHE_SEARCHING) {
        leave_search (subject);
    }
    subject->precache->states[subject->state]--;
    subject->state = state;
    subject->rank = state == PRECACHE_QUEUED ? rank_of (subject) : subject->rank;
    subject->precache->states[state]++;
    list = list_of (subject);
    if (list != NULL && first) {
        TAILQ_INSERT_HEAD (list, subject, turn);
    } else if (list != NULL) {
        TAILQ_INSERT_TAIL (list, subject, turn);
    }
}

void
precache_search_stop (struct subject *subject, enum precache_state state)
{
    enter (subject, state, false);
}

void
precache_search_enqueue (struct subject *subject, bool first)
{
    enter (subject, PRECACHE_QUEUED, first);
    wake (subject->precache);
}

/* A subject's heads. */

uint64_t
precache_search_threshold (const struct subject *subject, const struct account_chain_block *head)
{
    return head->threshold != 0 ? head->threshold : subject->precache->settings.threshold;
}

static void
fill_target (const struct subject *subject, const struct account_chain_block *head,
             struct scan_target *target)
{
    *target = (struct scan_target){
        .threshold = precache_search_threshold (subject, head),
        .order = store_order (subject->precache->settings.network),
    };
    memcpy (target->root, head->hash, sizeof target->root);
}

bool
precache_search_reaches (const struct subject *subject, const struct account_chain_block *head,
                         uint64_t threshold)
{
    const struct precache *precache = subject->precache;
    struct broker_question question = {.network = precache->settings.network, .ahead = true};
    struct broker_answer answer;

    fill_target (subject, head, &question.target);
    question.target.threshold = threshold;
    return broker_recall (precache->broker, &question, &answer);
}

bool
precache_search_is_stored (const struct subject *subject, const struct account_chain_block *head)
{
    return precache_search_reaches (subject, head, precache_search_threshold (subject, head));
}

/* The head told of last that is to be searched for, or NULL. */
static struct account_chain_block *
next_head (const struct subject *subject)
{
    for (size_t i = 0; i < subject->chain.count; i++) {
        if (subject->chain.blocks[i].work == WORK_WANTED) {
            return &subject->chain.blocks[i];
        }
    }
    return NULL;
}

/* Nothing is left to search for. A root by itself is followed only until then. */
static void
settle (struct subject *subject)
{
    const struct account_chain_block *frontier = account_chain_frontier (&subject->chain);

    if (subject->kind == SUBJECT_ROOT) {
        (void)store_forget (subject->precache->store,
                            precache_note (subject->precache, STORE_NOTE_QUEUED), subject->key);
        precache_forget (subject);
    } else if (frontier == NULL) {
        precache_search_stop (subject, PRECACHE_WAITING);
    } else {
        precache_search_stop (subject, frontier->work == WORK_CANCELLED ? PRECACHE_CANCELLED
                                                                        : PRECACHE_READY);
    }
}

static void
go_on (struct subject *subject)
{
    if (next_head (subject) != NULL) {
        precache_search_enqueue (subject, true);
    } else {
        settle (subject);
    }
}

/* Searching. */

static void
log_found (const struct subject *subject, const struct broker_answer *answer)
{
    char root[HEX_ROOT_SIZE];

    hex_print_root (subject->root, root);
    log_debug ("Work for %s is ready in advance: %.0f ms (%s)", root, answer->seconds * 1e3,
               answer->source);
}

/* The broker stores what it finds, but not for a head that is not the one told of last. */
static void
keep (const struct subject *subject, const struct account_chain_block *head,
      const struct broker_answer *answer)
{
    struct store_entry entry = {
        .network = subject->precache->settings.network,
        .work = answer->work,
        .found = (uint64_t)time (NULL),
        .has_account = subject->kind != SUBJECT_ROOT,
    };

    if (!precache_search_is_stored (subject, head)) {
        memcpy (entry.root, head->hash, sizeof entry.root);
        memcpy (entry.account, subject->key, sizeof entry.account);
        (void)snprintf (entry.source, sizeof entry.source, "%s", answer->source);
        (void)store_put (subject->precache->store, &entry);
    }
}

static void
on_answer (void *data, const struct broker_answer *answer)
{
    struct subject *subject = data;
    struct account_chain_block *head = account_chain_find (&subject->chain, subject->root);
    struct precache *precache = subject->precache;

    subject->waiter = NULL;
    switch (answer->outcome) {
    case BROKER_FOUND:
        log_found (subject, answer);
        precache->statistics.found++;
        head->work = WORK_FOUND;
        keep (subject, head, answer);
        go_on (subject);
        break;
    case BROKER_CANCELLED:
        precache->statistics.cancelled++;
        head->work = WORK_CANCELLED;
        go_on (subject);
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
        .has_account = subject->kind != SUBJECT_ROOT,
    };
    struct account_chain_block *head;

    while ((head = next_head (subject)) != NULL && precache_search_is_stored (subject, head)) {
        head->work = WORK_FOUND;
    }
    if (head == NULL) {
        settle (subject);
        return 0;
    }
    fill_target (subject, head, &question.target);
    memcpy (question.account_key, subject->key, sizeof question.account_key);
    if (broker_generate (precache->broker, &question, on_answer, subject, &subject->waiter) !=
        BROKER_ACCEPTED) {
        subject->waiter = NULL;
        return -1;
    }
    memcpy (subject->root, head->hash, sizeof subject->root);
    precache_search_stop (subject, PRECACHE_SEARCHING);
    precache->searching[subject->rank]++;
    return 0;
}

/* Searches at a time. */
static size_t
share_of (const struct precache *precache, enum rank rank)
{
    const size_t all = precache->settings.max_searches;
    const size_t quarter = all / 4;

    return rank == RANK_SURE ? all - 2 * quarter : quarter;
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

void
precache_search_init (struct precache *precache, struct event_base *base)
{
    for (enum rank rank = 0; rank < RANKS; rank++) {
        TAILQ_INIT (&precache->queues[rank]);
    }
    TAILQ_INIT (&precache->ready);
    precache->pump = memory_need (evtimer_new (base, on_pump, precache));
}

static void
begin_anew (struct subject *subject)
{
    for (size_t i = 0; i < subject->chain.count; i++) {
        if (subject->chain.blocks[i].work == WORK_FOUND) {
            subject->chain.blocks[i].work = WORK_WANTED;
        }
    }
    if (subject->state == PRECACHE_SEARCHING || subject->state == PRECACHE_READY) {
        precache_search_enqueue (subject, subject->state == PRECACHE_SEARCHING);
    }
}

void
precache_search_begin_anew (struct precache *precache)
{
    struct subject *subject;

    for (enum subject_kind kind = 0; kind < SUBJECT_KINDS; kind++) {
        TAILQ_FOREACH (subject, &precache->kinds[kind], link)
        {
            begin_anew (subject);
        }
    }
    wake (precache);
}

/* Of the heads, the one told of last counts: others may be dead, and their work gone with age. */
void
precache_check (struct precache *precache)
{
    const size_t ready = precache->states[PRECACHE_READY];

    for (size_t i = 0; i < ready && i < MOST_AT_ONCE; i++) {
        struct subject *subject = TAILQ_FIRST (&precache->ready);
        struct account_chain_block *frontier = account_chain_frontier (&subject->chain);
        const bool stored = frontier != NULL && precache_search_is_stored (subject, frontier);

        if (frontier != NULL && !stored) {
            frontier->work = WORK_WANTED;
        }
        precache_search_stop (subject, stored ? PRECACHE_READY : PRECACHE_WAITING);
    }
}
