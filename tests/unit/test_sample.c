/* Mean, spread and median. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "work/base/sample.h"

static void
test_nothing (void **state)
{
    struct sample sample = {0};

    (void)state;
    assert_true (sample_median (&sample) == 0);
    assert_true (sample_deviation (&sample) == 0);
    sample_clear (&sample);
}

static void
test_a_few (void **state)
{
    struct sample sample = {0};

    (void)state;
    assert_int_equal (sample_add (&sample, 4), 0);
    assert_true (sample.mean == 4);
    assert_true (sample_deviation (&sample) == 0);
    assert_true (sample_median (&sample) == 4);
    assert_int_equal (sample_add (&sample, 2), 0);
    assert_true (sample_median (&sample) == 3);
    assert_int_equal (sample_add (&sample, 9), 0);
    assert_true (sample_median (&sample) == 4);
    assert_true (sample.mean == 5);
    assert_true (fabs (sample_deviation (&sample) - 3.605551275463989) < 1e-12);
    sample_clear (&sample);
    assert_int_equal (sample.count, 0);
}

/* More than the first allocation holds, in an order that is not the sorted one. */
static void
test_many (void **state)
{
    struct sample sample = {0};

    (void)state;
    for (unsigned i = 0; i < 1001; i++) {
        assert_int_equal (sample_add (&sample, (double)(i * 5 % 1001)), 0);
    }
    assert_true (fabs (sample.mean - 500) < 1e-9);
    assert_true (sample_median (&sample) == 500);
    assert_true (fabs (sample_deviation (&sample) - 289.1081112666357) < 1e-9);
    sample_clear (&sample);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_nothing),
        cmocka_unit_test (test_a_few),
        cmocka_unit_test (test_many),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
