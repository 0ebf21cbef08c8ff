#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "build_config.h"
#include "node/api/callback.h"
#include "node/atto/atto_works.h"
#include "node/base/log.h"
#include "node/base/process.h"
#include "node/config/log_config.h"
#include "node/daemon/descriptors.h"
#include "node/daemon/node_internal.h"
#include "node/manage/health.h"
#include "node/manage/management.h"
#include "node/precache/precache_owner.h"
#include "node/system/listening.h"
#include "rpc/base/memory.h"
#include "rpc/base/trouble.h"
#include "work/base/clock.h"
#include "work/pool/pool.h"

_Static_assert(PRECACHE_OWNER_SEARCHES + ATTO_WORKS_AHEAD <= ENGINE_SEARCHES_AHEAD,
               "the pool has room for all of them");

/* No action needs a larger body, and a node's own file may allow one that would stall the loop. */
#define MOST_REQUEST_SIZE (1024 * 1024)

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
    if ((server_flushed (node->server) && atto_server_flushed (node->atto) &&
         peer_client_busy (node->client) == 0) ||
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
    if (node->stopping) {
        return;
    }
    node->stopping = true;
    node->actions.stopping = true; /* the management face goes on, and says so */
    notify_stopping (node->notify);
    log_info ("Stopping: %zu requests in flight", broker_waiters (node->broker));
    server_stop (node->server);
    atto_server_stop (node->atto);
    precache_owner_stop (node->precache);
    node->actions.precache = NULL;
    broker_stop (node->broker);
    node->flush_until = clock_now () + FLUSH_TIME;
    if (event_add (node->flush, &flush_look) != 0) {
        (void)event_base_loopbreak (node->base);
    }
}

static void
on_signal (evutil_socket_t signal_number, short what, void *data)
{
    struct node *node = data;

    (void)what;
    log_info ("Received %s", signal_number == SIGTERM ? "SIGTERM" : "SIGINT");
    event_active (node->stop, EV_TIMEOUT, 0);
}

/* Whoever moved the log file away wants a new one; whoever edited a file, what it says. */
static void
on_hang_up (evutil_socket_t signal_number, short what, void *data)
{
    struct node *node = data;

    (void)signal_number;
    (void)what;
    if (node->stopping) {
        return;
    }
    (void)log_reopen ();
    log_info ("Received SIGHUP");
    node_reload (node);
}

