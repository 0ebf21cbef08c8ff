/* The broker over the devices here; see support_broker.h. */
#include "support_broker.h"

#include <stdlib.h>
#include <string.h>

#define IMPOSSIBLE 64u /* bits of difficulty */

/* One root, several waiters. */

static void
identical_roots_are_searched_once (void **state)
{
    struct bench *bench = *state;
    struct fake *fake = start_held (bench, FAKE_FINDS);
    struct client *first = generate (bench, 1, 8);
    struct client *second = generate (bench, 1, 8);

    assert_int_equal (statistics_of (bench).jobs, 1);
    assert_int_equal (broker_waiters (bench->broker), 2);
    fake_run_free (fake);
    wait_for_work (first);
    wait_for_work (second);
    assert_int_equal (first->answer.work, second->answer.work);
    assert_int_equal (statistics_of (bench).found, 1);
    assert_int_equal (broker_waiters (bench->broker), 0);
}

static void
different_roots_are_searched_apart (void **state)
{
    struct bench *bench = *state;
    struct fake *fake = start_held (bench, FAKE_FINDS);
    struct client *first = generate (bench, 1, 8);
    struct client *second = generate (bench, 2, 8);

    assert_int_equal (statistics_of (bench).jobs, 2);
    fake_run_free (fake);
    wait_for_work (first);
    wait_for_work (second);
}

/* A root that is asked for on two networks is two searches. */
static void
networks_are_searched_apart (void **state)
{
    struct bench *bench = *state;
    struct fake *fake = start_held (bench, FAKE_FINDS);
    struct client *first = generate (bench, 1, 8);
    struct client *second = &bench->clients[bench->client_count++];
    struct broker_question question = {.network = STORE_ATTO_LIVE};

    second->bench = bench;
    fake_target (&second->target, 1, ~fake_threshold (8));
    second->target.order = DIFFICULTY_AT_MOST;
    question.target = second->target;
    assert_int_equal (broker_generate (bench->broker, &question, on_done, second, &second->waiter),
                      BROKER_ACCEPTED);
    assert_int_equal (statistics_of (bench).jobs, 2);
    fake_run_free (fake);
    wait_for_work (first);
    wait_for_work (second);
}

static void
easy_one_does_not_wait_for_the_hard_one_before_it (void **state)
{
    struct bench *bench = *state;
    struct fake *fake = start_held (bench, FAKE_FINDS);
    struct client *hard = generate (bench, 1, IMPOSSIBLE);
    struct client *easy = generate (bench, 1, 6);

    assert_int_equal (statistics_of (bench).jobs, 1); /* the easier in place of the harder */
    fake_run_free (fake);
    wait_for_work (easy);
    assert_int_equal (hard->answers, 0);
    assert_int_equal (statistics_of (bench).jobs, 1); /* and the harder again */
    assert_int_equal (statistics_of (bench).found, 1);
    leave (hard);
    assert_int_equal (statistics_of (bench).jobs, 0);
}

static void
hard_one_goes_on_after_the_easy_one_before_it (void **state)
{
    struct bench *bench = *state;

    start_finder (bench);
    for (uint64_t tag = 1; tag <= 50; tag++) {
        struct client *easy = generate (bench, tag, 2);
        struct client *hard = generate (bench, tag, 10);
        struct client *middling = generate (bench, tag, 6);
        wait_for_work (hard);
        wait_for_work (middling);
        wait_for_work (easy);
    }
    assert_int_equal (statistics_of (bench).jobs, 0);
}

static void
one_leaves_and_the_other_is_answered (void **state)
{
    struct bench *bench = *state;
    struct fake *fake = start_held (bench, FAKE_FINDS);

    for (unsigned leaver = 0; leaver < 2; leaver++) {
        struct client *clients[2];
        fake_hold (fake);
        clients[0] = generate (bench, leaver, 4);
        clients[1] = generate (bench, leaver, 8);
        leave (clients[leaver]);
        assert_int_equal (statistics_of (bench).jobs, 1);
        fake_run_free (fake);
        wait_for_work (clients[1 - leaver]);
        assert_int_equal (clients[leaver]->answers, 0);
    }
}

