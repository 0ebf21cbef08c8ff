#include "node/precache/precache.h"

#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/log.h"
#include "node/precache/precache_internal.h"
#include "rpc/base/memory.h"
#include "work/base/clock.h"

/* Between two complaints that there are too many accounts. */
#define COMPLAINT_PAUSE (60 * CLOCK_SECOND)

/* What is followed. */

static int
compare_subjects (const void *a, const void *b)
{
    const struct subject *left = a;
    const struct subject *right = b;
    const bool is_root = left->kind == SUBJECT_ROOT;

    if (is_root != (right->kind == SUBJECT_ROOT)) {
        return is_root ? 1 : -1;
    }
    return memcmp (left->key, right->key, sizeof left->key);
}

static struct subject *
find (const struct precache *precache, const uint8_t key[32], enum subject_kind kind)
{
    struct subject wanted = {.kind = kind};
    struct subject **found;

    memcpy (wanted.key, key, sizeof wanted.key);
    found = tfind (&wanted, &precache->tree, compare_subjects);
    return found != NULL ? *found : NULL;
}

static struct subject *
find_account (const struct precache *precache, const uint8_t key[32])
{
    return find (precache, key, SUBJECT_NAMED);
}

static size_t
count_accounts (const struct precache *precache)
{
    return precache->counts[SUBJECT_PINNED] + precache->counts[SUBJECT_TOLD] +
           precache->counts[SUBJECT_NAMED];
}

static void
enlist (struct subject *subject)
{
    TAILQ_INSERT_HEAD (&subject->precache->kinds[subject->kind], subject, link);
    subject->precache->counts[subject->kind]++;
}

static void
unlist (struct subject *subject)
{
    TAILQ_REMOVE (&subject->precache->kinds[subject->kind], subject, link);
    subject->precache->counts[subject->kind]--;
}

/* An account has just been heard of, and may have become of another kind. */
static void
renew (struct subject *subject)
{
    unlist (subject);
    if (subject->listed || subject->watched) {
        subject->kind = SUBJECT_PINNED;
    } else {
        subject->kind = subject->told ? SUBJECT_TOLD : SUBJECT_NAMED;
    }
    enlist (subject);
}

void
precache_forget (struct subject *subject)
{
    precache_search_stop (subject, PRECACHE_WAITING);
    subject->precache->states[PRECACHE_WAITING]--;
    (void)tdelete (subject, &subject->precache->tree, compare_subjects);
    unlist (subject);
    account_chain_clear (&subject->chain);
    free (subject);
}

/* Forgets an account beyond the next restart. */
static void
drop (struct subject *subject)
{
    const struct precache *precache = subject->precache;

    if (subject->watched) {
        (void)store_forget (precache->store, precache_note (precache, STORE_NOTE_WATCHED),
                            subject->key);
    }
    (void)store_forget (precache->store, precache->settings.network, subject->key);
    precache_forget (subject);
}

static void
complain_of_crowd (struct precache *precache)
{
    const uint64_t now = clock_now ();

    if (precache->complained == 0 || now - precache->complained > COMPLAINT_PAUSE) {
        precache->complained = now;
        log_warn ("More accounts than the limit of %zu: the one not heard of for the longest time "
                  "is dropped, %" PRIu64 " so far (precache.max_accounts)",
                  precache->settings.max_accounts, precache->statistics.dropped);
    }
}

/* Makes room for one more account. Returns 0, or -1 when all of them are pinned. */
static int
make_room (struct precache *precache)
{
    while (count_accounts (precache) >= precache->settings.max_accounts) {
        struct subject *last = TAILQ_LAST (&precache->kinds[SUBJECT_NAMED], subject_list);

        if (last == NULL) {
            last = TAILQ_LAST (&precache->kinds[SUBJECT_TOLD], subject_list);
        }
        if (last == NULL) {
            return -1;
        }
        drop (last);
        precache->statistics.dropped++;
        complain_of_crowd (precache);
    }
    return 0;
}

static struct subject *
new_subject (struct precache *precache, const uint8_t key[32], enum subject_kind kind)
{
    struct subject *subject = memory_new (1, sizeof *subject);

    subject->precache = precache;
    subject->kind = kind;
    memcpy (subject->key, key, sizeof subject->key);
    precache->states[PRECACHE_WAITING]++;
    (void)memory_need (tsearch (subject, &precache->tree, compare_subjects));
    enlist (subject);
    return subject;
}

