#include "node/base/log.h"
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

/* The devices of another engine search from now on. */
static void
take_engine (struct node *node, struct engine *next)
{
    const struct engine old = node->actions.engine;

    broker_move (node->actions.broker, next->pool);
    device_log_free (node->device_log);
    node->device_log = device_log_new (node->base, next->pool);
    node->actions.engine = *next;
    *next = old;
    reload_retire (node->reload, next);
}

static void
set_peers (struct node *node)
{
    const struct config *const config = node->actions.config;

    peers_configure (node->actions.peers, config);
    peer_client_set_max_calls (node->client, node->settings.peer_calls);
    peer_client_set_tls (node->client, node->tls);
    peer_client_set_timeouts (node->client, config->peers_connect_timeout,
                              config->peers_response_timeout);
}

/* Has every object go by what was read, from now on. */
static void
put_in_force (struct node *node, struct reload_result *result)
{
    const struct config *const last = node->actions.config;

    node->actions.config = result->config;
    node->settings = node_settings_of (result->config, &node->metrics);
    broker_set (node->actions.broker, &node->settings.broker);
    if (result->engine != NULL) {
        take_engine (node, result->engine);
        result->engine = NULL;
    }
    tls_release (node->tls);
    node->tls = result->tls;
    result->tls = NULL;
    set_peers (node);
    access_config_set (node->access, result->config);
    node_set_servers (node);
    precache_owner_set_tls (node->actions.precache, node->tls);
    precache_owner_set (node->actions.precache, result->config, node->actions.broker);
    config_free (last);
}

/* Returns 0, or -1 after having logged why nothing has changed. */
static int
apply (struct node *node, struct reload_result *result)
{
    const size_t changes = node_settings_log_changes (result->config, node->actions.config);
    char error[NODE_ERROR_SIZE];

    if (log_configure (&result->config->log, error, sizeof error) != 0) { /* what can fail, first */
        log_error ("%s", error);
        return -1;
    }
    put_in_force (node, result);
    log_info ("Configuration reloaded: settings changed: %zu", changes);
    return 0;
}

void
node_on_reloaded (void *data, struct reload_result *result)
{
    struct node *node = data;

    if (node->actions
            .stopping) { /* nothing is begun any more, and the manager has heard of the stop */
        config_free (result->config);
        tls_release (result->tls);
        reload_free_engine (result->engine);
        return;
    }
    log_report (&result->report);
    if (result->config == NULL || result->failed || apply (node, result) != 0) {
        log_error ("The configuration is unchanged");
        config_free (result->config);
    }
    tls_release (result->tls);
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
    if (reload_start (node->reload, node->actions.config, node->no_programs) != 0) {
        log_error (
            "Cannot reload the configuration: no thread for it; the configuration is unchanged");
        return;
    }
    notify_reloading (node->notify);
}