static void
last_one_to_leave_stops_the_search (void **state)
{
    struct bench *bench = *state;
    struct client *first;
    struct client *second;

    start_held (bench, FAKE_NEVER);
    first = generate (bench, 1, 8);
    second = generate (bench, 1, 4);
    leave (second);
    assert_int_equal (statistics_of (bench).jobs, 1);
    leave (first);
    assert_int_equal (statistics_of (bench).jobs, 0);
    assert_int_equal (broker_waiters (bench->broker), 0);
    turn (bench);
    assert_int_equal (first->answers + second->answers, 0);
}

/* The search that everybody left may have an answer under way still: the next client's is another.
 */
static void
root_is_asked_for_again_after_all_left (void **state)
{
    struct bench *bench = *state;

    start_finder (bench);
    for (unsigned round = 0; round < 200; round++) {
        struct client *client = generate (bench, 1, round % 8);
        leave (client);
        wait_for_work (generate (bench, 1, round % 8));
        assert_int_equal (client->answers, 0);
    }
}

/* Cancel. */

static void
cancel_answers_everybody_at_once (void **state)
{
    struct bench *bench = *state;
    struct client *clients[3];
    struct client *other;

    start_held (bench, FAKE_NEVER);
    other = generate (bench, 2, 8);
    for (unsigned i = 0; i < 3; i++) {
        clients[i] = generate (bench, 1, 4 * i);
    }
    assert_int_equal (cancel (bench, 3), 0);
    assert_int_equal (cancel (bench, 1), 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_ended (clients[i], BROKER_CANCELLED);
    }
    assert_int_equal (cancel (bench, 1), 0);
    assert_int_equal (statistics_of (bench).jobs, 1);
    assert_int_equal (other->answers, 0);
}

static void
cancel_and_a_new_request_back_to_back (void **state)
{
    struct bench *bench = *state;

    start_finder (bench);
    for (unsigned round = 0; round < 500; round++) {
        struct client *old = generate (bench, 1, round % 3 == 0 ? IMPOSSIBLE : round % 8);
        struct client *new;
        if (round % 2 == 0) {
            turn (bench);
        }
        if (old->answers == 0) {
            assert_int_equal (cancel (bench, 1), 1);
            assert_ended (old, BROKER_CANCELLED);
        }
        new = generate (bench, 1, round % 10);
        wait_for_work (new);
        assert_int_equal (old->answers, 1);
    }
}

/* All in one turn of the loop, with everything that was cancelled still to be drained. */
static void
cancel_and_new_requests_in_one_turn (void **state)
{
    struct bench *bench = *state;
    struct client *last;

    start_held (bench, FAKE_NEVER);
    for (unsigned round = 0; round < MAX_JOBS - 1; round++) {
        struct client *client = generate (bench, 1, IMPOSSIBLE);
        assert_int_equal (cancel (bench, 1), 1);
        assert_ended (client, BROKER_CANCELLED);
    }
    last = generate (bench, 1, IMPOSSIBLE);
    turn (bench);
    assert_int_equal (last->answers, 0);
    assert_int_equal (statistics_of (bench).jobs, 1);
    assert_int_equal (broker_waiters (bench->broker), 1);
}

/* Other ends. */

static void
deadline_answers_and_stops_the_search (void **state)
{
    struct bench *bench = *state;
    struct client *clients[3];

    add_fake (bench, &(struct fake_settings){.name = "never", .behaviour = FAKE_NEVER});
    start (bench, 16, 0.05);
    clients[0] = generate (bench, 1, 8);
    clients[1] = generate (bench, 1, 2);
    clients[2] = generate (bench, 2, 8);
    for (unsigned i = 0; i < 3; i++) {
        wait_for_answer (clients[i], BROKER_EXPIRED);
        assert_true (clients[i]->answer.seconds >= 0.04); /* the loop's clock is a little behind */
    }
    assert_int_equal (statistics_of (bench).jobs, 0);
    assert_int_equal (broker_waiters (bench->broker), 0);
}

