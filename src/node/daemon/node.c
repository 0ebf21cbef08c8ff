/*
 * A start, each step on what those before it have made (begin, start):
 *
 *   1. ports and the pid file are taken, root is dropped           node_process.c
 *   2. the log's file is opened, by whom the process now is
 *   3. system calls are refused, while there is one thread    node_process.c
 *   4. the settings of every object out of the configuration  node_settings.c
 *   5. the loop, its signals, the service manager
 *   6. devices and their threads
 *   7. work peers
 *   8. the store, the broker over all three, the pre-cache over the broker
 *   9. who may ask
 *  10. the servers: the RPC, management, Atto; each listens at once
 *      and, on those that may have it, the status page
 *  11. what reads the configuration again at SIGHUP            node_reload.c
 *
 * Then it is ready, and the loop turns until somebody has it stop (on_stop): no server but the
 * management's accepts any more, nothing is found ahead, everybody who waits is told, and the loop
 * ends when the last answer has left. `clear` takes down what there is, also of a start that
 * failed.
 */
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build_config.h"
#include "node/base/log.h"
#include "node/base/process.h"
#include "node/daemon/node_internal.h"
#include "node/daemon/node_tls.h"
#include "node/engine/gpu.h"
#include "node/precache/precache_owner.h"
#include "rpc/base/memory.h"
#include "rpc/base/rpc_log.h"
#include "work/base/clock.h"
#include "work/base/random.h"
#include "work/pool/pool.h"

_Static_assert(PRECACHE_OWNER_SEARCHES + ATTO_WORKS_AHEAD <= ENGINE_SEARCHES_AHEAD,
               "the pool has room for all of them");

/* How long the last answers may take to leave. */
#define FLUSH_TIME (3 * CLOCK_SECOND / 2)
static const struct timeval flush_look = {.tv_usec = 5000};

/* Stopping. */

static void
on_flush (evutil_socket_t fd, short what, void *data)
{
    struct node *node = data;

    (void)fd;
    (void)what;
    if ((node_servers_flushed (node) && peer_client_busy (node->client) == 0) ||
        clock_now () > node->flush_until) {
        (void)event_base_loopbreak (node->base);
    }
}

static void
on_stop (evutil_socket_t fd, short what, void *data)
{
    struct node *node = data;

    (void)fd;
    (void)what;
    if (node->actions.stopping) {
        return;
    }
    node->actions.stopping = true; /* the management face goes on, and says so */
    notify_stopping (node->notify);
    log_info ("Stopping: %zu requests in flight", broker_waiters (node->actions.broker));
    node_stop_servers (node, false);
    precache_owner_stop (node->actions.precache);
    broker_stop (node->actions.broker);
    node->flush_until = clock_now () + FLUSH_TIME;
    memory_require (event_add (node->flush, &flush_look) == 0);
}

static void
on_signal (evutil_socket_t signal_number, short what, void *data)
{
    struct node *node = data;

    (void)what;
    log_info ("Received %s", signal_number == SIGTERM ? "SIGTERM" : "SIGINT");
    event_active (node->actions.stop, EV_TIMEOUT, 0);
}

/* Whoever moved the log file away wants a new one; whoever edited a file, what it says. */
static void
on_hang_up (evutil_socket_t signal_number, short what, void *data)
{
    struct node *node = data;

    (void)signal_number;
    (void)what;
    if (node->actions.stopping) {
        return;
    }
    (void)log_reopen ();
    log_info ("Received SIGHUP");
    node_reload (node);
}

/* Starting. */

/* libevent's own complaints go where ours go: its default would block on a reader that is slow. */
static void
on_libevent_log (int severity, const char *message)
{
    if (severity >= EVENT_LOG_WARN) {
        log_warn ("libevent: %s", message);
    } else {
        log_debug ("libevent: %s", message);
    }
}

static void
on_rpc_log (const char *text)
{
    log_warn ("%s", text);
}

