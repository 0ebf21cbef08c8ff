#include "node/broker.h"

#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "node/log.h"
#include "work/clock.h"
#include "work/hex.h"

struct broker_waiter {
    TAILQ_ENTRY (broker_waiter) link;
    struct search *search;
    uint64_t threshold;
    uint64_t since;
    struct event *deadline;
    broker_done_fn done;
    void *data;
};

TAILQ_HEAD (waiter_list, broker_waiter);

/*
 * Who waits for one root, and the pool's job for them. A search is known to its waiters, as long as
 * there are any also to broker->searches, and to the callbacks of its jobs, of which cancelled ones
 * may be outstanding: it is freed when the last waiter and the last job have gone.
 */
struct search {
    struct broker *broker;
    uint8_t root[32];
    enum difficulty_order order;
    struct waiter_list waiters;
    TAILQ_ENTRY (search) link; /* in broker->starved, while `starved` */
    bool starved;              /* waits for room in the pool */
    bool listed;               /* in broker->searches */
    uint64_t since;            /* when the oldest waiter of its life came */
    uint64_t ticket;           /* of the present job; 0 is none */
    uint64_t job_threshold;    /* of the present job */
    size_t jobs;               /* callbacks outstanding */
};

TAILQ_HEAD (search_list, search);

/* Between two tries to find room in the pool for a search. */
static const struct timeval feed_pause = {.tv_usec = 2000};

struct broker {
    struct event_base *base;
    struct pool *pool;
    struct event *drain;
    struct event *feed; /* made active when searches starve: tries them again */
    struct search_list starved;
    const struct timeval
        *timeout;   /* a common time-out of the loop's: one queue for all deadlines */
    void *searches; /* tsearch's tree, by order and root */
    size_t max_searches;
    size_t search_count; /* in the tree */
    size_t waiters;
    bool stopped;
};

static int
compare_searches (const void *a, const void *b)
{
    const struct search *left = a;
    const struct search *right = b;

    if (left->order != right->order) {
        return left->order < right->order ? -1 : 1;
    }
    return memcmp (left->root, right->root, sizeof left->root);
}

static struct search *
find_search (struct broker *broker, const uint8_t root[32], enum difficulty_order order)
{
    struct search key = {.order = order};
    struct search **found;

    memcpy (key.root, root, sizeof key.root);
    found = tfind (&key, &broker->searches, compare_searches);
    return found != NULL ? *found : NULL;
}

static struct search *
new_search (struct broker *broker, const struct scan_target *target)
{
    struct search *search = calloc (1, sizeof *search);

    if (search == NULL) {
        return NULL;
    }
    search->broker = broker;
    memcpy (search->root, target->root, sizeof search->root);
    search->order = target->order;
    search->since = clock_now ();
    TAILQ_INIT (&search->waiters);
    if (tsearch (search, &broker->searches, compare_searches) == NULL) {
        free (search);
        return NULL;
    }
    search->listed = true;
    broker->search_count++;
    return search;
}

/* Whether threshold `a` asks for less than `b`. */
static bool
is_easier (const struct search *search, uint64_t a, uint64_t b)
{
    return a != b && difficulty_reached (search->order, b, a);
}

static uint64_t
easiest_threshold (const struct search *search)
{
    const struct broker_waiter *waiter = TAILQ_FIRST (&search->waiters);
    uint64_t easiest = waiter->threshold;

    TAILQ_FOREACH (waiter, &search->waiters, link)
    {
        if (is_easier (search, waiter->threshold, easiest)) {
            easiest = waiter->threshold;
        }
    }
    return easiest;
}

static void
stop_job (struct search *search)
{
    if (search->ticket != 0) {
        pool_cancel (search->broker->pool, search->ticket);
        search->ticket = 0;
    }
}

/* Lets go of what nobody waits for. The search may be gone afterwards. */
static void
tidy (struct search *search)
{
    if (!TAILQ_EMPTY (&search->waiters)) {
        return;
    }
    stop_job (search);
    if (search->starved) {
        search->starved = false;
        TAILQ_REMOVE (&search->broker->starved, search, link);
    }
    if (search->listed) {
        (void)tdelete (search, &search->broker->searches, compare_searches);
        search->listed = false;
        search->broker->search_count--;
    }
    if (search->jobs == 0) {
        free (search);
    }
}

