#include <inttypes.h>
#include <stdio.h>

#include "build_config.h"
#include "node/api/actions.h"
#include "rpc/base/json.h"
#include "work/base/clock.h"
#include "work/base/hex.h"

static int
put_device (json_t *devices, const struct pool_device *device)
{
    json_t *entry = json_object ();
    char root[HEX_ROOT_SIZE] = "";
    char rate[32] = "";

    if (device->busy) {
        hex_print_root (device->root, root);
    }
    if (device->measured) {
        (void)snprintf (rate, sizeof rate, "%.0f", device->rate);
    }
    if (json_put (entry, "name", "%s", device->name) != 0 ||
        json_put (entry, "kind", "%s", device->kind) != 0 ||
        json_put (entry, "scanner", "%s", device->detail) != 0 ||
        json_put (entry, "state", "%s", pool_device_state_name (device->state)) != 0 ||
        json_put (entry, "reason", "%s", device->reason) != 0 ||
        json_put (entry, "hashes", "%" PRIu64, device->hashes) != 0 ||
        json_put (entry, "hash_rate", "%s", rate) != 0 ||
        json_put (entry, "job", "%s", root) != 0) {
        json_decref (entry);
        return -1;
    }
    return json_array_append_new (devices, entry);
}

static json_t *
devices_array (const struct actions *actions)
{
    json_t *devices = json_array ();

    for (size_t i = 0; i < pool_device_count (actions->pool); i++) {
        struct pool_device device;
        pool_device (actions->pool, i, &device);
        if (put_device (devices, &device) != 0) {
            json_decref (devices);
            return NULL;
        }
    }
    return devices;
}

static int
put_work (json_t *body, const struct actions *actions, const struct pool_statistics *pool)
{
    if (json_put (body, "generating", "%d", pool->jobs > 0) != 0 ||
        json_put (body, "queue_size", "%zu", pool->jobs - pool->running) != 0 ||
        json_put (body, "jobs", "%zu", pool->jobs) != 0 ||
        json_put (body, "waiters", "%zu", broker_waiters (actions->broker)) != 0 ||
        json_put (body, "hash_rate", "%.0f", pool->rate) != 0 ||
        json_put (body, "hashes", "%" PRIu64, pool->hashes) != 0 ||
        json_put (body, "found", "%" PRIu64, pool->found) != 0 ||
        json_put (body, "cancelled", "%" PRIu64, pool->cancelled) != 0 ||
        json_put (body, "failed", "%" PRIu64, pool->failed) != 0) {
        return -1;
    }
    return 0;
}

static json_t *
store_object (struct store *store)
{
    struct store_statistics statistics;
    json_t *object = json_object ();

    store_statistics (store, &statistics);
    if (json_put (object, "entries", "%" PRIu64, statistics.entries) != 0 ||
        json_put (object, "accounts", "%" PRIu64, statistics.accounts) != 0 ||
        json_put (object, "bytes", "%" PRIu64, statistics.bytes) != 0 ||
        json_put (object, "pending", "%" PRIu64, statistics.pending) != 0 ||
        json_put (object, "hits", "%" PRIu64, statistics.hits) != 0 ||
        json_put (object, "misses", "%" PRIu64, statistics.misses) != 0 ||
        json_put (object, "puts", "%" PRIu64, statistics.puts) != 0 ||
        json_put (object, "dropped", "%" PRIu64, statistics.dropped) != 0 ||
        json_put (object, "evicted", "%" PRIu64, statistics.evicted) != 0 ||
        json_put (object, "expired", "%" PRIu64, statistics.expired) != 0 ||
        json_put (object, "corrupt", "%" PRIu64, statistics.corrupt) != 0 ||
        json_put (object, "write_errors", "%" PRIu64, statistics.write_errors) != 0 ||
        json_put (object, "error", "%.300s", statistics.failing ? statistics.error : "") != 0) {
        json_decref (object);
        return NULL;
    }
    return object;
}

