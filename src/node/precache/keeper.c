#include "node/precache/keeper.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/log.h"
#include "node/base/ownership.h"
#include "node/precache/frontiers.h"
#include "work/base/account.h"

/* Below the data directory. */
#define STORE_DIRECTORY "work_store"

/* How often the store is looked at, for what the log should tell. */
static const struct timeval look = {.tv_sec = 2};

struct keeper {
    struct event_base *base;
    const struct config *config;
    const struct difficulty_network *difficulties;
    enum store_network network;
    struct store *store;
    struct precache *precache;
    struct frontiers *frontiers;
    struct event *timer;
    uint64_t troubles;    /* of the store, that were logged */
    uint64_t read_errors; /* likewise */
    bool failing;         /* as it was last logged */
};

static enum store_network
store_network_by_name (const char *name)
{
    static const struct {
        const char *name;
        enum store_network network;
    } networks[] = {
        {"live", STORE_NANO_LIVE},
        {"beta", STORE_NANO_BETA},
        {"test", STORE_NANO_TEST},
        {"dev", STORE_NANO_DEV},
    };
    size_t i = 0;

    while (i + 1 < sizeof networks / sizeof networks[0] && strcmp (networks[i].name, name) != 0) {
        i++;
    }
    return networks[i].network;
}

/* Logs when writing begins to fail, and when it works again; and reading that has failed. */
static void
on_look (evutil_socket_t fd, short what, void *data)
{
    struct keeper *keeper = data;
    struct store_statistics statistics;

    (void)fd;
    (void)what;
    store_statistics (keeper->store, &statistics);
    if (statistics.troubles > keeper->troubles) {
        log_error ("The store cannot be written, and tries again: %s", statistics.error);
        keeper->failing = true;
    }
    if (keeper->failing && !statistics.failing) {
        log_info ("The store is written again");
        keeper->failing = false;
    }
    if (statistics.read_errors > keeper->read_errors) {
        log_error ("The store could not be read, %" PRIu64 " times so far: what was looked for "
                   "counts as not there",
                   statistics.read_errors);
    }
    keeper->troubles = statistics.troubles;
    keeper->read_errors = statistics.read_errors;
}

static void
log_store (const struct keeper *keeper, const char *path)
{
    struct store_statistics statistics;

    store_statistics (keeper->store, &statistics);
    log_info ("Store: %s, works: %" PRIu64 ", bytes: %" PRIu64, path, statistics.entries,
              statistics.bytes);
}

/* Returns 0, also without a store, or -1 when the daemon is not to start. */
static int
open_store (struct keeper *keeper, const char *data_path)
{
    const struct config *config = keeper->config;
    const struct store_settings settings = {
        .max_entries = config->store_max_entries,
        .max_bytes = config->store_max_bytes,
        .max_age = config->store_max_age,
        .max_accounts = config->precache_max_accounts,
    };
    char path[PATH_MAX];
    char error[STORE_ERROR_SIZE] = "its path is too long";
    char advice[OWNERSHIP_TEXT_SIZE] = "";
    int length = config->store_path[0] != '\0'
                     ? snprintf (path, sizeof path, "%s", config->store_path)
                     : snprintf (path, sizeof path, "%s/%s", data_path, STORE_DIRECTORY);

    if (length > 0 && length < (int)sizeof path) {
        keeper->store = store_open (path, &settings, error, sizeof error);
    }
    if (keeper->store != NULL) {
        log_store (keeper, path);
        return 0;
    }
    if (length > 0 && length < (int)sizeof path) {
        ownership_advise (path, true, advice);
    }
    if (strcmp (config->store_on_failure, "stop") == 0) {
        log_error ("Cannot start without the store: %s%s (store.on_failure)", error, advice);
        return -1;
    }
    log_error ("Going on without the store: %s%s (store.on_failure)", error, advice);
    return 0;
}

static int
watch_store (struct keeper *keeper)
{
    keeper->timer = event_new (keeper->base, -1, EV_PERSIST, on_look, keeper);
    if (keeper->timer == NULL || event_add (keeper->timer, &look) != 0) {
        log_error ("Cannot watch the store: out of memory");
        return -1;
    }
    return 0;
}