/* Whoever comes later waits on when the first one's time is over. */
static void
deadline_is_each_waiters_own (void **state)
{
    struct bench *bench = *state;
    struct client *first;
    struct client *second;

    add_fake (bench, &(struct fake_settings){.name = "never", .behaviour = FAKE_NEVER});
    start (bench, 16, 0.2);
    first = generate (bench, 1, 8);
    for (uint64_t until = clock_now () + CLOCK_SECOND / 20; clock_now () < until;) {
        assert_int_equal (event_base_loop (bench->base, EVLOOP_ONCE), 0);
    }
    second = generate (bench, 1, 8);
    wait_for_answer (first, BROKER_EXPIRED);
    wait_for_answer (second, BROKER_EXPIRED);
    assert_true (second->answer.seconds >= 0.18);
}

static void
full_at_max_searches (void **state)
{
    struct bench *bench = *state;
    struct client *first;

    add_fake (bench, &(struct fake_settings){.name = "held", .held = true});
    start (bench, 2, 300);
    first = generate (bench, 1, 8);
    generate (bench, 2, 8);
    assert_refused (bench, 3, BROKER_FULL);
    generate (bench, 2, 8); /* no search more */
    leave (first);
    generate (bench, 3, 8);
    assert_refused (bench, 1, BROKER_FULL);
    assert_int_equal (statistics_of (bench).jobs, 2);
}

static void
full_with_the_pool (void **state)
{
    struct bench *bench = *state;
    struct client *first;

    add_fake (bench, &(struct fake_settings){.name = "held", .held = true});
    start (bench, 2 * MAX_JOBS, 300);
    first = generate (bench, 0, 8);
    for (uint64_t tag = 1; tag < MAX_JOBS; tag++) {
        generate (bench, tag, 8);
    }
    assert_refused (bench, MAX_JOBS, BROKER_FULL);
    assert_refused (bench, MAX_JOBS, BROKER_FULL); /* the first attempt left nothing behind */
    leave (generate (bench, 0, 8));
    assert_int_equal (first->answers, 0);
    assert_int_equal (broker_waiters (bench->broker), MAX_JOBS);
}

static void
disabled_without_devices (void **state)
{
    struct bench *bench = *state;

    start (bench, 1, 300);
    assert_refused (bench, 1, BROKER_LOCAL_DISABLED);
    assert_refused (bench, 2, BROKER_LOCAL_DISABLED); /* and not full */
    bench->use_peers = true;
    assert_refused (bench, 1, BROKER_DISABLED);
}

static void
ask_in_vain (struct client *client)
{
    assert_refused (client->bench, 1, BROKER_DOWN);
    assert_refused (client->bench, 9, BROKER_DOWN);
}

static void
stop_answers_everybody_and_nobody_after (void **state)
{
    struct bench *bench = *state;

    start_held (bench, FAKE_NEVER);
    for (unsigned i = 0; i < 20; i++) {
        generate (bench, i % 7, 4 * (i % 3))->hook = ask_in_vain;
    }
    broker_stop (bench->broker);
    for (unsigned i = 0; i < 20; i++) {
        assert_ended (&bench->clients[i], BROKER_CANCELLED);
    }
    assert_refused (bench, 1, BROKER_DOWN);
    broker_stop (bench->broker);
}

static void
failed_with_the_pool (void **state)
{
    struct bench *bench = *state;
    struct client *clients[3];
    struct fake *fake = add_fake (
        bench,
        &(struct fake_settings){.name = "dying", .held = true, .collect_fails = FAKE_ALWAYS});

    start (bench, 16, 300);
    clients[0] = generate (bench, 1, 8);
    clients[1] = generate (bench, 1, 4);
    clients[2] = generate (bench, 2, 8);
    fake_run_free (fake);
    for (unsigned i = 0; i < 3; i++) {
        wait_for_answer (clients[i], BROKER_FAILED);
    }
    assert_int_equal (broker_waiters (bench->broker), 0);
}

