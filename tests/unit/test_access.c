/*
 * Access: who may ask, what each has left, and the bounds of the tables that know it. Time is the
 * test's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/access/access.h"
#include "rpc/access/callers.h"
#include "work/base/clock.h"

#define BASE UINT64_C (0xfffffff800000000)

/* A test's world: two keys and two networks, until it changes them. */
struct fixture {
    struct access_key keys[2];
    struct cidr allow[2];
    struct cidr nodes[1];
    struct access_settings settings;
    struct access *access;
    uint64_t now;
    size_t told;
    enum access_verdict last;
    char who[ACCESS_NAME_SIZE];
};

static void
on_refusal (void *data, enum access_verdict verdict, const char *who)
{
    struct fixture *fixture = data;

    fixture->told++;
    fixture->last = verdict;
    snprintf (fixture->who, sizeof fixture->who, "%s", who);
}

static struct cidr
network (const char *text)
{
    struct cidr cidr;

    assert_int_equal (cidr_parse (text, &cidr), 0);
    return cidr;
}

static int
set_up (void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){
        .keys = {{.name = "first"}, {.name = "second"}},
        .allow = {network ("10.0.0.0/8"), network ("2001:db8::/32")},
        .nodes = {network ("192.0.2.0/24")},
        .settings = {.keys = fixture.keys,
                     .allow = fixture.allow,
                     .nodes = fixture.nodes,
                     .tell = on_refusal,
                     .data = &fixture},
        .access = access_new (4),
        .now = 5 * CLOCK_SECOND,
    };
    assert_non_null (fixture.access);
    assert_int_equal (key_hash_new ("one", 3, &fixture.keys[0].hash), 0);
    assert_int_equal (key_hash_new ("two", 3, &fixture.keys[1].hash), 0);
    *state = &fixture;
    return 0;
}

static int
tear_down (void **state)
{
    struct fixture *fixture = *state;

    access_free (fixture->access);
    return 0;
}

/* What is in the fixture's settings counts from now on. */
/* What access takes. */
static void *
copy_of (const void *items, size_t count, size_t size)
{
    void *const copy = malloc (count * size + 1);

    assert_non_null (copy);
    if (count > 0) {
        memcpy (copy, items, count * size);
    }
    return copy;
}

static void
take_effect (struct fixture *fixture)
{
    struct access_settings settings = fixture->settings;

    settings.keys = copy_of (settings.keys, settings.key_count, sizeof *settings.keys);
    settings.allow = copy_of (settings.allow, settings.allow_count, sizeof *settings.allow);
    settings.nodes = copy_of (settings.nodes, settings.node_count, sizeof *settings.nodes);
    access_set (fixture->access, &settings);
}

static enum access_verdict
admit (struct fixture *fixture, const char *address, const char *key, struct access_pass *pass)
{
    const struct cidr alone = network (address);
    const struct credentials_headers headers = {.api_key = key};

    return access_admit (fixture->access, &alone.address, &headers, fixture->now, pass);
}

/* The verdict on a request that ends at once. */
static enum access_verdict
ask (struct fixture *fixture, const char *address, const char *key)
{
    struct access_pass pass;
    const enum access_verdict verdict = admit (fixture, address, key, &pass);

    access_pass_clear (&pass);
    return verdict;
}

static void
test_nothing_set (void **state)
{
    struct fixture *fixture = *state;

    take_effect (fixture);
    assert_int_equal (ask (fixture, "203.0.113.1", NULL), ACCESS_GRANTED);
    assert_int_equal (ask (fixture, "203.0.113.1", "any"), ACCESS_GRANTED);
    assert_int_equal (fixture->told, 0);
}

static void
test_keys_alone (void **state)
{
    struct fixture *fixture = *state;

    fixture->settings.key_count = 2;
    take_effect (fixture);
    assert_int_equal (ask (fixture, "203.0.113.1", "one"), ACCESS_GRANTED);
    assert_int_equal (ask (fixture, "203.0.113.1", "two"), ACCESS_GRANTED);
    assert_int_equal (ask (fixture, "203.0.113.1", "on"), ACCESS_WRONG_KEY);
    assert_int_equal (ask (fixture, "203.0.113.1", NULL), ACCESS_NO_KEY);
    assert_int_equal (ask (fixture, "203.0.113.1", ""), ACCESS_NO_KEY);
    assert_int_equal (ask (fixture, "127.0.0.1", NULL), ACCESS_NO_KEY);
    assert_int_equal (fixture->told, 4);
    assert_string_equal (fixture->who, "127.0.0.1");
}