static int
init_loop (struct node *node)
{
    struct event_config *config = memory_need (event_config_new ());

    /* The change list spares system calls; it forbids duplicated descriptors, which nobody here
     * makes. It tells epoll of a closed one late, when a thread may have its number for another:
     * that one epoll does not know, and libevent lets it pass. */
    if (event_config_require_features (config, EV_FEATURE_EARLY_CLOSE) == 0 &&
        event_config_set_flag (config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST) == 0) {
        node->base = event_base_new_with_config (config);
    }
    event_config_free (config);
    if (node->base == NULL) {
        log_error ("Cannot start an event loop that notices disconnects (epoll is required)");
        return -1;
    }
    return 0;
}

static int
init_signals (struct node *node)
{
    struct event_base *const base = node->base;

    node->signals[0] = memory_need (evsignal_new (base, SIGTERM, on_signal, node));
    node->signals[1] = memory_need (evsignal_new (base, SIGINT, on_signal, node));
    node->signals[2] = memory_need (evsignal_new (base, SIGHUP, on_hang_up, node));
    node->actions.stop = memory_need (event_new (base, -1, 0, on_stop, node));
    node->flush = memory_need (event_new (base, -1, EV_PERSIST, on_flush, node));
    for (size_t i = 0; i < NODE_SIGNALS; i++) {
        if (event_add (node->signals[i], NULL) != 0) {
            log_error ("Cannot handle signals: %s", strerror (errno));
            return -1;
        }
    }
    return 0;
}

static int
init_tls (struct node *node)
{
    char error[NODE_TLS_ERROR_SIZE];

    if (node_tls_new (node->actions.config, &node->tls, error) != 0) {
        log_error ("Cannot start: %s", error);
        return -1;
    }
    return 0;
}

static void
init_peers (struct node *node)
{
    const struct config *config = node->actions.config;
    const struct peer_client_settings client = {
        .connect_timeout = config->peers_connect_timeout,
        .response_timeout = config->peers_response_timeout,
        .identity = node->actions.identity,
    };
    uint64_t random;

    random_fill (&random, sizeof random);
    hex_print_u64 (random, node->actions.identity);
    node->client = peer_client_new (node->base, &client);
    peer_client_set_max_calls (node->client, node->settings.peer_calls);
    peer_client_set_tls (node->client, node->tls);
    node->actions.peers = peers_new (node->client, config);
}

static void
log_peers (const struct node *node)
{
    const struct config *config = node->actions.config;
    const size_t peers = peers_count (node->actions.peers, PEERS_PRIMARY);

    log_info ("Work peers: %zu (%s)", peers, config_peers_mode_name (config->peers_mode));
    if (pool_device_count (node->actions.engine.pool) == 0) {
        log_warn (peers > 0 && config->peers_stand_in
                      ? "This machine has no device: all work goes to the peers"
                      : "Work generation is disabled (node.work_threads is 0)");
    }
}

/* The store, the broker over it, and what finds work ahead over that. */
static int
init_broker (struct node *node, const char *data_path)
{
    struct actions *const actions = &node->actions;

    actions->precache =
        precache_owner_new (node->base, actions->config, actions->network, data_path);
    if (actions->precache == NULL) {
        return -1;
    }
    actions->broker = broker_new (node->base, actions->engine.pool, actions->peers,
                                  precache_owner_store (actions->precache), &node->settings.broker);
    node->device_log = device_log_new (node->base, actions->engine.pool);
    precache_owner_set_tls (actions->precache, node->tls);
    if (precache_owner_start (actions->precache, actions->broker) != 0) {
        return -1;
    }
    log_peers (node);
    return 0;
}

/* Every action shows from the start, so that the first of its errors is a rise. */
static void
init_metrics (struct node *node)
{
    metrics_init (&node->metrics);
    for (const struct action *action = actions_table; action->name != NULL; action++) {
        metrics_expect (&node->metrics, action->name);
    }
    node->report = (struct metrics_report){.metrics = &node->metrics, .actions = &node->actions};
}

static void
free_event (struct event *event)
{
    if (event != NULL) {
        event_free (event);
    }
}

