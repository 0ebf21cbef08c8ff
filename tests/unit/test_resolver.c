/*
 * The resolver, over lookups that the test holds and releases. Threads: the lookups run on the
 * resolver's; `gate` guards what they share with the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "rpc/client/resolver.h"
#include "work/base/clock.h"

#define PATIENCE (30 * CLOCK_SECOND)

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool open;
    unsigned running;
    unsigned most; /* running at a time */
    unsigned lookups;
} gate = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void
set_gate (bool open)
{
    (void)pthread_mutex_lock (&gate.mutex);
    gate.open = open;
    (void)pthread_cond_broadcast (&gate.changed);
    (void)pthread_mutex_unlock (&gate.mutex);
}

static void
wait_for_running (unsigned running)
{
    struct timespec end;
    int late = 0;

    (void)clock_gettime (CLOCK_REALTIME, &end);
    end.tv_sec += 30;
    (void)pthread_mutex_lock (&gate.mutex);
    while (gate.running != running && late == 0) {
        late = pthread_cond_timedwait (&gate.changed, &gate.mutex, &end);
    }
    (void)pthread_mutex_unlock (&gate.mutex);
    assert_int_equal (late, 0);
}

/* Waits for the gate; the answer is the number in the name, as the last byte of an address. */
static void
held_lookup (const char *host, struct resolver_answer *answer)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

    (void)pthread_mutex_lock (&gate.mutex);
    gate.lookups++;
    gate.running++;
    gate.most = gate.running > gate.most ? gate.running : gate.most;
    (void)pthread_cond_broadcast (&gate.changed);
    while (!gate.open) {
        (void)pthread_cond_wait (&gate.changed, &gate.mutex);
    }
    gate.running--;
    (void)pthread_cond_broadcast (&gate.changed);
    (void)pthread_mutex_unlock (&gate.mutex);
    if (strcmp (host, "bad") == 0) {
        answer->error = EAI_NONAME;
        return;
    }
    address.sin_addr.s_addr = htonl ((uint32_t)strtoul (host + 1, NULL, 10));
    memcpy (&answer->addresses[0], &address, sizeof address);
    answer->count = 1;
}

struct found {
    unsigned answers;
    int error;
    size_t count;
    uint32_t first;                /* IPv4 address */
    struct resolver_waiter *other; /* left in the callback, or NULL */
};

static void
on_done (void *data, const struct resolver_answer *answer)
{
    struct found *found = data;
    struct sockaddr_in address;

    found->answers++;
    found->error = answer->error;
    found->count = answer->count;
    memcpy (&address, &answer->addresses[0], sizeof address);
    found->first = ntohl (address.sin_addr.s_addr);
    if (found->other != NULL) {
        resolver_leave (found->other);
    }
}

static void
turn_until (struct event_base *base, const unsigned *count, unsigned wanted)
{
    uint64_t end = clock_now () + PATIENCE;

    while (*count != wanted) {
        assert_true (clock_now () < end);
        (void)event_base_loop (base, EVLOOP_NONBLOCK);
    }
}

static int
set_up (void **state)
{
    (void)pthread_mutex_lock (&gate.mutex); /* a lookup that nobody waited for may come late */
    gate.open = true;
    gate.lookups = 0;
    gate.most = 0;
    (void)pthread_mutex_unlock (&gate.mutex);
    *state = event_base_new ();
    return *state == NULL;
}

/* No test ends with a lookup running. */
static int
tear_down (void **state)
{
    set_gate (true);
    wait_for_running (0);
    event_base_free (*state);
    return 0;
}

