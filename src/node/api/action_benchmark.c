#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "node/api/actions.h"
#include "node/api/fields.h"
#include "rpc/base/json.h"
#include "rpc/base/memory.h"
#include "work/base/clock.h"
#include "work/base/hex.h"
#include "work/base/random.h"

#define MOST_WORKS 1000

/* Works for random roots, one after another, until there are enough or the client has left. */
struct benchmark {
    const struct actions *actions;
    struct request *request;
    struct broker_waiter *waiter;
    struct scan_target target;
    uint64_t count;
    uint64_t found;
    uint64_t started;
    uint64_t hashes; /* that the devices had tried by then */
};

/*
 * What all devices have tried, for whomever. A count of this run's own would lack what the others
 * were at when one device found a work, which is much of it when works are quick.
 */
static uint64_t
hashes_tried (struct pool *pool)
{
    struct pool_statistics statistics;

    pool_statistics (pool, &statistics);
    return statistics.hashes;
}

static json_t *
benchmark_body (const struct benchmark *benchmark)
{
    uint64_t base = benchmark->actions->network->base;
    double seconds = clock_seconds (clock_now () - benchmark->started);
    uint64_t tried = hashes_tried (benchmark->actions->engine.pool);
    /* Less than before: a reload has brought other devices, which have tried these. */
    uint64_t hashes = tried >= benchmark->hashes ? tried - benchmark->hashes : tried;
    char difficulty[HEX_U64_SIZE];
    json_t *body = json_object ();

    hex_print_u64 (benchmark->target.threshold, difficulty);
    json_put (body, "average", "%.3f", seconds * 1e3 / (double)benchmark->count);
    json_put (body, "count", "%" PRIu64, benchmark->count);
    json_put (body, "difficulty", "%s", difficulty);
    json_put (body, "duration", "%.3f", seconds * 1e3);
    json_put (body, "hash_rate", "%.0f", seconds > 0 ? (double)hashes / seconds : 0);
    json_put (body, "hint", "Times in milliseconds");
    json_put (body, "multiplier", "%.15f",
              difficulty_to_multiplier (benchmark->target.threshold, base));
    return body;
}

static void
fail (struct benchmark *benchmark, const struct fault *fault)
{
    request_fail (benchmark->request, fault);
    free (benchmark);
}

static void on_work (void *data, const struct broker_answer *answer);

/* Asks for one work more, unless that cannot be. */
static bool
next_work (struct benchmark *benchmark, struct fault *fault)
{
    const struct actions *actions = benchmark->actions;
    double seconds = clock_seconds (clock_now () - benchmark->started);
    struct broker_question question = {
        .network = precache_owner_network (actions->precache), .local_only = true, .unkept = true};
    enum broker_result result;

    if (seconds > actions->config->work_request_timeout) {
        *fault = actions_failure (actions, BROKER_EXPIRED);
        return false;
    }
    random_fill (benchmark->target.root, sizeof benchmark->target.root);
    question.target = benchmark->target;
    result = broker_generate (actions->broker, &question, on_work, benchmark, &benchmark->waiter);
    if (result != BROKER_ACCEPTED) {
        *fault = actions_refusal (actions, result);
    }
    return result == BROKER_ACCEPTED;
}

static void
on_work (void *data, const struct broker_answer *answer)
{
    struct benchmark *benchmark = data;
    struct fault fault;

    if (answer->outcome != BROKER_FOUND) {
        request_went (benchmark->request,
                      answer->outcome == BROKER_CANCELLED ? REQUEST_CANCELLED : REQUEST_ERROR);
        fault = actions_failure (benchmark->actions, answer->outcome);
        fail (benchmark, &fault);
        return;
    }
    benchmark->found++;
    if (benchmark->found == benchmark->count) {
        request_answer (benchmark->request, benchmark_body (benchmark));
        free (benchmark);
    } else if (!next_work (benchmark, &fault)) {
        fail (benchmark, &fault);
    }
}

static void
on_leave (void *data)
{
    struct benchmark *benchmark = data;

    broker_leave (benchmark->waiter);
    free (benchmark);
}

static bool
read_benchmark (const struct actions *actions, const json_t *fields, struct benchmark *benchmark,
                struct fault *fault)
{
    const struct difficulty_network *network = actions->network;
    struct scan_target *target = &benchmark->target;
    bool given = false;

    target->order = DIFFICULTY_AT_LEAST;
    target->threshold = network->base;
    return fields_difficulty (fields, &target->threshold, &given, fault) &&
           fields_multiplier (fields, network->base, &target->threshold, &given, fault) &&
           (json_object_get (fields, "count") != NULL ||
            fields_needed ("Missing field: count", fault)) &&
           fields_count (fields, "count", 1, MOST_WORKS, "Bad count", &benchmark->count, fault) &&
           fields_limit (network, actions->config->max_work_generate_multiplier, target->threshold,
                         fault);
}

/* Else the client has been told. */
static bool
may_begin (const struct benchmark *benchmark)
{
    return request_check_difficulty (benchmark->request, benchmark->target.threshold,
                                     benchmark->actions->network->base) &&
           request_begin_job (benchmark->request);
}

void
action_benchmark (void *context, struct request *request)
{
    struct actions *actions = context;
    struct benchmark *benchmark = memory_new (1, sizeof *benchmark);
    struct fault fault;

    benchmark->actions = actions;
    benchmark->request = request;
    benchmark->hashes = hashes_tried (actions->engine.pool);
    benchmark->started = clock_now ();
    if (!read_benchmark (actions, request_fields (request), benchmark, &fault)) {
        fail (benchmark, &fault);
    } else if (!may_begin (benchmark)) {
        free (benchmark);
    } else if (!next_work (benchmark, &fault)) {
        fail (benchmark, &fault);
    } else {
        request_on_leave (request, on_leave, benchmark);
    }
}