static int
put_store (json_t *body, const struct actions *actions)
{
    return actions->store != NULL ? actions_put_list (body, "store", store_object (actions->store))
                                  : json_put (body, "store", "%s", "");
}

static int
put_daemon (json_t *body, const struct actions *actions)
{
    double uptime = clock_seconds (clock_now () - actions->started);

    if (json_put (body, "connections", "%zu", server_connections (actions->server)) != 0 ||
        json_put (body, "uptime", "%.3f", uptime) != 0 ||
        json_put (body, "version", "%s", PACKAGE_VERSION) != 0 ||
        json_put (body, "network", "%s", actions->network->name) != 0 ||
        json_put (body, "scanner", "%s", actions->scanner) != 0 ||
        json_put (body, "scanner_reason", "%s", actions->scanner_reason) != 0) {
        return -1;
    }
    return 0;
}

/* Peers. */

static const char *
peer_state (const struct peer *peer, const struct peer_health *health)
{
    if (health->resting_until == 0) {
        return health->count[PEER_FOUND] > 0 ? "up" : "unknown";
    }
    return peer_ready (peer) || health->probing ? "probing" : "resting";
}

static double
rest_left (const struct peer_health *health)
{
    const uint64_t now = clock_now ();

    return health->resting_until > now ? clock_seconds (health->resting_until - now) : 0;
}

/* How often it failed in each of the ways that have come up. */
static json_t *
failures_object (const struct peer_health *health)
{
    json_t *failures = json_object ();

    for (enum peer_outcome outcome = PEER_FOUND + 1; outcome < PEER_OUTCOMES; outcome++) {
        if (health->count[outcome] > 0 && json_put (failures, peer_outcome_name (outcome),
                                                    "%" PRIu64, health->count[outcome]) != 0) {
            json_decref (failures);
            return NULL;
        }
    }
    return failures;
}

static int
put_peer (json_t *peers, const struct peer *peer, enum peers_list list)
{
    json_t *entry = json_object ();
    struct peer_health health;

    peer_health (peer, &health);
    if (json_put (entry, "name", "%s", peer_name (peer)) != 0 ||
        json_put (entry, "list", "%s", peers_list_name (list)) != 0 ||
        json_put (entry, "state", "%s", peer_state (peer, &health)) != 0 ||
        json_put (entry, "rest", "%.3f", rest_left (&health)) != 0 ||
        json_put (entry, "reason", "%s", health.reason) != 0 ||
        json_put (entry, "in_flight", "%zu", health.in_flight) != 0 ||
        json_put (entry, "found", "%" PRIu64, health.count[PEER_FOUND]) != 0 ||
        json_put (entry, "dropped", "%" PRIu64, health.dropped) != 0 ||
        json_put (entry, "cancels", "%" PRIu64, health.cancels) != 0 ||
        json_put (entry, "median", "%.6f", health.p50) != 0 ||
        json_put (entry, "p95", "%.6f", health.p95) != 0 ||
        actions_put_list (entry, "failures", failures_object (&health)) != 0) {
        json_decref (entry);
        return -1;
    }
    return json_array_append_new (peers, entry);
}

static json_t *
peers_array (const struct peers *peers)
{
    json_t *array = json_array ();

    for (enum peers_list list = 0; list < PEERS_LISTS; list++) {
        for (size_t i = 0; i < peers_count (peers, list); i++) {
            if (put_peer (array, peers_at (peers, list, i), list) != 0) {
                json_decref (array);
                return NULL;
            }
        }
    }
    return array;
}

void
action_status (void *context, struct request *request)
{
    const struct actions *actions = context;
    struct pool_statistics pool;
    json_t *body = json_object ();

    pool_statistics (actions->pool, &pool);
    if (put_work (body, actions, &pool) != 0 || put_daemon (body, actions) != 0 ||
        actions_put_list (body, "devices", devices_array (actions)) != 0 ||
        actions_put_list (body, "peers", peers_array (actions->peers)) != 0 ||
        put_store (body, actions) != 0) {
        json_decref (body);
        body = NULL;
    }
    request_answer (request, body);
}
