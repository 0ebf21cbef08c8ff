/*
 * Atto's thresholds, works and targets, against vectors that were computed elsewhere.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vectors_atto.h"
#include "work/base/atto.h"
#include "work/scan/value.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
static const char ascending[] = "0123456789ABCDEF0123456789abcdef0123456789ABCDEF0123456789abcdef";

static void
test_thresholds (void **state)
{
    (void)state;
    assert_int_equal (COUNT (atto_thresholds), ATTO_LAST_YEAR - ATTO_FIRST_YEAR + 1);
    for (int year = ATTO_FIRST_YEAR; year <= ATTO_LAST_YEAR; year++) {
        for (int network = ATTO_LIVE; network <= ATTO_LOCAL; network++) {
            uint64_t threshold = 0;
            assert_int_equal (atto_threshold ((enum atto_network)network, year, &threshold), 0);
            assert_int_equal (threshold, atto_thresholds[year - ATTO_FIRST_YEAR][network]);
        }
    }
}

static void
test_years_outside_the_table (void **state)
{
    static const int years[] = {INT_MIN, -1, 0, 1970, 2023, 2064, 2100, 9999, INT_MAX};
    uint64_t threshold = 7;

    (void)state;
    for (size_t i = 0; i < COUNT (years); i++) {
        assert_int_equal (atto_threshold (ATTO_LOCAL, years[i], &threshold), -1);
        assert_int_equal (threshold, 7);
    }
}

static void
test_year (void **state)
{
    static const struct {
        int64_t milliseconds;
        int year;
    } rows[] = {
        {-1, 1969},
        {0, 1970},
        {1704067199999, 2023},
        {1704067200000, 2024},
        {1735689599999, 2024}, /* the last of a leap year */
        {1735689600000, 2025},
        {1767225599999, 2025},
        {-62135596800000, 1},
        {951782399999, 2000}, /* 28 February, then the leap day of a 400th year, then 1 March */
        {951782400000, 2000},
        {951868800000, 2000},
        {978307199999, 2000},
        {4102444799999, 2099},
        {4102444800000, 2100},
        {4133980799999, 2100}, /* which has no leap day */
        {4133980800000, 2101},
        {1767225600000, 2026},
        {2966371199999, 2063},
        {2966371200000, 2064},
        {-62135596800001, 0},
        {INT64_MAX, 292278994},
        {INT64_MIN, -292275055},
    };

    (void)state;
    for (size_t i = 0; i < COUNT (rows); i++) {
        assert_int_equal (atto_year (rows[i].milliseconds), rows[i].year);
    }
}

static void
test_networks (void **state)
{
    static const char *const names[] = {"LIVE", "BETA", "DEV", "LOCAL"};
    static const char *const others[] = {"", "UNKNOWN", "live", "LIVE ", "LOCA", "TEST", "0"};
    enum atto_network network = ATTO_DEV;

    (void)state;
    for (size_t i = 0; i < COUNT (others); i++) {
        assert_int_equal (atto_network_by_name (others[i], &network), -1);
        assert_int_equal (network, ATTO_DEV);
    }
    for (size_t i = 0; i < COUNT (names); i++) {
        assert_int_equal (atto_network_by_name (names[i], &network), 0);
        assert_int_equal (network, i);
        assert_string_equal (atto_network_name (network), names[i]);
    }
}

/* A work, and the years in which it is good. */
static const struct {
    const char *target;
    uint64_t nonce;
    const char *work;
    uint64_t value;
    enum atto_network network;
    int last_good;  /* 0: in none */
    int first_weak; /* 0: in none */
} works[] = {
    {zeros, 0xb0876857, "576887B000000000", 0x12bcc6e82, ATTO_LIVE, 2025, 2026},
    {zeros, 0x98488205, "0582489800000000", 0x37acfb57, ATTO_LIVE, 2030, 2031},
    {zeros, 0x9f753e2ee077e0a7, "A7E077E02E3E759F", 0x6317c8c88, ATTO_LIVE, 0, 2024},
    {zeros, 0x9f753e2ee077e0a7, "A7E077E02E3E759F", 0x6317c8c88, ATTO_BETA, 2026, 0},
    {zeros, 0x7e2d, "2D7E000000000000", 0xc8c8dd6dca22, ATTO_LOCAL, 2026, 0},
    {ascending, 0x322f, "2F32000000000000", 0x12f4b6c1e6383, ATTO_LOCAL, 2026, 0},
    {ascending, 0x3249fe0, "E09F240300000000", 0x265f33abde, ATTO_DEV, 2026, 0},
    {ascending, 0x8db1eba, "BA1EDB0800000000", 0x6820dc415, ATTO_BETA, 2026, 0},
    {ascending, 0x10189c0a7fa, "FAA7C08901010000", 0xe667ca81, ATTO_LIVE, 2027, 2028},
};

static void
test_works (void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT (works); i++) {
        uint8_t target[32];
        uint64_t value;
        uint64_t threshold;
        assert_int_equal (atto_parse_target (works[i].target, target), 0);
        value = value_of (target, works[i].nonce);
        assert_int_equal (value, works[i].value);
        for (int year = ATTO_FIRST_YEAR; year <= works[i].last_good; year++) {
            assert_int_equal (atto_threshold (works[i].network, year, &threshold), 0);
            assert_true (difficulty_reached (DIFFICULTY_AT_MOST, value, threshold));
        }
        if (works[i].first_weak != 0) {
            assert_int_equal (atto_threshold (works[i].network, works[i].first_weak, &threshold),
                              0);
            assert_false (difficulty_reached (DIFFICULTY_AT_MOST, value, threshold));
        }
    }
}

static void
test_print_work (void **state)
{
    char text[HEX_U64_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT (works); i++) {
        atto_print_work (works[i].nonce, text);
        assert_string_equal (text, works[i].work);
    }
    atto_print_work (0, text);
    assert_string_equal (text, "0000000000000000");
    atto_print_work (0xabcdef, text);
    assert_string_equal (text, "EFCDAB0000000000");
}

static void
test_parse_target (void **state)
{
    static const char *const bad[] = {
        "",
        "0",
        "000000000000000000000000000000000000000000000000000000000000000",
        "00000000000000000000000000000000000000000000000000000000000000000",
        "0x00000000000000000000000000000000000000000000000000000000000000",
        "000000000000000000000000000000000000000000000000000000000000000g",
        " 000000000000000000000000000000000000000000000000000000000000000",
        "000000000000000000000000000000000000000000000000000000000000000 ",
        "+000000000000000000000000000000000000000000000000000000000000000",
    };
    static const uint8_t bytes[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
    uint8_t target[32] = {7};

    (void)state;
    for (size_t i = 0; i < COUNT (bad); i++) {
        assert_int_equal (atto_parse_target (bad[i], target), -1);
        assert_int_equal (target[0], 7);
    }
    assert_int_equal (atto_parse_target (ascending, target), 0);
    for (size_t i = 0; i < sizeof target; i++) {
        assert_int_equal (target[i], bytes[i % sizeof bytes]);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_thresholds),   cmocka_unit_test (test_years_outside_the_table),
        cmocka_unit_test (test_year),         cmocka_unit_test (test_networks),
        cmocka_unit_test (test_works),        cmocka_unit_test (test_print_work),
        cmocka_unit_test (test_parse_target),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