static void
test_shared (void **state)
{
    struct resolver *resolver = resolver_new (*state, held_lookup);
    struct found found[3] = {{0}};
    struct found bad = {0};

    set_gate (false);
    for (size_t i = 0; i < 3; i++) {
        assert_non_null (resolver_find (resolver, "n7", on_done, &found[i]));
    }
    assert_non_null (resolver_find (resolver, "bad", on_done, &bad));
    wait_for_running (2);
    assert_int_equal (found[0].answers, 0);
    set_gate (true);
    turn_until (*state, &found[2].answers, 1);
    turn_until (*state, &bad.answers, 1);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal (found[i].answers, 1);
        assert_int_equal (found[i].error, 0);
        assert_int_equal (found[i].count, 1);
        assert_int_equal (found[i].first, 7);
    }
    assert_int_equal (bad.error, EAI_NONAME);
    assert_int_equal (gate.lookups, 2);
    /* Nothing is remembered. */
    assert_non_null (resolver_find (resolver, "n7", on_done, &found[0]));
    turn_until (*state, &found[0].answers, 2);
    assert_int_equal (gate.lookups, 3);
    resolver_free (resolver);
}

static void
test_leave (void **state)
{
    struct resolver *resolver = resolver_new (*state, held_lookup);
    struct found found[3] = {{0}};
    struct resolver_waiter *waiters[3];

    set_gate (false);
    for (size_t i = 0; i < 3; i++) {
        waiters[i] = resolver_find (resolver, "n1", on_done, &found[i]);
        assert_non_null (waiters[i]);
    }
    found[1].other = waiters[2];
    resolver_leave (waiters[0]);
    set_gate (true);
    turn_until (*state, &found[1].answers, 1);
    assert_int_equal (found[0].answers, 0);
    assert_int_equal (found[2].answers, 0);
    resolver_free (resolver);
}

/* Names that no server answers for cost a bounded number of threads, and the others their turn. */
static void
test_many (void **state)
{
    enum { NAMES = 100 };
    struct resolver *resolver = resolver_new (*state, held_lookup);
    struct found found[NAMES] = {{0}};
    char name[16];

    set_gate (false);
    for (unsigned i = 0; i < NAMES; i++) {
        snprintf (name, sizeof name, "n%u", i);
        assert_non_null (resolver_find (resolver, name, on_done, &found[i]));
    }
    wait_for_running (RESOLVER_THREADS);
    set_gate (true);
    for (unsigned i = 0; i < NAMES; i++) {
        turn_until (*state, &found[i].answers, 1);
        assert_int_equal (found[i].first, i);
    }
    assert_int_equal (gate.most, RESOLVER_THREADS);
    resolver_free (resolver);
}

/* Freed while names are queued, in threads' hands, and finished. */
static void
test_free_meanwhile (void **state)
{
    struct resolver *resolver = resolver_new (*state, held_lookup);
    struct found found[RESOLVER_THREADS + 2] = {{0}};
    char name[16];

    set_gate (false);
    for (unsigned i = 0; i < RESOLVER_THREADS + 2; i++) {
        snprintf (name, sizeof name, "n%u", i);
        assert_non_null (resolver_find (resolver, name, on_done, &found[i]));
    }
    wait_for_running (RESOLVER_THREADS);
    resolver_free (resolver);
    set_gate (true);
    wait_for_running (0);
    (void)event_base_loop (*state, EVLOOP_NONBLOCK);

    resolver = resolver_new (*state, held_lookup);
    assert_non_null (resolver_find (resolver, "n1", on_done, &found[0]));
    wait_for_running (0);
    resolver_free (resolver);
    for (unsigned i = 0; i < RESOLVER_THREADS + 2; i++) {
        assert_int_equal (found[i].answers, 0);
    }
}

/* The system's own: no name server is needed for these. */
static void
test_system (void **state)
{
    struct resolver *resolver = resolver_new (*state, NULL);
    struct found local = {0};
    struct found bad = {0};

    assert_non_null (resolver_find (resolver, "127.0.0.1", on_done, &local));
    assert_non_null (resolver_find (resolver, "no..name", on_done, &bad));
    turn_until (*state, &local.answers, 1);
    turn_until (*state, &bad.answers, 1);
    assert_int_equal (local.error, 0);
    assert_int_equal (local.count, 1);
    assert_int_equal (local.first, 0x7f000001);
    assert_int_not_equal (bad.error, 0);
    resolver_free (resolver);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown (test_shared, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_leave, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_free_meanwhile, set_up, tear_down),
        cmocka_unit_test_setup_teardown (test_system, set_up, tear_down),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
