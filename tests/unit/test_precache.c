/*
 * Pre-caching over a real store and broker, and devices that do what the test says. Time stands
 * still; a test that would wait for ever is ended by an alarm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/precache/account_chain.h"
#include "node/precache/precache.h"
#include "still_time.h"
#include "support_broker.h"
#include "support_store.h"
#include "work/scan/value.h"

enum { BITS = 4, HARD_BITS = 10, EASY_BITS = 1, ALARM = 60 };

struct place {
    struct bench *bench;
    struct support_place *disk;
    struct precache *precache;
    struct precache_settings settings;
};

static struct store_settings
settings_of_store (void)
{
    return (struct store_settings){.max_entries = 100000};
}

static int
set_up_place (void **state)
{
    struct place *place = calloc (1, sizeof *place);
    const struct store_settings settings = settings_of_store ();

    assert_non_null (place);
    (void)alarm (ALARM);
    assert_int_equal (support_set_up ((void **)&place->disk), 0);
    assert_int_equal (set_up ((void **)&place->bench), 0);
    place->bench->store = support_open (place->disk->path, &settings);
    *state = place;
    return 0;
}

static int
tear_down_place (void **state)
{
    struct place *place = *state;
    struct store *store = place->bench->store;

    precache_free (place->precache);
    assert_int_equal (tear_down ((void **)&place->bench), 0);
    store_close (store);
    assert_int_equal (support_tear_down ((void **)&place->disk), 0);
    free (place);
    return 0;
}

static void
start_precache (struct place *place, size_t max_accounts)
{
    place->settings = (struct precache_settings){
        .network = STORE_NANO_LIVE,
        .threshold = fake_threshold (BITS),
        .max_accounts = max_accounts,
        .max_searches = 8,
    };
    place->precache = precache_new (place->bench->base, place->bench->broker, place->bench->store,
                                    &place->settings);
    assert_non_null (place->precache);
}

/* Over a device that finds, or one that is held. */
static void
start_finding (struct place *place)
{
    start_finder (place->bench);
    start_precache (place, 100);
}

static struct fake *
start_holding (struct place *place)
{
    struct fake *fake = start_held (place->bench, FAKE_FINDS);

    start_precache (place, 100);
    return fake;
}

/* As a daemon that starts anew, on the same store. */
static void
restart (struct place *place)
{
    precache_free (place->precache);
    support_sync (place->bench->store);
    start_precache (place, 100);
}

/* Accounts and roots are numbers. */

struct key {
    uint8_t bytes[32];
};

static struct key
account (uint64_t number)
{
    struct key key;

    support_bytes (number, key.bytes);
    return key;
}

static struct key
root (uint64_t tag)
{
    struct scan_target target;
    struct key key;

    fake_target (&target, tag, 0);
    memcpy (key.bytes, target.root, sizeof key.bytes);
    return key;
}

static enum precache_result
learn (struct place *place, uint64_t number, uint64_t tag)
{
    return precache_learn (place->precache, account (number).bytes, root (tag).bytes);
}

static enum precache_result
tell (struct place *place, uint64_t number, uint64_t tag)
{
    return precache_tell (place->precache, account (number).bytes, root (tag).bytes, NULL);
}

/* A block of hash `tag` after `previous`. */
static void
tell_block (struct place *place, uint64_t number, uint64_t tag, uint64_t previous)
{
    assert_int_equal (precache_tell (place->precache, account (number).bytes, root (tag).bytes,
                                     root (previous).bytes),
                      PRECACHE_TAKEN);
}

static enum precache_result
watch (struct place *place, uint64_t number)
{
    return precache_watch (place->precache, account (number).bytes);
}

static bool
follows (struct place *place, uint64_t number)
{
    return precache_follows (place->precache, account (number).bytes);
}

static struct precache_statistics
counts (struct place *place)
{
    struct precache_statistics statistics;

    precache_statistics (place->precache, &statistics);
    return statistics;
}

static struct precache_account
look (struct place *place, uint64_t number)
{
    static struct precache_account accounts[100];
    const size_t count = precache_accounts (place->precache, 0, accounts, 100);
    const struct key key = account (number);

    for (size_t i = 0; i < count; i++) {
        if (memcmp (accounts[i].key, key.bytes, sizeof key.bytes) == 0) {
            return accounts[i];
        }
    }
    fail_msg ("account %u is not followed", (unsigned)number);
    return accounts[0];
}

static void
assert_at (struct place *place, uint64_t number, uint64_t tag, enum precache_state state)
{
    const struct precache_account found = look (place, number);

    assert_true (found.has_frontier);
    assert_memory_equal (found.frontier, root (tag).bytes, 32);
    assert_int_equal (found.state, state);
}

/* Work in the store for root `tag`, checked; its value, or 0 without any. */
static uint64_t
stored (struct place *place, uint64_t tag)
{
    struct store_entry entry;

    return store_peek (place->bench->store, STORE_NANO_LIVE, root (tag).bytes, &entry) ? entry.value
                                                                                       : 0;
}

static void
wait_for_state (struct place *place, uint64_t number, enum precache_state state)
{
    while (look (place, number).state != state) {
        assert_int_equal (event_base_loop (place->bench->base, EVLOOP_ONCE), 0);
    }
}

static void
wait_for_found (struct place *place, uint64_t wanted)
{
    while (counts (place).found < wanted) {
        assert_int_equal (event_base_loop (place->bench->base, EVLOOP_ONCE), 0);
    }
}

/* What is followed, and what for. */