static void
failed_when_the_pool_stops_first (void **state)
{
    struct bench *bench = *state;
    struct client *client;

    add_fake (bench, &(struct fake_settings){.name = "slow", .behaviour = FAKE_NEVER, .speed = 1});
    start (bench, 16, 300);
    client = generate (bench, 1, IMPOSSIBLE);
    pool_stop (bench->pool);
    wait_for_answer (client, BROKER_FAILED);
}

/* Callbacks that change what is being gone through. */

static void
leave_other (struct client *client)
{
    if (client->other->waiter != NULL) {
        leave (client->other);
    }
}

static void
ask_again (struct client *client)
{
    client->other = generate (client->bench, 1, 4);
}

static void
cancel_root (struct client *client)
{
    (void)cancel (client->bench, 1);
}

static void
callback_makes_another_leave (void **state)
{
    struct bench *bench = *state;
    struct fake *fake = start_held (bench, FAKE_FINDS);
    struct client *clients[3];

    for (unsigned i = 0; i < 3; i++) {
        clients[i] = generate (bench, 1, 0);
        clients[i]->hook = leave_other;
    }
    clients[0]->other = clients[1];
    clients[1]->other = clients[2];
    clients[2]->other = clients[1];
    fake_run_free (fake);
    wait_for_work (clients[2]);
    assert_int_equal (clients[0]->answers, 1);
    assert_int_equal (clients[1]->answers, 0);
}

/* The other one waits for more than was found: it was the last that kept the search. */
static void
callback_makes_the_last_leave (void **state)
{
    struct bench *bench = *state;
    struct client *easy;

    start_finder (bench);
    easy = generate (bench, 1, 2);
    easy->other = generate (bench, 1, IMPOSSIBLE);
    easy->hook = leave_other;
    wait_for_work (easy);
    assert_true (easy->other->left);
    assert_int_equal (statistics_of (bench).jobs, 0);
    wait_for_work (generate (bench, 1, 2));
}

static void
callback_asks_again (void **state)
{
    struct bench *bench = *state;
    struct client *client;
    struct client *hard;

    start_finder (bench);
    client = generate (bench, 1, 2);
    hard = generate (bench, 1, 10);
    client->hook = ask_again;
    wait_for_work (client);
    wait_for_work (client->other);
    wait_for_work (hard);
    assert_int_equal (statistics_of (bench).jobs, 0);
}

static void
callback_cancels (void **state)
{
    struct bench *bench = *state;
    struct fake *fake = start_held (bench, FAKE_FINDS);
    struct client *easy = generate (bench, 1, 0);
    struct client *hard = generate (bench, 1, IMPOSSIBLE);
    struct client *same = generate (bench, 1, 0);

    easy->hook = cancel_root;
    fake_run_free (fake);
    wait_for_work (easy);
    assert_ended (hard, BROKER_CANCELLED);
    assert_ended (same, BROKER_FOUND); /* its work was there already */
    assert_int_equal (statistics_of (bench).jobs, 0);
}

static void
callback_of_a_cancel_asks_again (void **state)
{
    struct bench *bench = *state;
    struct client *client;

    start_finder (bench);
    client = generate (bench, 1, IMPOSSIBLE);
    client->hook = ask_again;
    assert_int_equal (cancel (bench, 1), 1);
    assert_ended (client, BROKER_CANCELLED);
    assert_int_equal (client->other->answers, 0);
    wait_for_work (client->other);
}

static void
callback_of_a_cancel_cancels (void **state)
{
    struct bench *bench = *state;
    struct client *clients[3];

    start_held (bench, FAKE_NEVER);
    for (unsigned i = 0; i < 3; i++) {
        clients[i] = generate (bench, 1, 4);
        clients[i]->hook = cancel_root;
    }
    assert_int_equal (cancel (bench, 1), 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_ended (clients[i], BROKER_CANCELLED);
    }
}

