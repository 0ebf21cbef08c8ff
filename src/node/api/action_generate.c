#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/api/actions.h"
#include "node/api/block.h"
#include "node/api/fields.h"
#include "node/base/log.h"
#include "rpc/base/json.h"
#include "rpc/base/memory.h"
#include "rpc/peer/hops.h"
#include "work/base/account.h"
#include "work/base/hex.h"
#include "work/scan/value.h"

/* One work_generate that is waiting for work. Its request's, from the leave callback to the answer.
 */
struct generation {
    const struct actions *actions;
    struct request *request;
    struct broker_waiter *waiter;
    struct scan_target target;
    char root[HEX_ROOT_SIZE]; /* the target's, for the log */
};

/* `block`: JSON in a string, or with json_block an object; whichever it is, we can tell. */
static bool
read_block (const json_t *fields, struct block *block, struct fault *fault)
{
    const json_t *field = json_object_get (fields, "block");
    json_t *parsed = NULL;
    int failed;

    if (json_is_string (field)) {
        parsed = json_loads (json_string_value (field), JSON_REJECT_DUPLICATES, NULL);
        field = parsed;
    }
    failed = field == NULL || block_from_json (field, block) != 0;
    json_decref (parsed);
    return !failed || fields_bad ("block", "Block is invalid", fault);
}

/*
 * A block brings its root, and maybe work. Without the ledger only a first block's threshold is
 * known from the block itself: it receives.
 */
static bool
apply_block (const struct actions *actions, const json_t *fields, struct scan_target *target,
             bool threshold_given, struct fault *fault)
{
    struct block block;
    uint8_t root[32];

    if (json_object_get (fields, "block") == NULL) {
        return true;
    }
    if (!read_block (fields, &block, fault)) {
        return false;
    }
    block_root (&block, root);
    if (memcmp (root, target->root, sizeof root) != 0) {
        return fields_bad ("block", "Root mismatch for block", fault);
    }
    if (!threshold_given && block_is_open (&block)) {
        target->threshold = actions->network->epoch_2_receive;
    }
    return !value_reaches (target, block.work, NULL) ||
           fault_set (fault, REASON_NOT_NEEDED,
                      "Provided work is already enough for given difficulty", "block");
}

/* nano_node's checks in nano_node's order. */
static bool
read_question (const struct actions *actions, const json_t *fields,
               struct broker_question *question, struct fault *fault)
{
    const struct difficulty_network *network = actions->network;
    struct scan_target *target = &question->target;
    bool given = false;

    target->order = DIFFICULTY_AT_LEAST;
    target->threshold = network->base;
    return fields_version (fields, fault) &&
           fields_account (fields, question->account_key, &question->has_account, fault) &&
           fields_hash (fields, target->root, fault) &&
           fields_subtype (fields, network, &target->threshold, &given, fault) &&
           fields_difficulty (fields, &target->threshold, &given, fault) &&
           fields_multiplier (fields, network->base, &target->threshold, &given, fault) &&
           fields_limit (network, actions->config->max_work_generate_multiplier, target->threshold,
                         fault) &&
           apply_block (actions, fields, target, given, fault);
}

static json_t *
found_body (const struct actions *actions, const char *root, const struct broker_answer *answer)
{
    char work[HEX_U64_SIZE];
    char value[HEX_U64_SIZE];
    char multiplier[64];

    hex_print_u64 (answer->work, work);
    hex_print_u64 (answer->value, value);
    snprintf (multiplier, sizeof multiplier, "%.15f",
              difficulty_to_multiplier (answer->value, actions->network->base));
    return json_pack ("{s:s, s:s, s:s, s:s, s:s}", "hash", root, "work", work, "difficulty", value,
                      "multiplier", multiplier, "source", answer->source);
}

static void
log_found (const struct generation *generation, const struct broker_answer *answer)
{
    const uint64_t threshold = generation->target.threshold;

    log_info ("Work generation for %s, with a threshold difficulty of %016" PRIx64
              " (multiplier %.2fx) complete: %.0f ms (%s)",
              generation->root, threshold,
              difficulty_to_multiplier (threshold, generation->actions->network->base),
              answer->seconds * 1e3, answer->source);
}