static void
test_networks_alone (void **state)
{
    struct fixture *fixture = *state;

    fixture->settings.allow_count = 2;
    take_effect (fixture);
    assert_int_equal (ask (fixture, "10.9.8.7", NULL), ACCESS_GRANTED);
    assert_int_equal (ask (fixture, "::ffff:10.9.8.7", NULL), ACCESS_GRANTED);
    assert_int_equal (ask (fixture, "2001:db8:1::1", "any"), ACCESS_GRANTED);
    assert_int_equal (ask (fixture, "11.9.8.7", NULL), ACCESS_FORBIDDEN);
    assert_int_equal (ask (fixture, "127.0.0.1", "one"), ACCESS_FORBIDDEN);
    assert_int_equal (ask (fixture, "2001:db9::1", NULL), ACCESS_FORBIDDEN);
}

static void
test_keys_or_networks (void **state)
{
    struct fixture *fixture = *state;

    fixture->settings.key_count = 1;
    fixture->settings.allow_count = 1;
    take_effect (fixture);
    assert_int_equal (ask (fixture, "10.9.8.7", NULL), ACCESS_GRANTED);
    assert_int_equal (ask (fixture, "10.9.8.7", "wrong"), ACCESS_GRANTED);
    assert_int_equal (ask (fixture, "11.9.8.7", "one"), ACCESS_GRANTED);
    assert_int_equal (ask (fixture, "11.9.8.7", "two"), ACCESS_WRONG_KEY);
    assert_int_equal (ask (fixture, "11.9.8.7", NULL), ACCESS_NO_KEY);
}

static void
test_unknown_address (void **state)
{
    struct fixture *fixture = *state;
    const struct credentials_headers headers = {.key = "one"};
    struct access_pass pass;

    fixture->settings.key_count = 1;
    take_effect (fixture);
    assert_int_equal (access_admit (fixture->access, NULL, &headers, 0, &pass), ACCESS_FORBIDDEN);
    access_pass_clear (&pass);
}

/* Any of the headers' keys will do. */
static void
test_any_header (void **state)
{
    struct fixture *fixture = *state;
    const struct credentials_headers headers = {"Bearer x", "y", "z", "two"};
    const struct cidr alone = network ("203.0.113.1");
    char who[ACCESS_NAME_SIZE];
    struct access_pass pass;

    fixture->settings.key_count = 2;
    take_effect (fixture);
    assert_int_equal (access_admit (fixture->access, &alone.address, &headers, 0, &pass),
                      ACCESS_GRANTED);
    access_pass_print (&pass, who);
    assert_string_equal (who, "second");
    access_pass_clear (&pass);
}

/* What is remembered of many keys, right and wrong, is right, and ends with its access. */
static void
test_memory (void **state)
{
    struct fixture *fixture = *state;

    fixture->settings.key_count = 2;
    take_effect (fixture);
    for (int i = 0; i < 2000; i++) {
        char wrong[16];

        snprintf (wrong, sizeof wrong, "wrong %d", i % 700);
        assert_int_equal (ask (fixture, "203.0.113.1", wrong), ACCESS_WRONG_KEY);
        assert_int_equal (ask (fixture, "203.0.113.1", "one"), ACCESS_GRANTED);
        assert_int_equal (ask (fixture, "203.0.113.1", "two"), ACCESS_GRANTED);
    }
    fixture->settings.key_count = 1;
    take_effect (fixture);
    assert_int_equal (ask (fixture, "203.0.113.1", "two"), ACCESS_WRONG_KEY);
    assert_int_equal (ask (fixture, "203.0.113.1", "one"), ACCESS_GRANTED);
}

static bool
is_node (struct fixture *fixture, const char *address)
{
    struct access_pass pass;
    bool is;

    (void)admit (fixture, address, NULL, &pass);
    is = pass.is_node;
    access_pass_clear (&pass);
    return is;
}

