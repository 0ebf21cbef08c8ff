#include "node/manage/management.h"

#include <stdio.h>
#include <string.h>

#include "node/base/log.h"
#include "node/manage/health.h"
#include "node/system/listening.h"

/* Nothing here has a body. */
#define MAX_REQUEST_SIZE 4096

struct server *
management_new (struct event_base *base, const struct server_settings *limits,
                const struct route *health, struct metrics_report *report)
{
    struct server_settings settings = *limits;
    struct server *server;

    settings.max_connections = MANAGEMENT_CONNECTIONS;
    settings.max_request_size = MAX_REQUEST_SIZE;
    server = server_new (base, &settings, NULL, NULL);
    if (server == NULL) {
        return NULL;
    }
    if (server_add_routes (server, health, report->actions) != 0 ||
        server_add_routes (server, metrics_report_routes, report) != 0) {
        server_stop (server);
        server_free (server);
        return NULL;
    }
    return server;
}

static void
on_listening (void *data, const char *address, uint16_t port)
{
    const bool v6 = strchr (address, ':') != NULL;
    char url[128];

    (void)data;
    (void)snprintf (url, sizeof url, "http://%s%s%s:%u", v6 ? "[" : "", address, v6 ? "]" : "",
                    port);
    printf ("Management on %s\n", url);
    log_info ("Management on %s: /health, /ready, /metrics", url);
}

struct server *
management_start (struct event_base *base, const struct server_settings *limits,
                  struct metrics_report *report, struct listening_ports *ports)
{
    const struct config *config = report->actions->config;
    struct server_settings settings = *limits;
    char error[LISTENING_ERROR_SIZE];
    struct server *server;

    settings.v6_only = listening_has_v4_wildcard (&config->management_address);
    server = management_new (base, &settings, health_routes, report);
    if (server == NULL) {
        log_error ("Cannot start the management server: out of memory");
        return NULL;
    }
    if (listening_start (server, &config->management_address, (uint16_t)config->management_port,
                         ports, on_listening, NULL, error) != 0) {
        log_error ("Error while running workpeer: %s (management.address, management.port)", error);
        server_stop (server);
        server_free (server);
        return NULL;
    }
    metrics_report_add (report, "management", server);
    return server;
}
