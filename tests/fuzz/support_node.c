#include "support_node.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_device.h"
#include "fuzz.h"
#include "node/api/actions.h"
#include "node/atto/atto_works.h"
#include "node/base/log.h"
#include "node/manage/health.h"
#include "rpc/base/json.h"
#include "rpc/server/server.h"
#include "work/base/clock.h"

enum { MAX_JOBS = 256, MAX_PEERS = 8 };

/* The work is quick, and what takes longer gives up. */
static const char *const settings[] = {
    "node.max_work_generate_multiplier=4",
    "work.request_timeout=1",
    "precache.max_accounts=64",
    "store.max_entries=256",
};

struct node {
    struct difficulty_network network;
    struct event_base *base;
    struct event *tick;
    struct peer_client *peer_client;
    struct atto_works atto;
    struct actions actions;
    uint16_t port;
    struct client client;
};

static struct node *node;

static int64_t
stopped_clock (void)
{
    return NODE_NOW;
}

/* So that the loop never sleeps past a deadline; and who asks for a stop gets this. */
static void
on_tick (evutil_socket_t fd, short what, void *data)
{
    (void)fd;
    (void)what;
    (void)data;
}

static void
make_settings (void)
{
    const struct config_sources sources = {.overrides = settings,
                                           .override_count = sizeof settings / sizeof settings[0]};
    struct config_report report;
    char error[256];

    node->actions.config = config_load (&sources, &report);
    FUZZ_CHECK (node->actions.config != NULL);
    config_report_clear (&report);
    FUZZ_CHECK (difficulty_network_load (DIFFICULTY_DEV, &node->network, error, sizeof error) == 0);
}

static void
make_engine (void)
{
    const struct pool_settings pool = {.max_jobs = MAX_JOBS, .batch_seconds = 0.005};
    struct fake *fake = fake_new (&(struct fake_settings){.name = "fake"});
    struct engine *engine = &node->actions.engine;

    engine->pool = pool_new (&pool);
    FUZZ_CHECK (engine->pool != NULL && fake != NULL);
    FUZZ_CHECK (pool_add (engine->pool, fake_device (fake)) == 0);
    FUZZ_CHECK (pool_start (engine->pool) == 0);
    FUZZ_CHECK (scanner_choice_make ("portable", &engine->choice) == 0);
}

static void
make_broker (void)
{
    const struct broker_settings broker = {
        .max_searches = MAX_JOBS / 4, .request_timeout = 1, .keep = true};
    struct actions *actions = &node->actions;
    struct store *store;

    actions->precache =
        precache_owner_new (node->base, actions->config, &node->network, fuzz_directory ());
    FUZZ_CHECK (actions->precache != NULL);
    store = precache_owner_store (actions->precache);
    actions->broker = broker_new (node->base, actions->engine.pool, NULL, store, &broker);
    FUZZ_CHECK (store != NULL);
    FUZZ_CHECK (precache_owner_start (actions->precache, actions->broker) == 0);
    node->atto = (struct atto_works){
        .broker = actions->broker, .max_json_depth = 20, .now = stopped_clock, .has_store = true};
}

static void
make_actions (void)
{
    const struct peer_client_settings client = {
        .connect_timeout = 1, .response_timeout = 1, .identity = "fuzz"};

    node->peer_client = peer_client_new (node->base, &client);
    FUZZ_CHECK (node->peer_client != NULL);
    node->actions.network = &node->network;
    node->actions.peers = peers_new (node->peer_client, node->actions.config);
    node->actions.started = clock_now ();
    node->actions.stop = node->tick;
    FUZZ_CHECK (node->actions.peers != NULL);
}

static void
make_server (void)
{
    const struct server_settings limits = {.connections.max = 16,
                                           .connections.limits.max_body = 1 << 20,
                                           .max_json_depth = 20,
                                           .connections.read_timeout = 30,
                                           .idle_timeout = 3600,
                                           .enable_control = true};
    struct server *server = server_new (node->base, &limits, actions_table, &node->actions);
    char error[256];

    FUZZ_CHECK (server != NULL);
    node->actions.server = server;
    server_add_routes (server, health_routes, &node->actions);
    server_add_routes (server, callback_routes, &node->actions);
    server_add_routes (server, atto_works_routes, &node->atto);
    FUZZ_CHECK (server_listen (server, "127.0.0.1", &node->port, error, sizeof error) ==
                SERVER_LISTENING);
}

static void
drop_node (void)
{
    struct actions *actions = &node->actions;

    precache_owner_stop (actions->precache);
    server_stop (actions->server);
    client_close (&node->client);
    server_free (actions->server);
    broker_stop (actions->broker);
    engine_stop (&actions->engine);
    broker_free (actions->broker);
    peers_free (actions->peers);
    peer_client_free (node->peer_client);
    engine_clear (&actions->engine);
    precache_owner_free (actions->precache);
    event_free (node->tick);
    event_base_free (node->base);
    config_free (actions->config);
    free (node);
    node = NULL;
}

static void
make_node (void)
{
    const struct timeval interval = {.tv_usec = 20000};

    log_set_level (LOG_LEVEL_OFF);
    node = calloc (1, sizeof *node);
    FUZZ_CHECK (node != NULL);
    node->base = event_base_new ();
    FUZZ_CHECK (node->base != NULL);
    node->tick = event_new (node->base, -1, EV_PERSIST, on_tick, NULL);
    FUZZ_CHECK (node->tick != NULL && event_add (node->tick, &interval) == 0);
    make_settings ();
    make_engine ();
    make_broker ();
    make_actions ();
    make_server ();
    FUZZ_CHECK (atexit (drop_node) == 0); /* before the directory goes, which was there first */
}

void
node_post (const char *path, const void *body, size_t size, struct client_answer *answer)
{
    struct server_statistics statistics;

    if (node == NULL) {
        make_node ();
    }
    client_post (&node->client, node->base, node->port, path, body, size, answer);
    server_statistics (node->actions.server, &statistics);
    FUZZ_CHECK (statistics.waiting == 0);
    if (peers_count (node->actions.peers, PEERS_PRIMARY) > MAX_PEERS) {
        peers_clear (node->actions.peers); /* else each status would be longer than the last */
    }
}

/* nano_node writes every value as a string. */
static void
check_texts (const json_t *value)
{
    const char *key;
    const json_t *each;

    if (json_is_object (value)) {
        json_object_foreach ((json_t *)(uintptr_t)value, key, each)
        {
            check_texts (each);
        }
    } else if (json_is_array (value)) {
        for (size_t i = 0; i < json_array_size (value); i++) {
            check_texts (json_array_get (value, i));
        }
    } else {
        FUZZ_CHECK (json_is_string (value));
    }
}

/* Printed again it is the same, to the byte. */
static void
check_printed (const struct client_answer *answer, const json_t *body)
{
    struct evbuffer *printed = evbuffer_new ();

    FUZZ_CHECK (printed != NULL);
    json_print (body, printed);
    FUZZ_CHECK (evbuffer_get_length (printed) == answer->length);
    FUZZ_CHECK (memcmp (evbuffer_pullup (printed, -1), answer->body, answer->length) == 0);
    evbuffer_free (printed);
}

json_t *
node_check_json (const struct client_answer *answer, bool text)
{
    json_t *body = json_loadb (answer->body, answer->length, JSON_REJECT_DUPLICATES, NULL);

    FUZZ_CHECK (json_is_object (body));
    if (text) {
        check_texts (body);
        check_printed (answer, body);
    }
    return body;
}
