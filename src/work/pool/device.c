#include "work/pool/device.h"

#include <inttypes.h>
#include <stdio.h>

#include "work/scan/value.h"

/*
 * Works so strong that a batch of millions of other nonces for the same root holds no second one,
 * save by an accident of one in ten thousand million nonces: the answer is known at any batch size.
 */
struct known_work {
    struct scan_target target; /* the threshold is the work's own value: nothing weaker passes */
    uint64_t nonce;
};

static const struct known_work known_works[] = {
    {
        .target =
            {
                .root = {0x71, 0x8c, 0xc2, 0x12, 0x1c, 0x3e, 0x64, 0x10, 0x59, 0xbc, 0x1c,
                         0x2c, 0xfc, 0x45, 0x66, 0x6c, 0x99, 0xe8, 0xae, 0x92, 0x2f, 0x7a,
                         0x80, 0x7b, 0x7d, 0x07, 0xb6, 0x2c, 0x99, 0x5d, 0x79, 0xe2},
                .threshold = UINT64_C (0xffffffd21c3933f4),
                .order = DIFFICULTY_AT_LEAST,
            },
        .nonce = UINT64_C (0x2bf29ef00786a6bc),
    },
    {
        .target =
            {
                .root = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45,
                         0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab,
                         0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef},
                .threshold = UINT64_C (0x00000000e667ca81),
                .order = DIFFICULTY_AT_MOST,
            },
        .nonce = UINT64_C (0x0000010189c0a7fa),
    },
};

/* Returns 0, or -1 with device->reason set. */
static int
run_batch (struct device *device, const struct scan_midstate *midstate, uint64_t first,
           uint64_t count, struct device_result *result)
{
    const atomic_bool stop = false;
    const struct device_batch batch = {midstate, &stop, first, count};

    *result = (struct device_result){0};
    if (device->ops->submit (device, &batch) != 0) {
        return -1;
    }
    device->ops->collect (device, result);
    return result->outcome == DEVICE_FAILED ? -1 : 0;
}

/*
 * A batch that has the known nonce in it. A fast device's is so large that it may hold another that
 * is as good; what comes before the known one is as right an answer.
 */
static int
expect_known (struct device *device, const struct scan_midstate *midstate,
              const struct known_work *known, uint64_t first, uint64_t count)
{
    struct device_result result;

    if (run_batch (device, midstate, first, count, &result) != 0) {
        return -1;
    }
    if (result.outcome == DEVICE_HIT && result.nonce - first <= known->nonce - first &&
        value_reaches (&known->target, result.nonce, NULL)) {
        return 0;
    }
    snprintf (device->reason, sizeof device->reason,
              "self-test: nonce %016" PRIx64 " not found in a batch of %" PRIu64
              " from %016" PRIx64,
              known->nonce, count, first);
    return -1;
}

/* A batch of one granule that holds no such nonce. */
static int
expect_nothing (struct device *device, const struct scan_midstate *midstate, uint64_t first)
{
    struct device_result result;

    if (run_batch (device, midstate, first, device->granule, &result) != 0) {
        return -1;
    }
    if (result.outcome == DEVICE_NOTHING) {
        return 0;
    }
    snprintf (device->reason, sizeof device->reason,
              "self-test: a nonce found in a batch from %016" PRIx64 " that contains none", first);
    return -1;
}

static int
test_work (struct device *device, const struct known_work *known)
{
    const uint64_t counts[] = {device->granule, device->usual};
    struct scan_midstate midstate;

    scan_prepare (&midstate, &known->target);
    for (size_t i = 0; i < 2; i++) {
        if (counts[i] != 0 &&
            (expect_known (device, &midstate, known, known->nonce, counts[i]) != 0 ||
             expect_known (device, &midstate, known, known->nonce - counts[i] + 1, counts[i]) !=
                 0)) {
            return -1;
        }
    }
    return expect_nothing (device, &midstate, known->nonce + 1) == 0 &&
                   expect_nothing (device, &midstate, known->nonce - device->granule) == 0
               ? 0
               : -1;
}

int
device_self_test (struct device *device)
{
    for (size_t i = 0; i < sizeof known_works / sizeof known_works[0]; i++) {
        if (test_work (device, &known_works[i]) != 0) {
            return -1;
        }
    }
    return 0;
}

void
device_free (struct device *device)
{
    if (device != NULL) {
        device->ops->free (device);
    }
}
