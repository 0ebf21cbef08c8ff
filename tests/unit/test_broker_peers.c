/* The broker over peers, and over peers and the devices here; see support_broker.h. */
#include "support_broker.h"

#include <string.h>

#include "fake_forward.h"

/* A broker over peers alone, or over peers and one held device that finds. */

static void
start_peers (struct bench *bench, bool use_peers)
{
    bench->with_peers = true;
    bench->use_peers = use_peers;
    fake_forward_reset ();
    start (bench, 16, 300);
}

static struct fake *
start_both (struct bench *bench, enum broker_local local)
{
    struct fake *fake = add_fake (bench, &(struct fake_settings){.name = "here", .held = true});

    bench->settings.local = local;
    start_peers (bench, true);
    return fake;
}

static void
assert_found_by_peer (const struct client *client)
{
    assert_ended (client, BROKER_FOUND);
    assert_string_equal (client->source, "peer:7000");
}

static void
use_peers_asks_the_peers_alone (void **state)
{
    struct bench *bench = *state;
    struct client *client;

    start_both (bench, BROKER_LOCAL_FALLBACK);
    client = generate (bench, 1, 8);
    assert_int_equal (fake_forward_started (), 1);
    assert_int_equal (fake_forward_question (0)->list, PEERS_PRIMARY);
    assert_true (fake_forward_question (0)->target.threshold == fake_threshold (8));
    assert_memory_equal (fake_forward_question (0)->target.root, client->target.root, 32);
    assert_false (fake_forward_question (0)->last);
    assert_int_equal (statistics_of (bench).jobs, 0);
    fake_forward_find (0, UINT64_MAX);
    assert_found_by_peer (client);
    assert_int_equal (statistics_of (bench).jobs, 0);
    assert_int_equal (fake_forward_dropped (), 0);
}

static void
identical_roots_are_asked_for_once (void **state)
{
    struct bench *bench = *state;
    struct client *first;
    struct client *second;

    start_peers (bench, true);
    first = generate (bench, 1, 8);
    second = generate (bench, 1, 8);
    assert_int_equal (fake_forward_started (), 1);
    assert_true (fake_forward_question (0)->last);
    fake_forward_find (0, UINT64_MAX);
    assert_found_by_peer (first);
    assert_found_by_peer (second);
}

static void
devices_take_over_when_peers_fail (void **state)
{
    struct bench *bench = *state;
    struct fake *fake = start_both (bench, BROKER_LOCAL_FALLBACK);
    struct client *client = generate (bench, 1, 8);

    fake_forward_fail (0);
    assert_int_equal (client->answers, 0);
    assert_int_equal (statistics_of (bench).jobs, 1);
    assert_int_equal (fake_forward_started (), 1);
    fake_run_free (fake);
    wait_for_work (client);
    assert_string_equal (client->source, BROKER_SOURCE_LOCAL);
}

static void
devices_never_take_over (void **state)
{
    struct bench *bench = *state;
    struct client *client;

    start_both (bench, BROKER_LOCAL_NEVER);
    client = generate (bench, 1, 8);
    assert_true (fake_forward_question (0)->last);
    fake_forward_fail (0);
    assert_ended (client, BROKER_FAILED);
    assert_int_equal (statistics_of (bench).jobs, 0);
}

static void
devices_search_beside (void **state)
{
    struct bench *bench = *state;
    struct fake *fake = start_both (bench, BROKER_LOCAL_BESIDE);
    struct client *first = generate (bench, 1, 8);
    struct client *second = generate (bench, 2, 8);

    assert_int_equal (fake_forward_started (), 2);
    assert_int_equal (statistics_of (bench).jobs, 2);
    fake_forward_find (0, UINT64_MAX); /* the peers are faster with the first */
    assert_found_by_peer (first);
    assert_int_equal (statistics_of (bench).jobs, 1);
    fake_run_free (fake);
    wait_for_work (second); /* and the devices with the second */
    assert_false (fake_forward_open (1));
    assert_int_equal (fake_forward_dropped (), 1);
}

/* A pool that is full of what does not ask peers; who comes next does. */
static struct fake *
start_full (struct bench *bench)
{
    struct fake *fake = add_fake (bench, &(struct fake_settings){.name = "here", .held = true});

    bench->settings.local = BROKER_LOCAL_BESIDE;
    bench->with_peers = true;
    fake_forward_reset ();
    start (bench, 2 * (size_t)MAX_JOBS, 300);
    for (uint64_t tag = 1; tag <= MAX_JOBS; tag++) {
        (void)generate (bench, tag, 8);
    }
    assert_refused (bench, MAX_JOBS + 1, BROKER_FULL);
    bench->use_peers = true;
    return fake;
}

