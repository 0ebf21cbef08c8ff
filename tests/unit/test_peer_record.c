#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "rpc/peer/peer_record.h"
#include "work/base/clock.h"

#define S CLOCK_SECOND
#define START (1000 * S)

/* One ask from `since` to `now`. */
static void
live (struct peer_record *record, uint64_t since, uint64_t now, enum peer_outcome outcome)
{
    bool probe = peer_record_ask (record, since);

    peer_record_end (record, probe, since, now, outcome, "a reason");
}

static uint64_t
rest_of (const struct peer_record *record, uint64_t now)
{
    struct peer_health health;

    peer_record_health (record, &health);
    return health.resting_until - now;
}

static void
test_rest_grows (void **state)
{
    struct peer_record record = {0};
    uint64_t expected = S;
    uint64_t now = START;
    (void)state;

    assert_true (peer_record_ready (&record, now));
    for (unsigned i = 0; i < 20; i++) {
        live (&record, now, now, PEER_REFUSED);
        assert_int_equal (rest_of (&record, now), expected);
        assert_false (peer_record_ready (&record, now + expected - 1));
        now += expected;
        assert_true (peer_record_ready (&record, now));
        expected = expected * 2 < 300 * S ? expected * 2 : 300 * S;
    }
    live (&record, now, now + S, PEER_FOUND);
    assert_true (peer_record_ready (&record, now));
    live (&record, now, now, PEER_CUT);
    assert_int_equal (rest_of (&record, now), S);
}

/* Not prolonged by those who asked before it began, nor by what is not the peer's fault. */
static void
test_what_counts (void **state)
{
    struct peer_record record = {0};
    bool probe[3];
    (void)state;

    for (size_t i = 0; i < 3; i++) {
        probe[i] = peer_record_ask (&record, START);
        assert_false (probe[i]);
    }
    peer_record_end (&record, false, START, START + S, PEER_CLOSED, "one");
    peer_record_end (&record, false, START, START + S + 1, PEER_CLOSED, "two");
    peer_record_end (&record, false, START, START + 2 * S, PEER_CLOSED, "three");
    assert_int_equal (rest_of (&record, START + S), S);
    live (&record, START + 2 * S, START + 2 * S, PEER_SHORTAGE);
    live (&record, START + 2 * S, START + 2 * S, PEER_LOOP);
    assert_int_equal (rest_of (&record, START + S), S);
    assert_int_equal (record.health.count[PEER_CLOSED], 3);
    live (&record, START + 3 * S, START + 3 * S, PEER_CLOSED);
    assert_int_equal (rest_of (&record, START + 3 * S), 2 * S);
}

static void
test_shortage_is_no_rest (void **state)
{
    struct peer_record record = {0};
    (void)state;

    live (&record, START, START, PEER_SHORTAGE);
    live (&record, START, START, PEER_LOOP);
    live (&record, START, START, PEER_CANCELLED);
    assert_true (peer_record_ready (&record, START));
}

static void
test_error_rests_little (void **state)
{
    struct peer_record record = {0};
    uint64_t now = START;
    (void)state;

    for (unsigned i = 0; i < 10; i++) {
        live (&record, now, now, PEER_ERROR);
        assert_int_equal (rest_of (&record, now), i < 3 ? S << i : 8 * S);
        now += 8 * S;
    }
}

static void
test_probe (void **state)
{
    struct peer_record record = {0};
    struct peer_health health;
    uint64_t now = START;
    (void)state;

    live (&record, now, now, PEER_REFUSED);
    assert_false (peer_record_ask (&record, now)); /* asked all the same: no probe */
    now += S;
    assert_true (peer_record_ready (&record, now));
    assert_true (peer_record_ask (&record, now));
    assert_false (peer_record_ready (&record, now));
    assert_false (peer_record_ask (&record, now));
    peer_record_health (&record, &health);
    assert_true (health.probing);
    assert_int_equal (health.in_flight, 3);

    peer_record_drop (&record, true);
    assert_true (peer_record_ready (&record, now));
    assert_true (peer_record_ask (&record, now));
    peer_record_end (&record, true, now, now + 1, PEER_FOUND, "");
    assert_true (peer_record_ready (&record, now));
    peer_record_drop (&record, false);
    peer_record_drop (&record, false);
    peer_record_health (&record, &health);
    assert_int_equal (health.in_flight, 0);
    assert_int_equal (health.dropped, 3);
    assert_int_equal (health.resting_until, 0);
    assert_false (health.probing);
}

static void
test_quantiles (void **state)
{
    struct peer_record record = {0};
    struct peer_health health;
    (void)state;

    peer_record_health (&record, &health);
    assert_true (health.p50 == 0 && health.p95 == 0);
    live (&record, START, START + 7 * S, PEER_FOUND);
    peer_record_health (&record, &health);
    assert_true (health.p50 == 7 && health.p95 == 7);
    for (unsigned i = 0; i < PEER_LATENCIES; i++) { /* the 7 is forgotten */
        live (&record, START, START + (PEER_LATENCIES - i) * S, PEER_FOUND);
    }
    peer_record_health (&record, &health);
    assert_true (health.p50 == 64);
    assert_true (health.p95 == 122); /* the 122nd of 128: 121.6, rounded up */
    live (&record, START, START + 1000 * S, PEER_CUT);
    peer_record_health (&record, &health);
    assert_true (health.p95 == 122);
    assert_int_equal (health.count[PEER_FOUND], PEER_LATENCIES + 1);
    assert_int_equal (health.count[PEER_CUT], 1);
    assert_string_equal (health.reason, "a reason");
}

static void
test_names (void **state)
{
    (void)state;
    for (int i = 0; i < PEER_OUTCOMES; i++) {
        assert_non_null (peer_outcome_name ((enum peer_outcome)i));
        for (int k = 0; k < i; k++) {
            assert_string_not_equal (peer_outcome_name ((enum peer_outcome)i),
                                     peer_outcome_name ((enum peer_outcome)k));
        }
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_rest_grows),
        cmocka_unit_test (test_what_counts),
        cmocka_unit_test (test_shortage_is_no_rest),
        cmocka_unit_test (test_error_rests_little),
        cmocka_unit_test (test_probe),
        cmocka_unit_test (test_quantiles),
        cmocka_unit_test (test_names),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
