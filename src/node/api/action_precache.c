#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/api/actions.h"
#include "node/api/fields.h"
#include "node/precache/precache.h"
#include "rpc/base/json.h"
#include "rpc/base/memory.h"
#include "work/base/account.h"
#include "work/base/hex.h"

#define MOST_LISTED 1000
#define LISTED 100 /* unless the client says otherwise */

/* What a request names: public keys, of accounts, or hashes. */
struct named {
    uint8_t (*keys)[32];
    size_t count;
};

/* One of the two kinds of what a request may name, by itself or in a list. */
struct kind {
    const char *one;
    const char *list;
    int (*parse) (const char *text, uint8_t key[32]);
    const char *error;
};

static const struct kind accounts_kind = {"account", "accounts", account_parse,
                                          "Bad account number"};
static const struct kind hashes_kind = {"hash", "hashes", hex_parse_root, "Invalid block hash"};

/* Reads what there is of a kind; nothing is no fault. The caller frees the keys in any case. */
static bool
read_named (const json_t *fields, const struct kind *kind, struct named *named, struct fault *fault)
{
    char scratch[JSON_SCRATCH_SIZE];
    const char *const one = json_text (fields, kind->one, scratch);
    const json_t *const list = json_object_get (fields, kind->list);

    named->count = one != NULL ? 1 : json_array_size (list);
    named->keys = memory_new (named->count + 1, sizeof *named->keys);
    if (one == NULL && list != NULL && !json_is_array (list)) {
        return fault_set (fault, REASON_BAD_FIELD, "Not a list", "%s", kind->list);
    }
    for (size_t i = 0; i < named->count; i++) {
        const char *text = one != NULL ? one : json_string_value (json_array_get (list, i));

        if (text == NULL || kind->parse (text, named->keys[i]) != 0) {
            return fault_set (fault, REASON_BAD_FIELD, kind->error, "%s",
                              one != NULL ? kind->one : kind->list);
        }
    }
    return true;
}

static bool
is_named (const json_t *fields, const struct kind *kind)
{
    return json_object_get (fields, kind->one) != NULL ||
           json_object_get (fields, kind->list) != NULL;
}

/* What has come of the accounts or hashes of one request. */
struct tally {
    size_t queued;
    size_t unknown; /* accounts whose frontier is not known yet */
    json_t *ready;  /* the names of those whose work was there already */
    struct fault fault;
    bool failed;
};

static void
count_result (struct tally *tally, enum precache_result result, const char *name)
{
    switch (result) {
    case PRECACHE_THERE:
        memory_require (json_array_append_new (tally->ready, json_string (name)) == 0);
        tally->queued++;
        break;
    case PRECACHE_TAKEN:
        tally->queued++;
        break;
    case PRECACHE_UNKNOWN:
        tally->unknown++;
        break;
    case PRECACHE_FULL:
        tally->failed = true;
        (void)fault_set (&tally->fault, REASON_PRECACHE_FULL, "Pre-cache is full",
                         "precache.max_accounts");
        break;
    }
}

/* What is done with each account or hash that a request names. */
typedef enum precache_result (*each_fn) (struct precache *precache, const uint8_t key[32],
                                         uint64_t threshold);

static void
print_key (const struct actions *actions, const struct kind *kind, const uint8_t key[32],
           char text[ACCOUNT_TEXT_SIZE])
{
    if (kind == &hashes_kind) {
        hex_print_root (key, text);
    } else {
        account_print (key, actions->network->prefix, text);
    }
}

/* Every name is read before anything is done with one. */
static void
do_each (const struct actions *actions, const json_t *fields, const struct kind *kind, each_fn each,
         uint64_t threshold, struct tally *tally)
{
    struct precache *precache = precache_owner_precache (actions->precache);
    struct named named;
    char text[ACCOUNT_TEXT_SIZE];

    tally->failed = !read_named (fields, kind, &named, &tally->fault);
    for (size_t i = 0; i < named.count && !tally->failed; i++) {
        print_key (actions, kind, named.keys[i], text);
        count_result (tally, each (precache, named.keys[i], threshold), text);
    }
    free (named.keys);
}