/* Peers are asked while the pool has no room; once it has, the devices search beside them. */
static void
devices_come_in_when_there_is_room (void **state)
{
    struct bench *bench = *state;
    struct fake *fake = start_full (bench);
    struct client *client = generate (bench, MAX_JOBS + 1, 8);
    const uint64_t deadline = clock_now () + PATIENCE;

    assert_int_equal (fake_forward_started (), 1);
    assert_int_equal (cancel (bench, MAX_JOBS), 1);
    while (statistics_of (bench).jobs < MAX_JOBS) {
        assert_true (clock_now () < deadline);
        (void)event_base_loop (bench->base, EVLOOP_ONCE);
    }
    fake_forward_fail (0);
    assert_int_equal (client->answers, 0);
    fake_run_free (fake);
    wait_for_work (client);
    assert_string_equal (client->source, BROKER_SOURCE_LOCAL);
}

/* Who leaves while his search waits for room is forgotten there, too. */
static void
one_without_room_is_abandoned (void **state)
{
    struct bench *bench = *state;

    start_full (bench);
    leave (generate (bench, MAX_JOBS + 1, 8));
    assert_int_equal (fake_forward_dropped (), 1);
    assert_int_equal (cancel (bench, 1), 1);
    turn (bench);
    assert_int_equal (statistics_of (bench).jobs, MAX_JOBS - 1);
}

/* One side's failure is no end while the other still searches. */
static void
beside_goes_on_with_either (void **state)
{
    struct bench *bench = *state;
    struct fake *fake = start_both (bench, BROKER_LOCAL_BESIDE);
    struct client *client = generate (bench, 1, 8);

    fake_forward_fail (0);
    assert_int_equal (client->answers, 0);
    assert_int_equal (fake_forward_started (), 1);
    fake_run_free (fake);
    wait_for_work (client);
}

static void
peers_stand_in_for_no_devices (void **state)
{
    struct bench *bench = *state;
    struct client *client;

    bench->settings.stand_in = true;
    start_peers (bench, false);
    client = generate (bench, 1, 8);
    assert_int_equal (fake_forward_started (), 1);
    fake_forward_fail (0);
    assert_ended (client, BROKER_FAILED);
    fake_forward_set_can (PEERS_PRIMARY, false);
    assert_refused (bench, 2, BROKER_LOCAL_DISABLED);
    bench->use_peers = true;
    assert_refused (bench, 2, BROKER_DISABLED);
}

static void
peers_do_not_stand_in_unless_told (void **state)
{
    struct bench *bench = *state;

    start_peers (bench, false);
    assert_refused (bench, 1, BROKER_LOCAL_DISABLED);
    assert_int_equal (fake_forward_started (), 0);
}

static void
peers_stand_in_for_devices_that_fail (void **state)
{
    struct bench *bench = *state;
    struct fake *fake = add_fake (
        bench,
        &(struct fake_settings){.name = "dying", .held = true, .collect_fails = FAKE_ALWAYS});
    struct client *first;
    struct client *second;
    const uint64_t deadline = clock_now () + PATIENCE;

    bench->settings.stand_in = true;
    start_peers (bench, false);
    first = generate (bench, 1, 8);
    assert_int_equal (fake_forward_started (), 0);
    fake_run_free (fake);
    while (fake_forward_started () == 0) {
        assert_true (clock_now () < deadline);
        (void)event_base_loop (bench->base, EVLOOP_ONCE);
    }
    second = generate (bench, 2, 8); /* now that they are down */
    assert_int_equal (fake_forward_started (), 2);
    fake_forward_find (0, UINT64_MAX);
    assert_found_by_peer (first);
    fake_forward_fail (1);
    assert_ended (second, BROKER_FAILED);
}

static void
local_requests_do_not_see_peers (void **state)
{
    struct bench *bench = *state;
    struct fake *fake = start_both (bench, BROKER_LOCAL_FALLBACK);
    struct client *client;

    bench->settings.stand_in = true;
    bench->use_peers = false;
    client = generate (bench, 1, 8);
    assert_int_equal (fake_forward_started (), 0);
    fake_run_free (fake);
    wait_for_work (client);
}