static void
test_nodes (void **state)
{
    struct fixture *fixture = *state;

    take_effect (fixture);
    assert_true (is_node (fixture, "127.0.0.1"));
    assert_true (is_node (fixture, "::1"));
    assert_false (is_node (fixture, "10.0.0.1"));
    fixture->settings.allow_count = 1;
    take_effect (fixture);
    assert_true (is_node (fixture, "127.0.0.1"));
    assert_true (is_node (fixture, "10.0.0.1"));
    assert_false (is_node (fixture, "192.0.2.1"));
    fixture->settings.node_count = 1;
    take_effect (fixture);
    assert_false (is_node (fixture, "127.0.0.1"));
    assert_false (is_node (fixture, "10.0.0.1"));
    assert_true (is_node (fixture, "192.0.2.1"));
}

static void
assert_left (struct fixture *fixture, const char *address, const char *key, size_t left)
{
    for (size_t i = 0; i < left; i++) {
        assert_int_equal (ask (fixture, address, key), ACCESS_GRANTED);
    }
    assert_int_equal (ask (fixture, address, key), ACCESS_TOO_FAST);
}

static void
test_rate (void **state)
{
    struct fixture *fixture = *state;

    fixture->settings.limits = (struct access_limits){.rate = 2, .burst = 5};
    take_effect (fixture);
    assert_left (fixture, "10.0.0.1", NULL, 5);
    assert_left (fixture, "10.0.0.2", NULL, 5);
    fixture->now += CLOCK_SECOND / 2 - 1000;
    assert_left (fixture, "10.0.0.1", NULL, 0);
    fixture->now += 1000;
    assert_left (fixture, "10.0.0.1", NULL, 1);
    fixture->now += 100 * CLOCK_SECOND;
    assert_left (fixture, "10.0.0.1", NULL, 5);
    fixture->now -= 50 * CLOCK_SECOND; /* never, but no harm */
    assert_left (fixture, "10.0.0.1", NULL, 0);
}

static void
test_burst_is_a_second_s (void **state)
{
    struct fixture *fixture = *state;

    fixture->settings.limits.rate = 3;
    take_effect (fixture);
    assert_left (fixture, "10.0.0.1", NULL, 3);
    fixture->settings.limits.rate = 0.25;
    take_effect (fixture);
    assert_left (fixture, "10.0.0.2", NULL, 1);
    fixture->now += 3 * CLOCK_SECOND;
    assert_left (fixture, "10.0.0.2", NULL, 0);
    fixture->now += CLOCK_SECOND;
    assert_left (fixture, "10.0.0.2", NULL, 1);
}

static void
test_wait (void **state)
{
    struct fixture *fixture = *state;
    struct access_pass pass;

    fixture->settings.limits = (struct access_limits){.rate = 0.1, .burst = 1};
    take_effect (fixture);
    assert_int_equal (ask (fixture, "10.0.0.1", NULL), ACCESS_GRANTED);
    fixture->now += 4 * CLOCK_SECOND;
    assert_int_equal (admit (fixture, "10.0.0.1", NULL, &pass), ACCESS_TOO_FAST);
    assert_float_equal (pass.wait, 6, 1e-6);
    access_pass_clear (&pass);
}

/* IPv6 counts by the /64. */
static void
test_who_is_one (void **state)
{
    struct fixture *fixture = *state;

    fixture->settings.limits = (struct access_limits){.rate = 1, .burst = 1};
    take_effect (fixture);
    assert_int_equal (ask (fixture, "2001:db8::1", NULL), ACCESS_GRANTED);
    assert_int_equal (ask (fixture, "2001:db8::ffff:ffff:ffff:ffff", NULL), ACCESS_TOO_FAST);
    assert_int_equal (ask (fixture, "2001:db8:0:1::1", NULL), ACCESS_GRANTED);
    assert_int_equal (ask (fixture, "10.0.0.1", NULL), ACCESS_GRANTED);
    assert_int_equal (ask (fixture, "::ffff:10.0.0.1", NULL), ACCESS_TOO_FAST);
    assert_int_equal (ask (fixture, "10.0.0.2", NULL), ACCESS_GRANTED);
}

