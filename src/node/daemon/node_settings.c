#include "node/daemon/node_settings.h"

#include <inttypes.h>

#include "node/base/log.h"
#include "node/daemon/descriptors.h"
#include "node/system/listening.h"

/* No action needs a larger body, and a node's own file may allow one that would stall the loop. */
#define MOST_REQUEST_SIZE (1024 * 1024)

/* No probe has a body. */
#define MANAGEMENT_REQUEST_SIZE 4096

static size_t
request_size (uint64_t wanted)
{
    if (wanted <= MOST_REQUEST_SIZE) {
        return (size_t)wanted;
    }
    log_info ("Requests of up to %d bytes are read, not %" PRIu64
              ": none needs more (rpc.max_request_size)",
              MOST_REQUEST_SIZE, wanted);
    return MOST_REQUEST_SIZE;
}

static struct server_settings
rpc_settings (const struct config *config, size_t max_connections, struct metrics *metrics)
{
    return (struct server_settings){
        .connections.max = max_connections,
        .connections.max_per_address = (size_t)config->rpc_max_connections_per_address,
        .connections.limits.max_head = (size_t)config->rpc_max_header_size,
        .connections.limits.max_body = request_size (config->rpc_max_request_size),
        .connections.max_held = config->rpc_max_memory,
        .max_json_depth = (size_t)config->rpc_max_json_depth,
        .connections.read_timeout = config->rpc_read_timeout,
        .idle_timeout = config->rpc_idle_timeout,
        .enable_control = config->rpc_enable_control,
        .v6_only = listening_has_v4_wildcard (&config->rpc_address),
        .ended = metrics_request,
        .ended_data = metrics,
    };
}

/* The RPC's, on other addresses. */
static struct server_settings
at (const struct text_list *addresses, const struct server_settings *rpc)
{
    struct server_settings settings = *rpc;

    settings.v6_only = listening_has_v4_wildcard (addresses);
    return settings;
}

static struct server_settings
management_at (const struct text_list *addresses, const struct server_settings *rpc)
{
    struct server_settings settings = at (addresses, rpc);

    settings.connections.max = DESCRIPTORS_MANAGEMENT;
    settings.connections.limits.max_body = MANAGEMENT_REQUEST_SIZE;
    return settings;
}

struct node_settings
node_settings_of (const struct config *config, struct metrics *metrics)
{
    const struct descriptors share =
        descriptors_share (config->rpc_max_connections, config->atto_enable ? 2 : 1);
    const struct server_settings rpc = rpc_settings (config, share.connections, metrics);

    return (struct node_settings){
        .rpc = rpc,
        .management = management_at (&config->management_address, &rpc),
        .atto = at (&config->atto_address, &rpc),
        .atto_management = management_at (&config->atto_address, &rpc),
        .broker = {.max_searches = (size_t)config->work_max_queue,
                   .request_timeout = config->work_request_timeout,
                   .mode = config->peers_mode,
                   .local = config->peers_local,
                   .stand_in = config->peers_stand_in,
                   .keep = config->store_keep_all,
                   .metrics = metrics},
        .peer_calls = share.calls,
    };
}

static void
log_setting (void *data, const char *path, const char *value)
{
    size_t *const count = data;

    log_info ("Setting: %s = %s", path, value);
    (*count)++;
}

size_t
node_settings_log_changes (const struct config *config, const struct config *last)
{
    size_t count = 0;

    config_show_changes (config, last, log_setting, &count);
    return count;
}

void
node_settings_log (const struct config *config)
{
    const struct config_sources none = {.data_path = NULL};
    struct config_report report;
    const struct config *const defaults = config_load (&none, &report);

    if (defaults != NULL && node_settings_log_changes (config, defaults) == 0) {
        log_info ("Settings: all at their defaults");
    }
    config_free (defaults);
    config_report_clear (&report);
}