/* Two who want the same root, one here and one from peers, are helped by whoever is first. */
static void
both_kinds_of_waiters_share_what_is_found (void **state)
{
    struct bench *bench = *state;
    struct client *here;
    struct client *there;

    start_both (bench, BROKER_LOCAL_NEVER);
    there = generate (bench, 1, 8);
    bench->use_peers = false;
    here = generate (bench, 1, 8);
    assert_int_equal (statistics_of (bench).jobs, 1);
    fake_forward_find (0, UINT64_MAX);
    assert_found_by_peer (here);
    assert_found_by_peer (there);
    assert_int_equal (statistics_of (bench).jobs, 0);
}

static void
easier_one_is_asked_apart_and_the_harder_goes_on (void **state)
{
    struct bench *bench = *state;
    struct client *hard;
    struct client *easy;

    start_peers (bench, true);
    hard = generate (bench, 1, 20);
    easy = generate (bench, 1, 8);
    assert_int_equal (fake_forward_started (), 2);
    assert_true (fake_forward_question (1)->target.threshold == fake_threshold (8));
    fake_forward_find (1, fake_threshold (8));
    assert_found_by_peer (easy);
    assert_int_equal (hard->answers, 0);
    assert_true (fake_forward_open (0));
    fake_forward_find (0, fake_threshold (20));
    assert_found_by_peer (hard);
}

/* What the peers found for the first is not enough for the second: they are asked again. */
static void
harder_one_is_asked_for_next (void **state)
{
    struct bench *bench = *state;
    struct client *easy;
    struct client *hard;

    start_peers (bench, true);
    easy = generate (bench, 1, 8);
    hard = generate (bench, 1, 20);
    assert_int_equal (fake_forward_started (), 1);
    fake_forward_find (0, fake_threshold (8));
    assert_found_by_peer (easy);
    assert_int_equal (fake_forward_started (), 2);
    assert_true (fake_forward_question (1)->target.threshold == fake_threshold (20));
    fake_forward_fail (1);
    assert_ended (hard, BROKER_FAILED);
}

/* A failure ends the wait of those whom it was for, and does not ask again and again. */
static void
failure_of_the_easier_leaves_the_harder_alone (void **state)
{
    struct bench *bench = *state;
    struct client *hard;
    struct client *easy;

    start_peers (bench, true);
    hard = generate (bench, 1, 20);
    easy = generate (bench, 1, 8);
    fake_forward_fail (1);
    assert_ended (easy, BROKER_FAILED);
    assert_int_equal (hard->answers, 0);
    assert_int_equal (fake_forward_started (), 2);
    fake_forward_fail (0);
    assert_ended (hard, BROKER_FAILED);
    assert_int_equal (fake_forward_started (), 2);
}

/* Whoever lowers the threshold again and again does not fill the peers. */
static void
questions_for_one_root_are_bounded (void **state)
{
    struct bench *bench = *state;

    start_peers (bench, true);
    for (unsigned bits = 40; bits > 0; bits--) {
        (void)generate (bench, 1, bits);
    }
    assert_in_range (fake_forward_started (), 2, 8);
    for (size_t i = 0; i < bench->client_count; i++) {
        leave (&bench->clients[i]);
    }
    assert_int_equal (fake_forward_dropped (), fake_forward_started ());
}

static void
last_one_to_leave_drops_the_question (void **state)
{
    struct bench *bench = *state;
    struct client *first;
    struct client *second;

    start_peers (bench, true);
    first = generate (bench, 1, 8);
    second = generate (bench, 1, 8);
    leave (first);
    assert_true (fake_forward_open (0));
    leave (second);
    assert_false (fake_forward_open (0));
    assert_int_equal (fake_forward_dropped (), 1);
}

static void
cancel_drops_the_question (void **state)
{
    struct bench *bench = *state;
    struct client *client;

    start_both (bench, BROKER_LOCAL_BESIDE);
    client = generate (bench, 1, 8);
    assert_int_equal (cancel (bench, 1), 1);
    assert_ended (client, BROKER_CANCELLED);
    assert_int_equal (fake_forward_dropped (), 1);
    assert_int_equal (statistics_of (bench).jobs, 0);
}

static void
deadline_drops_the_question (void **state)
{
    struct bench *bench = *state;
    struct client *client;

    bench->with_peers = true;
    bench->use_peers = true;
    fake_forward_reset ();
    start (bench, 16, 0.05);
    client = generate (bench, 1, 8);
    assert_true (fake_forward_question (0)->seconds <= 0.05);
    wait_for_answer (client, BROKER_EXPIRED);
    assert_int_equal (fake_forward_dropped (), 1);
}

