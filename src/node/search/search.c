#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "node/base/log.h"
#include "node/search/broker_internal.h"
#include "work/base/clock.h"
#include "work/base/hex.h"

/* Between two tries to find room in the pool for a search. */
static const struct timeval feed_pause = {.tv_usec = 2000};

/* The tree of searches. */

static int
compare_searches (const void *a, const void *b)
{
    const struct search *left = a;
    const struct search *right = b;

    if (left->network != right->network) {
        return left->network < right->network ? -1 : 1;
    }
    return memcmp (left->root, right->root, sizeof left->root);
}

struct search *
search_find (struct broker *broker, enum store_network network, const uint8_t root[32])
{
    struct search key = {.network = network};
    struct search **found;

    memcpy (key.root, root, sizeof key.root);
    found = tfind (&key, &broker->searches, compare_searches);
    return found != NULL ? *found : NULL;
}

static void
destroy (struct search *search)
{
    free (search->account);
    free (search);
}

/* Returns 0, also for a NULL text, or -1 for want of memory. */
static int
copy_text (const char *text, char **copy)
{
    *copy = text != NULL ? strdup (text) : NULL;
    return text != NULL && *copy == NULL ? -1 : 0;
}

/* Whether another root is known as the account's frontier. */
static bool
stands_elsewhere (const struct search *search)
{
    struct store *store = search->broker->store;
    uint8_t frontier[32];

    return store != NULL && search->has_account &&
           store_account (store, search->network, search->account_key, frontier) &&
           memcmp (frontier, search->root, sizeof frontier) != 0;
}

struct search *
search_new (struct broker *broker, const struct broker_question *question)
{
    struct search *search = calloc (1, sizeof *search);

    if (search == NULL) {
        return NULL;
    }
    search->broker = broker;
    memcpy (search->root, question->target.root, sizeof search->root);
    search->network = question->network;
    search->order = question->target.order;
    search->unkept = question->unkept;
    search->has_account = question->has_account;
    memcpy (search->account_key, question->account_key, sizeof search->account_key);
    search->since = clock_now ();
    TAILQ_INIT (&search->waiters);
    TAILQ_INIT (&search->askings);
    if (copy_text (question->account, &search->account) != 0 ||
        tsearch (search, &broker->searches, compare_searches) == NULL) {
        destroy (search);
        return NULL;
    }
    search->listed = true;
    TAILQ_INSERT_TAIL (&broker->all, search, each);
    broker->search_count++;
    return search;
}

/* Its waiters. */

bool
search_is_easier (const struct search *search, uint64_t a, uint64_t b)
{
    return a != b && difficulty_reached (search->order, b, a);
}

static void
count_out (struct search *search, const struct broker_waiter *waiter)
{
    search->local_waiters -= waiter->local;
    search->asked_waiters -= waiter->local && !waiter->ahead;
    search->ahead_waiters -= waiter->ahead;
    search->people -= !waiter->ahead;
    search->broker->people_count -= search->listed && !waiter->ahead && search->people == 0;
    search->peer_waiters[waiter->list] -= waiter->peers;
    search->helpless -= !waiter->local && !waiter->peers;
}

static void
count_in (struct search *search, const struct broker_waiter *waiter)
{
    search->local_waiters += waiter->local;
    search->asked_waiters += waiter->local && !waiter->ahead;
    search->ahead_waiters += waiter->ahead;
    search->people += !waiter->ahead;
    search->broker->people_count += search->listed && !waiter->ahead && search->people == 1;
    search->peer_waiters[waiter->list] += waiter->peers;
    search->helpless += !waiter->local && !waiter->peers;
    if (waiter->local && search_is_easier (search, waiter->threshold, search->job_threshold)) {
        search->look_at_job = true;
    }
    if (waiter->peers) {
        search->look_at_peers[waiter->list] = true;
    }
}

void
search_join (struct search *search, struct broker_waiter *waiter)
{
    TAILQ_INSERT_TAIL (&search->waiters, waiter, link);
    waiter->search = search;
    count_in (search, waiter);
}

void
search_quit (struct broker_waiter *waiter)
{
    TAILQ_REMOVE (&waiter->search->waiters, waiter, link);
    count_out (waiter->search, waiter);
}

void
search_redirect (struct broker_waiter *waiter, bool local, bool peers)
{
    count_out (waiter->search, waiter);
    waiter->local = local;
    waiter->peers = peers;
    count_in (waiter->search, waiter);
}

/* Who a round of answers is for. */
typedef bool (*chosen_fn) (const struct broker_waiter *waiter, const struct broker_answer *answer);

static bool
is_satisfied (const struct broker_waiter *waiter, const struct broker_answer *answer)
{
    return difficulty_reached (waiter->search->order, answer->value, waiter->threshold);
}

