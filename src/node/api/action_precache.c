#include <inttypes.h>
#include <stdlib.h>

#include "node/api/actions.h"
#include "node/api/fields.h"
#include "node/precache/precache.h"
#include "rpc/base/json.h"
#include "rpc/base/memory.h"
#include "work/base/account.h"
#include "work/base/hex.h"

#define MOST_LISTED 1000
#define LISTED 100 /* unless the client says otherwise */

/* What has come of the accounts of one request. */
struct tally {
    size_t queued;
    size_t unknown; /* accounts whose frontier is not known yet */
    const char *error;
};

static void
count_result (struct tally *tally, enum precache_result result)
{
    switch (result) {
    case PRECACHE_TAKEN:
        tally->queued++;
        break;
    case PRECACHE_UNKNOWN:
        tally->unknown++;
        break;
    case PRECACHE_FULL:
        tally->error = "Pre-cache is full";
        break;
    }
}

/* What is done with each account that a request names. */
typedef enum precache_result (*each_fn) (struct precache *precache, const uint8_t account[32],
                                         uint64_t threshold);

/* Reads `account` or `accounts` into `keys`, which the caller frees. NULL, or the error to answer.
 */
static const char *
read_accounts (const json_t *fields, uint8_t (**keys)[32], size_t *count)
{
    const json_t *list = json_object_get (fields, "accounts");
    bool given = false;
    const char *error;

    *count = json_array_size (list);
    *keys = memory_new (*count + 1, sizeof **keys);
    error = fields_account (fields, (*keys)[0], &given);
    if (error != NULL || given) {
        *count = 1;
        return error;
    }
    for (size_t i = 0; i < *count; i++) {
        const char *text = json_string_value (json_array_get (list, i));

        if (text == NULL || account_parse (text, (*keys)[i]) != 0) {
            return FIELDS_BAD_ACCOUNT;
        }
    }
    return json_is_array (list) ? NULL : FIELDS_MISSING;
}

/* Every account is read before anything is done with one. */
static void
do_accounts (const json_t *fields, struct precache *precache, each_fn each, uint64_t threshold,
             struct tally *tally)
{
    uint8_t (*keys)[32];
    size_t count;

    tally->error = read_accounts (fields, &keys, &count);
    for (size_t i = 0; i < count && tally->error == NULL; i++) {
        count_result (tally, each (precache, keys[i], threshold));
    }
    free (keys);
}

/* A client that sees this knows which setting to change. */
static struct precache *
precache_of (struct actions *actions, struct request *request)
{
    struct precache *precache = precache_owner_precache (actions->precache);

    if (precache == NULL) {
        request_fail (request, "Pre-cache is disabled");
    }
    return precache;
}

static const char *
read_threshold (const struct actions *actions, const json_t *fields, uint64_t *threshold)
{
    const struct difficulty_network *network = actions->network;
    bool given = false;
    const char *error;

    *threshold = precache_threshold (precache_owner_precache (actions->precache));
    (void)((error = fields_subtype (fields, network, threshold, &given)) != NULL ||
           (error = fields_difficulty (fields, threshold, &given)) != NULL ||
           (error = fields_multiplier (fields, network->base, threshold, &given)) != NULL ||
           (error = fields_limit (network, actions->config->max_work_generate_multiplier,
                                  *threshold)) != NULL);
    return error;
}

/* Answers how many it was done with, as `done`, and how many were not known, if any or `always`. */
static void
answer_tally (struct request *request, const struct tally *tally, const char *done, bool always)
{
    json_t *body;

    if (tally->error != NULL) {
        request_fail (request, tally->error);
        return;
    }
    body = json_object ();
    json_put (body, done, "%zu", tally->queued);
    if (always || tally->unknown > 0) {
        json_put (body, "unknown", "%zu", tally->unknown);
    }
    request_answer (request, body);
}

void
action_work_precache (void *context, struct request *request)
{
    struct actions *actions = context;
    const json_t *fields = request_fields (request);
    struct precache *precache = precache_of (actions, request);
    struct tally tally = {0};
    uint64_t threshold;
    uint8_t root[32];

    if (precache == NULL) {
        return;
    }
    tally.error = read_threshold (actions, fields, &threshold);
    if (tally.error == NULL &&
        !request_check_difficulty (request, threshold, actions->network->base)) {
        return;
    }
    if (tally.error == NULL && json_object_get (fields, "hash") != NULL) {
        tally.error = fields_hash (fields, root);
        if (tally.error == NULL) {
            count_result (&tally, precache_root (precache, root, threshold));
        }
    } else if (tally.error == NULL) {
        do_accounts (fields, precache, precache_account, threshold, &tally);
    }
    answer_tally (request, &tally, "queued", true);
}