static void
callback_of_a_deadline_changes_everything (void **state)
{
    static void (*const hooks[]) (struct client *) = {leave_other, ask_again, cancel_root};
    struct bench *bench = *state;

    add_fake (bench, &(struct fake_settings){.name = "never", .behaviour = FAKE_NEVER});
    start (bench, 16, 0.05);
    for (unsigned i = 0; i < 3; i++) {
        struct client *first = generate (bench, 1, 4);
        struct client *second = generate (bench, 1, 4);
        first->other = second;
        first->hook = hooks[i];
        wait_for_answer (first, BROKER_EXPIRED);
        if (second->waiter != NULL) {
            leave (second);
        }
    }
}

/* Everything at once, at random, from within and from without. */

enum { OPERATIONS = 2500, ROOTS = 8 };

static void act_at_random (struct client *client);

static void
generate_random (struct bench *bench)
{
    static const unsigned bits[] = {0, 2, 5, 8, 10, IMPOSSIBLE};
    struct client *client = NULL;
    enum broker_result result;

    if (bench->client_count == MAX_CLIENTS) {
        return;
    }
    result = try_generate (bench, seed_below (&bench->seed, ROOTS),
                           bits[seed_below (&bench->seed, 6)], &client);
    if (result == BROKER_ACCEPTED) {
        client->hook = act_at_random;
    } else {
        assert_int_equal (result, BROKER_FULL);
    }
}

/* Makes one of the last clients leave, if it is still there. */
static void
leave_random (struct bench *bench)
{
    size_t among = bench->client_count < 30 ? bench->client_count : 30;
    struct client *client;

    if (among > 0) {
        client =
            &bench->clients[bench->client_count - 1 - seed_below (&bench->seed, (unsigned)among)];
        if (client->waiter != NULL) {
            leave (client);
        }
    }
}

static void
act (struct bench *bench)
{
    unsigned choice = seed_below (&bench->seed, 10);

    if (choice < 6) {
        generate_random (bench);
    } else if (choice < 9) {
        leave_random (bench);
    } else {
        (void)cancel (bench, seed_below (&bench->seed, ROOTS));
    }
}

/* Not always, or there would be no end to it. */
static void
act_at_random (struct client *client)
{
    struct bench *bench = client->bench;

    if (client->answer.outcome == BROKER_FOUND) {
        assert_works (client);
    }
    if (client->answer.outcome != BROKER_FAILED && seed_below (&bench->seed, 3) == 0) {
        act (bench);
    }
}

/* From one pool to another. */

/* The pool owns the device that it had, the first. */
static void
free_old (struct bench *bench, struct pool *old)
{
    pool_free (old);
    bench->fakes[0] = bench->fakes[--bench->fake_count];
}

static void
moving_loses_nobody (void **state)
{
    struct bench *bench = *state;
    const struct pool_settings settings = {.max_jobs = MAX_JOBS, .batch_seconds = 0.01};
    struct pool *old = bench->pool;
    struct client *clients[8];

    add_fake (bench, &(struct fake_settings){.name = "slow", .behaviour = FAKE_NEVER, .speed = 1});
    start (bench, 16, 300);
    for (unsigned i = 0; i < 8; i++) {
        clients[i] = generate (bench, i / 2, 8);
    }
    bench->pool = pool_new (&settings);
    assert_non_null (bench->pool);
    add_fake (bench, &(struct fake_settings){.name = "finder"});
    assert_int_equal (pool_start (bench->pool), 0);
    assert_int_equal (broker_move (bench->broker, bench->pool), 0);
    pool_stop (old);
    free_old (bench, old);
    assert_int_equal (broker_waiters (bench->broker), 8);
    for (unsigned i = 0; i < 8; i++) {
        wait_for_work (clients[i]);
    }
    assert_int_equal (statistics_of (bench).found, 4);
}

