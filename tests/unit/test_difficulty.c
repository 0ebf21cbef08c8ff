#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "work/base/difficulty.h"

#define LIVE_BASE 0xfffffff800000000
#define MAX UINT64_MAX
#define COUNT(array) (sizeof (array) / sizeof (array)[0])

/* For results that a double holds exactly; written so that compilers do not warn of ==. */
static void
assert_exactly (double got, double expected)
{
    if (!(got <= expected && got >= expected)) {
        fail_msg ("%.17g is not %.17g", got, expected);
    }
}

static void
assert_near (double got, double expected, double tolerance)
{
    if (!(fabs (got - expected) <= tolerance)) {
        fail_msg ("%.17g is not near %.17g", got, expected);
    }
}

static void
assert_from (double multiplier, uint64_t base, uint64_t expected)
{
    const uint64_t got = difficulty_from_multiplier (multiplier, base);

    if (got != expected) {
        fail_msg ("%.17g times base %016jx gives %016jx, not %016jx", multiplier, (uintmax_t)base,
                  (uintmax_t)got, (uintmax_t)expected);
    }
}

static void
from_multiplier_on_the_live_base (void **state)
{
    static const struct {
        double multiplier;
        uint64_t difficulty;
    } rows[] = {
        {1, 0xfffffff800000000},
        {2, 0xfffffffc00000000},
        {8, 0xffffffff00000000},
        {64, 0xffffffffe0000000},
        {1000, 0xfffffffffdf3b646},
        {1e6, 0xffffffffffff79c9},
        {1e9, 0xffffffffffffffde},
        {3.5e10, MAX},
        {1e18, MAX},
        {1e300, MAX},
        {INFINITY, MAX},
        {0.015625, 0xfffffe0000000000},
        {0.125, 0xffffffc000000000},
        {1e-5, 0xfff3cb0000000001},
        {1e-9, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT (rows); i++) {
        assert_from (rows[i].multiplier, LIVE_BASE, rows[i].difficulty);
    }
}

static void
from_multiplier_at_the_edges (void **state)
{
    (void)state;
    assert_from (1e-9, 0, 0);
    assert_from (1, 0, 0);
    assert_from (2, 0, 0x8000000000000000);
    assert_from (0x1p64, 0, MAX);
    assert_from (INFINITY, 0, MAX);
    assert_from (1.001, MAX, MAX);
    assert_from (1, MAX, MAX);
    assert_from (0.999, MAX, MAX);
    assert_from (0.5, MAX, MAX - 1);
    assert_from (0.999, 1, 0);
    assert_from (1, 1, 0); /* 2^64 - 1 is 2^64 as a double, which no longer fits */
    /* 2^29 times easier than the live base is where everything passes. */
    assert_from (0x1p-29, LIVE_BASE, 0);
    assert_from (0x1.0000000000001p-29, LIVE_BASE, 0x1000);
}

static void
from_multiplier_of_what_is_no_multiplier (void **state)
{
    (void)state;
    assert_from (0.0, LIVE_BASE, 0);
    assert_from (-0.0, LIVE_BASE, 0);
    assert_from (-1.5, LIVE_BASE, 0);
    assert_from (-INFINITY, LIVE_BASE, 0);
    assert_from (NAN, LIVE_BASE, 0);
    /* The quotients pass 2^128 and the largest double: no conversion may be tried. */
    assert_from (1e-300, LIVE_BASE, 0);
    assert_from (0x1p-1074, LIVE_BASE, 0);
    assert_from (0x1p-1074, 1, 0);
    assert_from (0x1p-1074, 0, 0);
}

static void
multipliers_both_ways (void **state)
{
    static const struct {
        uint64_t base;
        uint64_t difficulty;
        double multiplier;
    } rows[] = {
        {0xff00000000000000, 0xfff27e7a57c285cd, 18.95461493377003},
        {0xffffffc000000000, 0xfffffe0000000000, 0.125},
        {0xffffffffffffffff, 0xffffffffffffff00, 0.00390625},
        {0x8000000000000000, 0xf000000000000000, 8},
    };

    (void)state;
    for (size_t i = 0; i < COUNT (rows); i++) {
        assert_near (difficulty_to_multiplier (rows[i].difficulty, rows[i].base),
                     rows[i].multiplier, 1e-10);
        assert_from (rows[i].multiplier, rows[i].base, rows[i].difficulty);
    }
}

static void
to_multiplier_of_known_values (void **state)
{
    (void)state;
    assert_near (difficulty_to_multiplier (0xffffffd21c3933f4, LIVE_BASE), 0.174330860917187,
                 1e-15);
    assert_near (difficulty_to_multiplier (0xfffffff8ad570225, LIVE_BASE), 1.092464694958584,
                 1e-15);
    assert_exactly (difficulty_to_multiplier (LIVE_BASE, LIVE_BASE), 1);
    assert_exactly (difficulty_to_multiplier (MAX, LIVE_BASE), 0x1p35);
    assert_exactly (difficulty_to_multiplier (1, MAX), 0x1p-64);
    assert_exactly (difficulty_to_multiplier (0, LIVE_BASE), 0x1p-29);
    assert_exactly (difficulty_to_multiplier (0, 0), 1);
    assert_exactly (difficulty_to_multiplier (LIVE_BASE, 0), 0x1p29);
}

static void
reached_includes_the_threshold (void **state)
{
    (void)state;
    assert_true (difficulty_reached (DIFFICULTY_AT_LEAST, 5, 5));
    assert_true (difficulty_reached (DIFFICULTY_AT_LEAST, 6, 5));
    assert_false (difficulty_reached (DIFFICULTY_AT_LEAST, 4, 5));
    assert_true (difficulty_reached (DIFFICULTY_AT_LEAST, 0, 0));
    assert_false (difficulty_reached (DIFFICULTY_AT_LEAST, MAX - 1, MAX));
    assert_true (difficulty_reached (DIFFICULTY_AT_MOST, 5, 5));
    assert_false (difficulty_reached (DIFFICULTY_AT_MOST, 6, 5));
    assert_true (difficulty_reached (DIFFICULTY_AT_MOST, 4, 5));
    assert_true (difficulty_reached (DIFFICULTY_AT_MOST, MAX, MAX));
    assert_false (difficulty_reached (DIFFICULTY_AT_MOST, 1, 0));
    /* The top bit is no sign. */
    assert_true (difficulty_reached (DIFFICULTY_AT_LEAST, 0x8000000000000000, 1));
    assert_false (difficulty_reached (DIFFICULTY_AT_MOST, 0x8000000000000000, 1));
}

static void
expected_hashes_of_thresholds (void **state)
{
    (void)state;
    assert_exactly (difficulty_expected_hashes (DIFFICULTY_AT_LEAST, 0), 1);
    assert_exactly (difficulty_expected_hashes (DIFFICULTY_AT_LEAST, 0x8000000000000000), 2);
    assert_exactly (difficulty_expected_hashes (DIFFICULTY_AT_LEAST, LIVE_BASE), 0x1p29);
    assert_exactly (difficulty_expected_hashes (DIFFICULTY_AT_LEAST, MAX), 0x1p64);
    assert_exactly (difficulty_expected_hashes (DIFFICULTY_AT_MOST, MAX), 1);
    assert_exactly (difficulty_expected_hashes (DIFFICULTY_AT_MOST, 0x7fffffffffffffff), 2);
    assert_exactly (difficulty_expected_hashes (DIFFICULTY_AT_MOST, 3), 0x1p62);
    assert_exactly (difficulty_expected_hashes (DIFFICULTY_AT_MOST, 0), 0x1p64);
}

static void
networks_have_names (void **state)
{
    static const struct {
        const char *name;
        enum difficulty_network_id id;
    } rows[] = {
        {"live", DIFFICULTY_LIVE}, {"beta", DIFFICULTY_BETA},     {"test", DIFFICULTY_TEST},
        {"dev", DIFFICULTY_DEV},   {"banano", DIFFICULTY_BANANO},
    };
    static const char *const unknown[] = {"", "ban", "Live", "live ", "liv", "lives", "main"};
    enum difficulty_network_id id;

    (void)state;
    for (size_t i = 0; i < COUNT (rows); i++) {
        struct difficulty_network network;
        char error[128] = "";
        id = rows[i].id == DIFFICULTY_LIVE ? DIFFICULTY_DEV : DIFFICULTY_LIVE;
        assert_int_equal (difficulty_network_by_name (rows[i].name, &id), 0);
        assert_int_equal (id, rows[i].id);
        assert_int_equal (difficulty_network_load (id, &network, error, sizeof error), 0);
        assert_string_equal (network.name, rows[i].name);
        assert_string_equal (network.prefix, id == DIFFICULTY_BANANO ? "ban_" : "nano_");
        assert_string_equal (error, "");
    }
    id = DIFFICULTY_DEV;
    for (size_t i = 0; i < COUNT (unknown); i++) {
        assert_int_equal (difficulty_network_by_name (unknown[i], &id), -1);
        assert_int_equal (id, DIFFICULTY_DEV);
    }
}

static void
assert_thresholds (enum difficulty_network_id id, uint64_t epoch_1, uint64_t epoch_2,
                   uint64_t receive, uint64_t base, uint64_t entry)
{
    struct difficulty_network network;
    char error[128];

    assert_int_equal (difficulty_network_load (id, &network, error, sizeof error), 0);
    assert_int_equal (network.epoch_1, epoch_1);
    assert_int_equal (network.epoch_2, epoch_2);
    assert_int_equal (network.epoch_2_receive, receive);
    assert_int_equal (network.base, base);
    assert_int_equal (network.entry, entry);
}

static void
networks_have_thresholds (void **state)
{
    (void)state;
    assert_thresholds (DIFFICULTY_BANANO, 0xfffffe0000000000, 0xfffffff000000000, 0,
                       0xfffffff000000000, 0);
    assert_thresholds (DIFFICULTY_LIVE, 0xffffffc000000000, LIVE_BASE, 0xfffffe0000000000,
                       LIVE_BASE, 0xfffffe0000000000);
    assert_thresholds (DIFFICULTY_BETA, 0xfffff00000000000, 0xfffff00000000000, 0xffffe00000000000,
                       0xfffff00000000000, 0xffffe00000000000);
    assert_thresholds (DIFFICULTY_DEV, 0xfe00000000000000, 0xffc0000000000000, 0xf000000000000000,
                       0xffc0000000000000, 0xf000000000000000);
    assert_thresholds (DIFFICULTY_TEST, 0xffffffc000000000, LIVE_BASE, 0xfffffe0000000000,
                       LIVE_BASE, 0xfffffe0000000000);
}

static int
clear_environment (void **state)
{
    (void)state;
    assert_int_equal (unsetenv ("NANO_TEST_EPOCH_1"), 0);
    assert_int_equal (unsetenv ("NANO_TEST_EPOCH_2"), 0);
    assert_int_equal (unsetenv ("NANO_TEST_EPOCH_2_RECV"), 0);
    return 0;
}

static void
the_environment_overrides_the_test_network (void **state)
{
    (void)state;
    assert_int_equal (setenv ("NANO_TEST_EPOCH_2", "F000000000000000", 1), 0);
    assert_thresholds (DIFFICULTY_TEST, 0xffffffc000000000, 0xf000000000000000, 0xfffffe0000000000,
                       0xffffffc000000000, 0xf000000000000000);
    assert_int_equal (setenv ("NANO_TEST_EPOCH_1", "a", 1), 0);
    assert_int_equal (setenv ("NANO_TEST_EPOCH_2_RECV", "ffffffffffffffff", 1), 0);
    assert_thresholds (DIFFICULTY_TEST, 0xa, 0xf000000000000000, MAX, MAX, 0xa);
}

static void
the_environment_leaves_other_networks_alone (void **state)
{
    (void)state;
    assert_int_equal (setenv ("NANO_TEST_EPOCH_1", "a", 1), 0);
    assert_int_equal (setenv ("NANO_TEST_EPOCH_2", "not a number", 1), 0);
    assert_thresholds (DIFFICULTY_LIVE, 0xffffffc000000000, LIVE_BASE, 0xfffffe0000000000,
                       LIVE_BASE, 0xfffffe0000000000);
    assert_thresholds (DIFFICULTY_DEV, 0xfe00000000000000, 0xffc0000000000000, 0xf000000000000000,
                       0xffc0000000000000, 0xf000000000000000);
}

static void
a_bad_environment_is_an_error (void **state)
{
    static const char *const names[] = {"NANO_TEST_EPOCH_1", "NANO_TEST_EPOCH_2",
                                        "NANO_TEST_EPOCH_2_RECV"};
    static const char *const bad[] = {"", "g", "11111111111111111", " 1", "-1"};

    (void)state;
    for (size_t i = 0; i < COUNT (names) * COUNT (bad); i++) {
        const char *name = names[i / COUNT (bad)];
        struct difficulty_network network;
        struct difficulty_network before;
        char error[128] = "";
        memset (&network, 0x5a, sizeof network);
        before = network;
        assert_int_equal (setenv (name, bad[i % COUNT (bad)], 1), 0);
        assert_int_equal (difficulty_network_load (DIFFICULTY_TEST, &network, error, sizeof error),
                          -1);
        assert_memory_equal (&network, &before, sizeof network);
        assert_non_null (strstr (error, name));
        assert_int_equal (unsetenv (name), 0);
    }
}

static void
a_long_environment_does_not_overrun_the_error (void **state)
{
    struct difficulty_network network;
    char error[16];
    char text[256];

    (void)state;
    memset (text, 'z', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal (setenv ("NANO_TEST_EPOCH_1", text, 1), 0);
    assert_int_equal (difficulty_network_load (DIFFICULTY_TEST, &network, error, sizeof error), -1);
    assert_string_equal (error, "NANO_TEST_EPOCH");
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (from_multiplier_on_the_live_base),
        cmocka_unit_test (from_multiplier_at_the_edges),
        cmocka_unit_test (from_multiplier_of_what_is_no_multiplier),
        cmocka_unit_test (multipliers_both_ways),
        cmocka_unit_test (to_multiplier_of_known_values),
        cmocka_unit_test (reached_includes_the_threshold),
        cmocka_unit_test (expected_hashes_of_thresholds),
        cmocka_unit_test_setup (networks_have_names, clear_environment),
        cmocka_unit_test_setup (networks_have_thresholds, clear_environment),
        cmocka_unit_test_setup (the_environment_overrides_the_test_network, clear_environment),
        cmocka_unit_test_setup (the_environment_leaves_other_networks_alone, clear_environment),
        cmocka_unit_test_setup (a_bad_environment_is_an_error, clear_environment),
        cmocka_unit_test_setup (a_long_environment_does_not_overrun_the_error, clear_environment),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
