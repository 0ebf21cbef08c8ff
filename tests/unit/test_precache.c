/* Pre-caching over a real store and broker, and devices that do what the test says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "node/precache/precache.h"
#include "support_broker.h"
#include "support_store.h"
#include "work/scan/value.h"

enum { BITS = 4, HARD_BITS = 10, EASY_BITS = 1 };

struct place {
    struct bench *bench;
    struct support_place *disk;
    struct precache *precache;
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
    const struct precache_settings settings = {
        .network = STORE_NANO_LIVE,
        .threshold = fake_threshold (BITS),
        .max_accounts = max_accounts,
        .max_searches = 8,
    };

    place->precache =
        precache_new (place->bench->base, place->bench->broker, place->bench->store, &settings);
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
    const uint64_t deadline = clock_now () + PATIENCE;

    while (look (place, number).state != state) {
        assert_true (clock_now () < deadline);
        assert_int_equal (event_base_loop (place->bench->base, EVLOOP_ONCE), 0);
    }
}

static void
wait_for_found (struct place *place, uint64_t wanted)
{
    const uint64_t deadline = clock_now () + PATIENCE;

    while (counts (place).found < wanted) {
        assert_true (clock_now () < deadline);
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
    for (uint64_t deadline = clock_now () + PATIENCE; counts (place).queued > 0;) {
        assert_true (clock_now () < deadline);
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
        PRECACHE_TAKEN);
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
                      PRECACHE_TAKEN);
    turn (place->bench);
    assert_int_equal (counts (place).found, 1);
    assert_int_equal (counts (place).queued, 0);
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