/* What the old pool has found, but not delivered, counts; and a callback may ask the new one. */
static void
moving_delivers_what_was_found (void **state)
{
    struct bench *bench = *state;
    const struct pool_settings settings = {.max_jobs = MAX_JOBS, .batch_seconds = 0.01};
    struct pool *old = bench->pool;
    struct client *client;
    const uint64_t deadline = clock_now () + PATIENCE;

    start_finder (bench);
    client = generate (bench, 1, 8);
    client->hook = ask_again;
    while (statistics_of (bench).found == 0) {
        assert_true (clock_now () < deadline);
    }
    bench->pool = pool_new (&settings);
    assert_non_null (bench->pool);
    add_fake (bench, &(struct fake_settings){.name = "other"});
    assert_int_equal (pool_start (bench->pool), 0);
    assert_int_equal (broker_move (bench->broker, bench->pool), 0);
    pool_stop (old);
    free_old (bench, old);
    assert_ended (client, BROKER_FOUND);
    assert_works (client);
    wait_for_work (&bench->clients[bench->client_count - 1]);
}

/* To a pool that cannot search: they hear of it. */
static void
moving_to_nothing_fails (void **state)
{
    struct bench *bench = *state;
    const struct pool_settings settings = {.max_jobs = MAX_JOBS, .batch_seconds = 0.01};
    struct pool *old = bench->pool;
    struct client *client;

    add_fake (bench, &(struct fake_settings){.name = "slow", .behaviour = FAKE_NEVER, .speed = 1});
    start (bench, 16, 300);
    client = generate (bench, 1, IMPOSSIBLE);
    bench->pool = pool_new (&settings);
    assert_non_null (bench->pool);
    assert_int_equal (pool_start (bench->pool), 0);
    assert_int_equal (broker_move (bench->broker, bench->pool), 0);
    pool_stop (old);
    free_old (bench, old);
    assert_ended (client, BROKER_FAILED);
}

static void
every_waiter_ends_once_whatever_happens (void **state)
{
    struct bench *bench = *state;

    bench->seed = seed_new ();
    add_fake (bench, &(struct fake_settings){.name = "finder"});
    add_fake (bench, &(struct fake_settings){.name = "other", .depth = 2});
    start (bench, ROOTS - 2, 0.02);
    for (unsigned i = 0; i < OPERATIONS; i++) {
        act (bench);
        if (seed_below (&bench->seed, 3) == 0) {
            turn (bench);
        }
    }
    for (size_t i = 0; i < bench->client_count; i++) {
        bench->clients[i].hook = NULL;
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (identical_roots_are_searched_once),
        TEST (different_roots_are_searched_apart),
        TEST (networks_are_searched_apart),
        TEST (easy_one_does_not_wait_for_the_hard_one_before_it),
        TEST (hard_one_goes_on_after_the_easy_one_before_it),
        TEST (one_leaves_and_the_other_is_answered),
        TEST (last_one_to_leave_stops_the_search),
        TEST (root_is_asked_for_again_after_all_left),
        TEST (cancel_answers_everybody_at_once),
        TEST (cancel_and_a_new_request_back_to_back),
        TEST (cancel_and_new_requests_in_one_turn),
        TEST (deadline_answers_and_stops_the_search),
        TEST (deadline_is_each_waiters_own),
        TEST (full_at_max_searches),
        TEST (full_with_the_pool),
        TEST (disabled_without_devices),
        TEST (stop_answers_everybody_and_nobody_after),
        TEST (failed_with_the_pool),
        TEST (failed_when_the_pool_stops_first),
        TEST (moving_loses_nobody),
        TEST (moving_delivers_what_was_found),
        TEST (moving_to_nothing_fails),
        TEST (callback_makes_another_leave),
        TEST (callback_makes_the_last_leave),
        TEST (callback_asks_again),
        TEST (callback_cancels),
        TEST (callback_of_a_cancel_asks_again),
        TEST (callback_of_a_cancel_cancels),
        TEST (callback_of_a_deadline_changes_everything),
        TEST (every_waiter_ends_once_whatever_happens),
    };
    int failed = cmocka_run_group_tests (tests, NULL, NULL);

    libevent_global_shutdown ();
    return failed;
}