/* Finds or makes an account, which has just been heard of. NULL: there is no room for it. */
static struct subject *
follow (struct precache *precache, const uint8_t key[32])
{
    struct subject *found = find_account (precache, key);

    if (found != NULL) {
        renew (found);
        return found;
    }
    return make_room (precache) == 0 ? new_subject (precache, key, SUBJECT_NAMED) : NULL;
}

/* Where an account stands. */

/* A block is no head any more, and its work of no use. */
static void
leave (struct subject *subject, struct account_chain_block *block)
{
    struct precache *precache = subject->precache;

    if (block->work == WORK_WANTED &&
        (subject->state == PRECACHE_QUEUED || subject->state == PRECACHE_SEARCHING)) {
        precache->statistics.moved++;
    }
    block->work = WORK_NONE;
    (void)store_remove (precache->store, precache->settings.network, block->hash);
    if (subject->state == PRECACHE_CANCELLED ||
        (subject->state == PRECACHE_SEARCHING && memcmp (subject->root, block->hash, 32) == 0)) {
        precache_search_enqueue (subject, true);
    }
}

/* Sees to heads that have come and gone, and says whether some have come. A threshold that was
 * asked for before is that of the first. */
static bool
look_at_heads (struct subject *subject)
{
    bool come = false;

    for (size_t i = 0; i < subject->chain.count; i++) {
        struct account_chain_block *block = &subject->chain.blocks[i];

        if (block->head && block->work == WORK_NONE) {
            block->work = WORK_WANTED;
            block->threshold = subject->threshold;
            come = true;
        } else if (!block->head && block->work != WORK_NONE) {
            leave (subject, block);
        }
    }
    if (come) {
        subject->threshold = 0;
    }
    return come;
}

/* The store knows one frontier, and drops the work for the one before: unless that is a head still.
 */
static void
store_the_frontier (struct subject *subject)
{
    const struct precache *precache = subject->precache;
    const enum store_network network = precache->settings.network;
    const struct account_chain_block *frontier = account_chain_frontier (&subject->chain);
    const struct account_chain_block *block;
    struct store_entry entry;
    uint8_t stored[32];
    bool keep = false;

    if (frontier == NULL) {
        return;
    }
    if (store_account (precache->store, network, subject->key, stored)) {
        if (memcmp (stored, frontier->hash, sizeof stored) == 0) {
            return;
        }
        block = account_chain_find (&subject->chain, stored);
        keep =
            block != NULL && block->head && store_peek (precache->store, network, stored, &entry);
    }
    (void)store_frontier (precache->store, network, subject->key, frontier->hash);
    if (keep) {
        (void)store_put (precache->store, &entry);
    }
}

/* Follows what has happened to the chain, and says whether there may be another frontier. */
static bool
follow_chain (struct subject *subject)
{
    const bool come = look_at_heads (subject);

    store_the_frontier (subject);
    return come;
}

static bool
stands_at (const struct subject *subject, const uint8_t frontier[32])
{
    const struct account_chain_block *block = account_chain_frontier (&subject->chain);

    return block != NULL && memcmp (block->hash, frontier, sizeof block->hash) == 0;
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
    struct subject *subject = follow (precache, account);

    if (subject == NULL) {
        return PRECACHE_FULL;
    }
    if (!subject->told && !stands_at (subject, frontier)) {
        account_chain_set (&subject->chain, frontier);
        (void)follow_chain (subject);
        precache_search_stop (subject, PRECACHE_WAITING);
    }
    return PRECACHE_TAKEN;
}

static void
tell_chain (struct subject *subject, const uint8_t frontier[32], const uint8_t *previous)
{
    static const uint8_t zero[32];
    const uint64_t now = clock_now ();

    if (previous == NULL) {
        account_chain_poll (&subject->chain, frontier, now);
    } else if (memcmp (previous, zero, sizeof zero) == 0) {
        account_chain_tell (&subject->chain, frontier, subject->key, now);
    } else {
        account_chain_tell (&subject->chain, frontier, previous, now);
    }
}

enum precache_result
precache_tell (struct precache *precache, const uint8_t account[32], const uint8_t frontier[32],
               const uint8_t *previous)
{
    struct subject *subject = find_account (precache, account);
    bool news;

    if (subject == NULL) {
        return PRECACHE_UNKNOWN;
    }
    tell_chain (subject, frontier, previous);
    news = follow_chain (subject) || !subject->told;
    subject->told = true;
    if (news) {
        renew (subject);
    }
    /* One that waits had its work, and the store has lost it: a node that is asked every few
     * seconds is not to have it found each time. */
    if (news || (subject->state == PRECACHE_WAITING && previous != NULL)) {
        precache_search_enqueue (subject, true);
    }
    return PRECACHE_TAKEN;
}

