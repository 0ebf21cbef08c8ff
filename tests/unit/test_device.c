/* The test that every device has to pass at its start: each way to be wrong is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "work/pool/device.h"

#define GRANULE 64
#define USUAL 4096

enum fault {
    NONE,
    MISSES_FIRST,      /* the first nonce of every batch */
    MISSES_LAST,       /* the last */
    MISSES_USUAL_LAST, /* the last of large batches only */
    MISSES_USUAL,      /* whatever is in large batches */
    INVENTS,           /* finds the first nonce in batches without one */
    INVENTS_USUAL,     /* the first nonce of large batches, instead of what is there */
    PASSES_OVER,       /* finds something behind the batch */
    FAILS,
    SLOW_TO_FAIL, /* fails with large batches only */
};

struct faulty {
    struct device device;
    enum fault fault;
    struct device_batch pending;
    unsigned usual; /* large batches so far */
};

static int
faulty_submit (struct device *device, const struct device_batch *batch)
{
    struct faulty *const faulty = (struct faulty *)device;

    faulty->pending = *batch;
    faulty->usual += batch->count == USUAL;
    return 0;
}

static void
spoil (const struct faulty *faulty, struct device_result *result)
{
    const struct device_batch *const batch = &faulty->pending;
    const bool usual = batch->count == USUAL;
    const bool hit = result->outcome == DEVICE_HIT;
    const uint64_t place = result->nonce - batch->first;

    if ((faulty->fault == MISSES_FIRST && hit && place == 0) ||
        (faulty->fault == MISSES_LAST && hit && place == batch->count - 1) ||
        (faulty->fault == MISSES_USUAL_LAST && hit && usual && place == batch->count - 1) ||
        (faulty->fault == MISSES_USUAL && usual)) {
        result->outcome = DEVICE_NOTHING;
    }
    if ((faulty->fault == INVENTS && !hit) || (faulty->fault == INVENTS_USUAL && usual)) {
        result->outcome = DEVICE_HIT;
        result->nonce = batch->first + (hit && place == 0);
    }
    if (faulty->fault == PASSES_OVER) {
        result->outcome = DEVICE_HIT;
        result->nonce = batch->first + batch->count;
    }
    if (faulty->fault == FAILS || (faulty->fault == SLOW_TO_FAIL && usual)) {
        result->outcome = DEVICE_FAILED;
    }
}

static void
faulty_collect (struct device *device, struct device_result *result)
{
    struct faulty *const faulty = (struct faulty *)device;
    const struct device_batch *const batch = &faulty->pending;

    result->outcome =
        scan_named ("portable")->scan (batch->midstate, batch->first, batch->count, &result->nonce)
            ? DEVICE_HIT
            : DEVICE_NOTHING;
    spoil (faulty, result);
}

static const struct device_ops faulty_ops = {.submit = faulty_submit, .collect = faulty_collect};

static struct faulty
make (enum fault fault, uint64_t usual)
{
    return (struct faulty){
        .device = {.ops = &faulty_ops, .depth = 1, .granule = GRANULE, .usual = usual},
        .fault = fault,
    };
}

static void
test_good (void **state)
{
    struct faulty small = make (NONE, 0);
    struct faulty large = make (NONE, USUAL);

    (void)state;
    assert_int_equal (device_self_test (&small.device), 0);
    assert_int_equal (small.usual, 0);
    assert_int_equal (device_self_test (&large.device), 0);
    assert_true (large.usual >= 4); /* both ends, in both directions */
}

static void
test_faulty (void **state)
{
    (void)state;
    for (enum fault fault = MISSES_FIRST; fault <= SLOW_TO_FAIL; fault++) {
        struct faulty faulty = make (fault, USUAL);

        assert_int_equal (device_self_test (&faulty.device), -1);
        if (fault != FAILS && fault != SLOW_TO_FAIL) { /* such have a reason of their own */
            assert_int_equal (strncmp (faulty.device.reason, "self-test: ", 11), 0);
        }
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_good),
        cmocka_unit_test (test_faulty),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
