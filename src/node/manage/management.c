#include "node/manage/management.h"

#include <stdio.h>

#include "node/base/log.h"
#include "node/manage/health.h"

struct server *
management_new (struct event_base *base, const struct server_settings *settings,
                const struct route *health, struct metrics_report *report)
{
    struct server *server = server_new (base, settings, NULL, NULL);

    server_add_routes (server, health, report->actions);
    server_add_routes (server, metrics_report_routes, report);
    return server;
}

static void
on_listening (void *data, const char *address, uint16_t port)
{
    char url[LISTENING_URL_SIZE];

    (void)data;
    listening_print_url (address, port, url);
    printf ("Management on %s\n", url);
    log_info ("Management on %s: /health, /ready, /metrics", url);
}

struct server *
management_start (struct event_base *base, const struct server_settings *settings,
                  struct metrics_report *report, struct listening_ports *ports)
{
    const struct config *config = report->actions->config;
    struct server *server = management_new (base, settings, health_routes, report);
    char error[LISTENING_ERROR_SIZE];

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
