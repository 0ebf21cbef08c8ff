#include "node/precache.h"

#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#include "node/log.h"
#include "work/clock.h"
#include "work/hex.h"

/* After a search that failed, before anything is tried again. */
static const struct timeval retry_pause = {.tv_sec = 5};

/* What is looked up in one turn of the loop, where the store has most of it. */
#define MOST_AT_ONCE 256

/* Between two complaints that there are too many accounts. */
#define COMPLAINT_PAUSE (60 * CLOCK_SECOND)

/* Whether, and why, something is followed. */
enum kind {
    PINNED,   /* an account that stays */
    FOLLOWED, /* an account that makes room for others */
    ROOT,     /* a root that was asked for by itself: it is its own key */
    KINDS,
};

struct subject {
    TAILQ_ENTRY (subject) recent; /* in the list of its kind */
    TAILQ_ENTRY (subject) turn;   /* in precache->queue, while PRECACHE_QUEUED */
    struct precache *precache;
    struct precache_account account; /* `frontier` is the root to search for */
    enum kind kind;
    uint64_t threshold;
    struct broker_waiter *waiter; /* while PRECACHE_SEARCHING */
};

TAILQ_HEAD (subject_list, subject);

struct precache {
    struct broker *broker;
    struct store *store;
    struct precache_settings settings;
    void *tree;                       /* tsearch's, roots apart from accounts, by key */
    struct subject_list lists[KINDS]; /* each with the one heard of last first */
    size_t counts[KINDS];             /* of the lists */
    struct subject_list queue;        /* the one to be searched for next first */
    struct event *pump;               /* starts searches; not from within callbacks of others */
    uint64_t complained;              /* when it was last logged that accounts are dropped */
    struct precache_statistics statistics;
};

static int
compare_subjects (const void *a, const void *b)
{
    const struct subject *left = a;
    const struct subject *right = b;

    if ((left->kind == ROOT) != (right->kind == ROOT)) {
        return left->kind == ROOT ? 1 : -1;
    }
    return memcmp (left->account.key, right->account.key, sizeof left->account.key);
}

static struct subject *
find (const struct precache *precache, const uint8_t key[32], enum kind kind)
{
    struct subject wanted = {.kind = kind};
    struct subject **found;

    memcpy (wanted.account.key, key, sizeof wanted.account.key);
    found = tfind (&wanted, &precache->tree, compare_subjects);
    return found != NULL ? *found : NULL;
}

/* The states of a subject. */

static void
wake (struct precache *precache)
{
    static const struct timeval now = {0};

    (void)event_add (precache->pump, &now);
}

/* Takes a subject out of the queue, or off its search. */
static void
stop (struct subject *subject, enum precache_state state)
{
    struct precache *precache = subject->precache;

    if (subject->account.state == PRECACHE_QUEUED) {
        TAILQ_REMOVE (&precache->queue, subject, turn);
        precache->statistics.queued--;
    } else if (subject->account.state == PRECACHE_SEARCHING) {
        if (subject->waiter != NULL) {
            broker_leave (subject->waiter);
            subject->waiter = NULL;
        }
        precache->statistics.searching--;
        wake (precache);
    } else if (subject->account.state == PRECACHE_READY) {
        precache->statistics.ready--;
    }
    subject->account.state = state;
    precache->statistics.ready += state == PRECACHE_READY;
}

static void
enlist (struct subject *subject)
{
    TAILQ_INSERT_HEAD (&subject->precache->lists[subject->kind], subject, recent);
    subject->precache->counts[subject->kind]++;
}

static void
unlist (struct subject *subject)
{
    TAILQ_REMOVE (&subject->precache->lists[subject->kind], subject, recent);
    subject->precache->counts[subject->kind]--;
}

static void
forget (struct subject *subject)
{
    struct precache *precache = subject->precache;

    stop (subject, PRECACHE_WAITING);
    (void)tdelete (subject, &precache->tree, compare_subjects);
    unlist (subject);
    free (subject);
}

static void
enqueue (struct subject *subject)
{
    stop (subject, PRECACHE_QUEUED);
    TAILQ_INSERT_TAIL (&subject->precache->queue, subject, turn);
    subject->precache->statistics.queued++;
    wake (subject->precache);
}

/* Searching. */

