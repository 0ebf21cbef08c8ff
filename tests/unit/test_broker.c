/*
 * The broker, over a real pool and devices that do what the test says (fake_device.h), in a loop
 * that the test turns. What every test must leave behind, tear_down checks: each waiter that was
 * accepted has ended exactly once, answered or gone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_device.h"
#include "node/broker.h"
#include "seed.h"
#include "work/clock.h"
#include "work/value.h"

#define PATIENCE (30 * CLOCK_SECOND) /* nothing waits this long and passes */
#define IMPOSSIBLE 64u               /* bits of difficulty */

enum { MAX_JOBS = 64, MAX_CLIENTS = 4096, MAX_FAKES = 2 };

struct bench;

/* Somebody who was accepted as a waiter. */
struct client {
    struct bench *bench;
    struct scan_target target;
    struct broker_waiter *waiter; /* NULL: it has ended */
    unsigned answers;
    bool left;
    struct broker_answer answer;
    void (*hook) (struct client *client); /* run in the callback, or NULL */
    struct client *other;                 /* for the hook */
};

struct bench {
    struct event_base *base;
    struct event *tick; /* so that the loop never sleeps past a deadline */
    struct pool *pool;
    struct broker *broker;
    struct fake *fakes[MAX_FAKES];
    size_t fake_count;
    struct client clients[MAX_CLIENTS];
    size_t client_count;
    struct seed seed; /* for random lives */
};

static void
on_tick (evutil_socket_t fd, short what, void *data)
{
    (void)fd;
    (void)what;
    (void)data;
}

static int
set_up (void **state)
{
    const struct pool_settings settings = {.max_jobs = MAX_JOBS, .batch_seconds = 0.01};
    const struct timeval interval = {.tv_usec = 5000};
    struct bench *bench = calloc (1, sizeof *bench);

    if (bench == NULL) {
        return -1;
    }
    *state = bench;
    bench->base = event_base_new ();
    bench->tick = event_new (bench->base, -1, EV_PERSIST, on_tick, NULL);
    bench->pool = pool_new (&settings);
    return bench->tick == NULL || event_add (bench->tick, &interval) != 0 || bench->pool == NULL
               ? -1
               : 0;
}

static struct fake *
add_fake (struct bench *bench, const struct fake_settings *settings)
{
    struct fake *fake = fake_new (settings);

    assert_non_null (fake);
    assert_int_equal (pool_add (bench->pool, fake_device (fake)), 0);
    bench->fakes[bench->fake_count++] = fake;
    return fake;
}

/* Starts the pool and a broker over it. */
static void
start (struct bench *bench, size_t max_searches, double request_timeout)
{
    const struct broker_settings settings = {max_searches, request_timeout};

    assert_int_equal (pool_start (bench->pool), 0);
    bench->broker = broker_new (bench->base, bench->pool, &settings);
    assert_non_null (bench->broker);
}

/* A broker over one device that finds what is easy. */
static void
start_finder (struct bench *bench)
{
    add_fake (bench, &(struct fake_settings){.name = "finder"});
    start (bench, 16, 300);
}

/* A broker over one device that is held. */
static struct fake *
start_held (struct bench *bench, enum fake_behaviour behaviour)
{
    struct fake *fake = add_fake (
        bench, &(struct fake_settings){.name = "held", .behaviour = behaviour, .held = true});

    start (bench, 16, 300);
    return fake;
}

static void
check_clients (struct bench *bench)
{
    for (size_t i = 0; i < bench->client_count; i++) {
        assert_null (bench->clients[i].waiter);
        assert_int_equal (bench->clients[i].answers + bench->clients[i].left, 1);
    }
}

static int
tear_down (void **state)
{
    struct bench *bench = *state;

    if (bench->broker != NULL) {
        broker_stop (bench->broker);
        assert_int_equal (broker_waiters (bench->broker), 0);
    }
    for (size_t i = 0; i < bench->fake_count; i++) {
        fake_run_free (bench->fakes[i]);
    }
    pool_stop (bench->pool);
    broker_free (bench->broker);
    pool_free (bench->pool);
    event_free (bench->tick);
    event_base_free (bench->base);
    check_clients (bench);
    free (bench);
    return 0;
}

/* Clients. */

