#include <inttypes.h>
#include <stdio.h>

#include "build_config.h"
#include "node/api/actions.h"
#include "rpc/base/json.h"
#include "rpc/base/memory.h"
#include "work/base/clock.h"
#include "work/base/hex.h"

static void
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
    json_put (entry, "name", "%s", device->name);
    json_put (entry, "kind", "%s", device->kind);
    json_put (entry, "scanner", "%s", device->detail);
    json_put (entry, "state", "%s", pool_device_state_name (device->state));
    json_put (entry, "reason", "%s", device->reason);
    json_put (entry, "hashes", "%" PRIu64, device->hashes);
    json_put (entry, "hash_rate", "%s", rate);
    json_put (entry, "job", "%s", root);
    memory_require (json_array_append_new (devices, entry) == 0);
}

static json_t *
devices_array (struct pool *pool)
{
    json_t *devices = json_array ();

    for (size_t i = 0; i < pool_device_count (pool); i++) {
        struct pool_device device;
        pool_device (pool, i, &device);
        put_device (devices, &device);
    }
    return devices;
}

static void
put_work (json_t *body, const struct actions *actions)
{
    struct pool_statistics pool;

    pool_statistics (actions->engine.pool, &pool);
    json_put (body, "generating", "%d", pool.jobs > 0);
    json_put (body, "queue_size", "%zu", pool.jobs - pool.running);
    json_put (body, "jobs", "%zu", pool.jobs);
    json_put (body, "waiters", "%zu", broker_waiters (actions->broker));
    json_put (body, "hash_rate", "%.0f", pool.rate);
    json_put (body, "hashes", "%" PRIu64, pool.hashes);
    json_put (body, "found", "%" PRIu64, pool.found);
    json_put (body, "cancelled", "%" PRIu64, pool.cancelled);
    json_put (body, "failed", "%" PRIu64, pool.failed);
}

static json_t *
store_object (struct store *store)
{
    struct store_statistics statistics;
    json_t *object = json_object ();

    store_statistics (store, &statistics);
    json_put (object, "entries", "%" PRIu64, statistics.entries);
    json_put (object, "accounts", "%" PRIu64, statistics.accounts);
    json_put (object, "bytes", "%" PRIu64, statistics.bytes);
    json_put (object, "pending", "%" PRIu64, statistics.pending);
    json_put (object, "hits", "%" PRIu64, statistics.hits);
    json_put (object, "misses", "%" PRIu64, statistics.misses);
    json_put (object, "puts", "%" PRIu64, statistics.puts);
    json_put (object, "dropped", "%" PRIu64, statistics.dropped);
    json_put (object, "evicted", "%" PRIu64, statistics.evicted);
    json_put (object, "expired", "%" PRIu64, statistics.expired);
    json_put (object, "corrupt", "%" PRIu64, statistics.corrupt);
    json_put (object, "write_errors", "%" PRIu64, statistics.write_errors);
    json_put (object, "error", "%.300s", statistics.failing ? statistics.error : "");
    return object;
}

/* precache_status has the rest. */
static json_t *
precache_object (const struct precache *precache)
{
    struct precache_statistics statistics;
    json_t *object = json_object ();

    precache_statistics (precache, &statistics);
    json_put (object, "accounts_followed", "%zu", statistics.accounts);
    json_put (object, "accounts_watched", "%zu", statistics.pinned);
    json_put (object, "ready", "%zu", statistics.ready);
    json_put (object, "queued", "%zu", statistics.queued);
    json_put (object, "searching", "%zu", statistics.searching);
    return object;
}

static void
put_daemon (json_t *body, const struct actions *actions)
{
    double uptime = clock_seconds (clock_now () - actions->started);

    json_put (body, "connections", "%zu", server_connections (actions->server));
    json_put (body, "uptime", "%.3f", uptime);
    json_put (body, "version", "%s", PACKAGE_VERSION);
    json_put (body, "network", "%s", actions->network->name);
    json_put (body, "scanner", "%s", actions->engine.choice.scanner->name);
    json_put (body, "scanner_reason", "%s", actions->engine.choice.reason);
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
        if (health->count[outcome] > 0) {
            json_put (failures, peer_outcome_name (outcome), "%" PRIu64, health->count[outcome]);
        }
    }
    return failures;
}

static void
put_peer (json_t *peers, const struct peer *peer, enum peers_list list)
{
    json_t *entry = json_object ();
    struct peer_health health;

    peer_health (peer, &health);
    json_put (entry, "name", "%s", peer_name (peer));
    json_put (entry, "list", "%s", peers_list_name (list));
    json_put (entry, "state", "%s", peer_state (peer, &health));
    json_put (entry, "rest", "%.3f", rest_left (&health));
    json_put (entry, "reason", "%s", health.reason);
    json_put (entry, "in_flight", "%zu", health.in_flight);
    json_put (entry, "found", "%" PRIu64, health.count[PEER_FOUND]);
    json_put (entry, "dropped", "%" PRIu64, health.dropped);
    json_put (entry, "cancels", "%" PRIu64, health.cancels);
    json_put (entry, "median", "%.6f", health.p50);
    json_put (entry, "p95", "%.6f", health.p95);
    actions_put (entry, "failures", failures_object (&health));
    memory_require (json_array_append_new (peers, entry) == 0);
}

static json_t *
peers_array (const struct peers *peers)
{
    json_t *array = json_array ();

    for (enum peers_list list = 0; list < PEERS_LISTS; list++) {
        for (size_t i = 0; i < peers_count (peers, list); i++) {
            put_peer (array, peers_at (peers, list, i), list);
        }
    }
    return array;
}

json_t *
action_status_body (const struct actions *actions)
{
    struct store *store = precache_owner_store (actions->precache);
    const struct precache *precache = precache_owner_precache (actions->precache);
    json_t *body = json_object ();

    put_work (body, actions);
    put_daemon (body, actions);
    actions_put (body, "devices", devices_array (actions->engine.pool));
    actions_put (body, "peers", peers_array (actions->peers));
    actions_put (body, "store", store != NULL ? store_object (store) : json_object ());
    if (store != NULL && precache != NULL) {
        actions_put (body, "precache", precache_object (precache));
    }
    return body;
}

void
action_status (void *context, struct request *request)
{
    request_refund (request); /* who draws it asks again and again */
    request_answer (request, action_status_body (context));
}
