#include "node/precache/precache.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/log.h"
#include "node/precache/precache_internal.h"
#include "work/base/clock.h"

/* Between two complaints that there are too many accounts. */
#define COMPLAINT_PAUSE (60 * CLOCK_SECOND)

static struct subject *
find_account (const struct precache *precache, const uint8_t key[32])
{
    return (struct subject *)recent_set_account (&precache->set, key);
}

/* Forgets an account beyond the next restart. */
static void
drop (struct subject *subject)
{
    const struct precache *precache = subject->precache;

    (void)store_forget (precache->store, precache->settings.network, subject->entry.key);
    precache_search_forget (subject);
}

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
    struct recent_entry *last = recent_set_last (&precache->set);

    if (recent_set_accounts (&precache->set) < precache->settings.max_accounts) {
        return 0;
    }
    if (last == NULL) {
        return -1;
    }
    drop ((struct subject *)last);
    precache->statistics.dropped++;
    complain_of_crowd (precache);
    return 0;
}

static struct subject *
new_subject (struct precache *precache, const uint8_t key[32], enum recent_kind kind)
{
    struct subject *subject = calloc (1, sizeof *subject);

    if (subject == NULL) {
        return NULL;
    }
    subject->precache = precache;
    subject->entry.kind = kind;
    memcpy (subject->entry.key, key, sizeof subject->entry.key);
    subject->threshold = precache->settings.threshold;
    subject->state = PRECACHE_WAITING;
    if (recent_set_add (&precache->set, &subject->entry) != 0) {
        free (subject);
        return NULL;
    }
    return subject;
}

/* Finds or makes an account, which has just been heard of. */
static enum precache_result
follow (struct precache *precache, const uint8_t key[32], struct subject **subject)
{
    struct subject *found = find_account (precache, key);

    if (found != NULL) {
        recent_set_bump (&precache->set, &found->entry, found->entry.kind);
    } else if (make_room (precache) != 0) {
        return PRECACHE_FULL;
    } else {
        found = new_subject (precache, key, RECENT_NAMED);
    }
    if (found == NULL) {
        return PRECACHE_NO_MEMORY;
    }
    *subject = found;
    return PRECACHE_TAKEN;
}

/* Notes another frontier of an account. A threshold that was asked for holds for one frontier. */
static void
move_frontier (struct subject *subject, const uint8_t frontier[32])
{
    struct precache *precache = subject->precache;

    precache->statistics.moved +=
        subject->state == PRECACHE_QUEUED || subject->state == PRECACHE_SEARCHING;
    precache_search_stop (subject, PRECACHE_WAITING);
    if (subject->has_frontier) {
        subject->threshold = precache->settings.threshold;
    }
    memcpy (subject->frontier, frontier, sizeof subject->frontier);
    subject->has_frontier = true;
    (void)store_frontier (precache->store, precache->settings.network, subject->entry.key,
                          frontier);
}

static bool
stands_at (const struct subject *subject, const uint8_t frontier[32])
{
    return subject->has_frontier && memcmp (subject->frontier, frontier, 32) == 0;
}

uint64_t
precache_threshold (const struct precache *precache)
{
    return precache->settings.threshold;
}

bool
precache_follows (const struct precache *precache, const uint8_t account[32])
{
    return find_account (precache, account) != NULL;
}

enum precache_result
precache_learn (struct precache *precache, const uint8_t account[32], const uint8_t frontier[32])
{
    struct subject *subject;
    const enum precache_result result = follow (precache, account, &subject);

    if (result == PRECACHE_TAKEN && !subject->told && !stands_at (subject, frontier)) {
        move_frontier (subject, frontier);
    }
    return result;
}

/* Remembers what a block that is told of leaves behind. */
static void
leave_behind (struct subject *subject, const uint8_t frontier[32], const uint8_t *previous,
              uint64_t now)
{
    if (subject->has_frontier && !stands_at (subject, frontier)) {
        past_add (&subject->past, subject->frontier, now);
    }
    if (previous != NULL && !past_has (&subject->past, previous, now)) {
        past_add (&subject->past, previous, now);
    }
}

enum precache_result
precache_tell (struct precache *precache, const uint8_t account[32], const uint8_t frontier[32],
               const uint8_t *previous)
{
    const uint64_t now = clock_now ();
    struct subject *subject = find_account (precache, account);

    if (subject == NULL) {
        return PRECACHE_UNKNOWN;
    }
    if (past_has (&subject->past, frontier, now)) {
        return PRECACHE_TAKEN;
    }
    if (previous != NULL && !stands_at (subject, frontier) && !stands_at (subject, previous) &&
        past_has (&subject->past, previous, now)) {
        past_add (&subject->past, frontier, now);
        return PRECACHE_TAKEN;
    }
    leave_behind (subject, frontier, previous, now);
    subject->told = true;
    if (subject->entry.kind == RECENT_NAMED || !stands_at (subject, frontier)) {
        recent_set_bump (&precache->set, &subject->entry,
                         subject->entry.kind == RECENT_PINNED ? RECENT_PINNED : RECENT_TOLD);
    }
    if (!stands_at (subject, frontier)) {
        move_frontier (subject, frontier);
    }
    if (subject->state == PRECACHE_WAITING) {
        precache_search_enqueue (subject, true);
    }
    return PRECACHE_TAKEN;
}