static void
keep (const struct subject *subject, const struct broker_answer *answer)
{
    const struct precache *precache = subject->precache;
    struct store_entry entry = {
        .network = precache->settings.network,
        .work = answer->work,
        .found = (uint64_t)time (NULL),
        .has_account = subject->kind != ROOT,
    };

    memcpy (entry.root, subject->account.frontier, sizeof entry.root);
    memcpy (entry.account, subject->account.key, sizeof entry.account);
    (void)snprintf (entry.source, sizeof entry.source, "%s", answer->source);
    (void)store_put (precache->store, &entry);
}

static void
log_found (const struct subject *subject, const struct broker_answer *answer)
{
    char root[HEX_ROOT_SIZE];

    hex_print_root (subject->account.frontier, root);
    log_debug ("Work for %s is ready ahead of need: %.0f ms (%s)", root, answer->seconds * 1e3,
               answer->source);
}

/* A root by itself is followed only until its work is there. */
static void
settle (struct subject *subject, enum precache_state state)
{
    stop (subject, state);
    if (subject->kind == ROOT) {
        forget (subject);
    }
}

static void
on_answer (void *data, const struct broker_answer *answer)
{
    struct subject *subject = data;
    struct precache *precache = subject->precache;

    subject->waiter = NULL;
    switch (answer->outcome) {
    case BROKER_FOUND:
        log_found (subject, answer);
        keep (subject, answer);
        precache->statistics.found++;
        settle (subject, PRECACHE_READY);
        break;
    case BROKER_CANCELLED:
        precache->statistics.cancelled++;
        settle (subject, PRECACHE_CANCELLED);
        break;
    default:
        precache->statistics.failed++;
        enqueue (subject);
        (void)event_add (precache->pump, &retry_pause);
        break;
    }
}

static void
fill_target (const struct subject *subject, struct scan_target *target)
{
    *target = (struct scan_target){
        .threshold = subject->threshold,
        .order = store_order (subject->precache->settings.network),
    };
    memcpy (target->root, subject->account.frontier, sizeof target->root);
}

/* Whether the store has it already. */
static bool
is_ready (const struct subject *subject)
{
    const struct precache *precache = subject->precache;
    struct scan_target target;
    struct store_entry entry;

    fill_target (subject, &target);
    return store_peek (precache->store, precache->settings.network, target.root, &entry) &&
           difficulty_reached (target.order, entry.value, target.threshold);
}

/* Starts the search for the next in the queue. Returns 0, or -1 when that cannot be now. */
static int
search_next (struct precache *precache)
{
    struct subject *subject = TAILQ_FIRST (&precache->queue);
    struct broker_question question = {
        .network = precache->settings.network,
        .ahead = true,
        .local_only = !precache->settings.use_peers,
    };

    if (is_ready (subject)) {
        settle (subject, PRECACHE_READY);
        return 0;
    }
    fill_target (subject, &question.target);
    if (broker_generate (precache->broker, &question, on_answer, subject, &subject->waiter) !=
        BROKER_ACCEPTED) {
        subject->waiter = NULL;
        return -1;
    }
    stop (subject, PRECACHE_SEARCHING);
    precache->statistics.searching++;
    return 0;
}

static void
on_pump (evutil_socket_t fd, short what, void *data)
{
    struct precache *precache = data;

    (void)fd;
    (void)what;
    for (size_t turn = 0; !TAILQ_EMPTY (&precache->queue) &&
                          precache->statistics.searching < precache->settings.max_searches;
         turn++) {
        if (turn == MOST_AT_ONCE) {
            wake (precache);
            return;
        }
        if (search_next (precache) != 0) {
            (void)event_add (precache->pump, &retry_pause);
            return;
        }
    }
}

/* What is followed. */

static void
complain_of_crowd (struct precache *precache)
{
    const uint64_t now = clock_now ();

    if (precache->complained == 0 || now - precache->complained > COMPLAINT_PAUSE) {
        precache->complained = now;
        log_warn ("More accounts than the %zu that are followed: the one heard of longest ago is "
                  "dropped, %" PRIu64 " so far (precache.max_accounts)",
                  precache->settings.max_accounts, precache->statistics.dropped);
    }
}

