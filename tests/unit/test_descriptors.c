/* The share of open files, under limits that each test sets. They only go down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/resource.h>

#include "node/daemon/descriptors.h"

#define OWN_AT_MOST 600 /* what the daemon may keep for itself */

static void
limit_to (rlim_t soft, rlim_t hard)
{
    const struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};

    if (setrlimit (RLIMIT_NOFILE, &limit) != 0) {
        skip (); /* the system's own limit is lower */
    }
}

static rlim_t
limit_now (void)
{
    struct rlimit limit;

    assert_int_equal (getrlimit (RLIMIT_NOFILE, &limit), 0);
    return limit.rlim_cur;
}

static void
test_enough (void **state)
{
    (void)state;
    limit_to (16384, 16384);
    const struct descriptors share = descriptors_share (1024, 1);

    assert_int_equal (share.connections, 1024);
    assert_int_equal (share.calls, DESCRIPTORS_CALLS);
}

static void
test_the_limit_is_raised (void **state)
{
    (void)state;
    limit_to (1024, 16384);
    const struct descriptors share = descriptors_share (2000, 2);

    assert_int_equal (share.connections, 2000);
    assert_int_equal (share.calls, DESCRIPTORS_CALLS);
    assert_true (limit_now () >= 2 * 2000 + DESCRIPTORS_CALLS);
}

static void
test_too_few_are_shared (void **state)
{
    static const rlim_t limits[] = {4096, 2048, 1024, 512, 128, 16};

    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        const rlim_t limit = limits[i];

        limit_to (limit, limit);
        for (size_t ports = 1; ports <= 2; ports++) {
            const struct descriptors share = descriptors_share (4000, ports);

            assert_true (share.connections >= 1);
            assert_true (share.connections * ports + share.calls <= limit);
            assert_true (share.calls < DESCRIPTORS_CALLS);
            if (limit > 2 * OWN_AT_MOST) {
                assert_true (share.connections * ports + share.calls + OWN_AT_MOST >= limit - 1);
                assert_true (share.calls >= limit / 8);
                assert_true (share.connections * ports >= share.calls);
            }
        }
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_enough),
        cmocka_unit_test (test_the_limit_is_raised),
        cmocka_unit_test (test_too_few_are_shared),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