static void
work_is_there_for_an_account_that_is_told_of (void **state)
{
    struct place *place = *state;
    struct store_entry entry;

    start_finding (place);
    assert_int_equal (watch (place, 1), PRECACHE_TAKEN);
    assert_int_equal (look (place, 1).state, PRECACHE_WAITING);
    assert_int_equal (tell (place, 1, 11), PRECACHE_TAKEN);
    wait_for_state (place, 1, PRECACHE_READY);
    assert_at (place, 1, 11, PRECACHE_READY);
    assert_true (stored (place, 11) >= fake_threshold (BITS));
    assert_true (store_peek (place->bench->store, STORE_NANO_LIVE, root (11).bytes, &entry));
    assert_true (entry.has_account);
    assert_memory_equal (entry.account, account (1).bytes, 32);
    assert_string_equal (entry.source, "finder");
    assert_int_equal (counts (place).found, 1);
    assert_int_equal (counts (place).ready, 1);
    assert_int_equal (tell (place, 1, 11), PRECACHE_TAKEN); /* again: nothing to do */
    turn (place->bench);
    assert_int_equal (counts (place).found, 1);
}

static void
unknown_account_costs_nothing (void **state)
{
    struct place *place = *state;

    start_finding (place);
    assert_int_equal (tell (place, 1, 11), PRECACHE_UNKNOWN);
    turn (place->bench);
    assert_int_equal (counts (place).accounts, 0);
    assert_int_equal (counts (place).queued + counts (place).searching, 0);
    assert_int_equal (statistics_of (place->bench).jobs, 0);
}

static void
named_account_is_followed_without_a_search (void **state)
{
    struct place *place = *state;

    start_finding (place);
    assert_int_equal (learn (place, 1, 11), PRECACHE_TAKEN);
    turn (place->bench);
    assert_at (place, 1, 11, PRECACHE_WAITING);
    assert_int_equal (statistics_of (place->bench).jobs, 0);
    assert_int_equal (learn (place, 1, 12), PRECACHE_TAKEN);
    assert_at (place, 1, 12, PRECACHE_WAITING);
    assert_int_equal (tell (place, 1, 13), PRECACHE_TAKEN);
    wait_for_state (place, 1, PRECACHE_READY);
    assert_true (stored (place, 13) > 0);
}

static void
clients_do_not_move_what_a_node_told_of (void **state)
{
    struct place *place = *state;

    start_finding (place);
    assert_int_equal (learn (place, 1, 11), PRECACHE_TAKEN);
    assert_int_equal (tell (place, 1, 12), PRECACHE_TAKEN);
    wait_for_state (place, 1, PRECACHE_READY);
    assert_int_equal (learn (place, 1, 13), PRECACHE_TAKEN);
    assert_at (place, 1, 12, PRECACHE_READY);
    assert_true (stored (place, 12) > 0);
}

static void
newest_frontier_wins (void **state)
{
    struct place *place = *state;
    struct fake *fake = start_holding (place);

    assert_int_equal (watch (place, 1), PRECACHE_TAKEN);
    assert_int_equal (tell (place, 1, 11), PRECACHE_TAKEN);
    wait_for_state (place, 1, PRECACHE_SEARCHING);
    assert_int_equal (tell (place, 1, 12), PRECACHE_TAKEN);
    assert_int_equal (counts (place).moved, 1);
    fake_run_free (fake);
    wait_for_state (place, 1, PRECACHE_READY);
    assert_at (place, 1, 12, PRECACHE_READY);
    assert_int_equal (stored (place, 11), 0);
    assert_int_equal (counts (place).found, 1);
    assert_int_equal (tell (place, 1, 13), PRECACHE_TAKEN);
    assert_int_equal (stored (place, 12), 0); /* the old entry goes */
}

static void
blocks_are_told_of_in_any_order (void **state)
{
    struct place *place = *state;

    start_holding (place);
    assert_int_equal (watch (place, 1), PRECACHE_TAKEN);
    assert_int_equal (tell (place, 1, 10), PRECACHE_TAKEN);
    tell_block (place, 1, 13, 12);
    tell_block (place, 1, 11, 10);
    tell_block (place, 1, 12, 11);
    tell_block (place, 1, 10, 9);
    assert_memory_equal (look (place, 1).frontier, root (13).bytes, 32);
    tell_block (place, 1, 14, 13);
    assert_memory_equal (look (place, 1).frontier, root (14).bytes, 32);
    assert_int_equal (tell (place, 1, 13), PRECACHE_TAKEN); /* a node that lags behind */
    assert_memory_equal (look (place, 1).frontier, root (14).bytes, 32);
}

static void
block_before_the_one_a_client_named_is_old (void **state)
{
    struct place *place = *state;

    start_holding (place);
    assert_int_equal (learn (place, 1, 12), PRECACHE_TAKEN);
    tell_block (place, 1, 12, 11);
    tell_block (place, 1, 11, 10);
    assert_memory_equal (look (place, 1).frontier, root (12).bytes, 32);
}

/* Every order. */

enum { MOST = 5, START = 100 };

/* An account whose blocks START + 1 to START + count are told of in some order. */
struct order {
    struct place *place;
    uint64_t account; /* another for each order */
    uint64_t blocks[MOST];
    int count;
    bool start;    /* a client has named START */
    int asked;     /* before which of them a node is asked for the frontier; `count` for none */
    uint64_t says; /* what it says, among those */
};

static bool
is_stored_at (struct order *order, uint64_t tag)
{
    uint8_t frontier[32];

    return store_account (order->place->bench->store, STORE_NANO_LIVE,
                          account (order->account).bytes, frontier) &&
           memcmp (frontier, root (tag).bytes, sizeof frontier) == 0;
}

