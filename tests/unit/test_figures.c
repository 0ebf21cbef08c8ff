/* Mean, spread and median. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "work/base/figures.h"

static void
test_nothing (void **state)
{
    struct figures figures = {0};

    (void)state;
    assert_true (figures_median (&figures) == 0);
    assert_true (figures_deviation (&figures) == 0);
    figures_clear (&figures);
}

static void
test_a_few (void **state)
{
    struct figures figures = {0};

    (void)state;
    assert_int_equal (figures_add (&figures, 4), 0);
    assert_true (figures.mean == 4);
    assert_true (figures_deviation (&figures) == 0);
    assert_true (figures_median (&figures) == 4);
    assert_int_equal (figures_add (&figures, 2), 0);
    assert_true (figures_median (&figures) == 3);
    assert_int_equal (figures_add (&figures, 9), 0);
    assert_true (figures_median (&figures) == 4);
    assert_true (figures.mean == 5);
    assert_true (fabs (figures_deviation (&figures) - 3.605551275463989) < 1e-12);
    figures_clear (&figures);
    assert_int_equal (figures.count, 0);
}

/* More than the first allocation holds, in an order that is not the sorted one. */
static void
test_many (void **state)
{
    struct figures figures = {0};

    (void)state;
    for (unsigned i = 0; i < 1001; i++) {
        assert_int_equal (figures_add (&figures, (double)(i * 5 % 1001)), 0);
    }
    assert_true (fabs (figures.mean - 500) < 1e-9);
    assert_true (figures_median (&figures) == 500);
    assert_true (fabs (figures_deviation (&figures) - 289.1081112666357) < 1e-9);
    figures_clear (&figures);
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
