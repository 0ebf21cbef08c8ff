/*
 * The engine as an embedder sees it: a pool of CPU devices behind the installed header.
 */
#include "work/pool/workpeer.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "build_config.h"
#include "work/base/cpus.h"
#include "work/base/difficulty.h"
#include "work/pool/pool.h"
#include "work/pool/trial.h"
#include "work/scan/value.h"

#define DEFAULT_MAX_JOBS 4096
#define DEFAULT_BATCH_SECONDS 0.005

struct workpeer {
    struct pool *pool;
    const struct scanner *scanner;
};

/* What the pool hands back for a request: the embedder's callback, freed when it has run. */
struct delivery {
    void (*done) (void *data, const struct workpeer_answer *answer);
    void *data;
};

static enum workpeer_error
start (struct workpeer *peer, const struct workpeer_settings *settings)
{
    unsigned threads = settings->threads > 0 ? settings->threads : cpus_available ();
    const struct pool_settings pool = {
        .max_jobs = settings->max_jobs > 0 ? settings->max_jobs : DEFAULT_MAX_JOBS,
        .batch_seconds =
            settings->batch_seconds > 0 ? settings->batch_seconds : DEFAULT_BATCH_SECONDS,
    };

    if (settings->scanner != NULL) {
        peer->scanner = scan_named (settings->scanner);
    } else {
        struct trial trial;

        trial_run (&trial);
        peer->scanner = trial.chosen;
    }
    if (peer->scanner == NULL) {
        return WORKPEER_INVALID;
    }
    peer->pool = pool_new (&pool);
    if (peer->pool == NULL) {
        return WORKPEER_NO_MEMORY;
    }
    if (pool_add_cpus (peer->pool, threads, peer->scanner) != 0 || pool_start (peer->pool) != 0) {
        return WORKPEER_NO_MEMORY;
    }
    return WORKPEER_OK;
}

struct workpeer *
workpeer_new (const struct workpeer_settings *settings, enum workpeer_error *error)
{
    struct workpeer *peer = calloc (1, sizeof *peer);
    enum workpeer_error result = peer == NULL ? WORKPEER_NO_MEMORY : start (peer, settings);

    if (error != NULL) {
        *error = result;
    }
    if (result != WORKPEER_OK) {
        workpeer_free (peer);
        return NULL;
    }
    return peer;
}

void
workpeer_free (struct workpeer *peer)
{
    if (peer == NULL) {
        return;
    }
    if (peer->pool != NULL) {
        pool_stop (peer->pool);
        pool_drain (peer->pool); /* whom that has cancelled hears of it */
        pool_free (peer->pool);
    }
    free (peer);
}

static void
deliver (void *data, const struct pool_answer *found)
{
    static const enum workpeer_outcome outcomes[] = {
        [POOL_FOUND] = WORKPEER_FOUND,
        [POOL_CANCELLED] = WORKPEER_CANCELLED,
        [POOL_FAILED] = WORKPEER_FAILED,
    };
    const struct workpeer_answer answer = {
        .ticket = found->ticket,
        .outcome = outcomes[found->outcome],
        .work = found->nonce,
        .value = found->value,
        .seconds = found->seconds,
    };
    struct delivery *delivery = data;

    delivery->done (delivery->data, &answer);
    free (delivery);
}

enum workpeer_error
workpeer_submit (struct workpeer *peer, const struct workpeer_request *request, uint64_t *ticket)
{
    struct pool_request job = {
        .target = {.threshold = request->threshold, .order = DIFFICULTY_AT_LEAST},
        .class = POOL_ASKED,
        .done = deliver,
    };
    struct delivery *delivery;
    uint64_t submitted;
    enum pool_result result;

    if (request->done == NULL) {
        return WORKPEER_INVALID;
    }
    delivery = malloc (sizeof *delivery);
    if (delivery == NULL) {
        return WORKPEER_NO_MEMORY;
    }
    *delivery = (struct delivery){request->done, request->data};
    memcpy (job.target.root, request->root, sizeof job.target.root);
    job.data = delivery;
    result = pool_submit (peer->pool, &job, &submitted);
    if (result != POOL_ACCEPTED) {
        free (delivery);
        return result == POOL_FULL ? WORKPEER_FULL : WORKPEER_DOWN;
    }
    if (ticket != NULL) {
        *ticket = submitted;
    }
    return WORKPEER_OK;
}

void
workpeer_cancel (struct workpeer *peer, uint64_t ticket)
{
    pool_cancel (peer->pool, ticket);
}

int
workpeer_fd (const struct workpeer *peer)
{
    return pool_fd (peer->pool);
}

void
workpeer_dispatch (struct workpeer *peer)
{
    pool_drain (peer->pool);
}

int
workpeer_wait (struct workpeer *peer, int milliseconds)
{
    struct pollfd ready = {.fd = pool_fd (peer->pool), .events = POLLIN};

    if (poll (&ready, 1, milliseconds) <= 0) {
        return -1;
    }
    pool_drain (peer->pool);
    return 0;
}

const char *
workpeer_scanner (const struct workpeer *peer)
{
    return peer->scanner->name;
}

uint64_t
workpeer_value (const uint8_t root[32], uint64_t work)
{
    return value_of (root, work);
}

double
workpeer_to_multiplier (uint64_t difficulty, uint64_t base)
{
    return difficulty_to_multiplier (difficulty, base);
}

uint64_t
workpeer_from_multiplier (double multiplier, uint64_t base)
{
    return difficulty_from_multiplier (multiplier, base);
}

double
workpeer_expected_hashes (uint64_t threshold)
{
    return difficulty_expected_hashes (DIFFICULTY_AT_LEAST, threshold);
}

const char *
workpeer_error_text (enum workpeer_error error)
{
    switch (error) {
    case WORKPEER_OK:
        return "no error";
    case WORKPEER_FULL:
        return "the queue is full";
    case WORKPEER_DOWN:
        return "no device works";
    case WORKPEER_INVALID:
        return "an invalid setting or request";
    case WORKPEER_NO_MEMORY:
        return "not enough memory, threads or descriptors";
    }
    return "an unknown error";
}

const char *
workpeer_version (void)
{
    return PACKAGE_VERSION;
}