static void
play (struct order *order)
{
    struct place *place = order->place;
    const uint64_t number = ++order->account;
    const uint64_t last = START + (uint64_t)order->count;

    assert_int_equal (order->start ? learn (place, number, START) : watch (place, number),
                      PRECACHE_TAKEN);
    for (int i = 0; i < order->count; i++) {
        if (i == order->asked) {
            assert_int_equal (tell (place, number, order->says), PRECACHE_TAKEN);
        }
        tell_block (place, number, order->blocks[i], order->blocks[i] - 1);
    }
    for (uint64_t next = last; next <= last + 3; next++) {
        if (next > last) {
            tell_block (place, number, next, next - 1);
        }
        assert_memory_equal (look (place, number).frontier, root (next).bytes, 32);
        assert_true (is_stored_at (order, next));
    }
    assert_int_equal (precache_unwatch (place->precache, account (number).bytes), 0);
    if (number % 500 == 0) {
        support_sync (place->bench->store);
    }
}

static void
permute (struct order *order, int place)
{
    for (int i = place; i < order->count; i++) {
        const struct order before = *order;

        order->blocks[place] = before.blocks[i];
        order->blocks[i] = before.blocks[place];
        permute (order, place + 1);
        memcpy (order->blocks, before.blocks, sizeof order->blocks);
    }
    for (order->asked = 0; place == order->count && order->asked <= order->count; order->asked++) {
        order->says = START + 1 + (order->account + (uint64_t)order->asked) % (uint64_t)place;
        play (order);
    }
}

static void
every_order_ends_at_the_last_block (void **state)
{
    struct order order = {.place = *state};

    start_holding (order.place);
    for (order.count = 2; order.count <= MOST; order.count++) {
        for (int start = 0; start < 2; start++) {
            order.start = start == 0;
            for (int i = 0; i < order.count; i++) {
                order.blocks[i] = START + 1 + (uint64_t)i;
            }
            permute (&order, 0);
        }
    }
}

/* Blocks with a gap between them. */

static void
both_sides_of_a_gap_have_work (void **state)
{
    struct place *place = *state;

    start_finding (place);
    assert_int_equal (learn (place, 1, 10), PRECACHE_TAKEN);
    tell_block (place, 1, 14, 13);
    wait_for_state (place, 1, PRECACHE_READY);
    tell_block (place, 1, 12, 11);
    wait_for_state (place, 1, PRECACHE_READY);
    assert_int_equal (counts (place).ready, 1);
    assert_true (stored (place, 14) > 0 && stored (place, 12) > 0);
    tell_block (place, 1, 11, 10);
    assert_true (stored (place, 14) > 0 && stored (place, 12) > 0);
    tell_block (place, 1, 13, 12); /* which shows that 14 came last */
    assert_at (place, 1, 14, PRECACHE_READY);
    assert_true (stored (place, 14) > 0);
    assert_true (stored (place, 10) == 0 && stored (place, 11) == 0 && stored (place, 12) == 0);
    assert_int_equal (counts (place).found, 3); /* 10, which a client named, among them */
}

/* The one that is searched for goes, the other is searched for. */
static void
search_ends_with_its_head (void **state)
{
    struct place *place = *state;
    struct fake *fake = start_holding (place);

    assert_int_equal (watch (place, 1), PRECACHE_TAKEN);
    tell_block (place, 1, 14, 13);
    tell_block (place, 1, 12, 11);
    wait_for_state (place, 1, PRECACHE_SEARCHING); /* for 12, told of last */
    tell_block (place, 1, 13, 12);
    assert_int_equal (counts (place).moved, 1);
    wait_for_state (place, 1, PRECACHE_SEARCHING);
    fake_run_free (fake);
    wait_for_state (place, 1, PRECACHE_READY);
    assert_at (place, 1, 14, PRECACHE_READY);
    assert_true (stored (place, 14) > 0);
    assert_int_equal (stored (place, 12), 0);
    assert_int_equal (counts (place).found, 1);
}

/* The broker keeps what it finds for the frontier; what is found for another head is kept, too. */
static void
work_is_kept_for_every_head (void **state)
{
    struct place *place = *state;
    struct fake *fake = start_holding (place);

    assert_int_equal (watch (place, 1), PRECACHE_TAKEN);
    tell_block (place, 1, 12, 11);
    tell_block (place, 1, 14, 13);
    wait_for_state (place, 1, PRECACHE_SEARCHING);          /* for 14 */
    assert_int_equal (tell (place, 1, 12), PRECACHE_TAKEN); /* the frontier, as far as is known */
    assert_at (place, 1, 12, PRECACHE_SEARCHING);
    fake_run_free (fake);
    wait_for_state (place, 1, PRECACHE_READY);
    assert_int_equal (counts (place).found, 2);
    assert_true (stored (place, 14) > 0 && stored (place, 12) > 0);
}

static void
cancelled_head_leaves_the_others (void **state)
{
    struct place *place = *state;
    struct fake *fake = start_holding (place);

    assert_int_equal (watch (place, 1), PRECACHE_TAKEN);
    tell_block (place, 1, 14, 13);
    tell_block (place, 1, 12, 11);
    wait_for_state (place, 1, PRECACHE_SEARCHING);
    assert_int_equal (cancel (place->bench, 12), 1);
    fake_run_free (fake);
    wait_for_state (place, 1,
                    PRECACHE_CANCELLED); /* as is 12, the frontier for all that is known */
    assert_true (stored (place, 14) > 0);
    tell_block (place, 1, 13, 12);
    wait_for_state (place, 1, PRECACHE_READY);
    assert_at (place, 1, 14, PRECACHE_READY);
}

