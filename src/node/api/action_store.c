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
/* Which work a request is about: that for an account's current frontier. */
static bool
read_frontier (const struct actions *actions, const json_t *fields, struct store_entry *entry,
               struct fault *fault)
{
    struct store *store = precache_owner_store (actions->precache);

    entry->network = precache_owner_network (actions->precache);
    if (!fields_account (fields, entry->account, &entry->has_account, fault)) {
        return false;
    }
    if (!entry->has_account) {
        return fields_missing ("account", fault);
    }
    if (store == NULL) {
        return fault_set (fault, REASON_DISABLED, "Store is disabled", "store.enable");
    }
    return store_account (store, entry->network, entry->account, entry->root) ||
           fault_set (fault, REASON_NOT_FOUND, "Account not found", "account");
}

void
action_work_get (void *context, struct request *request)
{
    const struct actions *actions = context;
    struct store_entry wanted = {0};
    struct store_entry entry = {0};
    struct fault fault;
    char work[HEX_U64_SIZE];

    if (!read_frontier (actions, request_fields (request), &wanted, &fault)) {
        request_fail (request, &fault);
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
static bool
check_work (const struct actions *actions, const struct store_entry *entry, struct fault *fault)
{
    struct scan_target target = {
        .threshold = actions->network->entry,
        .order = store_order (entry->network),
    };

    memcpy (target.root, entry->root, sizeof target.root);
    return value_reaches (&target, entry->work, NULL) ||
           fault_set (fault, REASON_BELOW_THRESHOLD, "Invalid work", "at least %016" PRIx64,
                      target.threshold);
}

void
action_work_set (void *context, struct request *request)
{
    const struct actions *actions = context;
    const json_t *fields = request_fields (request);
    struct store_entry entry = {.source = "work_set", .found = (uint64_t)time (NULL)};
    struct fault fault;
    bool good = read_frontier (actions, fields, &entry, &fault) &&
                fields_work (fields, &entry.work, &fault) && check_work (actions, &entry, &fault);

    if (good && store_put (precache_owner_store (actions->precache), &entry) == STORE_DROPPED) {
        fault = (struct fault){"Store is busy", REASON_BUSY, ""};
        good = false;
    }
    actions_answer (request, good, &fault);
}