/* Makes room for one more account. Returns 0, or -1 when all of them are pinned. */
static int
make_room (struct precache *precache)
{
    struct subject *last = TAILQ_LAST (&precache->lists[FOLLOWED], subject_list);

    if (precache->counts[PINNED] + precache->counts[FOLLOWED] < precache->settings.max_accounts) {
        return 0;
    }
    if (last == NULL) {
        return -1;
    }
    forget (last);
    precache->statistics.dropped++;
    complain_of_crowd (precache);
    return 0;
}

static bool
has_room (struct precache *precache, enum kind kind)
{
    return kind == ROOT ? precache->counts[ROOT] < precache->settings.max_accounts
                        : make_room (precache) == 0;
}

static struct subject *
new_subject (struct precache *precache, const uint8_t key[32], enum kind kind)
{
    struct subject *subject = calloc (1, sizeof *subject);

    if (subject == NULL) {
        return NULL;
    }
    subject->precache = precache;
    subject->kind = kind;
    subject->threshold = precache->settings.threshold;
    memcpy (subject->account.key, key, sizeof subject->account.key);
    subject->account.state = PRECACHE_WAITING;
    if (tsearch (subject, &precache->tree, compare_subjects) == NULL) {
        free (subject);
        return NULL;
    }
    enlist (subject);
    return subject;
}

/* It has just been heard of. */
static void
bump (struct subject *subject)
{
    unlist (subject);
    enlist (subject);
}

/* Finds or makes a subject, which has just been heard of. */
static enum precache_result
follow (struct precache *precache, const uint8_t key[32], enum kind kind, struct subject **subject)
{
    struct subject *found = find (precache, key, kind);

    if (found != NULL) {
        bump (found);
    } else if (!has_room (precache, kind)) {
        return PRECACHE_FULL;
    } else {
        found = new_subject (precache, key, kind);
    }
    if (found == NULL) {
        return PRECACHE_NO_MEMORY;
    }
    *subject = found;
    return PRECACHE_TAKEN;
}

/* Notes an account's frontier. Returns whether it is another one than before. */
static bool
move_frontier (struct subject *subject, const uint8_t frontier[32])
{
    struct precache *precache = subject->precache;
    struct precache_account *account = &subject->account;

    if (account->has_frontier && memcmp (account->frontier, frontier, 32) == 0) {
        return false;
    }
    precache->statistics.moved +=
        account->state == PRECACHE_QUEUED || account->state == PRECACHE_SEARCHING;
    stop (subject, PRECACHE_WAITING);
    memcpy (account->frontier, frontier, sizeof account->frontier);
    account->has_frontier = true;
    subject->threshold = precache->settings.threshold;
    (void)store_frontier (precache->store, precache->settings.network, account->key, frontier);
    return true;
}

uint64_t
precache_threshold (const struct precache *precache)
{
    return precache->settings.threshold;
}

enum precache_result
precache_learn (struct precache *precache, const uint8_t account[32], const uint8_t frontier[32])
{
    struct subject *subject;
    const enum precache_result result = follow (precache, account, FOLLOWED, &subject);

    if (result == PRECACHE_TAKEN && !subject->account.told) {
        (void)move_frontier (subject, frontier);
    }
    return result;
}

enum precache_result
precache_tell (struct precache *precache, const uint8_t account[32], const uint8_t frontier[32])
{
    struct subject *subject = find (precache, account, FOLLOWED);

    if (subject == NULL) {
        return PRECACHE_UNKNOWN;
    }
    subject->account.told = true;
    if (move_frontier (subject, frontier)) {
        bump (subject);
    }
    if (subject->account.state == PRECACHE_WAITING) {
        enqueue (subject);
    }
    return PRECACHE_TAKEN;
}

enum precache_result
precache_watch (struct precache *precache, const uint8_t account[32], bool pinned)
{
    struct subject *subject;
    const enum precache_result result = follow (precache, account, FOLLOWED, &subject);

    if (result == PRECACHE_TAKEN && pinned && subject->kind == FOLLOWED) {
        unlist (subject);
        subject->kind = PINNED;
        enlist (subject);
    }
    return result;
}

int
precache_unwatch (struct precache *precache, const uint8_t account[32])
{
    struct subject *subject = find (precache, account, FOLLOWED);

    if (subject == NULL) {
        return -1;
    }
    forget (subject);
    return 0;
}

