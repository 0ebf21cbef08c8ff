/*
 * A pool without devices or threads: it takes the place of work/pool/pool.c in a test program, and
 * the test ends each job itself. As in the pool, a job that has ended keeps its place until it is
 * drained, and one that has ended before it was cancelled keeps its answer.
 */
#ifndef TESTS_FAKE_POOL_H
#define TESTS_FAKE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "work/pool/pool.h"

/* With that many devices and room for that many jobs. */
struct pool *fake_pool_new (size_t devices, size_t room);

/* All jobs have been drained. */
void fake_pool_free (struct pool *pool);

void fake_pool_set_room (struct pool *pool, size_t room);

/* Fails every job, and refuses those to come; or is up again. */
void fake_pool_set_down (struct pool *pool, bool down);

/* Jobs that have not ended. */
size_t fake_pool_jobs (const struct pool *pool);

/* Jobs that have not been drained. */
size_t fake_pool_places (const struct pool *pool);

/* The job for this root that has not ended, or NULL. There is one at most. */
const struct pool_request *fake_pool_job (const struct pool *pool, const uint8_t root[32]);

/* Ends that job: with a nonce of this value, or with failure. Delivered by pool_drain. */
void fake_pool_find (struct pool *pool, const uint8_t root[32], uint64_t value);
void fake_pool_fail (struct pool *pool, const uint8_t root[32]);

#endif
