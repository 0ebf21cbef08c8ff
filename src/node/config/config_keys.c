#include "node/config/config_keys.h"

#include <stddef.h>
#include <string.h>

#include "node/base/nearest.h"
#include "node/config/config_table.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

/* Single keys of nano_node. */
static const char *const node_keys[] = {
    "node.allow_local_peers",
    "node.background_threads",
    "node.backup_before_upgrade",
    "node.bandwidth_limit",
    "node.bandwidth_limit_burst_ratio",
    "node.block_processor_batch_max_time",
    "node.bootstrap_bandwidth_burst_ratio",
    "node.bootstrap_bandwidth_limit",
    "node.bootstrap_connections",
    "node.bootstrap_connections_max",
    "node.bootstrap_fraction_numerator",
    "node.bootstrap_frontier_request_count",
    "node.bootstrap_initiator_threads",
    "node.bootstrap_serving_threads",
    "node.confirming_set_batch_time",
    "node.enable_upnp",
    "node.enable_voting",
    "node.external_address",
    "node.external_port",
    "node.io_threads",
    "node.max_queued_requests",
    "node.max_unchecked_blocks",
    "node.network_threads",
    "node.online_weight_minimum",
    "node.password_fanout",
    "node.peering_port",
    "node.preconfigured_peers",
    "node.preconfigured_representatives",
    "node.receive_minimum",
    "node.rep_crawler_weight_minimum",
    "node.representative_vote_weight_minimum",
    "node.request_aggregator_threads",
    "node.signature_checker_threads",
    "node.tcp_incoming_connections_max",
    "node.tcp_io_timeout",
    "node.unchecked_cutoff_time",
    "node.use_memory_pools",
    "node.vote_generator_delay",
    "node.vote_minimum",
    "rpc.enable",
    "rpc.enable_sign_hash",
};

/* Tables of nano_node that are passed over with all that is in them, its options excepted. */
static const char *const node_tables[] = {
    "node.active_elections",
    "node.backlog_population",
    "node.block_processor",
    "node.bootstrap_ascending",
    "node.bootstrap_server",
    "node.diagnostics",
    "node.experimental",
    "node.httpcallback",
    "node.ipc",
    "node.lmdb",
    "node.logging",
    "node.message_processor",
    "node.monitor",
    "node.optimistic_scheduler",
    "node.peer_history",
    "node.priority_bucket",
    "node.rep_crawler",
    "node.request_aggregator",
    "node.rocksdb",
    "node.statistics",
    "node.vote_cache",
    "node.vote_processor",
    "node.websocket",
    "rpc.child_process",
};

static const char *const rpc_tables[] = {
    "logging",
    "process",
};

/* Whether `path` is `table` or below it. */
static bool
is_below (const char *path, const char *table)
{
    const size_t length = strlen (table);

    return strncmp (path, table, length) == 0 && (path[length] == '.' || path[length] == '\0');
}

bool
config_keys_is_table (enum config_file file, const char *path)
{
    const struct config_section *section;

    for (size_t i = 0; file == CONFIG_FILE_NODE && (section = config_section (i)) != NULL; i++) {
        if (is_below (section->path, path)) {
            return true;
        }
    }
    return false;
}

static bool
is_below_any (const char *path, const char *const *tables, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_below (path, tables[i])) {
            return true;
        }
    }
    return false;
}

bool
config_keys_is_foreign (enum config_file file, const char *path)
{
    if (file == CONFIG_FILE_RPC) {
        return is_below_any (path, rpc_tables, COUNT (rpc_tables));
    }
    for (size_t i = 0; i < COUNT (node_keys); i++) {
        if (strcmp (path, node_keys[i]) == 0) {
            return true;
        }
    }
    return is_below_any (path, node_tables, COUNT (node_tables));
}

/* The names directly in one table, by their keys, each the tail of a whole path. */
struct candidates {
    const char *table;
    size_t table_length;
    const char *keys[128];
    const char *paths[128];
    size_t count;
};

static void
add_candidate (struct candidates *candidates, const char *path)
{
    if (path == NULL || candidates->count == COUNT (candidates->keys) ||
        !config_path_in (path, candidates->table, candidates->table_length)) {
        return;
    }
    candidates->keys[candidates->count] = config_path_key (path);
    candidates->paths[candidates->count] = path;
    candidates->count++;
}

static void
add_candidates (struct candidates *candidates, const char *const *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_candidate (candidates, paths[i]);
    }
}

/* This program's own names come first, so that they win where two are as near. */
static void
collect_candidates (enum config_file file, struct candidates *candidates)
{
    const struct config_option *option;
    const struct config_section *section;

    for (size_t i = 0; (option = config_option (i)) != NULL; i++) {
        add_candidate (candidates, config_option_path (option, file));
    }
    if (file == CONFIG_FILE_RPC) {
        add_candidates (candidates, rpc_tables, COUNT (rpc_tables));
        return;
    }
    for (size_t i = 0; (section = config_section (i)) != NULL; i++) {
        add_candidate (candidates, section->path);
    }
    for (size_t i = 0; (option = config_option (i)) != NULL; i++) {
        add_candidate (candidates, option->alias);
    }
    add_candidates (candidates, node_keys, COUNT (node_keys));
    add_candidates (candidates, node_tables, COUNT (node_tables));
}

/* An option of this very key, wherever its table: it was put in the wrong place. */
static const char *
same_key_elsewhere (enum config_file file, const char *key)
{
    const struct config_option *option;

    for (size_t i = 0; (option = config_option (i)) != NULL; i++) {
        const char *const path = config_option_path (option, file);

        if (path != NULL && strcmp (config_path_key (path), key) == 0) {
            return path;
        }
    }
    return NULL;
}

const char *
config_keys_nearest (enum config_file file, const char *path)
{
    const char *const key = config_path_key (path);
    struct candidates candidates = {
        .table = path,
        .table_length = key > path ? (size_t)(key - path) - 1 : 0,
    };

    collect_candidates (file, &candidates);

    const char *const nearest = nearest_name (key, candidates.keys, candidates.count);

    for (size_t i = 0; i < candidates.count; i++) {
        if (candidates.keys[i] == nearest) {
            return candidates.paths[i];
        }
    }
    return same_key_elsewhere (file, key);
}