static void
what_was_asked_for_stays_with_its_frontier (void **state)
{
    struct place *place = *state;

    start_finding (place);
    assert_int_equal (
        precache_account (place->precache, account (1).bytes, fake_threshold (HARD_BITS)),
        PRECACHE_UNKNOWN);
    tell_block (place, 1, 14, 13);
    tell_block (place, 1, 12, 11);
    wait_for_state (place, 1, PRECACHE_READY);
    assert_true (stored (place, 14) >= fake_threshold (HARD_BITS));
    assert_true (stored (place, 12) >= fake_threshold (BITS));
}

static void
what_was_asked_for_is_for_one_frontier (void **state)
{
    struct place *place = *state;

    start_finding (place);
    assert_int_equal (precache_account (place->precache, account (1).bytes, fake_threshold (60)),
                      PRECACHE_UNKNOWN);
    tell_block (place, 1, 14, 13);
    wait_for_state (place, 1, PRECACHE_SEARCHING);
    tell_block (place, 1, 15, 14);
    wait_for_state (place, 1, PRECACHE_READY);
}

static void
first_block_follows_the_key (void **state)
{
    static const uint8_t zero[32];
    struct place *place = *state;
    const struct key key = account (1);

    start_holding (place);
    assert_int_equal (precache_learn (place->precache, key.bytes, key.bytes), PRECACHE_TAKEN);
    tell_block (place, 1, 12, 11);
    assert_int_equal (precache_tell (place->precache, key.bytes, root (11).bytes, zero),
                      PRECACHE_TAKEN);
    assert_memory_equal (look (place, 1).frontier, root (12).bytes, 32);
    assert_int_equal (precache_tell (place->precache, key.bytes, key.bytes, NULL), PRECACHE_TAKEN);
    assert_memory_equal (look (place, 1).frontier, root (12).bytes, 32);
}

static void
node_is_believed_a_minute_later (void **state)
{
    struct place *place = *state;

    start_finding (place);
    assert_int_equal (watch (place, 1), PRECACHE_TAKEN);
    tell_block (place, 1, 12, 11);
    wait_for_state (place, 1, PRECACHE_READY);
    assert_int_equal (tell (place, 1, 11), PRECACHE_TAKEN);
    assert_at (place, 1, 12, PRECACHE_READY);
    still_time_set (clock_now () + ACCOUNT_CHAIN_LAG);
    assert_int_equal (tell (place, 1, 11), PRECACHE_TAKEN);
    wait_for_state (place, 1, PRECACHE_READY);
    assert_at (place, 1, 11, PRECACHE_READY);
    assert_int_equal (stored (place, 12), 0);
}

/* The store has one frontier of each, and not the blocks before it. */
static void
restart_knows_what_was_told_last (void **state)
{
    struct place *place = *state;

    start_finding (place);
    assert_int_equal (watch (place, 1), PRECACHE_TAKEN);
    tell_block (place, 1, 12, 11);
    tell_block (place, 1, 14, 13);
    wait_for_state (place, 1, PRECACHE_READY);
    restart (place);
    wait_for_state (place, 1, PRECACHE_READY);
    assert_at (place, 1, 14, PRECACHE_READY);
    tell_block (place, 1, 13, 12); /* late: nobody knows any more that 14 followed */
    wait_for_state (place, 1, PRECACHE_READY);
    assert_true (stored (place, 14) > 0 && stored (place, 13) > 0);
    tell_block (place, 1, 15, 14);
    wait_for_state (place, 1, PRECACHE_READY);
    assert_at (place, 1, 15, PRECACHE_READY);
    assert_int_equal (stored (place, 14), 0);
}

/* Other settings. */

static void
what_is_followed_survives_other_settings (void **state)
{
    struct place *place = *state;
    struct fake *fake = start_holding (place);
    const uint64_t hard = fake_threshold (HARD_BITS);

    assert_int_equal (watch (place, 1), PRECACHE_TAKEN);
    assert_int_equal (learn (place, 2, 21), PRECACHE_TAKEN);
    tell_block (place, 2, 22, 21);
    tell_block (place, 2, 24, 23);
    assert_int_equal (learn (place, 3, 31), PRECACHE_TAKEN);
    for (uint64_t i = 0; i < 10; i++) { /* more than are searched for at a time */
        assert_int_equal (precache_root (place->precache, root (1000 + i).bytes, hard),
                          PRECACHE_TAKEN);
    }
    turn (place->bench);
    for (int i = 0; i < 3; i++) {
        place->settings.use_peers = i == 0;
        place->settings.threshold = fake_threshold (i < 2 ? BITS : BITS + 1);
        precache_set (place->precache, &place->settings);
        turn (place->bench);
        assert_int_equal (counts (place).accounts, 3);
        assert_true (look (place, 1).pinned && look (place, 2).told && !look (place, 3).told);
        assert_at (place, 2, 24, PRECACHE_SEARCHING);
        assert_at (place, 3, 31, PRECACHE_WAITING);
        assert_int_equal (counts (place).queued + counts (place).searching, 11);
    }
    for (int i = 0; i < 2; i++) { /* switched off, and on again */
        place->settings.max_searches = i == 0 ? 0 : 8;
        precache_set (place->precache, &place->settings);
        turn (place->bench);
        assert_int_equal (counts (place).searching, i == 0 ? 0 : 3);
        assert_int_equal (counts (place).queued + counts (place).searching, 11);
    }
    tell_block (place, 2, 23, 22);
    assert_memory_equal (look (place, 2).frontier, root (24).bytes, 32); /* what came before */
    fake_run_free (fake);
    wait_for_found (place, 11);
    assert_true (stored (place, 24) >= fake_threshold (BITS + 1));
    assert_true (stored (place, 1009) >= hard);
}