static void
log_done (const struct generation *generation, const struct broker_answer *answer)
{
    const char *const root = generation->root;

    if (answer->outcome == BROKER_FOUND) {
        log_found (generation, answer);
    } else if (answer->outcome == BROKER_EXPIRED) {
        log_warn ("Work generation for %s gave up at its deadline, after %.0f s "
                  "(work.request_timeout)",
                  root, answer->seconds);
    } else if (answer->outcome == BROKER_FAILED) {
        log_warn ("Work generation for %s failed after %.0f ms: no device or work peer is left",
                  root, answer->seconds * 1e3);
    } else {
        log_info ("Work generation for %s was cancelled after %.0f ms", root,
                  answer->seconds * 1e3);
    }
}

static void
on_done (void *data, const struct broker_answer *answer)
{
    struct generation *generation = data;
    struct fault fault;

    log_done (generation, answer);
    if (answer->outcome == BROKER_FOUND) {
        request_answer (generation->request,
                        found_body (generation->actions, generation->root, answer));
    } else {
        if (answer->outcome == BROKER_CANCELLED) {
            request_went (generation->request, REQUEST_CANCELLED);
        }
        fault = actions_failure (generation->actions, answer->outcome);
        request_fail (generation->request, &fault);
    }
    free (generation);
}

static void
on_leave (void *data)
{
    struct generation *generation = data;

    log_debug ("Work generation for %s has lost a client", generation->root);
    broker_leave (generation->waiter);
    free (generation);
}

/* What a client says of peers, and what the way of its request does. The question has `account`. */
static void
read_peers (const struct actions *actions, const struct request *request,
            char account[ACCOUNT_TEXT_SIZE], struct broker_question *question)
{
    const json_t *fields = request_fields (request);

    question->use_peers = json_flag (fields, "use_peers", false);
    question->secondary = json_flag (fields, "secondary_work_peers", false);
    if (question->has_account) {
        account_print (question->account_key, actions->network->prefix, account);
        question->account = account;
    }
    hops_parse (request_header (request, HOPS_HEADER), &question->hops);
    question->looped =
        question->hops.count == HOPS_MAX || hops_contains (&question->hops, actions->identity);
}

static void
start (struct actions *actions, struct request *request, const struct broker_question *question)
{
    struct generation *generation = memory_new (1, sizeof *generation);
    char caller[ACCESS_NAME_SIZE];
    enum broker_result result;
    struct fault fault;

    generation->actions = actions;
    generation->request = request;
    generation->target = question->target;
    hex_print_root (question->target.root, generation->root);
    result = broker_generate (actions->broker, question, on_done, generation, &generation->waiter);
    if (result != BROKER_ACCEPTED) {
        free (generation);
        request_went (request, REQUEST_REFUSED);
        fault = actions_refusal (actions, result);
        request_fail (request, &fault);
        return;
    }
    request_on_leave (request, on_leave, generation);
    request_caller (request, caller);
    log_debug ("Work generation for %s begins: %s asks for it", generation->root, caller);
}

/* Whose frontier it is that work is asked for: the next one is worth having ready. */
static void
learn (const struct actions *actions, const struct broker_question *question)
{
    struct precache *precache = precache_owner_precache (actions->precache);

    if (question->has_account && precache != NULL) {
        (void)precache_learn (precache, question->account_key, question->target.root);
    }
}

void
action_work_generate (void *context, struct request *request)
{
    struct actions *actions = context;
    struct broker_question question = {.network = precache_owner_network (actions->precache)};
    struct broker_answer answer;
    char root[HEX_ROOT_SIZE];
    char account[ACCOUNT_TEXT_SIZE];
    const json_t *fields = request_fields (request);
    struct fault fault;

    if (!read_question (actions, fields, &question, &fault)) {
        request_fail (request, &fault);
        return;
    }
    if (!request_check_difficulty (request, question.target.threshold, actions->network->base)) {
        return;
    }
    if (broker_recall (actions->broker, &question, &answer)) {
        learn (actions, &question);
        hex_print_root (question.target.root, root);
        log_debug ("Work for %s was in the store", root);
        request_answer (request, found_body (actions, root, &answer));
        return;
    }
    if (json_flag (fields, "cache_only", false)) {
        (void)fault_set (&fault, REASON_NOT_READY, "Work is not ready", "cache_only");
        request_fail (request, &fault);
        return;
    }
    if (request_begin_job (request)) {
        learn (actions, &question);
        read_peers (actions, request, account, &question);
        start (actions, request, &question);
    }
}