static void
want_of_memory_falls_back (void **state)
{
    struct bench *bench = *state;
    struct fake *fake = start_both (bench, BROKER_LOCAL_FALLBACK);
    struct client *client;

    fake_forward_set_refusing (true);
    client = generate (bench, 1, 8);
    assert_int_equal (statistics_of (bench).jobs, 1);
    fake_run_free (fake);
    wait_for_work (client);
}

static void
want_of_memory_without_fallback_is_refused (void **state)
{
    struct bench *bench = *state;

    start_peers (bench, true);
    fake_forward_set_refusing (true);
    assert_refused (bench, 1, BROKER_DOWN);
    assert_refused (bench, 1, BROKER_DOWN); /* the first attempt left nothing behind */
}

static void
secondary_peers_are_a_list_of_their_own (void **state)
{
    struct bench *bench = *state;
    struct broker_question question = {
        .network = STORE_NANO_LIVE, .use_peers = true, .secondary = true};
    struct client *client;
    struct client *other;

    start_peers (bench, true);
    client = generate (bench, 1, 8);
    other = &bench->clients[bench->client_count++];
    *other = (struct client){.bench = bench, .target = client->target};
    question.target = client->target;
    assert_int_equal (broker_generate (bench->broker, &question, on_done, other, &other->waiter),
                      BROKER_ACCEPTED);
    assert_int_equal (fake_forward_started (), 2);
    assert_int_equal (fake_forward_question (1)->list, PEERS_SECONDARY);
    fake_forward_fail (1);
    assert_ended (other, BROKER_FAILED);
    assert_int_equal (client->answers, 0);
    fake_forward_find (0, UINT64_MAX);
    assert_found_by_peer (client);
}

/* Asks as somebody whose request came through `hops`. */
static struct client *
generate_through (struct bench *bench, uint64_t tag, const char *hops)
{
    struct broker_question question = {.network = STORE_NANO_LIVE, .use_peers = true, .hops = hops};
    struct client *client = &bench->clients[bench->client_count++];

    *client = (struct client){.bench = bench};
    fake_target (&client->target, tag, fake_threshold (8));
    question.target = client->target;
    assert_int_equal (broker_generate (bench->broker, &question, on_done, client, &client->waiter),
                      BROKER_ACCEPTED);
    return client;
}

/*
 * Two daemons that ask each other for one root at once must not wait for each other: whoever came
 * through others is asked for apart, with its own hops.
 */
static void
hops_are_asked_for_apart (void **state)
{
    struct bench *bench = *state;
    struct client *direct;
    struct client *forwarded;

    start_peers (bench, true);
    direct = generate_through (bench, 1, NULL);
    forwarded = generate_through (bench, 1, "other");
    assert_int_equal (fake_forward_started (), 2);
    assert_null (fake_forward_question (0)->hops);
    assert_string_equal (fake_forward_question (1)->hops, "other");
    fake_forward_fail (0);
    assert_int_equal (direct->answers, 0); /* the other question is good for it, too */
    fake_forward_fail (1);
    assert_ended (direct, BROKER_FAILED);
    assert_ended (forwarded, BROKER_FAILED);
    assert_int_equal (fake_forward_started (), 2);
}

/* Who comes late to a question that fails has not had its time with the peers. */
static void
late_comer_is_asked_for_again (void **state)
{
    struct bench *bench = *state;
    struct client *first;
    struct client *late;

    start_peers (bench, true);
    first = generate (bench, 1, 8);
    late = generate (bench, 1, 8);
    assert_int_equal (fake_forward_started (), 1);
    fake_forward_fail (0);
    assert_ended (first, BROKER_FAILED);
    assert_int_equal (late->answers, 0);
    assert_int_equal (fake_forward_started (), 2);
    fake_forward_fail (1);
    assert_ended (late, BROKER_FAILED);
    assert_int_equal (fake_forward_started (), 2);
}

/* A request that has been here before is not sent round again. */
static void
looped_request_is_not_forwarded (void **state)
{
    struct bench *bench = *state;
    struct broker_question question = {
        .network = STORE_NANO_LIVE, .use_peers = true, .looped = true};
    struct broker_waiter *waiter;

    start_peers (bench, true);
    fake_target (&question.target, 1, fake_threshold (8));
    assert_int_equal (broker_generate (bench->broker, &question, on_done, NULL, &waiter),
                      BROKER_LOOPED);
    assert_int_equal (fake_forward_started (), 0);
}