static void
other_threshold_is_for_what_is_ready_too (void **state)
{
    struct place *place = *state;

    start_finding (place);
    assert_int_equal (watch (place, 1), PRECACHE_TAKEN);
    assert_int_equal (tell (place, 1, 11), PRECACHE_TAKEN);
    wait_for_state (place, 1, PRECACHE_READY);
    place->settings.threshold = fake_threshold (HARD_BITS);
    precache_set (place->precache, &place->settings);
    assert_at (place, 1, 11, PRECACHE_QUEUED);
    wait_for_state (place, 1, PRECACHE_READY);
    assert_true (stored (place, 11) >= fake_threshold (HARD_BITS));
    place->settings.threshold = fake_threshold (EASY_BITS);
    precache_set (place->precache, &place->settings);
    wait_for_state (place, 1, PRECACHE_READY);
    assert_true (stored (place, 11) >= fake_threshold (HARD_BITS)); /* good for less, too */
}

static enum precache_result
list (struct place *place, uint64_t first, uint64_t last)
{
    uint8_t keys[100][32];
    size_t count = 0;

    for (uint64_t i = first; i <= last; i++) {
        memcpy (keys[count++], account (i).bytes, sizeof keys[0]);
    }
    return precache_list (place->precache, (const uint8_t (*)[32])keys, count);
}

static void
only_what_is_no_longer_listed_is_unpinned (void **state)
{
    struct place *place = *state;

    start_holding (place);
    precache_free (place->precache);
    start_precache (place, 5);
    assert_int_equal (list (place, 1, 4), PRECACHE_TAKEN);
    assert_int_equal (watch (place, 2), PRECACHE_TAKEN);
    assert_int_equal (tell (place, 1, 11), PRECACHE_TAKEN);
    assert_int_equal (tell (place, 4, 41), PRECACHE_TAKEN);
    assert_int_equal (list (place, 4, 6), PRECACHE_TAKEN);
    assert_int_equal (counts (place).accounts, 5);
    assert_false (follows (place, 3));    /* nobody had told of it: it made room */
    assert_true (look (place, 2).pinned); /* by a client */
    assert_true (look (place, 4).pinned && look (place, 5).pinned && look (place, 6).pinned);
    assert_false (look (place, 1).pinned);
    assert_memory_equal (look (place, 1).frontier, root (11).bytes, 32);
    assert_memory_equal (look (place, 4).frontier, root (41).bytes, 32);
    assert_int_equal (list (place, 4, 8), PRECACHE_FULL); /* as many as there is room for */
    assert_int_equal (counts (place).pinned, 5);
    assert_int_equal (list (place, 4, 3), PRECACHE_TAKEN);
    assert_int_equal (counts (place).pinned, 1);
    assert_int_equal (counts (place).accounts, 5);
}

/* What the store loses. */

static void
ready_is_what_the_store_has (void **state)
{
    struct place *place = *state;
    struct store *store = place->bench->store;

    start_finding (place);
    for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal (watch (place, i), PRECACHE_TAKEN);
        tell_block (place, i, 10 * i + 1, 10 * i);
        wait_for_state (place, i, PRECACHE_READY);
    }
    precache_check (place->precache);
    assert_int_equal (counts (place).ready, 3);
    assert_int_equal (store_remove (store, STORE_NANO_LIVE, root (21).bytes), 0);
    precache_check (place->precache);
    assert_int_equal (counts (place).ready, 2);
    assert_at (place, 2, 21, PRECACHE_WAITING);
    assert_int_equal (tell (place, 2, 21), PRECACHE_TAKEN); /* by a node that is asked */
    assert_at (place, 2, 21, PRECACHE_WAITING);
    tell_block (place, 2, 21, 20);
    wait_for_state (place, 2, PRECACHE_READY);
    assert_int_equal (counts (place).ready, 3);
    tell_block (place, 2, 23, 22);
    wait_for_state (place, 2, PRECACHE_READY);
    assert_int_equal (store_remove (store, STORE_NANO_LIVE, root (21).bytes), 0);
    precache_check (place->precache);
    assert_at (place, 2, 23, PRECACHE_READY); /* whatever has become of 21 */
}

static void
many_that_are_ready_are_checked_in_turn (void **state)
{
    enum { MANY = 600, BOUND = 300 };
    struct place *place = *state;

    start_finder (place->bench);
    start_precache (place, MANY);
    for (uint64_t i = 0; i < MANY; i++) {
        assert_int_equal (watch (place, i), PRECACHE_TAKEN);
        assert_int_equal (tell (place, i, 1000 + i), PRECACHE_TAKEN);
    }
    wait_for_found (place, MANY);
    for (uint64_t i = 0; i < MANY; i++) {
        assert_int_equal (
            store_remove (place->bench->store, STORE_NANO_LIVE, root (1000 + i).bytes), 0);
    }
    for (size_t ready = MANY; ready > 0; ready = counts (place).ready) {
        precache_check (place->precache);
        assert_in_range (ready - counts (place).ready, 1, BOUND);
    }
}

/* Bounds. */

