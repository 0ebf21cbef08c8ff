#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <math.h>

#include "node/base/readable.h"

static void
expect (double value, const char *unit, const char *expected)
{
    char text[READABLE_SIZE];

    readable_amount (value, unit, text);
    assert_string_equal (text, expected);
}

static void
test_amounts (void **state)
{
    (void)state;
    expect (0, "", "0");
    expect (0, "H/s", "0 H/s");
    expect (7, "", "7");
    expect (7.25, "", "7.25");
    expect (999, "B", "999 B");
    expect (999.6, "", "1.00 k");
    expect (1000, "", "1.00 k");
    expect (9994, "", "9.99 k");
    expect (9996, "", "10.0 k");
    expect (53512345, "H/s", "53.5 MH/s");
    expect (999.4e6, "", "999 M");
    expect (1e18, "H", "1.00 EH");
    expect (18446744073709551615.0, "", "18.4 E");
    expect (1e30, "", "1000000000000 E");
    expect (-1, "", "-");
    expect (NAN, "H", "-");
    expect (INFINITY, "H", "-");
}

static void
expect_seconds (double seconds, const char *expected)
{
    char text[READABLE_SIZE];

    readable_seconds (seconds, text);
    assert_string_equal (text, expected);
}

static void
test_seconds (void **state)
{
    (void)state;
    expect_seconds (0, "0 ms");
    expect_seconds (0.1164, "116 ms");
    expect_seconds (0.9996, "1.00 s");
    expect_seconds (9.996, "10.0 s");
    expect_seconds (59.9, "59.9 s");
    expect_seconds (60, "1 min 00 s");
    expect_seconds (125.9, "2 min 05 s");
    expect_seconds (3600, "1 h 00 min");
    expect_seconds (86399, "23 h 59 min");
    expect_seconds (360000, "4 d 04 h");
    expect_seconds (-1, "-");
    expect_seconds (NAN, "-");
    expect_seconds (1e300, "-");
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_amounts),
        cmocka_unit_test (test_seconds),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