/* A key counts wherever it comes from, by its own limits, and an address without one by others. */
static void
test_keys_count_apart (void **state)
{
    struct fixture *fixture = *state;

    fixture->settings.key_count = 2;
    fixture->settings.allow_count = 1;
    fixture->settings.limits.rate = 1;
    fixture->keys[0].limits = (struct access_limits){.rate = 1, .burst = 3};
    take_effect (fixture);
    assert_int_equal (ask (fixture, "10.0.0.1", "one"), ACCESS_GRANTED);
    assert_int_equal (ask (fixture, "203.0.113.1", "one"), ACCESS_GRANTED);
    assert_left (fixture, "203.0.113.2", "one", 1);
    assert_string_equal (fixture->who, "first");
    assert_left (fixture, "10.0.0.1", NULL, 1);
    for (int i = 0; i < 100; i++) {
        assert_int_equal (ask (fixture, "10.0.0.1", "two"), ACCESS_GRANTED);
    }
}

/* Keys are not guessed faster than the rate. */
static void
test_wrong_keys_are_charged (void **state)
{
    struct fixture *fixture = *state;

    fixture->settings.key_count = 1;
    fixture->settings.limits = (struct access_limits){.rate = 1, .burst = 2};
    take_effect (fixture);
    assert_int_equal (ask (fixture, "203.0.113.1", "x"), ACCESS_WRONG_KEY);
    assert_int_equal (ask (fixture, "203.0.113.1", NULL), ACCESS_NO_KEY);
    assert_int_equal (ask (fixture, "203.0.113.1", "y"), ACCESS_TOO_FAST);
    assert_int_equal (ask (fixture, "203.0.113.1", "one"), ACCESS_GRANTED);
}

static void
test_jobs (void **state)
{
    struct fixture *fixture = *state;
    struct access_pass passes[3];
    struct access_pass other;

    fixture->settings.limits.max_jobs = 2;
    take_effect (fixture);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal (admit (fixture, "10.0.0.1", NULL, &passes[i]), ACCESS_GRANTED);
    }
    assert_int_equal (admit (fixture, "10.0.0.2", NULL, &other), ACCESS_GRANTED);
    assert_int_equal (access_begin_job (&passes[0]), ACCESS_GRANTED);
    assert_int_equal (access_begin_job (&passes[0]), ACCESS_GRANTED); /* the same one */
    assert_int_equal (access_begin_job (&passes[1]), ACCESS_GRANTED);
    assert_int_equal (access_begin_job (&passes[2]), ACCESS_TOO_MANY_JOBS);
    assert_int_equal (fixture->last, ACCESS_TOO_MANY_JOBS);
    assert_int_equal (access_begin_job (&other), ACCESS_GRANTED);
    access_pass_clear (&passes[0]);
    assert_int_equal (access_begin_job (&passes[2]), ACCESS_GRANTED);
    access_pass_clear (&passes[0]); /* again: nothing */
    access_pass_clear (&passes[1]);
    access_pass_clear (&passes[2]);
    access_pass_clear (&other);
}

static void
test_difficulty (void **state)
{
    struct fixture *fixture = *state;
    struct access_pass pass;

    fixture->settings.limits.max_multiplier = 4;
    take_effect (fixture);
    assert_int_equal (admit (fixture, "10.0.0.1", NULL, &pass), ACCESS_GRANTED);
    assert_int_equal (access_check_difficulty (&pass, BASE, BASE), ACCESS_GRANTED);
    assert_int_equal (access_check_difficulty (&pass, UINT64_C (0xfffffffe00000000), BASE),
                      ACCESS_GRANTED);
    assert_int_equal (access_check_difficulty (&pass, UINT64_C (0xfffffffe00000001), BASE),
                      ACCESS_TOO_DIFFICULT);
    assert_int_equal (access_check_difficulty (&pass, UINT64_MAX, BASE), ACCESS_TOO_DIFFICULT);
    access_pass_clear (&pass);
}

/* A pass that nobody has looked at. */
static void
test_blank_pass (void **state)
{
    struct access_pass pass = {.access = NULL};

    (void)state;
    assert_int_equal (access_begin_job (&pass), ACCESS_GRANTED);
    assert_int_equal (access_check_difficulty (&pass, UINT64_MAX, BASE), ACCESS_GRANTED);
    access_pass_clear (&pass);
}

