#include "node/search/device_source.h"

#include <stdlib.h>
#include <string.h>

#include "node/base/log.h"
#include "rpc/base/memory.h"
#include "work/base/hex.h"

/* The pool's, from pool_submit to its callback. */
struct device_job {
    struct searches *searches;
    struct search_key key;
    uint64_t ticket;
    uint64_t threshold;
    enum pool_class class;
};

static void
drop (void *self, struct search *search, enum source source)
{
    const struct device_source *devices = self;
    struct device_job *job = search->under_way[source];

    if (job != NULL) {
        search->under_way[source] = NULL;
        pool_cancel (devices->pool, job->ticket);
    }
}

static void
log_found (const struct device_job *job, const struct pool_answer *answer)
{
    char root[HEX_ROOT_SIZE];
    char value[HEX_U64_SIZE];

    hex_print_root (job->key.root, root);
    hex_print_u64 (answer->value, value);
    log_debug ("Work for %s of difficulty %s found by %s in %.0f ms", root, value, answer->device,
               answer->seconds * 1e3);
}

/* Whatever is no CPU computes on a GPU, or as one. */
static void
on_found (struct search *search, const struct pool_answer *answer)
{
    const struct broker_answer found = {
        .outcome = BROKER_FOUND,
        .work = answer->nonce,
        .value = answer->value,
        .source = BROKER_SOURCE_LOCAL,
        .by = strcmp (answer->kind, "cpu") == 0 ? METRICS_CPU : METRICS_GPU,
    };

    search_found (search, &found, answer->device);
}

static void
on_job_done (void *data, const struct pool_answer *answer)
{
    struct device_job *job = data;
    struct search *search = search_find (job->searches, &job->key);
    const bool present = search != NULL && search->under_way[SOURCE_DEVICES] == job;

    if (present) {
        search->under_way[SOURCE_DEVICES] = NULL;
    }
    if (answer->outcome == POOL_FOUND) {
        log_found (job, answer);
    }
    free (job);
    if (search != NULL && answer->outcome == POOL_FOUND) {
        on_found (search, answer);
    } else if (present) {
        if (answer->outcome == POOL_FAILED) {
            search_give_up (search, SOURCE_DEVICES);
        }
        search_settle (search);
    }
}

/* Starts a job in the place of the present one, if any. */
static enum source_state
start (struct device_source *devices, struct search *search, const struct source_need *need)
{
    struct device_job *job = memory_new (1, sizeof *job);
    struct pool_request request = {
        .target = {.threshold = need->easiest->threshold, .order = search_order (search)},
        .class = need->first->ahead ? POOL_AHEAD : POOL_ASKED,
        .since = need->first->since,
        .done = on_job_done,
        .data = job,
    };
    enum pool_result result;

    memcpy (request.target.root, search->key.root, sizeof request.target.root);
    result = pool_submit (devices->pool, &request, &job->ticket);
    if (result != POOL_ACCEPTED) {
        free (job);
        return result == POOL_FULL ? SOURCE_FULL : SOURCE_FAILED;
    }
    job->searches = devices->searches;
    job->key = search->key;
    job->threshold = request.target.threshold;
    job->class = request.class;
    drop (devices, search, SOURCE_DEVICES);
    search->under_way[SOURCE_DEVICES] = job;
    return SOURCE_SEES_TO_IT;
}

/* A job that is easier than it need be is kept: searching for the harder begins when it ends. */
static bool
fits (const struct search *search, const struct source_need *need)
{
    const struct device_job *job = search->under_way[SOURCE_DEVICES];

    return job != NULL && !search_is_easier (search, need->easiest->threshold, job->threshold) &&
           (job->class == POOL_AHEAD) == need->first->ahead;
}

static enum source_state
settle (void *self, struct search *search, enum source source, const struct source_need *need)
{
    if (need->first == NULL) {
        drop (self, search, source);
        return SOURCE_SEES_TO_IT;
    }
    return fits (search, need) ? SOURCE_SEES_TO_IT : start (self, search, need);
}

const struct source_calls device_source_calls = {settle, drop};

static void
on_drain (evutil_socket_t fd, short what, void *data)
{
    const struct device_source *devices = data;

    (void)fd;
    (void)what;
    pool_drain (devices->pool);
}

static void
watch (struct device_source *devices, struct pool *pool)
{
    devices->pool = pool;
    devices->drain = memory_need (event_new (devices->searches->base, pool_fd (pool),
                                             EV_READ | EV_PERSIST, on_drain, devices));
    memory_require (event_add (devices->drain, NULL) == 0);
}

void
device_source_init (struct device_source *devices, struct searches *searches, struct pool *pool)
{
    devices->searches = searches;
    watch (devices, pool);
}

void
device_source_clear (struct device_source *devices)
{
    pool_drain (devices->pool);
    event_free (devices->drain);
}

bool
device_source_progress (const struct device_source *devices, const struct search *search,
                        struct pool_progress *progress)
{
    const struct device_job *job = search->under_way[SOURCE_DEVICES];

    return job != NULL && pool_progress (devices->pool, job->ticket, progress);
}

void
device_source_move (struct device_source *devices, struct pool *pool)
{
    struct pool *old = devices->pool;
    struct search *search;

    TAILQ_FOREACH (search, &devices->searches->all, link)
    {
        drop (devices, search, SOURCE_DEVICES);
    }
    event_free (devices->drain);
    watch (devices, pool);
    pool_drain (old); /* what it has found counts */
    searches_settle (devices->searches);
}
