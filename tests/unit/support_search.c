#include "support_search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t
bench_threshold (unsigned bits)
{
    return bits == 0 ? 0 : ~(UINT64_MAX >> bits);
}

unsigned
bench_bits (uint64_t threshold)
{
    return (unsigned)__builtin_popcountll (threshold);
}

void
bench_root (unsigned number, uint8_t root[32])
{
    assert_in_range (number, 0, MAX_ROOTS - 1);
    memset (root, 0, 32);
    root[31] = (uint8_t)number;
}

static struct endpoint *
make_endpoints (const char *host, unsigned count)
{
    struct endpoint *endpoints = calloc (count + 1, sizeof *endpoints);

    assert_non_null (endpoints);
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf (endpoints[i].host, sizeof endpoints[i].host, "%s", host);
        endpoints[i].port = (uint16_t)(i + 1);
    }
    return endpoints;
}

static struct peers *
make_peers (const struct bench_settings *settings)
{
    static struct config config;
    struct peers *peers;

    config.work_peers.items = make_endpoints ("p", settings->primary);
    config.work_peers.count = settings->primary;
    config.secondary_work_peers.items = make_endpoints ("s", settings->secondary);
    config.secondary_work_peers.count = settings->secondary;
    peers = peers_new (NULL, &config);
    free (config.work_peers.items);
    free (config.secondary_work_peers.items);
    return peers;
}

struct bench *
bench_new (const struct bench_settings *settings)
{
    struct bench *bench = calloc (1, sizeof *bench);

    assert_non_null (bench);
    fake_peers_reset ();
    bench->settings = *settings;
    bench->base = event_base_new ();
    bench->pool = fake_pool_new (settings->devices, settings->room);
    bench->peers = make_peers (settings);
    bench->broker = broker_new (bench->base, bench->pool, bench->peers, NULL, &settings->broker);
    return bench;
}

void
bench_free (struct bench *bench)
{
    broker_stop (bench->broker);
    assert_int_equal (broker_waiters (bench->broker), 0);
    assert_int_equal (fake_pool_jobs (bench->pool), 0);
    for (size_t i = 0; i < fake_peers_asks (); i++) {
        assert_false (fake_peers_ask (i)->open);
    }
    broker_free (bench->broker);
    fake_pool_free (bench->pool);
    peers_free (bench->peers);
    event_base_free (bench->base);
    for (size_t i = 0; i < bench->client_count; i++) {
        assert_null (bench->clients[i].waiter);
        assert_int_equal (bench->clients[i].answers + bench->clients[i].left, 1);
    }
    free (bench);
}

static void
on_done (void *data, const struct broker_answer *answer)
{
    struct client *client = data;

    client->waiter = NULL;
    client->answers++;
    client->answer = *answer;
    if (answer->outcome == BROKER_FOUND) {
        (void)snprintf (client->source, sizeof client->source, "%s", answer->source);
        assert_true (answer->value >= bench_threshold (client->bits));
    }
    if (client->hook != NULL) {
        client->hook (client);
    }
}

enum broker_result
bench_ask (struct bench *bench, unsigned root, unsigned bits,
           const struct broker_question *question, struct client **client)
{
    struct client *next = &bench->clients[bench->client_count];
    struct broker_question asked = *question;
    enum broker_result result;

    assert_in_range (bench->client_count, 0, MAX_CLIENTS - 1);
    *next = (struct client){.bench = bench, .root = root, .bits = bits};
    asked.network = STORE_NANO_LIVE;
    asked.target.threshold = bench_threshold (bits);
    bench_root (root, asked.target.root);
    result = broker_generate (bench->broker, &asked, on_done, next, &next->waiter);
    assert_int_equal (next->answers, 0); /* never from within */
    if (result == BROKER_ACCEPTED) {
        assert_non_null (next->waiter);
        bench->client_count++;
        *client = next;
    }
    return result;
}

void
bench_leave (struct client *client)
{
    struct broker_waiter *waiter = client->waiter;

    assert_non_null (waiter);
    client->waiter = NULL;
    client->left = true;
    broker_leave (waiter);
}

size_t
bench_cancel (struct bench *bench, unsigned root)
{
    uint8_t bytes[32];

    bench_root (root, bytes);
    return broker_cancel (bench->broker, STORE_NANO_LIVE, bytes);
}

const struct pool_request *
bench_job (const struct bench *bench, unsigned root)
{
    uint8_t bytes[32];

    bench_root (root, bytes);
    return fake_pool_job (bench->pool, bytes);
}

void
bench_device_finds (struct bench *bench, unsigned root, unsigned bits)
{
    uint8_t bytes[32];

    bench_root (root, bytes);
    fake_pool_find (bench->pool, bytes, bench_threshold (bits));
}

void
bench_device_fails (struct bench *bench, unsigned root)
{
    uint8_t bytes[32];

    bench_root (root, bytes);
    fake_pool_fail (bench->pool, bytes);
}

void
bench_move (struct bench *bench, size_t devices)
{
    struct pool *old = bench->pool;

    bench->pool = fake_pool_new (devices, bench->settings.room);
    broker_move (bench->broker, bench->pool);
    assert_int_equal (fake_pool_places (old), 0);
    fake_pool_free (old);
}

void
bench_turn (struct bench *bench)
{
    still_clock_advance (1000);
    (void)event_base_loop (bench->base, EVLOOP_NONBLOCK);
}

void
bench_wait (struct bench *bench, double seconds)
{
    const uint64_t until = clock_now () + clock_from_seconds (seconds);
    const uint64_t step = CLOCK_SECOND / 1000 + clock_from_seconds (seconds / 1000);

    while (clock_now () < until) {
        const uint64_t left = until - clock_now ();

        still_clock_advance (left < step ? left : step);
        (void)event_base_loop (bench->base, EVLOOP_NONBLOCK);
    }
}