static void
named_accounts_make_room_first (void **state)
{
    struct place *place = *state;

    start_holding (place);
    precache_free (place->precache);
    start_precache (place, 4);
    assert_int_equal (learn (place, 1, 1), PRECACHE_TAKEN);
    assert_int_equal (learn (place, 2, 2), PRECACHE_TAKEN);
    assert_int_equal (tell (place, 1, 11), PRECACHE_TAKEN);
    assert_int_equal (tell (place, 2, 12), PRECACHE_TAKEN);
    for (uint64_t i = 0; i < 100; i++) {
        assert_int_equal (learn (place, 100 + i, 100 + i), PRECACHE_TAKEN);
    }
    assert_int_equal (counts (place).accounts, 4);
    assert_int_equal (counts (place).dropped, 98);
    assert_true (follows (place, 1) && follows (place, 2));
    assert_true (follows (place, 198) && follows (place, 199));
    assert_int_equal (tell (place, 198, 1198), PRECACHE_TAKEN);
    assert_int_equal (tell (place, 199, 1199), PRECACHE_TAKEN);
    for (uint64_t i = 0; i < 100; i++) {
        assert_int_equal (learn (place, 300 + i, 300 + i), PRECACHE_TAKEN);
    }
    assert_false (follows (place, 1)); /* the one heard of longest ago, and no other */
    assert_true (follows (place, 2) && follows (place, 198) && follows (place, 199));
}

static void
pinned_accounts_stay (void **state)
{
    struct place *place = *state;

    start_holding (place);
    precache_free (place->precache);
    start_precache (place, 2);
    assert_int_equal (watch (place, 1), PRECACHE_TAKEN);
    assert_int_equal (learn (place, 2, 2), PRECACHE_TAKEN);
    assert_int_equal (watch (place, 3), PRECACHE_TAKEN);
    assert_false (follows (place, 2));
    assert_int_equal (watch (place, 4), PRECACHE_FULL);
    assert_int_equal (learn (place, 4, 4), PRECACHE_FULL);
    assert_int_equal (precache_account (place->precache, account (4).bytes, 0), PRECACHE_FULL);
    assert_int_equal (counts (place).pinned, 2);
    assert_int_equal (precache_unwatch (place->precache, account (1).bytes), 0);
    assert_int_equal (precache_unwatch (place->precache, account (1).bytes), -1);
    assert_int_equal (watch (place, 4), PRECACHE_TAKEN);
}

static void
roots_leave_room_for_accounts (void **state)
{
    struct place *place = *state;

    start_holding (place);
    assert_int_equal (learn (place, 1, 1), PRECACHE_TAKEN);
    for (uint64_t i = 0; i < 100; i++) {
        assert_int_equal (
            precache_root (place->precache, root (1000 + i).bytes, fake_threshold (HARD_BITS)),
            PRECACHE_TAKEN);
    }
    assert_int_equal (precache_root (place->precache, root (2000).bytes, 1), PRECACHE_FULL);
    turn (place->bench);
    assert_int_equal (counts (place).searching, 2); /* of 8 */
    assert_int_equal (tell (place, 1, 11), PRECACHE_TAKEN);
    turn (place->bench);
    assert_int_equal (look (place, 1).state, PRECACHE_SEARCHING);
    assert_int_equal (counts (place).accounts, 1);
}

static void
searches_ahead_take_nobodys_place (void **state)
{
    struct place *place = *state;
    struct client *first;

    add_fake (place->bench, &(struct fake_settings){.name = "held", .held = true});
    start (place->bench, 1, 300);
    start_precache (place, 100);
    for (uint64_t i = 0; i < 10; i++) {
        assert_int_equal (watch (place, i), PRECACHE_TAKEN);
        assert_int_equal (tell (place, i, 100 + i), PRECACHE_TAKEN);
    }
    turn (place->bench);
    assert_int_equal (counts (place).searching, 4); /* of 8 */
    assert_int_equal (broker_waiters (place->bench->broker), 0);
    first = generate (place->bench, 1, BITS);
    assert_refused (place->bench, 2, BROKER_FULL);
    leave (first);
    fake_run_free (place->bench->fakes[0]);
    wait_for_work (generate (place->bench, 2, BITS));
    wait_for_found (place, 10);
}

static void
start_looks_at_some_at_a_time (void **state)
{
    enum { MANY = 10000, BOUND = 300 };
    struct place *place = *state;
    struct store *store = place->bench->store;
    size_t seen = 0;

    start_held (place->bench, FAKE_FINDS);
    for (uint64_t i = 0; i < MANY; i++) {
        struct store_entry entry = {.network = STORE_NANO_LIVE, .found = (uint64_t)time (NULL)};
        struct scan_target target;

        fake_target (&target, i, fake_threshold (BITS));
        memcpy (entry.root, target.root, sizeof entry.root);
        while (!value_reaches (&target, entry.work, NULL)) {
            entry.work++;
        }
        while (store_put (store, &entry) == STORE_DROPPED ||
               store_frontier (store, STORE_NANO_LIVE, account (i).bytes, entry.root) != 0) {
            support_sync (store);
        }
    }
    support_sync (store);
    start_precache (place, MANY);
    assert_int_equal (counts (place).accounts, MANY);
    assert_int_equal (counts (place).ready, 0);
    while (counts (place).queued > 0) {
        (void)event_base_loop (place->bench->base, EVLOOP_ONCE);
        assert_in_range (counts (place).ready - seen, 0, BOUND);
        seen = counts (place).ready;
    }
    assert_int_equal (seen, MANY);
}

/* States. */