static enum precache_result
watch (struct precache *precache, const uint8_t account[32], uint64_t threshold)
{
    (void)threshold;
    return precache_watch (precache, account);
}

static enum precache_result
unwatch (struct precache *precache, const uint8_t account[32], uint64_t threshold)
{
    (void)threshold;
    return precache_unwatch (precache, account) == 0 ? PRECACHE_TAKEN : PRECACHE_UNKNOWN;
}

static void
change_watch (void *context, struct request *request, each_fn each, const char *done)
{
    struct precache *precache = precache_of (context, request);
    struct tally tally = {0};

    if (precache != NULL) {
        do_accounts (request_fields (request), precache, each, 0, &tally);
        answer_tally (request, &tally, done, false);
    }
}

void
action_precache_watch (void *context, struct request *request)
{
    change_watch (context, request, watch, "watched");
}

void
action_precache_unwatch (void *context, struct request *request)
{
    change_watch (context, request, unwatch, "unwatched");
}

/* precache_status. */

static const char *const state_names[PRECACHE_STATES] = {
    [PRECACHE_WAITING] = "waiting",     [PRECACHE_QUEUED] = "queued",
    [PRECACHE_SEARCHING] = "searching", [PRECACHE_READY] = "ready",
    [PRECACHE_CANCELLED] = "cancelled",
};

static void
put_account (json_t *list, const struct precache_account *account, const char *prefix)
{
    json_t *entry = json_object ();
    char text[ACCOUNT_TEXT_SIZE];
    char frontier[HEX_ROOT_SIZE] = "";

    if (account->has_frontier) {
        hex_print_root (account->frontier, frontier);
    }
    account_print (account->key, prefix, text);
    json_put (entry, "account", "%s", text);
    json_put (entry, "frontier", "%s", frontier);
    json_put (entry, "state", "%s", state_names[account->state]);
    json_put (entry, "watched", "%d", account->pinned);
    memory_require (json_array_append_new (list, entry) == 0);
}

static json_t *
accounts_array (const struct actions *actions, size_t offset, size_t count)
{
    struct precache_account *accounts = memory_new (count + 1, sizeof *accounts);
    json_t *list = memory_need (json_array ());

    count =
        precache_accounts (precache_owner_precache (actions->precache), offset, accounts, count);
    for (size_t i = 0; i < count; i++) {
        put_account (list, &accounts[i], actions->network->prefix);
    }
    free (accounts);
    return list;
}

static void
put_statistics (json_t *body, const struct precache *precache)
{
    struct precache_statistics statistics;

    precache_statistics (precache, &statistics);
    json_put (body, "accounts_followed", "%zu", statistics.accounts);
    json_put (body, "accounts_watched", "%zu", statistics.pinned);
    json_put (body, "ready", "%zu", statistics.ready);
    json_put (body, "queued", "%zu", statistics.queued);
    json_put (body, "searching", "%zu", statistics.searching);
    json_put (body, "found", "%" PRIu64, statistics.found);
    json_put (body, "failed", "%" PRIu64, statistics.failed);
    json_put (body, "cancelled", "%" PRIu64, statistics.cancelled);
    json_put (body, "moved", "%" PRIu64, statistics.moved);
    json_put (body, "dropped", "%" PRIu64, statistics.dropped);
}

void
action_precache_status (void *context, struct request *request)
{
    const json_t *fields = request_fields (request);
    const struct precache *precache = precache_of (context, request);
    uint64_t count = LISTED;
    uint64_t offset = 0;
    const char *error;
    json_t *body;

    if (precache == NULL) {
        return;
    }
    error = fields_count (fields, "count", 0, MOST_LISTED, "Bad count", &count);
    if (error == NULL) {
        error = fields_count (fields, "offset", 0, SIZE_MAX / 2, "Bad offset", &offset);
    }
    if (error != NULL) {
        request_fail (request, error);
        return;
    }
    body = json_object ();
    put_statistics (body, precache);
    actions_put (body, "accounts", accounts_array (context, (size_t)offset, (size_t)count));
    request_answer (request, body);
}
