/*
 * Random numbers for tests that make their own cases: another seed every run, printed, and taken
 * from the environment variable TEST_SEED to run the same cases again.
 */
#ifndef TESTS_SEED_H
#define TESTS_SEED_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct seed {
    unsigned short state[3]; /* nrand48's */
};

static inline struct seed
seed_of (uint32_t number)
{
    return (struct seed){
        {0x330e, (unsigned short)(number & 0xffff), (unsigned short)(number >> 16)}};
}

/* A new seed, told to whoever reads the test's log. */
static inline struct seed
seed_new (void)
{
    const char *text = getenv ("TEST_SEED");
    uint32_t number = text != NULL ? (uint32_t)strtoul (text, NULL, 0) : (uint32_t)time (NULL);

    printf ("TEST_SEED=%u\n", number);
    return seed_of (number);
}

/* A number below `limit`, which is at least 1 and at most 2^31. */
static inline unsigned
seed_below (struct seed *seed, unsigned limit)
{
    return (unsigned)nrand48 (seed->state) % limit;
}

#endif