static void
cancelled_is_not_tried_again (void **state)
{
    struct place *place = *state;
    struct fake *fake = start_holding (place);

    assert_int_equal (watch (place, 1), PRECACHE_TAKEN);
    assert_int_equal (tell (place, 1, 11), PRECACHE_TAKEN);
    wait_for_state (place, 1, PRECACHE_SEARCHING);
    assert_int_equal (cancel (place->bench, 11), 1);
    assert_at (place, 1, 11, PRECACHE_CANCELLED);
    assert_int_equal (tell (place, 1, 11), PRECACHE_TAKEN);
    turn (place->bench);
    assert_at (place, 1, 11, PRECACHE_CANCELLED);
    assert_int_equal (tell (place, 1, 12), PRECACHE_TAKEN);
    fake_run_free (fake);
    wait_for_state (place, 1, PRECACHE_READY);
    assert_int_equal (counts (place).cancelled, 1);
}

static void
failed_is_queued_again (void **state)
{
    struct place *place = *state;

    /* Not a device that is held: it would hear of the end only when it is let go. */
    add_fake (place->bench, &(struct fake_settings){.name = "slow", .behaviour = FAKE_NEVER});
    start (place->bench, 16, 300);
    start_precache (place, 100);
    assert_int_equal (watch (place, 1), PRECACHE_TAKEN);
    assert_int_equal (tell (place, 1, 11), PRECACHE_TAKEN);
    wait_for_state (place, 1, PRECACHE_SEARCHING);
    pool_stop (place->bench->pool);
    wait_for_state (place, 1, PRECACHE_QUEUED);
    assert_int_equal (counts (place).failed, 1);
    turn (place->bench);
    assert_int_equal (counts (place).failed, 1); /* not at once */
}

static void
harder_work_is_asked_for_once (void **state)
{
    struct place *place = *state;
    uint64_t found = 3;

    start_finding (place);
    assert_int_equal (
        precache_account (place->precache, account (1).bytes, fake_threshold (HARD_BITS)),
        PRECACHE_UNKNOWN);
    assert_int_equal (tell (place, 1, 11), PRECACHE_TAKEN);
    wait_for_state (place, 1, PRECACHE_READY);
    assert_true (stored (place, 11) >= fake_threshold (HARD_BITS));
    assert_int_equal (tell (place, 1, 12), PRECACHE_TAKEN);
    wait_for_state (place, 1, PRECACHE_READY);
    found -= stored (place, 12) >= fake_threshold (HARD_BITS + 4); /* by luck, once in a thousand */
    assert_int_equal (
        precache_account (place->precache, account (1).bytes, fake_threshold (HARD_BITS + 4)),
        PRECACHE_TAKEN);
    assert_int_not_equal (look (place, 1).state, PRECACHE_READY);
    wait_for_state (place, 1, PRECACHE_READY);
    assert_true (stored (place, 12) >= fake_threshold (HARD_BITS + 4));
    assert_int_equal (counts (place).found, found);
    assert_int_equal (
        precache_account (place->precache, account (1).bytes, fake_threshold (EASY_BITS)),
        PRECACHE_THERE);
    wait_for_state (place, 1, PRECACHE_READY);
    assert_int_equal (counts (place).found, found); /* what is there is good enough */
}

static void
root_is_searched_for_and_forgotten (void **state)
{
    struct place *place = *state;

    start_finding (place);
    assert_int_equal (precache_root (place->precache, root (7).bytes, fake_threshold (BITS)),
                      PRECACHE_TAKEN);
    wait_for_found (place, 1);
    assert_true (stored (place, 7) >= fake_threshold (BITS));
    assert_int_equal (counts (place).ready + counts (place).accounts, 0);
    assert_int_equal (precache_root (place->precache, root (7).bytes, fake_threshold (BITS)),
                      PRECACHE_THERE);
    turn (place->bench);
    assert_int_equal (counts (place).found, 1);
    assert_int_equal (counts (place).queued + counts (place).ready, 0);
}

static void
restart_knows_what_was_followed (void **state)
{
    struct place *place = *state;

    start_finding (place);
    for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal (watch (place, i), PRECACHE_TAKEN);
        assert_int_equal (tell (place, i, 10 + i), PRECACHE_TAKEN);
        wait_for_state (place, i, PRECACHE_READY);
    }
    assert_int_equal (precache_unwatch (place->precache, account (2).bytes), 0);
    restart (place);
    assert_int_equal (counts (place).accounts, 2);
    assert_false (follows (place, 2));
    wait_for_state (place, 1, PRECACHE_READY);
    wait_for_state (place, 3, PRECACHE_READY);
    assert_at (place, 3, 13, PRECACHE_READY);
    assert_int_equal (counts (place).found, 0);
    assert_int_equal (tell (place, 3, 23), PRECACHE_TAKEN);
    wait_for_state (place, 3, PRECACHE_READY);
    assert_int_equal (counts (place).found, 1);
}

/* The broker with a store. */

static bool
recall (struct place *place, enum store_network network, uint64_t tag, unsigned bits)
{
    struct broker_question question = {.network = network};
    struct broker_answer answer;
    uint64_t value;

    fake_target (&question.target, tag, fake_threshold (bits));
    if (!broker_recall (place->bench->broker, &question, &answer)) {
        return false;
    }
    assert_int_equal (answer.outcome, BROKER_FOUND);
    assert_string_equal (answer.source, BROKER_SOURCE_CACHE);
    assert_true (value_reaches (&question.target, answer.work, &value));
    assert_int_equal (answer.value, value);
    return true;
}