/* Takes a waiter out and frees it. Its search stays, for tidy to judge. */
static void
end_waiter (struct broker_waiter *waiter)
{
    TAILQ_REMOVE (&waiter->search->waiters, waiter, link);
    waiter->search->broker->waiters--;
    event_free (waiter->deadline);
    free (waiter);
}

static void
answer_waiter (struct broker_waiter *waiter, enum broker_outcome outcome, uint64_t work,
               uint64_t value)
{
    const struct broker_answer answer = {
        .outcome = outcome,
        .work = work,
        .value = value,
        .seconds = clock_seconds (clock_now () - waiter->since),
    };
    broker_done_fn done = waiter->done;
    void *data = waiter->data;

    end_waiter (waiter);
    done (data, &answer);
}

/*
 * Answers everybody whom `value` satisfies, or, with an outcome other than BROKER_FOUND, everybody.
 * They are moved to a list of their own first: a callback may make others leave, or come.
 */
static size_t
answer_waiters (struct search *search, enum broker_outcome outcome, uint64_t work, uint64_t value)
{
    struct search batch = {.broker = search->broker, .order = search->order};
    struct broker_waiter *next;
    size_t count = 0;

    TAILQ_INIT (&batch.waiters);
    for (struct broker_waiter *each = TAILQ_FIRST (&search->waiters); each != NULL; each = next) {
        next = TAILQ_NEXT (each, link);
        if (outcome != BROKER_FOUND || difficulty_reached (search->order, value, each->threshold)) {
            TAILQ_REMOVE (&search->waiters, each, link);
            TAILQ_INSERT_TAIL (&batch.waiters, each, link);
            each->search = &batch;
        }
    }
    while (!TAILQ_EMPTY (&batch.waiters)) {
        answer_waiter (TAILQ_FIRST (&batch.waiters), outcome, work, value);
        count++;
    }
    return count;
}

static void on_job_done (void *data, const struct pool_answer *answer);

/* Starts a job for the easiest threshold waited for, in the place of the present one, if any. */
static enum pool_result
start_job (struct search *search)
{
    struct pool_request request = {
        .target = {.threshold = easiest_threshold (search), .order = search->order},
        .class = POOL_ASKED,
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
        search->jobs++;
    }
    return result;
}

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

/*
 * Goes on for those who still wait. The pool may be full for a moment, as ended jobs keep their
 * places until they are drained and their devices have looked up: then it is tried again. When it
 * is down, the waiters hear of it now.
 */
static void
go_on (struct search *search)
{
    struct broker *broker = search->broker;
    enum pool_result result = start_job (search);

    if (result == POOL_FULL && !search->starved) {
        search->starved = true;
        TAILQ_INSERT_TAIL (&broker->starved, search, link);
        (void)event_add (broker->feed, &feed_pause);
    } else if (result == POOL_DOWN) {
        (void)answer_waiters (search, BROKER_FAILED, 0, 0);
    }
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
        search->jobs++; /* keeps it while callbacks run */
        if (search->ticket == 0) {
            go_on (search);
        }
        search->jobs--;
        tidy (search);
    }
}

/*
 * `search->jobs` still counts this job while its waiters are answered, so that whatever their
 * callbacks do, the search stays.
 */
static void
on_job_done (void *data, const struct pool_answer *answer)
{
    struct search *search = data;
    bool present = answer->ticket == search->ticket;

    if (present) {
        search->ticket = 0;
    }
    if (answer->outcome == POOL_FOUND) {
        log_found (search, answer);
        (void)answer_waiters (search, BROKER_FOUND, answer->nonce, answer->value);
    }
    if (present && search->ticket == 0 && !TAILQ_EMPTY (&search->waiters)) {
        if (answer->outcome == POOL_FAILED) {
            (void)answer_waiters (search, BROKER_FAILED, 0, 0);
        } else {
            go_on (search);
        }
    }
    search->jobs--;
    tidy (search);
}

static void
on_deadline (evutil_socket_t fd, short what, void *data)
{
    struct broker_waiter *waiter = data;
    struct search *search = waiter->search;

    (void)fd;
    (void)what;
    search->jobs++; /* keeps it while the callback runs */
    answer_waiter (waiter, BROKER_EXPIRED, 0, 0);
    search->jobs--;
    tidy (search);
}