static void
on_done (void *data, const struct broker_answer *answer)
{
    struct client *client = data;

    client->waiter = NULL;
    client->answers++;
    client->answer = *answer;
    if (client->hook != NULL) {
        client->hook (client);
    }
}

/* Asks for work of 2^`bits` for the root number `tag`; `*client` is who was accepted. */
static enum broker_result
try_generate (struct bench *bench, uint64_t tag, unsigned bits, struct client **client)
{
    struct client *next = &bench->clients[bench->client_count];
    enum broker_result result;

    assert_in_range (bench->client_count, 0, MAX_CLIENTS - 1);
    *next = (struct client){.bench = bench};
    fake_target (&next->target, tag, fake_threshold (bits));
    result = broker_generate (bench->broker, &next->target, on_done, next, &next->waiter);
    assert_int_equal (next->answers, 0); /* never from within */
    if (result == BROKER_ACCEPTED) {
        assert_non_null (next->waiter);
        bench->client_count++;
        *client = next;
    }
    return result;
}

static struct client *
generate (struct bench *bench, uint64_t tag, unsigned bits)
{
    struct client *client = NULL;

    assert_int_equal (try_generate (bench, tag, bits, &client), BROKER_ACCEPTED);
    return client;
}

static void
assert_refused (struct bench *bench, uint64_t tag, enum broker_result result)
{
    struct client *client = NULL;
    size_t waiters = broker_waiters (bench->broker);

    assert_int_equal (try_generate (bench, tag, 0, &client), result);
    assert_int_equal (broker_waiters (bench->broker), waiters);
}

static void
leave (struct client *client)
{
    struct broker_waiter *waiter = client->waiter;

    assert_non_null (waiter);
    client->waiter = NULL;
    client->left = true;
    broker_leave (waiter);
}

static size_t
cancel (struct bench *bench, uint64_t tag)
{
    struct scan_target target;

    fake_target (&target, tag, 0);
    return broker_cancel (bench->broker, target.root);
}

static void
assert_ended (const struct client *client, enum broker_outcome outcome)
{
    assert_int_equal (client->answers, 1);
    assert_int_equal (client->answer.outcome, outcome);
    assert_true (client->answer.seconds >= 0);
}

/* Turns the loop until the client has been answered so. */
static void
wait_for_answer (struct client *client, enum broker_outcome outcome)
{
    uint64_t deadline = clock_now () + PATIENCE;

    while (client->answers == 0) {
        assert_true (clock_now () < deadline);
        assert_int_equal (event_base_loop (client->bench->base, EVLOOP_ONCE), 0);
    }
    assert_ended (client, outcome);
}

static void
assert_works (const struct client *client)
{
    uint64_t value;

    assert_true (value_reaches (&client->target, client->answer.work, &value));
    assert_int_equal (client->answer.value, value);
}

static void
wait_for_work (struct client *client)
{
    wait_for_answer (client, BROKER_FOUND);
    assert_works (client);
}

/* What is ready now, and nothing else. */
static void
turn (struct bench *bench)
{
    (void)event_base_loop (bench->base, EVLOOP_NONBLOCK);
}

static struct pool_statistics
statistics_of (struct bench *bench)
{
    struct pool_statistics statistics;

    pool_statistics (bench->pool, &statistics);
    return statistics;
}

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

/* A root that is asked for in both orders is two searches. */
static void
orders_are_searched_apart (void **state)
{
    struct bench *bench = *state;
    struct fake *fake = start_held (bench, FAKE_FINDS);
    struct client *first = generate (bench, 1, 8);
    struct client *second = &bench->clients[bench->client_count++];

    second->bench = bench;
    fake_target (&second->target, 1, ~fake_threshold (8));
    second->target.order = DIFFICULTY_AT_MOST;
    assert_int_equal (
        broker_generate (bench->broker, &second->target, on_done, second, &second->waiter),
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
    assert_refused (bench, 1, BROKER_DISABLED);
    assert_refused (bench, 2, BROKER_DISABLED); /* and not full */
}

static void
ask_in_vain (struct client *client)
{
    assert_refused (client->bench, 1, BROKER_DISABLED);
    assert_refused (client->bench, 9, BROKER_DISABLED);
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
    assert_refused (bench, 1, BROKER_DISABLED);
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

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (identical_roots_are_searched_once),
        TEST (different_roots_are_searched_apart),
        TEST (orders_are_searched_apart),
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