struct keeper *
keeper_new (struct event_base *base, const struct config *config,
            const struct difficulty_network *network, const char *data_path)
{
    struct keeper *keeper = calloc (1, sizeof *keeper);

    if (keeper == NULL) {
        log_error ("Cannot start: out of memory");
        return NULL;
    }
    keeper->base = base;
    keeper->config = config;
    keeper->difficulties = network;
    keeper->network = store_network_by_name (network->name);
    if (config->store_enable && (open_store (keeper, data_path) != 0 ||
                                 (keeper->store != NULL && watch_store (keeper) != 0))) {
        keeper_free (keeper);
        return NULL;
    }
    return keeper;
}

/* Those of the configuration, which has checked them. */
static int
watch_accounts (struct keeper *keeper)
{
    const struct text_list *accounts = &keeper->config->precache_accounts;

    for (size_t i = 0; i < accounts->count; i++) {
        uint8_t key[32];

        if (account_parse (accounts->items[i], key) == 0 &&
            precache_watch (keeper->precache, key) != PRECACHE_TAKEN) {
            log_error ("More accounts in precache.accounts than precache.max_accounts allows: %zu",
                       accounts->count);
            return -1;
        }
    }
    return 0;
}

static int
start_frontiers (struct keeper *keeper)
{
    const struct config *config = keeper->config;
    struct url node;
    const char *expected;

    if (config->precache_node[0] == '\0') {
        return 0;
    }
    if (url_parse (config->precache_node, HTTP_PORT, &node, &expected) == 0) {
        keeper->frontiers =
            frontiers_new (keeper->base, keeper->precache, &node, config->precache_poll_interval);
    }
    if (keeper->frontiers == NULL) {
        log_error ("Cannot ask %s for frontiers: out of descriptors", config->precache_node);
        return -1;
    }
    return 0;
}

int
keeper_start (struct keeper *keeper, struct broker *broker)
{
    const struct config *config = keeper->config;
    const bool receives = strcmp (config->precache_subtype, "receive") == 0;
    const struct precache_settings settings = {
        .network = keeper->network,
        .threshold =
            receives ? keeper->difficulties->epoch_2_receive : keeper->difficulties->epoch_2,
        .max_accounts = (size_t)config->precache_max_accounts,
        .max_searches = KEEPER_SEARCHES,
        .use_peers = config->peers_stand_in,
    };
    struct precache_statistics statistics;

    if (!config->precache_enable || keeper->store == NULL) {
        if (config->precache_accounts.count > 0 || config->precache_node[0] != '\0') {
            log_warn ("Nothing is found ahead of need: that takes a store (store.enable) and "
                      "precache.enable");
        }
        return 0;
    }
    keeper->precache = precache_new (keeper->base, broker, keeper->store, &settings);
    if (keeper->precache == NULL) {
        log_error ("Cannot start pre-caching: out of memory");
        return -1;
    }
    if (watch_accounts (keeper) != 0 || start_frontiers (keeper) != 0) {
        return -1;
    }
    precache_statistics (keeper->precache, &statistics);
    log_info ("Pre-caching: %zu accounts are followed, %zu of them watched", statistics.accounts,
              statistics.pinned);
    return 0;
}

int
keeper_configure (struct keeper *keeper, const struct config *config, struct broker *broker)
{
    const bool differs = config_differs (keeper->config, config, "precache.") ||
                         config_differs (keeper->config, config, "peers.stand_in");

    keeper->config = config;
    if (!differs) {
        return 0;
    }
    keeper_stop (keeper);
    if (keeper_start (keeper, broker) != 0) {
        keeper_stop (keeper);
        return -1;
    }
    return 0;
}

void
keeper_stop (struct keeper *keeper)
{
    frontiers_free (keeper->frontiers);
    keeper->frontiers = NULL;
    precache_free (keeper->precache);
    keeper->precache = NULL;
}

void
keeper_free (struct keeper *keeper)
{
    if (keeper == NULL) {
        return;
    }
    keeper_stop (keeper);
    if (keeper->timer != NULL) {
        event_free (keeper->timer);
    }
    if (keeper->store != NULL && store_sync (keeper->store) != 0) {
        struct store_statistics statistics;

        store_statistics (keeper->store, &statistics);
        log_error ("Works are lost that could not be stored: %s", statistics.error);
    }
    store_close (keeper->store);
    free (keeper);
}

struct store *
keeper_store (const struct keeper *keeper)
{
    return keeper->store;
}

struct precache *
keeper_precache (const struct keeper *keeper)
{
    return keeper->precache;
}

enum store_network
keeper_network (const struct keeper *keeper)
{
    return keeper->network;
}
