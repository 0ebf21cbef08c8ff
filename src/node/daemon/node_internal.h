/*
 * The inside of the node, shared by node.c, node_process.c and node_reload.c only. What requests
 * act upon is in `actions`; what nobody but the node knows stands beside it.
 */
#ifndef NODE_NODE_INTERNAL_H
#define NODE_NODE_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "node/api/actions.h"
#include "node/atto/atto_works.h"
#include "node/daemon/access_config.h"
#include "node/daemon/node.h"
#include "node/daemon/node_settings.h"
#include "node/daemon/reload.h"
#include "node/engine/device_log.h"
#include "node/manage/metrics_report.h"
#include "node/metrics/metrics.h"
#include "node/system/listening.h"
#include "node/system/notify.h"
#include "node/system/pid_file.h"
#include "node/system/privileges.h"
#include "node/web/web.h"
#include "rpc/peer/peer.h"

#define NODE_SIGNALS 3 /* TERM, INT and HUP */

struct node {
    struct actions actions;
    struct node_settings settings; /* of the configuration in force */
    struct event_base *base;
    struct event *signals[NODE_SIGNALS];
    struct event *flush; /* once stopped: are the answers out? */
    uint64_t flush_until;
    struct device_log *device_log;
    struct tls *tls;            /* for https, or NULL */
    struct peer_client *client; /* of all peers */
    struct access_config *access;
    struct atto_works atto;
    uint16_t atto_port; /* where its API listens; 0 without */
    struct web *web;    /* NULL without a page */
    struct metrics metrics;
    struct metrics_report report;
    struct privileges_plan plan;
    struct listening_ports ports; /* taken as root, until they are listened on */
    struct pid_file *pid_file;
    struct notify *notify;
    struct reload *reload;
    bool reload_again; /* once the reading that is under way has ended */
    bool no_programs;  /* may be started any more */
};

#define NODE_ERROR_SIZE 9216 /* a path, what is wrong with it, and a command with it again */

/* As root, if it is: takes ports and, unless NULL, the pid file; then becomes the user that the
 * configuration names. Returns 0, or -1 with the reason in `error`. */
int node_settle (struct node *node, const char *pid_file, char error[NODE_ERROR_SIZE]);

/* Then: puts up the floor, and logs it and whom the process runs as. Before any thread. */
void node_confine (struct node *node, const struct config_sources *sources);

/* node_servers.c: what is begun is in `report`. Each start returns 0, or -1 after logging why not;
 * a server without a port in the configuration is not begun. */
int node_start_rpc (struct node *node);
int node_start_management (struct node *node);
int node_start_atto (struct node *node);

/* Once all of these listen: adds the status page to those that may have it. */
void node_start_web (struct node *node);

/* Puts the settings, and who may ask, in force; and says in the log whom that keeps out. */
void node_set_servers (struct node *node);
void node_set_access (struct node *node);

/* Without `management`, which says that the daemon is stopping, that port goes on. */
void node_stop_servers (struct node *node, bool management);

/* Whether every answer has left, but for that port's. */
bool node_servers_flushed (const struct node *node);

void node_free_servers (struct node *node);

/* Reads the configuration again, and puts what has changed in force. */
void node_reload (struct node *node);

/* For reload_new: the configuration has been read. */
void node_on_reloaded (void *data, struct reload_result *result);

#endif