static void
broker_keeps_and_recalls (void **state)
{
    struct place *place = *state;

    place->bench->settings.keep = true;
    start_finder (place->bench);
    assert_false (recall (place, STORE_NANO_LIVE, 1, 0));
    wait_for_work (generate (place->bench, 1, BITS));
    assert_true (recall (place, STORE_NANO_LIVE, 1, BITS));
    assert_false (recall (place, STORE_NANO_BETA, 1, BITS));
    assert_false (recall (place, STORE_NANO_LIVE, 1, 40));
    assert_false (recall (place, STORE_NANO_LIVE, 2, 0));
}

static void
broker_keeps_what_it_is_told_to (void **state)
{
    struct place *place = *state;
    struct bench *bench = place->bench;

    start_finder (bench);
    wait_for_work (generate (bench, 1, BITS));
    assert_false (recall (place, STORE_NANO_LIVE, 1, 0));
    bench->ahead = true;
    wait_for_work (generate (bench, 2, BITS));
    assert_true (recall (place, STORE_NANO_LIVE, 2, BITS));
}

static void
what_an_account_has_left_is_not_kept (void **state)
{
    struct place *place = *state;
    struct bench *bench = place->bench;
    struct broker_question question = {.network = STORE_NANO_LIVE, .has_account = true};
    struct client *client = &bench->clients[bench->client_count++];
    struct fake *fake;

    bench->settings.keep = true;
    fake = start_holding (place);
    assert_int_equal (learn (place, 1, 11), PRECACHE_TAKEN);
    *client = (struct client){.bench = bench};
    fake_target (&client->target, 11, fake_threshold (BITS));
    question.target = client->target;
    memcpy (question.account_key, account (1).bytes, 32);
    assert_int_equal (broker_generate (bench->broker, &question, on_done, client, &client->waiter),
                      BROKER_ACCEPTED);
    assert_int_equal (tell (place, 1, 12), PRECACHE_TAKEN);
    fake_run_free (fake);
    wait_for_work (client);
    assert_int_equal (stored (place, 11), 0);
    wait_for_state (place, 1, PRECACHE_READY);
    assert_true (stored (place, 12) > 0);
}

/* Whoever asks then wants it all the same, though he joins the search that there is. */
static void
what_is_asked_for_later_is_kept (void **state)
{
    struct place *place = *state;
    struct bench *bench = place->bench;
    struct client *client;
    struct fake *fake;

    bench->settings.keep = true;
    fake = start_holding (place);
    assert_int_equal (watch (place, 1), PRECACHE_TAKEN);
    assert_int_equal (watch (place, 2), PRECACHE_TAKEN);
    assert_int_equal (tell (place, 1, 11), PRECACHE_TAKEN);
    wait_for_state (place, 1, PRECACHE_SEARCHING);
    assert_int_equal (tell (place, 2, 11), PRECACHE_TAKEN);
    wait_for_state (place, 2, PRECACHE_SEARCHING);
    assert_int_equal (tell (place, 1, 12), PRECACHE_TAKEN);
    client = generate (bench, 11, BITS);
    fake_run_free (fake);
    wait_for_work (client);
    assert_true (stored (place, 11) >= fake_threshold (BITS));
}

#define PLACE_TEST(name) cmocka_unit_test_setup_teardown (name, set_up_place, tear_down_place)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        PLACE_TEST (work_is_there_for_an_account_that_is_told_of),
        PLACE_TEST (unknown_account_costs_nothing),
        PLACE_TEST (named_account_is_followed_without_a_search),
        PLACE_TEST (clients_do_not_move_what_a_node_told_of),
        PLACE_TEST (newest_frontier_wins),
        PLACE_TEST (blocks_are_told_of_in_any_order),
        PLACE_TEST (block_before_the_one_a_client_named_is_old),
        PLACE_TEST (every_order_ends_at_the_last_block),
        PLACE_TEST (both_sides_of_a_gap_have_work),
        PLACE_TEST (search_ends_with_its_head),
        PLACE_TEST (work_is_kept_for_every_head),
        PLACE_TEST (cancelled_head_leaves_the_others),
        PLACE_TEST (what_was_asked_for_stays_with_its_frontier),
        PLACE_TEST (what_was_asked_for_is_for_one_frontier),
        PLACE_TEST (first_block_follows_the_key),
        PLACE_TEST (node_is_believed_a_minute_later),
        PLACE_TEST (restart_knows_what_was_told_last),
        PLACE_TEST (what_is_followed_survives_other_settings),
        PLACE_TEST (other_threshold_is_for_what_is_ready_too),
        PLACE_TEST (only_what_is_no_longer_listed_is_unpinned),
        PLACE_TEST (ready_is_what_the_store_has),
        PLACE_TEST (many_that_are_ready_are_checked_in_turn),
        PLACE_TEST (named_accounts_make_room_first),
        PLACE_TEST (pinned_accounts_stay),
        PLACE_TEST (roots_leave_room_for_accounts),
        PLACE_TEST (searches_ahead_take_nobodys_place),
        PLACE_TEST (start_looks_at_some_at_a_time),
        PLACE_TEST (cancelled_is_not_tried_again),
        PLACE_TEST (failed_is_queued_again),
        PLACE_TEST (harder_work_is_asked_for_once),
        PLACE_TEST (root_is_searched_for_and_forgotten),
        PLACE_TEST (restart_knows_what_was_followed),
        PLACE_TEST (broker_keeps_and_recalls),
        PLACE_TEST (broker_keeps_what_it_is_told_to),
        PLACE_TEST (what_an_account_has_left_is_not_kept),
        PLACE_TEST (what_is_asked_for_later_is_kept),
    };
    int failed = cmocka_run_group_tests (tests, NULL, NULL);

    libevent_global_shutdown ();
    return failed;
}