/* A reload: new rules, the same callers, and requests that began before. */
static void
test_replacing (void **state)
{
    struct fixture *fixture = *state;
    struct access_pass old;
    struct access_pass new;

    fixture->settings.limits = (struct access_limits){.rate = 1, .burst = 2, .max_jobs = 1};
    take_effect (fixture);
    assert_int_equal (admit (fixture, "10.0.0.1", NULL, &old), ACCESS_GRANTED);
    assert_int_equal (access_begin_job (&old), ACCESS_GRANTED);
    fixture->settings.key_count = 1;
    fixture->settings.allow_count = 1;
    take_effect (fixture);
    assert_int_equal (admit (fixture, "10.0.0.1", NULL, &new), ACCESS_GRANTED);
    assert_int_equal (access_begin_job (&new), ACCESS_TOO_MANY_JOBS);
    assert_left (fixture, "10.0.0.1", NULL, 0);
    access_pass_clear (&old);
    assert_int_equal (access_begin_job (&new), ACCESS_GRANTED);
    fixture->settings = (struct access_settings){.tell = on_refusal, .data = fixture};
    take_effect (fixture); /* it is turned off while a request is in progress */
    access_pass_clear (&new);
}

/* The tables. */

static struct callers_id
id_of (unsigned number)
{
    char text[CIDR_TEXT_SIZE];
    struct cidr alone;

    snprintf (text, sizeof text, "10.0.%u.%u", number / 256, number % 256);
    alone = network (text);
    return callers_id_of_address (&alone.address);
}

static void
test_table_is_bounded (void **state)
{
    struct callers *callers = callers_new (8);
    struct caller *held[20];
    double wait;

    (void)state;
    assert_non_null (callers);
    for (unsigned i = 0; i < 1000; i++) {
        const struct callers_id id = id_of (i);
        struct caller *caller = callers_hold (callers, &id);

        assert_non_null (caller);
        callers_release (callers, caller);
        assert_true (callers_count (callers) <= 8);
    }
    for (unsigned i = 0; i < 20; i++) { /* those with a request stay, however many */
        const struct callers_id id = id_of (i);

        held[i] = callers_hold (callers, &id);
        assert_non_null (held[i]);
        assert_true (caller_spend (held[i], 0.001, 1, CLOCK_SECOND, &wait));
    }
    assert_int_equal (callers_count (callers), 20);
    for (unsigned i = 0; i < 20; i++) {
        const struct callers_id id = id_of (i);
        struct caller *again = callers_hold (callers, &id);

        assert_ptr_equal (again, held[i]);
        assert_false (caller_spend (again, 0.001, 1, CLOCK_SECOND, &wait));
        callers_release (callers, again);
    }
    for (unsigned i = 0; i < 20; i++) {
        callers_release (callers, held[i]);
    }
    held[0] = callers_hold (callers, &(struct callers_id){{9}});
    assert_int_equal (callers_count (callers), 8);
    callers_release (callers, held[0]);
    callers_free (callers);
}

/* Who was heard of longest ago goes first. */
static void
test_table_forgets_the_oldest (void **state)
{
    struct callers *callers = callers_new (3);
    struct callers_id ids[4];
    struct caller *caller;
    double wait;

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        ids[i] = id_of (i);
    }
    for (unsigned i = 0; i < 3; i++) {
        caller = callers_hold (callers, &ids[i]);
        assert_true (caller_spend (caller, 0.001, 1, 0, &wait));
        callers_release (callers, caller);
    }
    callers_release (callers, callers_hold (callers, &ids[0])); /* heard of again */
    callers_release (callers, callers_hold (callers, &ids[3])); /* in the place of 1 */
    caller = callers_hold (callers, &ids[0]);
    assert_false (caller_spend (caller, 0.001, 1, 0, &wait));
    callers_release (callers, caller);
    caller = callers_hold (callers, &ids[1]); /* anew */
    assert_true (caller_spend (caller, 0.001, 1, 0, &wait));
    callers_release (callers, caller);
    callers_free (callers);
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (test_nothing_set),
        TEST (test_keys_alone),
        TEST (test_networks_alone),
        TEST (test_keys_or_networks),
        TEST (test_unknown_address),
        TEST (test_any_header),
        TEST (test_memory),
        TEST (test_nodes),
        TEST (test_rate),
        TEST (test_burst_is_a_second_s),
        TEST (test_wait),
        TEST (test_who_is_one),
        TEST (test_keys_count_apart),
        TEST (test_wrong_keys_are_charged),
        TEST (test_jobs),
        TEST (test_difficulty),
        cmocka_unit_test (test_blank_pass),
        TEST (test_replacing),
        cmocka_unit_test (test_table_is_bounded),
        cmocka_unit_test (test_table_forgets_the_oldest),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