/* A client that sees this knows which setting to change. */
static struct precache *
precache_of (const struct actions *actions, struct request *request)
{
    static const struct fault disabled = {"Pre-cache is disabled", REASON_DISABLED,
                                          "store.enable and precache.enable"};
    struct precache *precache = precache_owner_precache (actions->precache);

    if (precache == NULL) {
        request_fail (request, &disabled);
    }
    return precache;
}

static bool
read_threshold (const struct actions *actions, const json_t *fields, uint64_t *threshold,
                struct fault *fault)
{
    const struct difficulty_network *network = actions->network;
    bool given = false;

    *threshold = precache_threshold (precache_owner_precache (actions->precache));
    return fields_subtype (fields, network, threshold, &given, fault) &&
           fields_difficulty (fields, threshold, &given, fault) &&
           fields_multiplier (fields, network->base, threshold, &given, fault) &&
           fields_limit (network, actions->config->max_work_generate_multiplier, *threshold, fault);
}

void
action_work_precache (void *context, struct request *request)
{
    const struct actions *actions = context;
    const json_t *fields = request_fields (request);
    const bool hashes = is_named (fields, &hashes_kind);
    struct tally tally = {0};
    uint64_t threshold;
    json_t *body;

    if (precache_of (actions, request) == NULL) {
        return;
    }
    if (!read_threshold (actions, fields, &threshold, &tally.fault)) {
        request_fail (request, &tally.fault);
        return;
    }
    if (!request_check_difficulty (request, threshold, actions->network->base)) {
        return;
    }
    if (!hashes && !is_named (fields, &accounts_kind)) {
        (void)fields_needed ("Missing field: hash, hashes, account or accounts", &tally.fault);
        request_fail (request, &tally.fault);
        return;
    }
    tally.ready = memory_need (json_array ());
    do_each (actions, fields, hashes ? &hashes_kind : &accounts_kind,
             hashes ? precache_root : precache_account, threshold, &tally);
    if (tally.failed) {
        json_decref (tally.ready);
        request_fail (request, &tally.fault);
        return;
    }
    body = json_object ();
    json_put (body, "queued", "%zu", tally.queued);
    json_put (body, "unknown", "%zu", tally.unknown);
    actions_put (body, "ready", tally.ready);
    request_answer (request, body);
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
change_watch (const struct actions *actions, struct request *request, each_fn each,
              const char *done)
{
    const json_t *fields = request_fields (request);
    struct tally tally = {0};
    json_t *body;

    if (precache_of (actions, request) == NULL) {
        return;
    }
    tally.failed = !is_named (fields, &accounts_kind);
    if (tally.failed) {
        (void)fields_needed ("Missing field: account or accounts", &tally.fault);
    } else {
        do_each (actions, fields, &accounts_kind, each, 0, &tally);
    }
    if (tally.failed) {
        request_fail (request, &tally.fault);
        return;
    }
    body = json_object ();
    json_put (body, done, "%zu", tally.queued);
    if (tally.unknown > 0) {
        json_put (body, "unknown", "%zu", tally.unknown);
    }
    request_answer (request, body);
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

/* `value` is the difficulty that its work reaches; 0: that is not said. */
static void
put_account (json_t *list, const struct precache_account *account, const char *state,
             const char *prefix, uint64_t value)
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
    json_put (entry, "state", "%s", state);
    if (value > 0) {
        json_put (entry, "difficulty", "%016" PRIx64, value);
    }
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
        put_account (list, &accounts[i], state_names[accounts[i].state], actions->network->prefix,
                     0);
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

/* Of all accounts, page by page. */
static void
list_all (const struct actions *actions, struct request *request)
{
    const json_t *fields = request_fields (request);
    uint64_t count = LISTED;
    uint64_t offset = 0;
    struct fault fault;
    json_t *body;

    if (!fields_count (fields, "count", 0, MOST_LISTED, "Bad count", &count, &fault) ||
        !fields_count (fields, "offset", 0, SIZE_MAX / 2, "Bad offset", &offset, &fault)) {
        request_fail (request, &fault);
        return;
    }
    body = json_object ();
    put_statistics (body, precache_owner_precache (actions->precache));
    actions_put (body, "accounts", accounts_array (actions, (size_t)offset, (size_t)count));
    request_answer (request, body);
}

static json_t *
states_of_hashes (const struct actions *actions, const struct named *named)
{
    struct precache_root *roots = memory_new (named->count + 1, sizeof *roots);
    json_t *list = memory_need (json_array ());
    char text[HEX_ROOT_SIZE];

    for (size_t i = 0; i < named->count; i++) {
        memcpy (roots[i].root, named->keys[i], sizeof roots[i].root);
    }
    precache_roots (precache_owner_precache (actions->precache), roots, named->count);
    for (size_t i = 0; i < named->count; i++) {
        json_t *entry = json_object ();

        hex_print_root (roots[i].root, text);
        json_put (entry, "hash", "%s", text);
        json_put (entry, "state", "%s",
                  roots[i].state == PRECACHE_WAITING ? "unknown" : state_names[roots[i].state]);
        if (roots[i].state == PRECACHE_READY) {
            json_put (entry, "difficulty", "%016" PRIx64, roots[i].value);
        }
        memory_require (json_array_append_new (list, entry) == 0);
    }
    free (roots);
    return list;
}

/* An account that is not followed is unknown. Of one that is, the work for its frontier counts. */
static const char *
state_of_account (const struct precache_account *account, const struct precache_root *root)
{
    if (account->state == PRECACHE_STATES) {
        return "unknown";
    }
    if (account->has_frontier &&
        (root->state != PRECACHE_WAITING || account->state == PRECACHE_READY)) {
        return state_names[root->state];
    }
    return state_names[account->state];
}

static json_t *
states_of_accounts (const struct actions *actions, const struct named *named)
{
    const struct precache *precache = precache_owner_precache (actions->precache);
    struct precache_account *accounts = memory_new (named->count + 1, sizeof *accounts);
    struct precache_root *roots = memory_new (named->count + 1, sizeof *roots);
    json_t *list = memory_need (json_array ());

    for (size_t i = 0; i < named->count; i++) {
        accounts[i].state = PRECACHE_STATES;
        memcpy (accounts[i].key, named->keys[i], sizeof accounts[i].key);
        (void)precache_find (precache, named->keys[i], &accounts[i]);
        memcpy (roots[i].root, accounts[i].frontier, sizeof roots[i].root);
    }
    precache_roots (precache, roots, named->count);
    for (size_t i = 0; i < named->count; i++) {
        put_account (list, &accounts[i], state_of_account (&accounts[i], &roots[i]),
                     actions->network->prefix, accounts[i].has_frontier ? roots[i].value : 0);
    }
    free (accounts);
    free (roots);
    return list;
}

/* Of those that the request names. */
static void
list_named (const struct actions *actions, struct request *request)
{
    const json_t *fields = request_fields (request);
    struct named hashes = {0};
    struct named accounts = {0};
    struct fault fault;

    if (!read_named (fields, &hashes_kind, &hashes, &fault) ||
        !read_named (fields, &accounts_kind, &accounts, &fault)) {
        request_fail (request, &fault);
    } else {
        json_t *body = json_object ();

        if (is_named (fields, &hashes_kind)) {
            actions_put (body, "hashes", states_of_hashes (actions, &hashes));
        }
        if (is_named (fields, &accounts_kind)) {
            actions_put (body, "accounts", states_of_accounts (actions, &accounts));
        }
        request_answer (request, body);
    }
    free (hashes.keys);
    free (accounts.keys);
}

void
action_precache_status (void *context, struct request *request)
{
    const json_t *fields = request_fields (request);

    if (precache_of (context, request) == NULL) {
        return;
    }
    if (is_named (fields, &hashes_kind) || is_named (fields, &accounts_kind)) {
        list_named (context, request);
    } else {
        list_all (context, request);
    }
}