enum precache_result
precache_watch (struct precache *precache, const uint8_t account[32])
{
    struct subject *subject;
    const enum precache_result result = follow (precache, account, &subject);

    if (result == PRECACHE_TAKEN) {
        recent_set_bump (&precache->set, &subject->entry, RECENT_PINNED);
    }
    return result;
}

int
precache_unwatch (struct precache *precache, const uint8_t account[32])
{
    struct subject *subject = find_account (precache, account);

    if (subject == NULL) {
        return -1;
    }
    drop (subject);
    return 0;
}

/* Queues a subject whose root is known, for at least `threshold`. */
static void
want (struct subject *subject, uint64_t threshold)
{
    const enum precache_state state = subject->state;
    const enum difficulty_order order = store_order (subject->precache->settings.network);
    const bool harder = !difficulty_reached (order, subject->threshold, threshold);

    if (harder || state == PRECACHE_WAITING || state == PRECACHE_CANCELLED) {
        subject->threshold = threshold;
    }
    if (harder || (state != PRECACHE_QUEUED && state != PRECACHE_SEARCHING)) {
        precache_search_enqueue (subject, false);
    }
}

enum precache_result
precache_root (struct precache *precache, const uint8_t root[32], uint64_t threshold)
{
    struct subject *subject = (struct subject *)recent_set_root (&precache->set, root);

    if (subject == NULL && precache->set.counts[RECENT_ROOT] >= precache->settings.max_accounts) {
        return PRECACHE_FULL;
    }
    if (subject == NULL) {
        subject = new_subject (precache, root, RECENT_ROOT);
    }
    if (subject == NULL) {
        return PRECACHE_NO_MEMORY;
    }
    memcpy (subject->frontier, root, sizeof subject->frontier);
    subject->has_frontier = true;
    want (subject, threshold);
    return PRECACHE_TAKEN;
}

enum precache_result
precache_account (struct precache *precache, const uint8_t account[32], uint64_t threshold)
{
    struct subject *subject;
    const enum precache_result result = follow (precache, account, &subject);

    if (result != PRECACHE_TAKEN) {
        return result;
    }
    subject->has_frontier =
        subject->has_frontier ||
        store_account (precache->store, precache->settings.network, account, subject->frontier);
    if (!subject->has_frontier) {
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
    const enum store_network network = precache->settings.network;
    struct store_statistics statistics;
    struct store_account *accounts;
    size_t count;

    store_statistics (precache->store, &statistics);
    count = precache->settings.max_accounts;
    count = statistics.accounts < count ? (size_t)statistics.accounts : count;
    accounts = calloc (count + 1, sizeof *accounts);
    if (accounts == NULL) {
        return -1;
    }
    count = store_recent_accounts (precache->store, network, accounts, count);
    for (size_t i = count; i > 0; i--) {
        struct subject *subject = new_subject (precache, accounts[i - 1].account, RECENT_NAMED);

        if (subject != NULL) {
            memcpy (subject->frontier, accounts[i - 1].frontier, sizeof subject->frontier);
            subject->has_frontier = true;
            precache_search_enqueue (subject, true);
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
    recent_set_init (&precache->set);
    if (precache_search_init (precache, base) != 0 || restore (precache) != 0) {
        precache_free (precache);
        return NULL;
    }
    return precache;
}

void
precache_free (struct precache *precache)
{
    struct recent_entry *entry;

    if (precache == NULL) {
        return;
    }
    for (enum recent_kind kind = 0; kind < RECENT_KINDS; kind++) {
        while ((entry = TAILQ_FIRST (&precache->set.lists[kind])) != NULL) {
            precache_search_forget ((struct subject *)entry);
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
    statistics->pinned = precache->set.counts[RECENT_PINNED];
    statistics->accounts = recent_set_accounts (&precache->set);
}

static void
describe (const struct subject *subject, struct precache_account *account)
{
    *account = (struct precache_account){
        .has_frontier = subject->has_frontier,
        .state = subject->state,
        .pinned = subject->entry.kind == RECENT_PINNED,
        .told = subject->told,
    };
    memcpy (account->key, subject->entry.key, sizeof account->key);
    memcpy (account->frontier, subject->frontier, sizeof account->frontier);
}

size_t
precache_accounts (const struct precache *precache, size_t skip, struct precache_account *accounts,
                   size_t capacity)
{
    const struct recent_entry *entry;
    size_t count = 0;

    for (enum recent_kind kind = 0; kind < RECENT_ROOT; kind++) {
        TAILQ_FOREACH (entry, &precache->set.lists[kind], link)
        {
            if (skip > 0) {
                skip--;
            } else if (count < capacity) {
                describe ((const struct subject *)entry, &accounts[count++]);
            } else {
                return count;
            }
        }
    }
    return count;
}
