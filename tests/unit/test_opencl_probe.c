/* Drivers that end or hang whoever loads them: this process goes on, and knows why. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "work/base/clock.h"
#include "work/opencl/opencl_probe.h"

#define PATIENCE 60.0

static int
behave (const void *data)
{
    (void)data;
    return 0;
}

static int
crash (const void *data)
{
    (void)data;
    return raise (SIGSEGV);
}

static int
give_up (const void *data)
{
    (void)data;
    abort ();
}

static int
leave (const void *data)
{
    (void)data;
    _exit (0);
}

static int
hang (const void *data)
{
    while (data == NULL) {
        (void)pause ();
    }
    return 0;
}

static void
test_good (void **state)
{
    char error[256] = "";

    (void)state;
    assert_int_equal (opencl_probe_with (behave, PATIENCE, error, sizeof error), 0);
    assert_string_equal (error, "");
}

static void
assert_broken (int (*child) (const void *), double patience, const char *text)
{
    char error[256] = "";

    assert_int_equal (opencl_probe_with (child, patience, error, sizeof error), -1);
    assert_non_null (strstr (error, text));
}

static void
test_broken (void **state)
{
    (void)state;
    assert_broken (crash, PATIENCE, "crashes when it is loaded (Segmentation fault)");
    assert_broken (give_up, PATIENCE, "crashes when it is loaded (Aborted)");
    assert_broken (leave, PATIENCE, "ends the process when it is loaded");
}

static void
test_hanging (void **state)
{
    const uint64_t begin = clock_now ();

    (void)state;
    assert_broken (hang, 0.1, "did not answer in 0 seconds");
    assert_true (clock_now () - begin >= CLOCK_SECOND / 10);
}

/* Whatever this machine has, asking it ends. */
static void
test_real (void **state)
{
    char error[256] = "";

    (void)state;
    assert_int_equal (opencl_probe (error, sizeof error), 0);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_good),
        cmocka_unit_test (test_broken),
        cmocka_unit_test (test_hanging),
        cmocka_unit_test (test_real),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
