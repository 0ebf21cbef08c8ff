/*
 * The node's servers: the RPC, management where it has a port of its own, and Atto's two where they
 * are enabled. Each is a server of its own, so a crowd at one keeps nobody out of another.
 */
#include <stdio.h>

#include "node/base/log.h"
#include "node/daemon/node_internal.h"
#include "node/manage/health.h"
#include "node/web/web_page.h"

static struct server *
add_server (struct node *node, const char *name, const struct server_settings *settings,
            const struct action *actions)
{
    struct metrics_report *const report = &node->report;
    struct server *const server = server_new (node->base, settings, actions, &node->actions);

    report->faces[report->face_count++] = (struct metrics_face){name, server, settings};
    return server;
}

/* The management port is, too, for the sake of the page: all else there is open. */
static bool
is_guarded (const struct node *node, const struct metrics_face *face)
{
    return face->settings != &node->settings.atto_management;
}

/* Says where, and, the first time, what to try there. */
static void
on_rpc_listening (void *data, const char *address, uint16_t port)
{
    bool *first = data;
    char url[LISTENING_URL_SIZE];

    listening_print_url (address, port, url);
    if (*first) {
        printf ("Try it: curl -d '{\"action\":\"work_generate\",\"hash\":"
                "\"718CC2121C3E641059BC1C2CFC45666C99E8AE922F7A807B7D07B62C995D79E2\"}' %s\n",
                url);
    }
    printf ("Listening on %s\n", url);
    log_info ("Listening on %s", url);
    *first = false;
}

static void
on_management_listening (void *data, const char *address, uint16_t port)
{
    char url[LISTENING_URL_SIZE];

    (void)data;
    listening_print_url (address, port, url);
    printf ("Management on %s\n", url);
    log_info ("Management on %s: /health, /ready, /metrics", url);
}

/* Atto's own says so in these words, and its users wait for them. */
static void
log_atto (const char *what, const char *address, uint16_t port)
{
    log_info ("%s started on port %u (http), address %s", what, port, address);
}

static void
on_atto_listening (void *data, const char *address, uint16_t port)
{
    struct node *const node = data;

    node->atto_port = port;
    log_atto ("Atto work server", address, port);
}

static void
on_atto_management_listening (void *data, const char *address, uint16_t port)
{
    (void)data;
    log_atto ("Atto management", address, port);
}

/* The sockets that the service manager has opened go before the configuration. */
static int
start_rpc (struct node *node)
{
    const struct config *const config = node->actions.config;
    struct server *const server = node->actions.server;
    const int given = notify_listen_fds ();
    char error[LISTENING_ERROR_SIZE];
    bool first = true;
    int failed;

    failed = given > 0 ? listening_start_given (server, NOTIFY_FIRST_FD, given, on_rpc_listening,
                                                &first, error)
                       : listening_start (server, &config->rpc_address, (uint16_t)config->rpc_port,
                                          &node->ports, on_rpc_listening, &first, error);
    if (failed != 0) {
        log_error ("Error while running workpeer: %s (rpc.address, rpc.port)", error);
        return -1;
    }
    if (given > 0) {
        log_info ("The service manager opened these sockets: rpc.address and rpc.port are ignored");
    }
    return 0;
}

/* Metrics are served with the RPC unless they have a port of their own. */
int
node_start_rpc (struct node *node)
{
    struct server *const server = add_server (node, "rpc", &node->settings.rpc, actions_table);

    node->actions.server = server;
    server_add_open_routes (server, health_routes, &node->actions);
    server_add_routes (server, callback_routes, &node->actions);
    if (!node->actions.config->management_port_set) {
        server_add_routes (server, metrics_report_routes, &node->report);
    }
    return start_rpc (node);
}

int
node_start_management (struct node *node)
{
    const struct config *const config = node->actions.config;
    char error[LISTENING_ERROR_SIZE];
    struct server *server;

    if (!config->management_port_set) {
        return 0;
    }
    server = add_server (node, "management", &node->settings.management, NULL);
    server_add_open_routes (server, health_routes, &node->actions);
    server_add_open_routes (server, metrics_report_routes, &node->report);
    if (listening_start (server, &config->management_address, (uint16_t)config->management_port,
                         &node->ports, on_management_listening, NULL, error) != 0) {
        log_error ("Error while running workpeer: %s (management.address, management.port)", error);
        return -1;
    }
    return 0;
}