/* Queues a subject whose root is known, for at least `threshold`. */
static void
want (struct subject *subject, uint64_t threshold)
{
    const enum precache_state state = subject->account.state;
    const enum difficulty_order order = store_order (subject->precache->settings.network);
    const bool harder = !difficulty_reached (order, subject->threshold, threshold);

    if (harder || state == PRECACHE_WAITING || state == PRECACHE_CANCELLED) {
        subject->threshold = threshold;
    }
    if (harder || (state != PRECACHE_QUEUED && state != PRECACHE_SEARCHING)) {
        enqueue (subject);
    }
}

enum precache_result
precache_root (struct precache *precache, const uint8_t root[32], uint64_t threshold)
{
    struct subject *subject;
    const enum precache_result result = follow (precache, root, ROOT, &subject);

    if (result == PRECACHE_TAKEN) {
        memcpy (subject->account.frontier, root, sizeof subject->account.frontier);
        subject->account.has_frontier = true;
        want (subject, threshold);
    }
    return result;
}

/* What the store remembers of an account from before. */
static void
recall_frontier (struct subject *subject)
{
    struct precache *precache = subject->precache;
    struct precache_account *account = &subject->account;

    account->has_frontier =
        account->has_frontier || store_account (precache->store, precache->settings.network,
                                                account->key, account->frontier);
}

enum precache_result
precache_account (struct precache *precache, const uint8_t account[32], uint64_t threshold)
{
    struct subject *subject;
    const enum precache_result result = follow (precache, account, FOLLOWED, &subject);

    if (result != PRECACHE_TAKEN) {
        return result;
    }
    recall_frontier (subject);
    if (!subject->account.has_frontier) {
        subject->threshold = threshold;
        return PRECACHE_UNKNOWN;
    }
    want (subject, threshold);
    return PRECACHE_TAKEN;
}

/* Follows what was followed before the start; the last that was heard of is told first. */
static int
restore (struct precache *precache)
{
    const size_t capacity = precache->settings.max_accounts;
    struct store_account *accounts = calloc (capacity, sizeof *accounts);
    size_t count;

    if (accounts == NULL) {
        return -1;
    }
    count = store_recent_accounts (precache->store, precache->settings.network, accounts, capacity);
    for (size_t i = count; i > 0; i--) {
        struct subject *subject = new_subject (precache, accounts[i - 1].account, FOLLOWED);
        if (subject != NULL) {
            memcpy (subject->account.frontier, accounts[i - 1].frontier, 32);
            subject->account.has_frontier = true;
            enqueue (subject);
        }
    }
    free (accounts);
    return 0;
}

struct precache *
precache_new (struct event_base *base, struct broker *broker, struct store *store,
              const struct precache_settings *settings)
{
    struct precache *precache = calloc (1, sizeof *precache);

    if (precache == NULL) {
        return NULL;
    }
    precache->broker = broker;
    precache->store = store;
    precache->settings = *settings;
    TAILQ_INIT (&precache->queue);
    for (enum kind kind = 0; kind < KINDS; kind++) {
        TAILQ_INIT (&precache->lists[kind]);
    }
    precache->pump = evtimer_new (base, on_pump, precache);
    if (precache->pump == NULL || restore (precache) != 0) {
        precache_free (precache);
        return NULL;
    }
    return precache;
}

void
precache_free (struct precache *precache)
{
    struct subject *subject;

    if (precache == NULL) {
        return;
    }
    for (enum kind kind = 0; kind < KINDS; kind++) {
        while ((subject = TAILQ_FIRST (&precache->lists[kind])) != NULL) {
            forget (subject);
        }
    }
    if (precache->pump != NULL) {
        event_free (precache->pump);
    }
    free (precache);
}

void
precache_statistics (const struct precache *precache, struct precache_statistics *statistics)
{
    *statistics = precache->statistics;
    statistics->pinned = precache->counts[PINNED];
    statistics->accounts = precache->counts[PINNED] + precache->counts[FOLLOWED];
}

size_t
precache_accounts (const struct precache *precache, size_t skip, struct precache_account *accounts,
                   size_t capacity)
{
    const struct subject *subject;
    size_t count = 0;

    for (enum kind kind = PINNED; kind <= FOLLOWED; kind++) {
        TAILQ_FOREACH (subject, &precache->lists[kind], recent)
        {
            if (skip > 0) {
                skip--;
            } else if (count < capacity) {
                accounts[count] = subject->account;
                accounts[count++].pinned = kind == PINNED;
            }
        }
    }
    return count;
}
