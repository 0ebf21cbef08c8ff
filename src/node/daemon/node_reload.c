#include <stdlib.h>

#include "node/base/log.h"
#include "node/config/log_config.h"
#include "node/daemon/node_internal.h"

static void
log_report (const struct config_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        if (report->messages[i].error) {
            log_error ("%s", report->messages[i].text);
        } else {
            log_warn ("%s", report->messages[i].text);
        }
    }
}

static void
log_change (void *data, const char *path, const char *value)
{
    size_t *const count = data;

    log_info ("Setting: %s = %s", path, value);
    (*count)++;
}

/* The devices of another engine search from now on. Returns 0, or -1 for want of memory. */
static int
take_engine (struct node *node, struct engine *engine)
{
    struct device_log *log = device_log_new (node->base, engine->pool);
    const struct engine old = node->engine;

    if (log == NULL) {
        return -1;
    }
    broker_move (node->broker, engine->pool);
    device_log_free (node->device_log);
    node->device_log = log;
    node->engine = *engine;
    *engine = old;
    node->actions.pool = node->engine.pool;
    node->actions.scanner = node->engine.choice.scanner->name;
    node->actions.scanner_reason = node->engine.choice.reason;
    reload_retire (node->reload, engine);
    return 0;
}

/* What can fail, first: on failure all is as it was. */
static int
prepare (struct node *node, const struct config *next)
{
    char error[NODE_ERROR_SIZE];

    if (log_config_apply (next, error, sizeof error) != 0) {
        log_error ("%s", error);
        return -1;
    }
    if (gate_set (node->gate, next) != 0) {
        log_error ("Access cannot be changed: out of memory");
        return -1;
    }
    return 0;
}

/* Has `next` in force from now on; it is the node's. */
static void
put_in_force (struct node *node, const struct config *next)
{
    const struct config *last = node->reloaded;

    node->config = next;
    node->reloaded = next;
    node->actions.config = next;
    node->limits = node_limits (node);
    peers_configure (node->peers, next);
    server_set (node->server, &node->limits);
    server_set_access (node->server, gate_access (node->gate));
    atto_server_set_access (node->atto, gate_access (node->gate));
    gate_announce (node->gate, server_is_wide (node->server) || atto_server_is_wide (node->atto));
    peer_client_set_timeouts (node->client, next->peers_connect_timeout,
                              next->peers_response_timeout);
    precache_owner_set (node->precache, next, node->broker);
    node->actions.precache = precache_owner_precache (node->precache);
    config_free (last);
}

/* Returns 0, or -1 after having logged why nothing has changed. */
static int
apply (struct node *node, struct reload_result *result)
{
    const struct broker_settings settings = node_broker_settings (node, result->config);
    size_t changes = 0;

    config_show_changes (result->config, node->config, log_change, &changes);
    if (prepare (node, result->config) != 0) {
        return -1;
    }
    broker_set (node->broker, &settings);
    if (result->engine != NULL && take_engine (node, result->engine) == 0) {
        result->engine = NULL;
    } else if (result->engine != NULL) {
        log_error ("The devices cannot be changed: out of memory");
    }
    put_in_force (node, result->config);
    log_info ("The configuration is read again: settings changed: %zu", changes);
    return 0;
}

void
node_on_reloaded (void *data, struct reload_result *result)
{
    struct node *node = data;

    if (node->stopping) { /* nothing is begun any more, and the manager has heard of the stop */
        config_free (result->config);
        reload_free_engine (result->engine);
        return;
    }
    log_report (result->report);
    if (result->config == NULL || result->failed || apply (node, result) != 0) {
        log_error ("The configuration stays as it was");
        config_free (result->config);
    }
    reload_free_engine (result->engine);
    notify_ready (node->notify);
    if (node->reload_again) {
        node_reload (node);
    }
}

void
node_reload (struct node *node)
{
    if (reload_is_reading (node->reload)) {
        node->reload_again = true;
        return;
    }
    node->reload_again = false;
    if (reload_start (node->reload, node->config) != 0) {
        log_error ("The configuration cannot be read again: no thread for it; it stays as it was");
        return;
    }
    notify_reloading (node->notify);
}