/* The stop action: not at once, its own answer comes first. */
static void
stop_later (void *data)
{
    struct node *node = data;

    event_active (node->stop, EV_TIMEOUT, 0);
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
on_trouble (const char *text)
{
    log_warn ("%s", text);
}

static size_t
fit_request_size (uint64_t wanted)
{
    if (wanted <= MOST_REQUEST_SIZE) {
        return (size_t)wanted;
    }
    log_info ("Requests of up to %d bytes are read, not %" PRIu64
              ": none needs more (rpc.max_request_size)",
              MOST_REQUEST_SIZE, wanted);
    return MOST_REQUEST_SIZE;
}

static void
log_setting (void *data, const char *path, const char *value)
{
    size_t *const count = data;

    log_info ("Setting: %s = %s", path, value);
    (*count)++;
}

/* What is in force and not the default. */
static void
log_settings (const struct config *config)
{
    const struct config_sources none = {.data_path = NULL};
    struct config_report report;
    const struct config *const defaults = config_load (&none, &report);
    size_t count = 0;

    if (defaults != NULL) {
        config_show_changes (config, defaults, log_setting, &count);
    }
    if (defaults != NULL && count == 0) {
        log_info ("Settings: all as they are by default");
    }
    config_free (defaults);
    config_report_clear (&report);
}

static int
init_loop (struct node *node)
{
    struct event_config *config = event_config_new ();

    /* The change list spares system calls; it forbids duplicated descriptors, which nobody here
     * makes. It tells epoll of a closed one late, when a thread may have its number for another:
     * that one epoll does not know, and libevent lets it pass. */
    if (config != NULL && event_config_require_features (config, EV_FEATURE_EARLY_CLOSE) == 0 &&
        event_config_set_flag (config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST) == 0) {
        node->base = event_base_new_with_config (config);
    }
    if (config != NULL) {
        event_config_free (config);
    }
    if (node->base == NULL) {
        log_error ("Cannot start an event loop that sees clients leave (epoll is needed)");
        return -1;
    }
    node->on_term = evsignal_new (node->base, SIGTERM, on_signal, node);
    node->on_int = evsignal_new (node->base, SIGINT, on_signal, node);
    node->on_hup = evsignal_new (node->base, SIGHUP, on_hang_up, node);
    node->stop = event_new (node->base, -1, 0, on_stop, node);
    node->flush = event_new (node->base, -1, EV_PERSIST, on_flush, node);
    if (node->on_term == NULL || node->on_int == NULL || node->on_hup == NULL ||
        node->stop == NULL || node->flush == NULL || event_add (node->on_term, NULL) != 0 ||
        event_add (node->on_int, NULL) != 0 || event_add (node->on_hup, NULL) != 0) {
        log_error ("Cannot handle signals: out of memory");
        return -1;
    }
    return 0;
}

static int
init_precache (struct node *node, const char *data_path)
{
    node->precache = precache_owner_new (node->base, node->config, node->network, data_path);
    return node->precache != NULL ? 0 : -1;
}

static int
init_peers (struct node *node)
{
    const struct config *config = node->config;
    const struct peer_client_settings client = {
        .connect_timeout = config->peers_connect_timeout,
        .response_timeout = config->peers_response_timeout,
        .identity = node->identity,
    };
    uint64_t random;

    if (getrandom (&random, sizeof random, 0) != (ssize_t)sizeof random) {
        log_error ("Cannot start: the system has no random numbers");
        return -1;
    }
    hex_print_u64 (random, node->identity);
    node->client = peer_client_new (node->base, &client);
    if (node->client != NULL) {
        node->peers = peers_new (node->client, config);
    }
    if (node->peers == NULL) {
        log_error ("Cannot start: out of memory");
        return -1;
    }
    return 0;
}

struct broker_settings
node_broker_settings (struct node *node, const struct config *config)
{
    return (struct broker_settings){
        .max_searches = (size_t)config->work_max_queue,
        .request_timeout = config->work_request_timeout,
        .mode = config->peers_mode,
        .local = config->peers_local,
        .stand_in = config->peers_stand_in,
        .keep = config->store_keep_all,
        .metrics = &node->metrics,
    };
}

static int
init_broker (struct node *node)
{
    const struct config *config = node->config;
    const struct broker_settings settings = node_broker_settings (node, config);
    const size_t peers = peers_count (node->peers, PEERS_PRIMARY);

    node->broker = broker_new (node->base, node->engine.pool, node->peers,
                               precache_owner_store (node->precache), &settings);
    node->device_log = device_log_new (node->base, node->engine.pool);
    if (node->device_log == NULL) {
        log_error ("Cannot start: out of memory");
        return -1;
    }
    if (precache_owner_start (node->precache, node->broker) != 0) {
        return -1;
    }
    log_info ("Work peers: %zu (%s)", peers, config_peers_mode_name (config->peers_mode));
    if (pool_device_count (node->engine.pool) == 0) {
        log_warn (peers > 0 && config->peers_stand_in
                      ? "Without a device here all work is left to the peers"
                      : "Work generation is disabled (node.work_threads is 0)");
    }
    return 0;
}

/* Says where, and, the first time, what to try there. */
static void
on_listening (void *data, const char *address, uint16_t port)
{
    bool *first = data;
    bool v6 = strchr (address, ':') != NULL;
    char url[128];

    snprintf (url, sizeof url, "http://%s%s%s:%u", v6 ? "[" : "", address, v6 ? "]" : "", port);
    if (*first) {
        printf ("Try it: curl -d '{\"action\":\"work_generate\",\"hash\":"
                "\"718CC2121C3E641059BC1C2CFC45666C99E8AE922F7A807B7D07B62C995D79E2\"}' %s\n",
                url);
    }
    printf ("Listening on %s\n", url);
    log_info ("Listening on %s", url);
    *first = false;
}

/* On the `count` sockets that the service manager has opened for us. */
static int
listen_on_given (struct node *node, int count)
{
    bool first = true;

    for (int i = 0; i < count; i++) {
        char address[SERVER_ADDRESS_SIZE];
        char error[256];
        uint16_t port;

        if (server_listen_fd (node->server, NOTIFY_FIRST_FD + i, address, &port, error,
                              sizeof error) != SERVER_LISTENING) {
            log_error ("Error while running workpeer: %s", error);
            return -1;
        }
        on_listening (&first, address, port);
    }
    log_info ("The service manager opened these sockets: rpc.address and rpc.port do not count");
    return 0;
}

static int
listen_for_rpc (struct node *node)
{
    char error[LISTENING_ERROR_SIZE];
    bool first = true;

    if (listening_start (node->server, &node->config->rpc_address, (uint16_t)node->config->rpc_port,
                         &node->ports, on_listening, &first, error) != 0) {
        log_error ("Error while running workpeer: %s", error);
        return -1;
    }
    return 0;
}

struct server_settings
node_limits (struct node *node)
{
    const struct config *config = node->config;
    const struct descriptors share =
        descriptors_share (config->rpc_max_connections, config->atto_enable ? 2 : 1);

    peer_client_set_max_calls (node->client, share.calls);
    return (struct server_settings){
        .max_connections = share.connections,
        .max_connections_per_address = (size_t)config->rpc_max_connections_per_address,
        .max_header_size = (size_t)config->rpc_max_header_size,
        .max_request_size = fit_request_size (config->rpc_max_request_size),
        .max_memory = config->rpc_max_memory,
        .max_json_depth = (size_t)config->rpc_max_json_depth,
        .read_timeout = config->rpc_read_timeout,
        .idle_timeout = config->rpc_idle_timeout,
        .enable_control = config->rpc_enable_control,
        .v6_only = listening_has_v4_wildcard (&config->rpc_address),
        .ended = metrics_request,
        .ended_data = &node->metrics,
    };
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

/* Metrics are served with the RPC unless they have a port of their own. */
static int
add_routes (struct node *node)
{
    return server_add_open_routes (node->server, health_routes, &node->actions) != 0 ||
                   server_add_routes (node->server, callback_routes, &node->actions) != 0 ||
                   (!node->config->management_port_set &&
                    server_add_routes (node->server, metrics_report_routes, &node->report) != 0)
               ? -1
               : 0;
}

static int
init_gate (struct node *node)
{
    node->gate = gate_new (node->base);
    if (node->gate == NULL || gate_set (node->gate, node->config) != 0) {
        log_error ("Cannot start: out of memory");
        return -1;
    }
    return 0;
}

static int
init_server (struct node *node)
{
    int given;

    node->limits = node_limits (node);
    node->actions = (struct actions){
        .config = node->config,
        .network = node->network,
        .broker = node->broker,
        .pool = node->engine.pool,
        .peers = node->peers,
        .store = precache_owner_store (node->precache),
        .precache = precache_owner_precache (node->precache),
        .store_network = precache_owner_network (node->precache),
        .scanner = node->engine.choice.scanner->name,
        .scanner_reason = node->engine.choice.reason,
        .identity = node->identity,
        .started = clock_now (),
        .stop = stop_later,
        .stop_data = node,
    };
    node->server = server_new (node->base, &node->limits, actions_table, &node->actions);
    if (node->server == NULL || add_routes (node) != 0) {
        log_error ("Cannot start the RPC server: out of memory");
        return -1;
    }
    node->actions.server = node->server;
    metrics_report_add (&node->report, "rpc", node->server);
    server_set_access (node->server, gate_access (node->gate));
    given = notify_listen_fds ();
    return given > 0 ? listen_on_given (node, given) : listen_for_rpc (node);
}

static int
init_management (struct node *node)
{
    if (!node->config->management_port_set) {
        return 0;
    }
    node->management = management_start (node->base, &node->limits, &node->report, &node->ports);
    return node->management != NULL ? 0 : -1;
}

static int
init_atto (struct node *node)
{
    if (!node->config->atto_enable) {
        return 0;
    }
    node->atto = atto_server_new (node->base, &node->limits, &node->report, &node->ports);
    atto_server_set_access (node->atto, gate_access (node->gate));
    return node->atto != NULL ? 0 : -1;
}

static int
init_reload (struct node *node, const struct config_sources *sources)
{
    node->reload = reload_new (node->base, sources, node_on_reloaded, node);
    if (node->reload == NULL) {
        log_error ("Cannot start: out of memory, or of descriptors");
        return -1;
    }
    if (node->no_programs) {
        reload_keep_opencl_off (node->reload);
    }
    return 0;
}

static int
init_notify (struct node *node)
{
    node->notify = notify_new (node->base);
    if (node->notify == NULL) {
        log_error ("Cannot tell the service manager anything: out of memory, or of descriptors");
        return -1;
    }
    return 0;
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
    pid_file_free (node->pid_file);
    listening_release (&node->ports);
    reload_free (node->reload);
    if (node->server != NULL && !node->stopping) {
        server_stop (node->server);
        atto_server_stop (node->atto);
        broker_stop (node->broker);
    }
    if (node->management != NULL) {
        server_stop (node->management);
    }
    server_free (node->server);
    server_free (node->management);
    atto_server_free (node->atto);
    gate_free (node->gate);
    device_log_free (node->device_log);
    engine_stop (&node->engine);
    if (node->precache != NULL) {
        precache_owner_stop (node->precache);
    }
    broker_free (node->broker);
    precache_owner_free (node->precache);
    peers_free (node->peers);
    peer_client_free (node->client);
    engine_clear (&node->engine);
    ignore_signals (); /* freeing their events would let another one kill what is left */
    notify_free (node->notify);
    free_event (node->flush);
    free_event (node->stop);
    free_event (node->on_hup);
    free_event (node->on_int);
    free_event (node->on_term);
    if (node->base != NULL) {
        event_base_free (node->base);
    }
    config_free (node->reloaded);
}

/* Returns 0 once the process is whom it is to be and the log where it is to be, or -1. */
static int
begin (struct node *node, const struct config_sources *sources, const char *pid_file)
{
    char error[NODE_ERROR_SIZE];

    if (node_settle (node, pid_file, error) != 0 ||
        log_config_apply (node->config, error, sizeof error) != 0) {
        fprintf (stderr, "workpeer: %s\n", error);
        return -1;
    }
    event_set_log_callback (on_libevent_log);
    log_info ("Workpeer %s starting on the %s network", PACKAGE_VERSION, node->network->name);
    log_info ("Built by %s, with libevent %s", BUILD_INFO, event_get_version ());
    node_confine (node, sources);
    log_settings (node->config);
    init_metrics (node);
    return 0;
}

int
node_run (const struct config *config, const struct config_sources *sources,
          const struct difficulty_network *network, const char *pid_file)
{
    struct node node = {.config = config, .network = network};
    int status = 1;

    (void)signal (SIGPIPE, SIG_IGN);
    process_return_memory ();
    trouble_set (on_trouble);
    memory_watch ();
    if (begin (&node, sources, pid_file) == 0 && init_loop (&node) == 0 &&
        init_notify (&node) == 0 && engine_start (&node.engine, config, sources->data_path) == 0 &&
        init_peers (&node) == 0 && init_precache (&node, sources->data_path) == 0 &&
        init_broker (&node) == 0 && init_gate (&node) == 0 && init_server (&node) == 0 &&
        init_management (&node) == 0 && init_atto (&node) == 0 &&
        init_reload (&node, sources) == 0) {
        listening_release (&node.ports);
        gate_announce (node.gate, server_is_wide (node.server) || atto_server_is_wide (node.atto));
        printf ("Ready\n");
        (void)fflush (stdout);
        notify_ready (node.notify);
        status = event_base_dispatch (node.base) < 0;
    }
    clear (&node);
    if (status == 0) {
        log_info ("Stopped");
    }
    log_flush ();
    return status;
}