static bool
is_without_help (const struct broker_waiter *waiter, const struct broker_answer *answer)
{
    (void)answer;
    return !waiter->local && !waiter->peers;
}

static bool
is_anybody (const struct broker_waiter *waiter, const struct broker_answer *answer)
{
    (void)waiter;
    (void)answer;
    return true;
}

/*
 * Answers everybody who is chosen. They are moved to a list of their own first: a callback may make
 * others leave, or come.
 */
static size_t
answer_waiters (struct search *search, chosen_fn chosen, const struct broker_answer *answer)
{
    struct search batch = {.broker = search->broker, .order = search->order};
    struct broker_waiter *waiter;
    struct broker_waiter *next;
    size_t count = 0;

    TAILQ_INIT (&batch.waiters);
    for (waiter = TAILQ_FIRST (&search->waiters); waiter != NULL; waiter = next) {
        next = TAILQ_NEXT (waiter, link);
        if (chosen (waiter, answer)) {
            search_quit (waiter);
            search_join (&batch, waiter);
        }
    }
    while ((waiter = TAILQ_FIRST (&batch.waiters)) != NULL) {
        search_quit (waiter);
        broker_answer (waiter, answer);
        count++;
    }
    return count;
}

static bool
wants_local (const struct broker_waiter *waiter, enum peers_list list)
{
    (void)list;
    return waiter->local;
}

const struct broker_waiter *
search_easiest (const struct search *search, search_wants_fn wants, enum peers_list list)
{
    const struct broker_waiter *waiter;
    const struct broker_waiter *found = NULL;

    TAILQ_FOREACH (waiter, &search->waiters, link)
    {
        if (wants (waiter, list) &&
            (found == NULL || search_is_easier (search, waiter->threshold, found->threshold))) {
            found = waiter;
        }
    }
    return found;
}

/* The devices here. */

static void
stop_job (struct search *search)
{
    if (search->ticket != 0) {
        pool_cancel (search->broker->pool, search->ticket);
        search->ticket = 0;
    }
}

static void on_job_done (void *data, const struct pool_answer *answer);

/* Starts a job in the place of the present one, if any. */
static enum pool_result
start_job (struct search *search, uint64_t threshold)
{
    struct pool_request request = {
        .target = {.threshold = threshold, .order = search->order},
        .class = search->asked_waiters > 0 ? POOL_ASKED : POOL_AHEAD,
        .since = search->since,
        .done = on_job_done,
        .data = search,
    };
    enum pool_result result;
    uint64_t ticket;

    memcpy (request.target.root, search->root, sizeof search->root);
    result = pool_submit (search->broker->pool, &request, &ticket);
    if (result == POOL_ACCEPTED) {
        stop_job (search);
        search->ticket = ticket;
        search->job_threshold = request.target.threshold;
        search->job_class = request.class;
        search->look_at_job = false;
        search->held++;
    }
    return result;
}

/* Those who waited for the devices here have the peers left, if those. */
static void
give_up_local (struct search *search)
{
    struct broker_waiter *waiter;

    TAILQ_FOREACH (waiter, &search->waiters, link)
    {
        waiter->fallback = false;
        search_redirect (waiter, false, waiter->peers || waiter->stand_in);
        waiter->stand_in = false;
    }
}

static bool
job_fits (const struct search *search)
{
    return search->ticket != 0 && !search->look_at_job &&
           (search->job_class == POOL_ASKED) == (search->asked_waiters > 0);
}

/* Sees to the job, and says what the pool says. */
static enum pool_result
settle_job (struct search *search)
{
    const struct broker_waiter *waiter;

    if (search->local_waiters > 0 && job_fits (search)) {
        return POOL_ACCEPTED;
    }
    waiter = search_easiest (search, wants_local, PEERS_PRIMARY);
    if (waiter == NULL) {
        stop_job (search);
        return POOL_ACCEPTED;
    }
    return start_job (search, waiter->threshold);
}

/* Both. */

static void
unlist (struct search *search)
{
    if (search->starved) {
        search->starved = false;
        TAILQ_REMOVE (&search->broker->starved, search, link);
    }
    if (search->listed) {
        (void)tdelete (search, &search->broker->searches, compare_searches);
        search->listed = false;
        TAILQ_REMOVE (&search->broker->all, search, each);
        search->broker->search_count--;
    }
}

/* Lets go of what nobody waits for. */
static void
abandon (struct search *search)
{
    stop_job (search);
    asking_settle (search);
    unlist (search);
    if (search->held == 0) {
        destroy (search);
    }
}

/*
 * The pool may be full for a moment, as ended jobs keep their places until they are drained and
 * their devices have looked up: then it is tried again.
 */