static void
pin (struct subject *subject, bool *reason)
{
    *reason = true;
    renew (subject);
}

enum precache_result
precache_watch (struct precache *precache, const uint8_t account[32])
{
    static const uint8_t nothing[32];
    struct subject *subject = follow (precache, account);

    if (subject == NULL) {
        return PRECACHE_FULL;
    }
    pin (subject, &subject->watched);
    (void)store_frontier (precache->store, precache_note (precache, STORE_NOTE_WATCHED), account,
                          nothing);
    return PRECACHE_TAKEN;
}

/* Accounts that nothing but the last list has pinned are so no more. */
static void
unpin_listed (struct precache *precache)
{
    struct subject *subject = TAILQ_FIRST (&precache->kinds[SUBJECT_PINNED]);

    while (subject != NULL) {
        struct subject *next = TAILQ_NEXT (subject, link);

        subject->listed = false;
        if (!subject->watched) {
            renew (subject);
        }
        subject = next;
    }
}

enum precache_result
precache_list (struct precache *precache, const uint8_t (*accounts)[32], size_t count)
{
    enum precache_result result = PRECACHE_TAKEN;

    unpin_listed (precache);
    for (size_t i = 0; i < count; i++) { /* first, lest they make room for others */
        struct subject *subject = find_account (precache, accounts[i]);

        if (subject != NULL) {
            pin (subject, &subject->listed);
        }
    }
    for (size_t i = 0; i < count; i++) {
        struct subject *subject = follow (precache, accounts[i]);

        if (subject != NULL) {
            pin (subject, &subject->listed);
        } else {
            result = PRECACHE_FULL;
        }
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

/* A threshold as it is kept, where 0 means the usual one: all values but one in 2^64 reach 1. */
static uint64_t
kept_threshold (uint64_t threshold)
{
    return threshold > 0 ? threshold : 1;
}

/* Queues a subject whose root is known, for at least `threshold`. PRECACHE_THERE: work that
 * reaches this is stored, whatever an earlier request wanted. */
static enum precache_result
want (struct subject *subject, uint64_t threshold)
{
    const enum difficulty_order order = store_order (subject->precache->settings.network);
    const enum precache_state state = subject->state;
    bool again = state != PRECACHE_QUEUED && state != PRECACHE_SEARCHING;
    bool there = true;

    for (size_t i = 0; i < subject->chain.count; i++) {
        struct account_chain_block *block = &subject->chain.blocks[i];
        const uint64_t present = precache_search_threshold (subject, block);
        const bool harder = block->head && !difficulty_reached (order, present, threshold);

        if (harder || state == PRECACHE_WAITING || block->work == WORK_CANCELLED) {
            block->threshold = kept_threshold (threshold);
        }
        block->work = block->head ? WORK_WANTED : WORK_NONE;
        again = again || harder;
        there = there && (!block->head || precache_search_reaches (subject, block, threshold));
    }
    if (again) {
        precache_search_enqueue (subject, false);
    }
    return there ? PRECACHE_THERE : PRECACHE_TAKEN;
}

/* Has a root by itself queued again after a restart. */
static void
note_root (const struct subject *subject)
{
    const struct precache *precache = subject->precache;
    uint8_t threshold[32] = {0};

    for (size_t i = 0; i < sizeof (uint64_t); i++) {
        threshold[i] = (uint8_t)(subject->chain.blocks[0].threshold >> (8 * i));
    }
    (void)store_frontier (precache->store, precache_note (precache, STORE_NOTE_QUEUED),
                          subject->key, threshold);
}

enum precache_result
precache_root (struct precache *precache, const uint8_t root[32], uint64_t threshold)
{
    struct subject *subject = find (precache, root, SUBJECT_ROOT);
    enum precache_result result;

    if (subject == NULL) {
        if (precache->counts[SUBJECT_ROOT] >= precache->settings.max_accounts) {
            return PRECACHE_FULL;
        }
        subject = new_subject (precache, root, SUBJECT_ROOT);
        account_chain_set (&subject->chain, root);
    }
    result = want (subject, threshold);
    if (result == PRECACHE_TAKEN) {
        note_root (subject);
    }
    return result;
}

enum precache_result
precache_account (struct precache *precache, const uint8_t account[32], uint64_t threshold)
{
    struct subject *subject = follow (precache, account);
    uint8_t frontier[32];

    if (subject == NULL) {
        return PRECACHE_FULL;
    }
    if (account_chain_frontier (&subject->chain) == NULL) {
        if (!store_account (precache->store, precache->settings.network, account, frontier)) {
            subject->threshold = kept_threshold (threshold);
            return PRECACHE_UNKNOWN;
        }
        account_chain_set (&subject->chain, frontier);
    }
    return want (subject, threshold);
}

/* What the store remembers under `network`, max_accounts at most, the last that was heard of first.
 * The caller's. */
static struct store_account *
remembered (const struct precache *precache, enum store_network network, size_t *count)
{
    struct store_statistics statistics;
    struct store_account *accounts;
    size_t most = precache->settings.max_accounts;

    store_statistics (precache->store, &statistics);
    most = statistics.accounts < most ? (size_t)statistics.accounts : most;
    accounts = memory_new (most + 1, sizeof *accounts);
    *count = store_recent_accounts (precache->store, network, accounts, most);
    return accounts;
}

/* Queues the roots that were queued before the start. */
static void
restore_roots (struct precache *precache)
{
    size_t count;
    struct store_account *const roots =
        remembered (precache, precache_note (precache, STORE_NOTE_QUEUED), &count);

    for (size_t i = count; i > 0; i--) {
        uint64_t threshold = 0;

        for (size_t byte = sizeof threshold; byte > 0; byte--) {
            threshold = threshold << 8 | roots[i - 1].frontier[byte - 1];
        }
        (void)precache_root (precache, roots[i - 1].account, threshold);
    }
    free (roots);
}

/* Follows what was followed before the start; the last that was heard of is told first. */
static void
restore (struct precache *precache)
{
    size_t count;
    struct store_account *const accounts =
        remembered (precache, precache->settings.network, &count);

    for (size_t i = count; i > 0; i--) {
        struct subject *subject = new_subject (precache, accounts[i - 1].account, SUBJECT_NAMED);

        account_chain_set (&subject->chain, accounts[i - 1].frontier);
        (void)look_at_heads (subject);
        precache_search_enqueue (subject, true);
    }
    free (accounts);
    restore_roots (precache);
}

size_t
precache_recall_watched (struct precache *precache)
{
    const enum store_network watched = precache_note (precache, STORE_NOTE_WATCHED);
    size_t count;
    size_t forgotten = 0;
    struct store_account *const accounts = remembered (precache, watched, &count);

    for (size_t i = count; i > 0; i--) {
        if (precache_watch (precache, accounts[i - 1].account) != PRECACHE_TAKEN) {
            (void)store_forget (precache->store, watched, accounts[i - 1].account);
            forgotten++;
        }
    }
    free (accounts);
    return forgotten;
}

struct precache *
precache_new (struct event_base *base, struct broker *broker, struct store *store,
              const struct precache_settings *settings)
{
    struct precache *precache = memory_new (1, sizeof *precache);

    precache->broker = broker;
    precache->store = store;
    precache->settings = *settings;
    for (enum subject_kind kind = 0; kind < SUBJECT_KINDS; kind++) {
        TAILQ_INIT (&precache->kinds[kind]);
    }
    precache_search_init (precache, base);
    restore (precache);
    return precache;
}

void
precache_free (struct precache *precache)
{
    struct subject *subject;

    if (precache == NULL) {
        return;
    }
    for (enum subject_kind kind = 0; kind < SUBJECT_KINDS; kind++) {
        while ((subject = TAILQ_FIRST (&precache->kinds[kind])) != NULL) {
            precache_forget (subject);
        }
    }
    event_free (precache->pump);
    free (precache);
}

void
precache_set (struct precache *precache, const struct precache_settings *settings)
{
    const struct precache_settings last = precache->settings;

    precache->settings = *settings;
    if (settings->threshold != last.threshold || settings->use_peers != last.use_peers ||
        settings->max_searches != last.max_searches) {
        precache_search_begin_anew (precache);
    }
}

void
precache_statistics (const struct precache *precache, struct precache_statistics *statistics)
{
    *statistics = precache->statistics;
    statistics->pinned = precache->counts[SUBJECT_PINNED];
    statistics->accounts = count_accounts (precache);
    statistics->queued = precache->states[PRECACHE_QUEUED];
    statistics->searching = precache->states[PRECACHE_SEARCHING];
    statistics->ready = precache->states[PRECACHE_READY];
}

bool
precache_lacks_frontier (const struct precache *precache)
{
    const struct subject *subject;

    TAILQ_FOREACH (subject, &precache->kinds[SUBJECT_PINNED], link)
    {
        if (account_chain_frontier (&subject->chain) == NULL) {
            return true;
        }
    }
    return false;
}

static void
describe (const struct subject *subject, struct precache_account *account)
{
    const struct account_chain_block *frontier = account_chain_frontier (&subject->chain);

    *account = (struct precache_account){
        .has_frontier = frontier != NULL,
        .state = subject->state,
        .pinned = subject->kind == SUBJECT_PINNED,
        .told = subject->told,
    };
    memcpy (account->key, subject->key, sizeof account->key);
    if (frontier != NULL) {
        memcpy (account->frontier, frontier->hash, sizeof account->frontier);
    }
}

bool
precache_find (const struct precache *precache, const uint8_t account[32],
               struct precache_account *found)
{
    const struct subject *const subject = find_account (precache, account);

    if (subject != NULL) {
        describe (subject, found);
    }
    return subject != NULL;
}

static int
compare_roots (const void *a, const void *b)
{
    const struct precache_root *left = a;
    const struct precache_root *right = b;

    return memcmp (left->root, right->root, sizeof left->root);
}

/* Appends the heads of a subject that are queued or searched for, each with its threshold. */
static size_t
add_wanted (const struct subject *subject, struct precache_root *wanted)
{
    size_t count = 0;

    for (size_t i = 0; i < subject->chain.count; i++) {
        const struct account_chain_block *const head = &subject->chain.blocks[i];

        if (head->work == WORK_WANTED &&
            (subject->state == PRECACHE_QUEUED || subject->state == PRECACHE_SEARCHING)) {
            const bool now = subject->state == PRECACHE_SEARCHING &&
                             memcmp (subject->root, head->hash, sizeof subject->root) == 0;

            wanted[count] = (struct precache_root){
                .state = now ? PRECACHE_SEARCHING : PRECACHE_QUEUED,
                .value = precache_search_threshold (subject, head),
            };
            memcpy (wanted[count++].root, head->hash, sizeof head->hash);
        }
    }
    return count;
}

/* The same of all subjects, sorted. The caller's. */
static struct precache_root *
all_wanted (const struct precache *precache, size_t *count)
{
    struct precache_root *wanted;
    const struct subject *subject;
    size_t most = 1;

    for (enum subject_kind kind = 0; kind < SUBJECT_KINDS; kind++) {
        TAILQ_FOREACH (subject, &precache->kinds[kind], link)
        {
            most += subject->chain.count;
        }
    }
    wanted = memory_new (most, sizeof *wanted);
    *count = 0;
    for (enum subject_kind kind = 0; kind < SUBJECT_KINDS; kind++) {
        TAILQ_FOREACH (subject, &precache->kinds[kind], link)
        {
            *count += add_wanted (subject, &wanted[*count]);
        }
    }
    qsort (wanted, *count, sizeof *wanted, compare_roots);
    return wanted;
}

static void
find_state (const struct precache *precache, const struct precache_root *wanted,
            struct precache_root *root)
{
    const enum store_network network = precache->settings.network;
    struct store_entry entry;

    root->state = wanted != NULL ? wanted->state : PRECACHE_WAITING;
    if (store_peek (precache->store, network, root->root, &entry) &&
        (wanted == NULL ||
         difficulty_reached (store_order (network), entry.value, wanted->value))) {
        root->state = PRECACHE_READY;
        root->value = entry.value;
    } else if (wanted == NULL && broker_is_searching (precache->broker, network, root->root)) {
        root->state = PRECACHE_SEARCHING;
    }
}

void
precache_roots (const struct precache *precache, struct precache_root *roots, size_t count)
{
    size_t wanted_count;
    struct precache_root *const wanted = all_wanted (precache, &wanted_count);

    for (size_t i = 0; i < count; i++) {
        find_state (precache,
                    bsearch (&roots[i], wanted, wanted_count, sizeof *wanted, compare_roots),
                    &roots[i]);
    }
    free (wanted);
}

size_t
precache_accounts (const struct precache *precache, size_t skip, struct precache_account *accounts,
                   size_t capacity)
{
    const struct subject *subject;
    size_t count = 0;

    for (enum subject_kind kind = 0; kind < SUBJECT_ROOT; kind++) {
        TAILQ_FOREACH (subject, &precache->kinds[kind], link)
        {
            if (skip > 0) {
                skip--;
            } else if (count < capacity) {
                describe (subject, &accounts[count++]);
            } else {
                return count;
            }
        }
    }
    return count;
}
