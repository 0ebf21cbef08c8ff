#include "work/base/difficulty.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "work/base/hex.h"

#define ALL_VALUES 0x1p64

/* The last two fields of each are worked out by difficulty_network_load. */
static const struct difficulty_network networks[] = {
    [DIFFICULTY_LIVE] = {.name = "live",
                         .prefix = "nano_",
                         .epoch_1 = 0xffffffc000000000,
                         .epoch_2 = 0xfffffff800000000,
                         .epoch_2_receive = 0xfffffe0000000000},
    [DIFFICULTY_BETA] = {.name = "beta",
                         .prefix = "nano_",
                         .epoch_1 = 0xfffff00000000000,
                         .epoch_2 = 0xfffff00000000000,
                         .epoch_2_receive = 0xffffe00000000000},
    [DIFFICULTY_TEST] = {.name = "test",
                         .prefix = "nano_",
                         .epoch_1 = 0xffffffc000000000,
                         .epoch_2 = 0xfffffff800000000,
                         .epoch_2_receive = 0xfffffe0000000000},
    [DIFFICULTY_DEV] = {.name = "dev",
                        .prefix = "nano_",
                        .epoch_1 = 0xfe00000000000000,
                        .epoch_2 = 0xffc0000000000000,
                        .epoch_2_receive = 0xf000000000000000},
    [DIFFICULTY_BANANO] = {.name = "banano",
                           .prefix = "ban_",
                           .epoch_1 = 0xfffffe0000000000,
                           .epoch_2 = 0xfffffff000000000,
                           .epoch_2_receive = 0},
};

static uint64_t
higher (uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t
lower (uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* 2^64 - threshold: how many values are at or above the threshold. */
static double
values_above (uint64_t threshold)
{
    return threshold == 0 ? ALL_VALUES : (double)(0 - threshold);
}

static int
override_threshold (const char *variable, uint64_t *threshold, char *error, size_t error_size)
{
    const char *text = getenv (variable);
    if (text == NULL || hex_parse_u64 (text, threshold) == 0) {
        return 0;
    }
    (void)snprintf (error, error_size, "%s must be 1 to 16 hexadecimal digits, not \"%s\"",
                    variable, text);
    return -1;
}

static int
override_all (struct difficulty_network *network, char *error, size_t error_size)
{
    if (override_threshold ("NANO_TEST_EPOCH_1", &network->epoch_1, error, error_size) == -1 ||
        override_threshold ("NANO_TEST_EPOCH_2", &network->epoch_2, error, error_size) == -1 ||
        override_threshold ("NANO_TEST_EPOCH_2_RECV", &network->epoch_2_receive, error,
                            error_size) == -1) {
        return -1;
    }
    return 0;
}

int
difficulty_network_by_name (const char *name, enum difficulty_network_id *id)
{
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        if (strcmp (name, networks[i].name) == 0) {
            *id = (enum difficulty_network_id)i;
            return 0;
        }
    }
    return -1;
}

int
difficulty_network_load (enum difficulty_network_id id, struct difficulty_network *network,
                         char *error, size_t error_size)
{
    struct difficulty_network loaded = networks[id];

    if (id == DIFFICULTY_TEST && override_all (&loaded, error, error_size) == -1) {
        return -1;
    }
    loaded.base = higher (loaded.epoch_1, higher (loaded.epoch_2, loaded.epoch_2_receive));
    loaded.entry = lower (loaded.epoch_1, lower (loaded.epoch_2, loaded.epoch_2_receive));
    *network = loaded;
    return 0;
}

double
difficulty_to_multiplier (uint64_t difficulty, uint64_t base)
{
    return values_above (base) / values_above (difficulty);
}

uint64_t
difficulty_from_multiplier (double multiplier, uint64_t base)
{
    if (!(multiplier > 0)) { /* so written that a NaN is caught too */
        return 0;
    }

    const double quotient = values_above (base) / multiplier;
    if (quotient >= ALL_VALUES) { /* also keeps the conversion below defined */
        return 0;
    }

    const uint64_t passing = (uint64_t)quotient;
    if (passing == 0) {
        /* 2^64 - 0 would wrap to 0, the easiest difficulty where the hardest was asked for. */
        return UINT64_MAX;
    }
    return 0 - passing;
}

bool
difficulty_reached (enum difficulty_order order, uint64_t value, uint64_t threshold)
{
    return order == DIFFICULTY_AT_LEAST ? value >= threshold : value <= threshold;
}

double
difficulty_expected_hashes (enum difficulty_order order, uint64_t threshold)
{
    /* As many values lie at or below a threshold as lie at or above its complement. */
    const uint64_t at_least = order == DIFFICULTY_AT_LEAST ? threshold : ~threshold;

    return ALL_VALUES / values_above (at_least);
}
