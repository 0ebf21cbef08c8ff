/*
 * The broker over a real pool, with its threads; see support_broker.h. What it decides is in
 * test_search.c and test_search_model.c, without any.
 */
#include "support_broker.h"

#include <stdlib.h>
#include <string.h>

#define IMPOSSIBLE 64u /* bits of difficulty */

/* One root, several waiters. */

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
ask_again (struct client *client)
{
    client->other = generate (client->bench, 1, 4);
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
    broker_move (bench->broker, bench->pool);
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
    broker_move (bench->broker, bench->pool);
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
    broker_move (bench->broker, bench->pool);
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
        TEST (different_roots_are_searched_apart),
        TEST (networks_are_searched_apart),
        TEST (hard_one_goes_on_after_the_easy_one_before_it),
        TEST (root_is_asked_for_again_after_all_left),
        TEST (cancel_and_a_new_request_back_to_back),
        TEST (cancel_and_new_requests_in_one_turn),
        TEST (full_with_the_pool),
        TEST (stop_answers_everybody_and_nobody_after),
        TEST (failed_with_the_pool),
        TEST (failed_when_the_pool_stops_first),
        TEST (moving_loses_nobody),
        TEST (moving_delivers_what_was_found),
        TEST (moving_to_nothing_fails),
        TEST (every_waiter_ends_once_whatever_happens),
    };
    int failed = cmocka_run_group_tests (tests, NULL, NULL);

    libevent_global_shutdown ();
    return failed;
}
