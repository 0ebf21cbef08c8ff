#include "fake_pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

struct job {
    struct job *next;
    struct pool_request request;
    struct pool_answer answer;
    bool ended;
};

struct pool {
    size_t devices;
    size_t room;
    bool down;
    int fd;
    uint64_t tickets;
    struct job *jobs; /* not drained, the first first */
};

struct pool *
fake_pool_new (size_t devices, size_t room)
{
    struct pool *pool = calloc (1, sizeof *pool);

    assert_non_null (pool);
    pool->devices = devices;
    pool->room = room;
    pool->fd = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
    assert_true (pool->fd >= 0);
    return pool;
}

void
fake_pool_free (struct pool *pool)
{
    assert_null (pool->jobs);
    (void)close (pool->fd);
    free (pool);
}

void
fake_pool_set_room (struct pool *pool, size_t room)
{
    pool->room = room;
}

static void
end (struct pool *pool, struct job *job, enum pool_outcome outcome)
{
    const uint64_t one = 1;

    if (!job->ended) {
        job->ended = true;
        job->answer.outcome = outcome;
        assert_int_equal (write (pool->fd, &one, sizeof one), sizeof one);
    }
}

void
fake_pool_set_down (struct pool *pool, bool down)
{
    pool->down = down;
    for (struct job *job = pool->jobs; down && job != NULL; job = job->next) {
        end (pool, job, POOL_FAILED);
    }
}

size_t
fake_pool_jobs (const struct pool *pool)
{
    size_t count = 0;

    for (const struct job *job = pool->jobs; job != NULL; job = job->next) {
        count += !job->ended;
    }
    return count;
}

size_t
fake_pool_places (const struct pool *pool)
{
    size_t count = 0;

    for (const struct job *job = pool->jobs; job != NULL; job = job->next) {
        count++;
    }
    return count;
}

static struct job *
find (const struct pool *pool, const uint8_t root[32])
{
    struct job *found = NULL;

    for (struct job *job = pool->jobs; job != NULL; job = job->next) {
        if (!job->ended && memcmp (job->request.target.root, root, 32) == 0) {
            assert_null (found);
            found = job;
        }
    }
    return found;
}

const struct pool_request *
fake_pool_job (const struct pool *pool, const uint8_t root[32])
{
    const struct job *job = find (pool, root);

    return job != NULL ? &job->request : NULL;
}

void
fake_pool_find (struct pool *pool, const uint8_t root[32], uint64_t value)
{
    struct job *job = find (pool, root);

    assert_non_null (job);
    job->answer.value = value;
    job->answer.kind = "cpu";
    (void)snprintf (job->answer.device, sizeof job->answer.device, "a device");
    end (pool, job, POOL_FOUND);
}

void
fake_pool_fail (struct pool *pool, const uint8_t root[32])
{
    struct job *job = find (pool, root);

    assert_non_null (job);
    end (pool, job, POOL_FAILED);
}

/* In the place of work/pool/pool.c. */

enum pool_result
pool_submit (struct pool *pool, const struct pool_request *request, uint64_t *ticket)
{
    struct job **last = &pool->jobs;
    struct job *job;

    if (pool->down || pool->devices == 0) {
        return POOL_DOWN;
    }
    if (fake_pool_places (pool) >= pool->room) {
        return POOL_FULL;
    }
    job = calloc (1, sizeof *job);
    assert_non_null (job);
    job->request = *request;
    job->answer.ticket = *ticket = ++pool->tickets;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = job;
    return POOL_ACCEPTED;
}

void
pool_cancel (struct pool *pool, uint64_t ticket)
{
    for (struct job *job = pool->jobs; job != NULL; job = job->next) {
        if (job->answer.ticket == ticket) {
            end (pool, job, POOL_CANCELLED);
        }
    }
}

bool
pool_progress (struct pool *pool, uint64_t ticket, struct pool_progress *progress)
{
    (void)pool;
    (void)ticket;
    (void)progress;
    return false;
}

int
pool_fd (const struct pool *pool)
{
    return pool->fd;
}

static struct job *
take_ended (struct pool *pool)
{
    for (struct job **at = &pool->jobs; *at != NULL; at = &(*at)->next) {
        struct job *job = *at;

        if (job->ended) {
            *at = job->next;
            return job;
        }
    }
    return NULL;
}

void
pool_drain (struct pool *pool)
{
    struct job *job;
    uint64_t count;

    (void)!read (pool->fd, &count, sizeof count);
    while ((job = take_ended (pool)) != NULL) {
        job->request.done (job->request.data, &job->answer);
        free (job);
    }
}

size_t
pool_device_count (const struct pool *pool)
{
    return pool->devices;
}