static void
ignore_signals (void)
{
    sigset_t signals;

    (void)sigemptyset (&signals);
    (void)sigaddset (&signals, SIGTERM);
    (void)sigaddset (&signals, SIGINT);
    (void)sigaddset (&signals, SIGHUP);
    (void)pthread_sigmask (SIG_BLOCK, &signals, NULL);
}

static void
clear (struct node *node)
{
    struct actions *const actions = &node->actions;

    pid_file_free (node->pid_file);
    listening_release (&node->ports);
    reload_free (node->reload);
    node_stop_servers (node, true);
    if (actions->server != NULL && !actions->stopping) {
        broker_stop (actions->broker);
    }
    node_free_servers (node);
    web_free (node->web);
    access_config_free (node->access);
    device_log_free (node->device_log);
    engine_stop (&actions->engine);
    if (actions->precache != NULL) {
        precache_owner_stop (actions->precache);
    }
    broker_free (actions->broker);
    precache_owner_free (actions->precache);
    peers_free (actions->peers);
    peer_client_free (node->client);
    tls_release (node->tls);
    engine_clear (&actions->engine);
    ignore_signals (); /* freeing their events would let another one kill what is left */
    notify_free (node->notify);
    free_event (node->flush);
    free_event (actions->stop);
    for (size_t i = 0; i < NODE_SIGNALS; i++) {
        free_event (node->signals[i]);
    }
    if (node->base != NULL) {
        event_base_free (node->base);
    }
    config_free (actions->config);
}

/* Returns 0 once the process is whom it is to be and the log where it is to be, or -1. */
static int
begin (struct node *node, const struct config_sources *sources, const char *pid_file)
{
    const struct config *const config = node->actions.config;
    char error[NODE_ERROR_SIZE];

    if (node_settle (node, pid_file, error) != 0 ||
        log_configure (&config->log, error, sizeof error) != 0) {
        fprintf (stderr, "workpeer: %s\n", error);
        return -1;
    }
    gpu_keep_caches (config, sources->data_path);
    event_set_log_callback (on_libevent_log);
    log_info ("Workpeer %s starting on the %s network", PACKAGE_VERSION,
              node->actions.network->name);
    log_info ("Built by %s, with libevent %s", BUILD_INFO, event_get_version ());
    node_confine (node, sources);
    node_settings_log (config);
    init_metrics (node);
    node->settings = node_settings_of (config, &node->metrics);
    return 0;
}

static int
start (struct node *node, const struct config_sources *sources)
{
    if (init_loop (node) != 0 || init_signals (node) != 0 ||
        (node->notify = notify_new (node->base)) == NULL ||
        engine_start (&node->actions.engine, node->actions.config, sources->data_path) != 0 ||
        init_tls (node) != 0) {
        return -1;
    }
    init_peers (node);
    if (init_broker (node, sources->data_path) != 0 ||
        (node->access = access_config_new (node->base)) == NULL || node_start_rpc (node) != 0 ||
        node_start_management (node) != 0 || node_start_atto (node) != 0 ||
        (node->reload = reload_new (node->base, sources, node_on_reloaded, node)) == NULL) {
        return -1;
    }
    node_start_web (node);
    listening_release (&node->ports);
    access_config_set (node->access, node->actions.config);
    node_set_access (node);
    printf ("Ready\n");
    (void)fflush (stdout);
    notify_ready (node->notify);
    return 0;
}

int
node_run (const struct config *config, const struct config_sources *sources,
          const struct difficulty_network *network, const char *pid_file)
{
    struct node node = {
        .actions = {.config = config, .network = network, .started = clock_now ()},
    };
    int status = 1;

    (void)signal (SIGPIPE, SIG_IGN);
    (void)signal (SIGUSR1, SIG_IGN); /* scripts for other daemons send them */
    (void)signal (SIGUSR2, SIG_IGN);
    process_return_memory ();
    rpc_log_set_writer (on_rpc_log);
    if (begin (&node, sources, pid_file) == 0 && start (&node, sources) == 0) {
        status = event_base_dispatch (node.base) < 0;
    }
    clear (&node);
    if (status == 0) {
        log_info ("Stopped");
    }
    log_flush ();
    return status;
}