static void
starve (struct search *search)
{
    struct broker *broker = search->broker;

    if (!search->starved) {
        search->starved = true;
        TAILQ_INSERT_TAIL (&broker->starved, search, link);
        (void)event_add (broker->feed, &feed_pause);
    }
}

/* What runs is made to fit who waits, as far as the pool lets it. */
static enum pool_result
settle_sources (struct search *search)
{
    enum pool_result result;

    asking_settle (search);
    result = settle_job (search);
    if (result == POOL_DOWN) {
        give_up_local (search);
        asking_settle (search);
    }
    return result;
}

void
search_lose_job (struct search *search)
{
    stop_job (search);
}

void
search_settle (struct search *search)
{
    static const struct broker_answer failed = {.outcome = BROKER_FAILED};

    if (search->broker->moving && !TAILQ_EMPTY (&search->waiters)) {
        return;
    }
    search->held++; /* keeps it while callbacks run */
    if (settle_sources (search) == POOL_FULL && search->ticket == 0) {
        starve (search);
    }
    if (search->helpless > 0) {
        (void)answer_waiters (search, is_without_help, &failed);
    }
    search->held--;
    if (TAILQ_EMPTY (&search->waiters)) {
        abandon (search);
    }
}

enum broker_result
search_admit (struct search *search, const struct broker_waiter *waiter)
{
    const enum pool_result result = settle_sources (search);

    search->elsewhere = stands_elsewhere (search);
    if (!waiter->local && !waiter->peers) {
        return BROKER_DOWN;
    }
    if (result == POOL_FULL && search->ticket == 0) {
        /* Whatever is to run for the others is good for the comer, too. */
        if (!search->starved && !waiter->peers) {
            return BROKER_FULL;
        }
        starve (search);
    }
    return BROKER_ACCEPTED;
}

size_t
search_end (struct search *search, enum broker_outcome outcome)
{
    const struct broker_answer answer = {.outcome = outcome};
    size_t count;

    search->held++; /* keeps it while callbacks run */
    stop_job (search);
    asking_drop_all (search);
    count = answer_waiters (search, is_anybody, &answer);
    search->held--;
    search_settle (search);
    return count;
}

/* Work that was found, here or elsewhere. */

static void
log_found (const struct search *search, const struct pool_answer *answer)
{
    char root[HEX_ROOT_SIZE];
    char value[HEX_U64_SIZE];

    hex_print_root (search->root, root);
    hex_print_u64 (answer->value, value);
    log_debug ("Work for %s of difficulty %s found by %s in %.0f ms", root, value, answer->device,
               answer->seconds * 1e3);
}

/* Whether the store is to have what is found: not if the account has left since the last came. */
static bool
is_worth_keeping (const struct search *search)
{
    const struct broker *broker = search->broker;

    return broker->store != NULL && !search->unkept &&
           (broker->settings.keep || search->ahead_waiters > 0) &&
           (search->elsewhere || !stands_elsewhere (search));
}

static void
keep (const struct search *search, uint64_t work, const char *finder)
{
    struct store_entry entry = {
        .network = search->network,
        .work = work,
        .found = (uint64_t)time (NULL),
        .has_account = search->has_account,
    };

    memcpy (entry.root, search->root, sizeof entry.root);
    memcpy (entry.account, search->account_key, sizeof entry.account);
    snprintf (entry.source, sizeof entry.source, "%s", finder);
    (void)store_put (search->broker->store, &entry);
}

void
search_found (struct search *search, const struct broker_answer *answer, const char *finder)
{
    if (is_worth_keeping (search)) {
        keep (search, answer->work, finder);
    }
    (void)answer_waiters (search, is_satisfied, answer);
}

/* Whatever is no CPU computes on a GPU, or as one. */
static void
found_here (struct search *search, const struct pool_answer *answer)
{
    const struct broker_answer found = {
        .outcome = BROKER_FOUND,
        .work = answer->nonce,
        .value = answer->value,
        .source = BROKER_SOURCE_LOCAL,
        .by = strcmp (answer->kind, "cpu") == 0 ? METRICS_CPU : METRICS_GPU,
    };

    log_found (search, answer);
    search_found (search, &found, answer->device);
}

/*
 * `search->held` still counts this job while its waiters are answered, so that whatever their
 * callbacks do, the search stays.
 */
static void
on_job_done (void *data, const struct pool_answer *answer)
{
    struct search *search = data;
    const bool present = answer->ticket == search->ticket;

    if (present) {
        search->ticket = 0;
    }
    if (answer->outcome == POOL_FOUND) {
        found_here (search, answer);
    } else if (answer->outcome == POOL_FAILED && present) {
        give_up_local (search);
    }
    search->held--;
    search_settle (search);
}
