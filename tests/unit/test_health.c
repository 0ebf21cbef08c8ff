/*
 * Health and readiness, by the states of devices and peers that the test brings about.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "fake_device.h"
#include "node/manage/health.h"
#include "work/base/clock.h"

#define PATIENCE (30 * CLOCK_SECOND)

struct fixture {
    struct config config;
    struct actions actions;
    struct event_base *base;
    struct peer_client *client;
    char reason[HEALTH_REASON_SIZE];
};

static int
set_up (void **state)
{
    static const struct pool_settings pool = {.max_jobs = 4, .batch_seconds = 0.01};
    static const struct peer_client_settings client = {
        .connect_timeout = 1, .response_timeout = 1, .identity = "0"};
    static struct fixture fixture;

    fixture = (struct fixture){.config = {.peers_stand_in = true}};
    *state = &fixture;
    fixture.base = event_base_new ();
    fixture.client = peer_client_new (fixture.base, &client);
    fixture.actions.config = &fixture.config;
    fixture.actions.engine.pool = pool_new (&pool);
    fixture.actions.peers = peers_new (fixture.client, &fixture.config);
    return fixture.actions.engine.pool != NULL && fixture.actions.peers != NULL ? 0 : -1;
}

static int
tear_down (void **state)
{
    struct fixture *fixture = *state;

    pool_stop (fixture->actions.engine.pool);
    pool_free (fixture->actions.engine.pool);
    peers_free (fixture->actions.peers);
    peer_client_free (fixture->client);
    event_base_free (fixture->base);
    return 0;
}

static struct fake *
add_device (struct fixture *fixture, const char *name, unsigned open_fails)
{
    struct fake *fake = fake_new (&(struct fake_settings){.name = name, .open_fails = open_fails});

    assert_non_null (fake);
    assert_int_equal (pool_add (fixture->actions.engine.pool, fake_device (fake)), 0);
    return fake;
}

static void
wait_for_state (struct fixture *fixture, size_t index, enum pool_device_state state)
{
    static const struct timespec nap = {.tv_nsec = 1000000};
    const uint64_t deadline = clock_now () + PATIENCE;
    struct pool_device device;

    do {
        assert_true (clock_now () < deadline);
        (void)nanosleep (&nap, NULL);
        pool_device (fixture->actions.engine.pool, index, &device);
    } while (device.state != state);
}

static void
assert_health (struct fixture *fixture, int healthy, int ready)
{
    assert_int_equal (health_check (&fixture->actions, fixture->reason), healthy);
    assert_int_equal (health_ready (&fixture->actions, fixture->reason), ready);
}

static void
test_opening_is_healthy_but_not_ready (void **state)
{
    struct fixture *fixture = *state;

    add_device (fixture, "one", 0);
    assert_health (fixture, 0, -1);
    assert_string_equal (fixture->reason, "The devices are being opened and tested");
    assert_int_equal (health_ready_devices (&fixture->actions, fixture->reason), -1);
    assert_int_equal (pool_start (fixture->actions.engine.pool), 0);
    wait_for_state (fixture, 0, POOL_DEVICE_UP);
    assert_health (fixture, 0, 0);
    assert_int_equal (health_ready_devices (&fixture->actions, fixture->reason), 0);
}

static void
test_one_of_two_is_enough (void **state)
{
    struct fixture *fixture = *state;

    add_device (fixture, "broken", FAKE_ALWAYS);
    add_device (fixture, "good", 0);
    assert_int_equal (pool_start (fixture->actions.engine.pool), 0);
    wait_for_state (fixture, 0, POOL_DEVICE_RESTING);
    wait_for_state (fixture, 1, POOL_DEVICE_UP);
    assert_health (fixture, 0, 0);
}

/* It may take a minute to fail again, and nothing is answered meanwhile. */
static void
test_tried_again (void **state)
{
    struct fixture *fixture = *state;
    struct fake *fake = fake_new (&(struct fake_settings){
        .name = "slow to fail", .held = true, .open_waits = 2, .open_fails = FAKE_ALWAYS});
    int healthy;

    assert_non_null (fake);
    assert_int_equal (pool_add (fixture->actions.engine.pool, fake_device (fake)), 0);
    assert_int_equal (pool_start (fixture->actions.engine.pool), 0);
    assert_true (fake_wait_opens (fake, 2));
    wait_for_state (fixture, 0, POOL_DEVICE_OPENING);
    healthy = health_check (&fixture->actions, fixture->reason);
    fake_run_free (fake); /* whatever comes of it */
    assert_int_equal (healthy, -1);
}

static void
test_resting (void **state)
{
    struct fixture *fixture = *state;

    add_device (fixture, "broken", FAKE_ALWAYS);
    assert_int_equal (pool_start (fixture->actions.engine.pool), 0);
    wait_for_state (fixture, 0, POOL_DEVICE_RESTING);
    assert_health (fixture, -1, -1);
    assert_memory_equal (fixture->reason, "No device is up; the last, broken: ", 35);
    assert_int_equal (health_ready_devices (&fixture->actions, fixture->reason), -1);
}

static void
test_nothing_at_all (void **state)
{
    struct fixture *fixture = *state;

    assert_health (fixture, -1, -1);
    assert_string_equal (fixture->reason, "There is no device to search on");
}

static void
test_peers_stand_in (void **state)
{
    struct fixture *fixture = *state;
    struct endpoint endpoint;
    const char *expected;

    assert_int_equal (endpoint_make ("127.0.0.1", 1, &endpoint, &expected), 0);
    peers_add (fixture->actions.peers, &endpoint);
    assert_health (fixture, 0, 0);
    assert_int_equal (health_ready_devices (&fixture->actions, fixture->reason), -1);
    assert_string_equal (fixture->reason, "There is no device to search on");
    fixture->config.peers_stand_in = false;
    assert_health (fixture, -1, -1);
    fixture->config.peers_stand_in = true;
    add_device (fixture, "opening", 0); /* the peers do meanwhile */
    assert_health (fixture, 0, 0);
}

static void
test_stopping (void **state)
{
    struct fixture *fixture = *state;

    add_device (fixture, "one", 0);
    assert_int_equal (pool_start (fixture->actions.engine.pool), 0);
    wait_for_state (fixture, 0, POOL_DEVICE_UP);
    fixture->actions.stopping = true;
    assert_health (fixture, 0, -1);
    assert_string_equal (fixture->reason, "The daemon is stopping");
    assert_int_equal (health_ready_devices (&fixture->actions, fixture->reason), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (test_opening_is_healthy_but_not_ready),
        TEST (test_one_of_two_is_enough),
        TEST (test_tried_again),
        TEST (test_resting),
        TEST (test_nothing_at_all),
        TEST (test_peers_stand_in),
        TEST (test_stopping),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
