#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "work/base/number.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])
#define UNTOUCHED 12345678

static void
assert_unsigned (const char *text, uint64_t min, uint64_t max, uint64_t expected)
{
    uint64_t value = UNTOUCHED;

    if (number_parse_unsigned (text, min, max, &value) == -1) {
        fail_msg ("\"%s\" is refused", text);
    }
    assert_int_equal (value, expected);
}

static void
assert_no_unsigned (const char *text, uint64_t min, uint64_t max)
{
    uint64_t value = UNTOUCHED;

    if (number_parse_unsigned (text, min, max, &value) == 0) {
        fail_msg ("\"%s\" is accepted", text);
    }
    assert_int_equal (value, UNTOUCHED);
}

static void
assert_double (const char *text, double expected)
{
    double value = UNTOUCHED;

    if (number_parse_double (text, &value) == -1) {
        fail_msg ("\"%s\" is refused", text);
    }
    if (!(value <= expected && value >= expected) || signbit (value) != signbit (expected)) {
        fail_msg ("\"%s\" reads as %.17g", text, value);
    }
}

static void
unsigned_within_its_range (void **state)
{
    (void)state;
    assert_unsigned ("0", 0, 0, 0);
    assert_unsigned ("7076", 0, UINT16_MAX, 7076);
    assert_unsigned ("65535", 0, UINT16_MAX, 65535);
    assert_unsigned ("007", 0, 7, 7);
    assert_unsigned ("5", 5, 5, 5);
    assert_unsigned ("18446744073709551615", 0, UINT64_MAX, UINT64_MAX);
    assert_unsigned ("0000000000000000000000000001", 0, UINT64_MAX, 1);
}

static void
unsigned_outside_its_range (void **state)
{
    (void)state;
    assert_no_unsigned ("65536", 0, UINT16_MAX);
    assert_no_unsigned ("99999", 0, UINT16_MAX);
    assert_no_unsigned ("0", 1, 10);
    assert_no_unsigned ("4", 5, 5);
    assert_no_unsigned ("6", 5, 5);
    assert_no_unsigned ("1", 0, 0);
    assert_no_unsigned ("18446744073709551616", 0, UINT64_MAX);
    assert_no_unsigned ("18446744073709551620", 0, UINT64_MAX);
    assert_no_unsigned ("184467440737095516150", 0, UINT64_MAX);
    assert_no_unsigned ("36893488147419103232", 0, UINT64_MAX); /* 2^65 would wrap to 0 */
}

static void
unsigned_of_another_form (void **state)
{
    static const char *const bad[] = {"",    " ",   " 1", "1 ",  "\t1", "1\n", "+1",  "-1", "-0",
                                      "1.0", "1e3", "1_", "0x1", "a",   "1a",  "1,0", "/",  ":"};

    (void)state;
    for (size_t i = 0; i < COUNT (bad); i++) {
        assert_no_unsigned (bad[i], 0, UINT64_MAX);
    }
}

static void
doubles_of_every_form (void **state)
{
    (void)state;
    assert_double ("0", 0.0);
    assert_double ("-0", -0.0);
    assert_double ("64", 64);
    assert_double ("+64", 64);
    assert_double ("-1.5", -1.5);
    assert_double ("1.", 1);
    assert_double (".5", 0.5);
    assert_double ("-.5e1", -5);
    assert_double ("0.015625", 0x1p-6);
    assert_double ("64.000000000000000", 64);
    assert_double ("1e3", 1000);
    assert_double ("1E+3", 1000);
    assert_double ("1.25e-2", 0.0125);
    assert_double ("0.1", 0x1.999999999999ap-4);
    assert_double ("9007199254740993", 0x1p53); /* a tie, to even */
    assert_double ("1.7976931348623157e308", 0x1.fffffffffffffp1023);
    assert_double ("4.9406564584124654e-324", 0x1p-1074);
}

static void
doubles_out_of_range (void **state)
{
    (void)state;
    assert_double ("1e999", INFINITY);
    assert_double ("-1e999", -INFINITY);
    assert_double ("1e99999999999999999999", INFINITY);
    assert_double ("1e-999", 0.0);
    assert_double ("-1e-999", -0.0);
    assert_double ("0e99999999999999999999", 0.0);
}

static void
doubles_of_another_form (void **state)
{
    static const char *const bad[] = {
        "",     "+",    "-",    ".",        "-.",    "e1",   ".e1",  "1e",  "1e+",    "1e-",
        "1e.",  "1e1.", "1e5e", "1..",      "1.2.3", "--1",  "+-1",  " 1",  "1 ",     "\n1",
        "1\n",  "1,5",  "inf",  "infinity", "-inf",  "INF",  "nan",  "NaN", "nan(1)", "0x1p3",
        "0x10", "1f",   "1d0",  "1_000",    "1e1 ",  "1 e1", "1.5x", "1p3",
    };

    (void)state;
    for (size_t i = 0; i < COUNT (bad); i++) {
        double value = UNTOUCHED;
        if (number_parse_double (bad[i], &value) == 0) {
            fail_msg ("\"%s\" is accepted", bad[i]);
        }
        assert_true (value >= UNTOUCHED && value <= UNTOUCHED);
    }
}

static void
doubles_in_a_locale_with_a_comma (void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8",
                                        "ru_RU.UTF-8", "de_DE",      "fr_FR"};
    const char *set = NULL;

    (void)state;
    for (size_t i = 0; set == NULL && i < COUNT (names); i++) {
        set = setlocale (LC_ALL, names[i]);
    }
    if (set == NULL || *localeconv ()->decimal_point != ',') {
        assert_non_null (setlocale (LC_ALL, "C"));
        skip ();
    }
    assert_double ("1.5", 1.5);
    double value = UNTOUCHED;
    assert_int_equal (number_parse_double ("1,5", &value), -1);
    assert_non_null (setlocale (LC_ALL, "C"));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (unsigned_within_its_range),
        cmocka_unit_test (unsigned_outside_its_range),
        cmocka_unit_test (unsigned_of_another_form),
        cmocka_unit_test (doubles_of_every_form),
        cmocka_unit_test (doubles_out_of_range),
        cmocka_unit_test (doubles_of_another_form),
        cmocka_unit_test (doubles_in_a_locale_with_a_comma),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
