/*
 * Atto's work server: its API on one port, and what looks after it on another, as those who deploy
 * Atto's own expect them. Each is a server of its own: a crowd at the API keeps no probe out.
 *
 * Event-loop thread.
 */
#ifndef NODE_ATTO_SERVER_H
#define NODE_ATTO_SERVER_H

#include <event2/event.h>
#include <stdbool.h>

#include "node/manage/metrics_report.h"
#include "node/system/listening.h"
#include "rpc/server/server.h"

struct atto_server;

struct atto_server_settings {
    struct server_settings api;
    struct server_settings management;
};

/*
 * Listens as the configuration of the actions of `report` says, where it is reported, and which
 * outlives it, on the sockets in `ports` where they are there. NULL, having logged why, when that
 * fails.
 */
struct atto_server *atto_server_new (struct event_base *base,
                                     const struct atto_server_settings *settings,
                                     struct metrics_report *report, struct listening_ports *ports);

/* Goes by other settings from now on, as server_set. NULL is fine. */
void atto_server_set (struct atto_server *server, const struct atto_server_settings *settings);

/*
 * As of a server; it counts for the API: its page and the other port are everybody's. NULL, of
 * either, is fine.
 */
void atto_server_set_access (struct atto_server *server, struct access *access);

/* Whether any other machine could reach its API; NULL is fine, and none could. */
bool atto_server_is_wide (const struct atto_server *server);

/* As of a server; NULL is fine, and flushed. */
void atto_server_stop (struct atto_server *server);
bool atto_server_flushed (struct atto_server *server);
void atto_server_free (struct atto_server *server);

#endif
