#include "support_broker.h"

#include <stdlib.h>

#include "work/scan/value.h"

static void
on_tick (evutil_socket_t fd, short what, void *data)
{
    (void)fd;
    (void)what;
    (void)data;
}

int
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

struct fake *
add_fake (struct bench *bench, const struct fake_settings *settings)
{
    struct fake *fake = fake_new (settings);

    assert_non_null (fake);
    assert_int_equal (pool_add (bench->pool, fake_device (fake)), 0);
    bench->fakes[bench->fake_count++] = fake;
    return fake;
}

void
start (struct bench *bench, size_t max_searches, double request_timeout)
{
    bench->settings.max_searches = max_searches;
    bench->settings.request_timeout = request_timeout;
    assert_int_equal (pool_start (bench->pool), 0);
    bench->broker = broker_new (bench->base, bench->pool, NULL, bench->store, &bench->settings);
}

void
start_finder (struct bench *bench)
{
    add_fake (bench, &(struct fake_settings){.name = "finder"});
    start (bench, 16, 300);
}

struct fake *
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

int
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

void
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

enum broker_result
try_generate (struct bench *bench, uint64_t tag, unsigned bits, struct client **client)
{
    struct client *next = &bench->clients[bench->client_count];
    struct broker_question question = {.network = STORE_NANO_LIVE, .ahead = bench->ahead};
    enum broker_result result;

    assert_in_range (bench->client_count, 0, MAX_CLIENTS - 1);
    *next = (struct client){.bench = bench};
    fake_target (&next->target, tag, fake_threshold (bits));
    question.target = next->target;
    result = broker_generate (bench->broker, &question, on_done, next, &next->waiter);
    assert_int_equal (next->answers, 0); /* never from within */
    if (result == BROKER_ACCEPTED) {
        assert_non_null (next->waiter);
        bench->client_count++;
        *client = next;
    }
    return result;
}

struct client *
generate (struct bench *bench, uint64_t tag, unsigned bits)
{
    struct client *client = NULL;

    assert_int_equal (try_generate (bench, tag, bits, &client), BROKER_ACCEPTED);
    return client;
}

void
assert_refused (struct bench *bench, uint64_t tag, enum broker_result result)
{
    struct client *client = NULL;
    size_t waiters = broker_waiters (bench->broker);

    assert_int_equal (try_generate (bench, tag, 0, &client), result);
    assert_int_equal (broker_waiters (bench->broker), waiters);
}

void
leave (struct client *client)
{
    struct broker_waiter *waiter = client->waiter;

    assert_non_null (waiter);
    client->waiter = NULL;
    client->left = true;
    broker_leave (waiter);
}

size_t
cancel (struct bench *bench, uint64_t tag)
{
    struct scan_target target;

    fake_target (&target, tag, 0);
    return broker_cancel (bench->broker, STORE_NANO_LIVE, target.root);
}

void
assert_ended (const struct client *client, enum broker_outcome outcome)
{
    assert_int_equal (client->answers, 1);
    assert_int_equal (client->answer.outcome, outcome);
    assert_true (client->answer.seconds >= 0);
}

void
wait_for_answer (struct client *client, enum broker_outcome outcome)
{
    uint64_t deadline = clock_now () + PATIENCE;

    while (client->answers == 0) {
        assert_true (clock_now () < deadline);
        assert_int_equal (event_base_loop (client->bench->base, EVLOOP_ONCE), 0);
    }
    assert_ended (client, outcome);
}

void
assert_works (const struct client *client)
{
    uint64_t value;

    assert_true (value_reaches (&client->target, client->answer.work, &value));
    assert_int_equal (client->answer.value, value);
}

void
wait_for_work (struct client *client)
{
    wait_for_answer (client, BROKER_FOUND);
    assert_works (client);
}

void
turn (struct bench *bench)
{
    (void)event_base_loop (bench->base, EVLOOP_NONBLOCK);
}

struct pool_statistics
statistics_of (struct bench *bench)
{
    struct pool_statistics statistics;

    pool_statistics (bench->pool, &statistics);
    return statistics;
}