/* What the environment has changed is not to be found in any file. */
static void
log_variable (const char *variable, const char *path, const char *value)
{
    log_info ("%s is %s, by %s", path, value, variable);
}

int
node_start_atto (struct node *node)
{
    const struct config *const config = node->actions.config;
    char error[LISTENING_ERROR_SIZE];
    struct server *api;
    struct server *management;

    if (!config->atto_enable) {
        return 0;
    }
    config_show_environment (config, log_variable);
    node->atto = (struct atto_works){
        .broker = node->actions.broker,
        .max_json_depth = node->settings.atto.max_json_depth,
        .now = atto_works_now,
        .has_store = precache_owner_store (node->actions.precache) != NULL,
    };
    api = add_server (node, "atto", &node->settings.atto, NULL);
    server_add_routes (api, atto_works_routes, &node->atto);
    server_add_open_routes (api, web_page_atto_routes, NULL);
    management = add_server (node, "atto_management", &node->settings.atto_management, NULL);
    server_add_routes (management, health_device_routes, &node->actions);
    server_add_routes (management, metrics_report_routes, &node->report);
    if (listening_start (management, &config->atto_address, (uint16_t)config->atto_management_port,
                         &node->ports, on_atto_management_listening, NULL, error) != 0 ||
        listening_start (api, &config->atto_address, (uint16_t)config->atto_port, &node->ports,
                         on_atto_listening, node, error) != 0) {
        log_error ("Error while running workpeer: %s (atto.address, atto.port, "
                   "atto.management_port)",
                   error);
        return -1;
    }
    return 0;
}

static bool
has_access_rules (const struct config *config)
{
    return config->access_keys.count > 0 || config->access_allow.count > 0;
}

static void
add_web (struct node *node, const struct metrics_face *face, const struct route *routes)
{
    const struct config *const config = node->actions.config;
    const bool is_open = server_is_wide (face->server) || config->access_proxies.count > 0;

    if (is_open && !has_access_rules (config)) {
        log_info ("No status page on the %s port: it is open to other machines, without API keys "
                  "(access.keys) and networks (access.allow)",
                  face->name);
        return;
    }
    server_add_routes (face->server, routes, node->web);
    server_add_open_routes (face->server, web_page_routes, NULL);
}

void
node_start_web (struct node *node)
{
    const struct web_sources sources = {
        .actions = &node->actions,
        .metrics = &node->metrics,
        .atto_port = node->atto_port,
    };

    if (!node->actions.config->web_enable) {
        return;
    }
    node->web = web_new (node->base, &sources);
    for (size_t i = 0; i < node->report.face_count; i++) {
        const struct metrics_face *const face = &node->report.faces[i];

        if (face->settings == &node->settings.rpc) {
            add_web (node, face, web_rpc_routes);
        } else if (face->settings == &node->settings.management) {
            add_web (node, face, web_management_routes);
        }
    }
}

void
node_set_access (struct node *node)
{
    bool wide = false;

    for (size_t i = 0; i < node->report.face_count; i++) {
        const struct metrics_face *const face = &node->report.faces[i];

        server_set_proxies (face->server, access_config_proxies (node->access));
        if (is_guarded (node, face)) {
            server_set_access (face->server, access_config_get (node->access));
            wide = wide ||
                   (face->settings != &node->settings.management && server_is_wide (face->server));
        }
    }
    access_config_announce (node->actions.config, wide);
}

void
node_set_servers (struct node *node)
{
    for (size_t i = 0; i < node->report.face_count; i++) {
        server_set (node->report.faces[i].server, node->report.faces[i].settings);
    }
    node->atto.max_json_depth = node->settings.atto.max_json_depth;
    node_set_access (node);
}

void
node_stop_servers (struct node *node, bool management)
{
    for (size_t i = 0; i < node->report.face_count; i++) {
        if (management || node->report.faces[i].settings != &node->settings.management) {
            server_stop (node->report.faces[i].server);
        }
    }
}

bool
node_servers_flushed (const struct node *node)
{
    for (size_t i = 0; i < node->report.face_count; i++) {
        if (node->report.faces[i].settings != &node->settings.management &&
            !server_flushed (node->report.faces[i].server)) {
            return false;
        }
    }
    return true;
}

void
node_free_servers (struct node *node)
{
    for (size_t i = 0; i < node->report.face_count; i++) {
        server_free (node->report.faces[i].server);
    }
}
