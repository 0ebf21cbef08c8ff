/* The inside of the node, shared by node.c, node_process.c and node_reload.c only. */
#ifndef NODE_NODE_INTERNAL_H
#define NODE_NODE_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "node/api/actions.h"
#include "node/atto/atto_server.h"
#include "node/daemon/gate.h"
#include "node/daemon/node.h"
#include "node/daemon/reload.h"
#include "node/engine/device_log.h"
#include "node/engine/engine.h"
#include "node/manage/metrics_report.h"
#include "node/metrics/metrics.h"
#include "node/precache/precache_owner.h"
#include "node/search/broker.h"
#include "node/search/peers.h"
#include "node/system/listening.h"
#include "node/system/notify.h"
#include "node/system/pid_file.h"
#include "node/system/privileges.h"
#include "rpc/peer/peer.h"
#include "rpc/server/server.h"
#include "work/base/hex.h"

struct node {
    const struct config *config; /* in force: the first one, which is the caller's, or `reloaded` */
    const struct config *reloaded; /* the last that was read since the start, or NULL */
    const struct difficulty_network *network;
    struct event_base *base;
    struct event *on_term;
    struct event *on_int;
    struct event *on_hup;
    struct event *stop;  /* made active to stop */
    struct event *flush; /* once stopped: are the answers out? */
    bool stopping;
    uint64_t flush_until;
    struct engine engine;
    struct broker *broker;
    struct peer_client *client; /* of all peers */
    struct peers *peers;
    char identity[HEX_U64_SIZE]; /* this daemon's, among the hops of requests */
    struct precache_owner *precache;
    struct gate *gate;
    struct server *server;
    struct server *management; /* NULL where it has no port */
    struct atto_server *atto;  /* NULL where it is not enabled */
    struct server_settings limits;
    struct device_log *device_log;
    struct privileges_plan plan;
    struct listening_ports ports; /* taken as root, until they are listened on */
    struct pid_file *pid_file;
    bool no_programs; /* may be started any more */
    struct notify *notify;
    struct reload *reload;
    bool reload_again; /* once the reading that is under way has ended */
    struct actions actions;
    struct metrics metrics;
    struct metrics_report report;
};

#define NODE_ERROR_SIZE 9216 /* a path, what is wrong with it, and a command with it again */

/*
 * What is done while the process may still be root: takes ports and the pid file, if `pid_file` is
 * not NULL, then becomes the user that the configuration names. Returns 0, or -1 with the reason in
 * `error`.
 */
int node_settle (struct node *node, const char *pid_file, char error[NODE_ERROR_SIZE]);

/* Then: puts up the floor, and logs it and whom the process runs as. Before any thread. */
void node_confine (struct node *node, const struct config_sources *sources);

/* What the configuration in force says of the server's limits, as far as the system lets it. Peers
 * may be called as often as then leaves descriptors for. */
struct server_settings node_limits (struct node *node);

/* What `config` says of the broker. */
struct broker_settings node_broker_settings (struct node *node, const struct config *config);

/* Reads the configuration again, and puts what has changed in force. */
void node_reload (struct node *node);

/* For reload_new: the configuration has been read. */
void node_on_reloaded (void *data, struct reload_result *result);

#endif