static void
looped_request_is_worked_on_here (void **state)
{
    struct bench *bench = *state;
    struct fake *fake = start_both (bench, BROKER_LOCAL_NEVER);
    struct broker_question question = {
        .network = STORE_NANO_LIVE, .use_peers = true, .looped = true};
    struct client *client = &bench->clients[bench->client_count++];

    client->bench = bench;
    fake_target (&client->target, 1, fake_threshold (8));
    question.target = client->target;
    assert_int_equal (broker_generate (bench->broker, &question, on_done, client, &client->waiter),
                      BROKER_ACCEPTED);
    assert_int_equal (fake_forward_started (), 0);
    fake_run_free (fake);
    wait_for_work (client);
}

/* What nobody waits for gives way to what somebody does, and is lifted by who comes for it. */
static void
asking_lifts_what_is_searched_ahead (void **state)
{
    struct bench *bench = *state;
    struct fake *fake = start_both (bench, BROKER_LOCAL_FALLBACK);
    struct client *ahead;
    struct client *asked;

    bench->use_peers = false;
    bench->ahead = true;
    ahead = generate (bench, 1, 8);
    assert_int_equal (statistics_of (bench).in_class[POOL_AHEAD], 1);
    assert_int_equal (statistics_of (bench).in_class[POOL_ASKED], 0);
    bench->ahead = false;
    asked = generate (bench, 1, 8);
    assert_int_equal (statistics_of (bench).in_class[POOL_AHEAD], 0);
    assert_int_equal (statistics_of (bench).in_class[POOL_ASKED], 1);
    fake_run_free (fake);
    wait_for_work (asked);
    wait_for_work (ahead);
}

static void
stop_drops_every_question (void **state)
{
    struct bench *bench = *state;

    start_both (bench, BROKER_LOCAL_BESIDE);
    for (unsigned i = 0; i < 10; i++) {
        (void)generate (bench, i, 8);
    }
    broker_stop (bench->broker);
    assert_int_equal (fake_forward_dropped (), 10);
    for (unsigned i = 0; i < 10; i++) {
        assert_ended (&bench->clients[i], BROKER_CANCELLED);
    }
}

static void
ask_again (struct client *client)
{
    client->hook = NULL;
    (void)generate (client->bench, 1, 8);
}

static void
leave_other (struct client *client)
{
    if (client->other->waiter != NULL) {
        leave (client->other);
    }
}

/* Callbacks that change what is being gone through. */
static void
callbacks_ask_again_and_leave (void **state)
{
    struct bench *bench = *state;
    struct client *first;
    struct client *second;

    start_peers (bench, true);
    first = generate (bench, 1, 8);
    second = generate (bench, 1, 8);
    first->other = second;
    first->hook = leave_other;
    fake_forward_find (0, UINT64_MAX);
    assert_int_equal (first->answers + second->answers, 1);
    first = generate (bench, 1, 8);
    first->hook = ask_again;
    fake_forward_fail (1);
    assert_ended (first, BROKER_FAILED);
    assert_int_equal (fake_forward_started (), 3);
    fake_forward_find (2, UINT64_MAX);
    assert_found_by_peer (&bench->clients[bench->client_count - 1]);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (use_peers_asks_the_peers_alone),
        TEST (identical_roots_are_asked_for_once),
        TEST (devices_take_over_when_peers_fail),
        TEST (devices_never_take_over),
        TEST (devices_search_beside),
        TEST (devices_come_in_when_there_is_room),
        TEST (one_without_room_is_abandoned),
        TEST (beside_goes_on_with_either),
        TEST (peers_stand_in_for_no_devices),
        TEST (peers_do_not_stand_in_unless_told),
        TEST (peers_stand_in_for_devices_that_fail),
        TEST (local_requests_do_not_see_peers),
        TEST (both_kinds_of_waiters_share_what_is_found),
        TEST (easier_one_is_asked_apart_and_the_harder_goes_on),
        TEST (harder_one_is_asked_for_next),
        TEST (failure_of_the_easier_leaves_the_harder_alone),
        TEST (questions_for_one_root_are_bounded),
        TEST (last_one_to_leave_drops_the_question),
        TEST (cancel_drops_the_question),
        TEST (deadline_drops_the_question),
        TEST (want_of_memory_falls_back),
        TEST (want_of_memory_without_fallback_is_refused),
        TEST (secondary_peers_are_a_list_of_their_own),
        TEST (hops_are_asked_for_apart),
        TEST (late_comer_is_asked_for_again),
        TEST (looped_request_is_not_forwarded),
        TEST (looped_request_is_worked_on_here),
        TEST (asking_lifts_what_is_searched_ahead),
        TEST (stop_drops_every_question),
        TEST (callbacks_ask_again_and_leave),
    };
    int failed = cmocka_run_group_tests (tests, NULL, NULL);

    libevent_global_shutdown ();
    return failed;
}
