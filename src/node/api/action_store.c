#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "node/api/actions.h"
#include "node/api/fields.h"
#include "rpc/base/json.h"
#include "work/base/hex.h"
#include "work/scan/value.h"

/* nano_node's errors; `wallet` is not looked at, since there are no wallets here. */
#define NOT_FOUND "Account not found"

/* Which work a request is about: that for an account's current frontier. */
static const char *
read_frontier (const struct actions *actions, const json_t *fields, struct store_entry *entry)
{
    struct store *store = precache_owner_store (actions->precache);
    const char *error;

    entry->network = precache_owner_network (actions->precache);
    error = fields_account (fields, entry->account, &entry->has_account);
    if (error != NULL) {
        return error;
    }
    if (!entry->has_account) {
        return FIELDS_MISSING;
    }
    if (store == NULL) {
        return "Store is disabled";
    }
    return store_account (store, entry->network, entry->account, entry->root) ? NULL : NOT_FOUND;
}

void
action_work_get (void *context, struct request *request)
{
    const struct actions *actions = context;
    struct store_entry wanted = {0};
    struct store_entry entry = {0};
    const char *error = read_frontier (actions, request_fields (request), &wanted);
    char work[HEX_U64_SIZE];

    if (error != NULL) {
        request_fail (request, error);
        return;
    }
    if (!store_peek (precache_owner_store (actions->precache), wanted.network, wanted.root,
                     &entry)) {
        entry.work = 0;
    }
    hex_print_u64 (entry.work, work);
    request_answer (request, json_pack ("{s:s}", "work", work));
}

/* Work that no block would be accepted with is no work: nano_node keeps it, and serves it. */
static const char *
check_work (const struct actions *actions, const struct store_entry *entry)
{
    struct scan_target target = {
        .threshold = actions->network->entry,
        .order = store_order (entry->network),
    };

    memcpy (target.root, entry->root, sizeof target.root);
    return value_reaches (&target, entry->work, NULL) ? NULL : "Invalid work";
}

void
action_work_set (void *context, struct request *request)
{
    const struct actions *actions = context;
    const json_t *fields = request_fields (request);
    struct store_entry entry = {.source = "work_set", .found = (uint64_t)time (NULL)};
    const char *error = read_frontier (actions, fields, &entry);

    if (error == NULL) {
        error = fields_work (fields, &entry.work);
    }
    if (error == NULL) {
        error = check_work (actions, &entry);
    }
    if (error == NULL &&
        store_put (precache_owner_store (actions->precache), &entry) == STORE_DROPPED) {
        error = "Store is busy";
    }
    actions_answer (request, error);
}
