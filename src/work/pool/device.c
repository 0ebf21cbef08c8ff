#include "work/pool/device.h"

#include <inttypes.h>
#include <stdio.h>

#include "work/base/hex.h"
#include "work/scan/value.h"

/*
 * Works so strong that a batch of millions of other nonces for the same root holds no second one,
 * save by an accident of one in ten thousand million nonces: the answer is known at any batch size.
 */
struct known_work {
    const char *root;
    uint64_t value; /* its own, and the threshold: nothing weaker passes */
    enum difficulty_order order;
    uint64_t nonce;
};

static const struct known_work known_works[] = {
    {"718cc2121c3e641059bc1c2cfc45666c99e8ae922f7a807b7d07b62c995d79e2",
     UINT64_C (0xffffffd21c3933f4), DIFFICULTY_AT_LEAST, UINT64_C (0x2bf29ef00786a6bc)},
    {"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
     UINT64_C (0x00000000e667ca81), DIFFICULTY_AT_MOST, UINT64_C (0x0000010189c0a7fa)},
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
              const struct scan_target *target, uint64_t known, uint64_t first, uint64_t count)
{
    struct device_result result;

    if (run_batch (device, midstate, first, count, &result) != 0) {
        return -1;
    }
    if (result.outcome == DEVICE_HIT && result.nonce - first <= known - first &&
        value_reaches (target, result.nonce, NULL)) {
        return 0;
    }
    snprintf (device->reason, sizeof device->reason,
              "self-test: nonce %016" PRIx64 " not found in a batch of %" PRIu64
              " from %016" PRIx64,
              known, count, first);
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
    const uint64_t nonce = known->nonce;
    struct scan_target target = {.threshold = known->value, .order = known->order};
    struct scan_midstate midstate;

    (void)hex_parse_root (known->root, target.root);
    scan_prepare (&midstate, &target);
    for (size_t i = 0; i < 2; i++) {
        const uint64_t count = counts[i];

        if (count != 0 &&
            (expect_known (device, &midstate, &target, nonce, nonce, count) != 0 ||
             expect_known (device, &midstate, &target, nonce, nonce - count + 1, count) != 0)) {
            return -1;
        }
    }
    return expect_nothing (device, &midstate, nonce + 1) == 0
               ? expect_nothing (device, &midstate, nonce - device->granule)
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
