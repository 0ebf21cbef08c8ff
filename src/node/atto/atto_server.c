#include "node/atto/atto_server.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/atto/atto_page.h"
#include "node/atto/atto_works.h"
#include "node/base/log.h"
#include "node/config/config.h"
#include "node/manage/health.h"
#include "node/manage/management.h"
#include "node/system/listening.h"
#include "rpc/base/memory.h"

struct atto_server {
    struct atto_works works;
    struct server *api;
    struct server *management;
};

/* Atto's own says so in these words, and its users wait for them. */
static void
on_listening (void *data, const char *address, uint16_t port)
{
    const char *what = data;

    log_info ("%s started on port %u (http), address %s", what, port, address);
}

static int
listen_there (struct server *server, const struct text_list *addresses, uint64_t port,
              struct listening_ports *ports, char *what)
{
    char error[LISTENING_ERROR_SIZE];

    if (listening_start (server, addresses, (uint16_t)port, ports, on_listening, what, error) !=
        0) {
        log_error ("Error while running workpeer: %s", error);
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

static void
init_works (struct atto_server *server, const struct actions *actions, size_t max_json_depth)
{
    server->works = (struct atto_works){
        .broker = actions->broker,
        .max_json_depth = max_json_depth,
        .now = atto_works_now,
        .has_store = precache_owner_store (actions->precache) != NULL,
    };
}

struct atto_server *
atto_server_new (struct event_base *base, const struct atto_server_settings *settings,
                 struct metrics_report *report, struct listening_ports *ports)
{
    static char api[] = "Atto work server";
    static char management[] = "Atto management";
    const struct config *config = report->actions->config;
    struct atto_server *server = memory_new (1, sizeof *server);

    config_show_environment (config, log_variable);
    init_works (server, report->actions, settings->api.max_json_depth);
    server->api = server_new (base, &settings->api, NULL, NULL);
    server_add_routes (server->api, atto_works_routes, &server->works);
    server_add_open_routes (server->api, atto_page_routes, NULL);
    server->management = management_new (base, &settings->management, health_device_routes, report);
    if (listen_there (server->management, &config->atto_address, config->atto_management_port,
                      ports, management) != 0 ||
        listen_there (server->api, &config->atto_address, config->atto_port, ports, api) != 0) {
        atto_server_stop (server);
        atto_server_free (server);
        return NULL;
    }
    metrics_report_add (report, "atto", server->api);
    metrics_report_add (report, "atto_management", server->management);
    return server;
}

void
atto_server_set (struct atto_server *server, const struct atto_server_settings *settings)
{
    if (server != NULL) {
        server_set (server->api, &settings->api);
        server_set (server->management, &settings->management);
        server->works.max_json_depth = settings->api.max_json_depth;
    }
}

void
atto_server_set_access (struct atto_server *server, struct access *access)
{
    if (server != NULL) {
        server_set_access (server->api, access);
    }
}

bool
atto_server_is_wide (const struct atto_server *server)
{
    return server != NULL && server_is_wide (server->api);
}

void
atto_server_stop (struct atto_server *server)
{
    if (server != NULL) {
        server_stop (server->api);
        server_stop (server->management);
    }
}

bool
atto_server_flushed (struct atto_server *server)
{
    return server == NULL || (server_flushed (server->api) && server_flushed (server->management));
}

void
atto_server_free (struct atto_server *server)
{
    if (server == NULL) {
        return;
    }
    server_free (server->api);
    server_free (server->management);
    free (server);
}