static struct broker_waiter *
new_waiter (struct search *search, uint64_t threshold, broker_done_fn done, void *data)
{
    struct broker *broker = search->broker;
    struct broker_waiter *waiter = calloc (1, sizeof *waiter);

    if (waiter == NULL) {
        return NULL;
    }
    waiter->deadline = evtimer_new (broker->base, on_deadline, waiter);
    if (waiter->deadline == NULL || event_add (waiter->deadline, broker->timeout) != 0) {
        if (waiter->deadline != NULL) {
            event_free (waiter->deadline);
        }
        free (waiter);
        return NULL;
    }
    waiter->search = search;
    waiter->threshold = threshold;
    waiter->since = clock_now ();
    waiter->done = done;
    waiter->data = data;
    TAILQ_INSERT_TAIL (&search->waiters, waiter, link);
    broker->waiters++;
    return waiter;
}

/* Sees to it that a job runs which is easy enough for a waiter that has just come. */
static enum broker_result
see_to_job (struct search *search, uint64_t threshold)
{
    if (search->ticket != 0 && !is_easier (search, threshold, search->job_threshold)) {
        return BROKER_ACCEPTED;
    }
    switch (start_job (search)) {
    case POOL_ACCEPTED:
        return BROKER_ACCEPTED;
    case POOL_FULL: /* whatever runs for the others is hard enough for the comer, too */
        return search->ticket != 0 || search->starved ? BROKER_ACCEPTED : BROKER_FULL;
    default:
        return BROKER_DISABLED;
    }
}

enum broker_result
broker_generate (struct broker *broker, const struct scan_target *target, broker_done_fn done,
                 void *data, struct broker_waiter **waiter)
{
    struct search *search = find_search (broker, target->root, target->order);
    struct broker_waiter *comer = NULL;
    enum broker_result result = BROKER_NO_MEMORY;

    if (broker->stopped) {
        return BROKER_DISABLED;
    }
    if (search == NULL && broker->search_count >= broker->max_searches) {
        return BROKER_FULL;
    }
    if (search == NULL) {
        search = new_search (broker, target);
    }
    if (search == NULL) {
        return BROKER_NO_MEMORY;
    }
    comer = new_waiter (search, target->threshold, done, data);
    if (comer != NULL) {
        result = see_to_job (search, target->threshold);
    }
    if (comer != NULL && result != BROKER_ACCEPTED) {
        end_waiter (comer);
    }
    if (result == BROKER_ACCEPTED) {
        *waiter = comer;
    }
    tidy (search);
    return result;
}

void
broker_leave (struct broker_waiter *waiter)
{
    struct search *search = waiter->search;

    end_waiter (waiter);
    if (search->listed) {
        tidy (search);
    }
}

static size_t
cancel_search (struct search *search)
{
    size_t count;

    search->jobs++; /* keeps it while callbacks run */
    stop_job (search);
    count = answer_waiters (search, BROKER_CANCELLED, 0, 0);
    search->jobs--;
    tidy (search);
    return count;
}

size_t
broker_cancel (struct broker *broker, const uint8_t root[32])
{
    struct search *search = find_search (broker, root, DIFFICULTY_AT_LEAST);

    return search != NULL ? cancel_search (search) : 0;
}

static void
on_drain (evutil_socket_t fd, short what, void *data)
{
    struct broker *broker = data;

    (void)fd;
    (void)what;
    pool_drain (broker->pool);
}

static const struct timeval *
common_timeout (struct event_base *base, double seconds)
{
    struct timeval time = {.tv_sec = (time_t)seconds};

    time.tv_usec = (suseconds_t)((seconds - (double)time.tv_sec) * 1e6);
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
broker_new (struct event_base *base, struct pool *pool, const struct broker_settings *settings)
{
    struct broker *broker = calloc (1, sizeof *broker);

    if (broker == NULL) {
        return NULL;
    }
    broker->base = base;
    broker->pool = pool;
    broker->max_searches = settings->max_searches;
    broker->timeout = common_timeout (base, settings->request_timeout);
    TAILQ_INIT (&broker->starved);
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

void
broker_stop (struct broker *broker)
{
    broker->stopped = true;
    while (broker->searches != NULL) {
        (void)cancel_search (*(struct search **)broker->searches); /* the tree's root */
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
