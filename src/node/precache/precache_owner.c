#include "node/precache/precache_owner.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/log.h"
#include "node/base/ownership.h"
#include "node/precache/frontiers.h"
#include "rpc/base/memory.h"
#include "rpc/base/url.h"
#include "work/base/account.h"

/* Below the data directory. */
#define STORE_DIRECTORY "work_store"

/* How often the store is looked at: for what the log should tell, and for what it has lost. */
static const struct timeval look = {.tv_sec = 2};

struct precache_owner {
    struct event_base *base;
    const struct config *config;
    const struct difficulty_network *difficulties;
    enum store_network network;
    struct store *store;
    struct precache *precache; /* kept, without searches, while it is switched off */
    struct tls *tls;           /* held, or NULL */
    struct frontiers *frontiers;
    struct event *timer;
    uint64_t troubles;    /* of the store, that were logged */
    uint64_t read_errors; /* likewise */
    bool failing;         /* as it was last logged */
    bool warned;          /* that nobody may tell of frontiers */
};

static enum store_network
store_network_by_name (const char *name)
{
    static const struct {
        const char *name;
        enum store_network network;
    } networks[] = {
        {"live", STORE_NANO_LIVE}, {"beta", STORE_NANO_BETA}, {"test", STORE_NANO_TEST},
        {"dev", STORE_NANO_DEV},   {"banano", STORE_BANANO},
    };
    size_t i = 0;

    while (i + 1 < sizeof networks / sizeof networks[0] && strcmp (networks[i].name, name) != 0) {
        i++;
    }
    return networks[i].network;
}

/* Once: a callback that comes later makes it good. */
static void
warn_of_frontiers (struct precache_owner *owner)
{
    if (!owner->warned && owner->frontiers == NULL && owner->config->precache_enable &&
        precache_lacks_frontier (owner->precache)) {
        owner->warned = true;
        log_warn ("No block of a watched account is known, and no node is asked for it: set "
                  "precache.node, or have the node send its blocks to /callback");
    }
}

/* Logs when writing begins to fail, and when it works again; and reading that has failed. */
static void
on_look (evutil_socket_t fd, short what, void *data)
{
    struct precache_owner *owner = data;
    struct store_statistics statistics;

    (void)fd;
    (void)what;
    store_statistics (owner->store, &statistics);
    if (statistics.troubles > owner->troubles) {
        log_error ("Cannot write to the store, retrying: %s", statistics.error);
        owner->failing = true;
    }
    if (owner->failing && !statistics.failing) {
        log_info ("Writing to the store works again");
        owner->failing = false;
    }
    if (statistics.read_errors > owner->read_errors) {
        log_error ("The store could not be read, %" PRIu64 " times so far: treated as not found",
                   statistics.read_errors);
    }
    owner->troubles = statistics.troubles;
    owner->read_errors = statistics.read_errors;
    if (owner->precache != NULL) {
        precache_check (owner->precache);
        warn_of_frontiers (owner);
    }
}

static void
log_store (const struct precache_owner *owner, const char *path)
{
    struct store_statistics statistics;

    store_statistics (owner->store, &statistics);
    log_info ("Store: %s, works: %" PRIu64 ", bytes: %" PRIu64, path, statistics.entries,
              statistics.bytes);
}

/* Returns 0, also without a store, or -1 when the daemon is not to start. */
static int
open_store (struct precache_owner *owner, const char *data_path)
{
    const struct config *config = owner->config;
    const struct store_settings settings = {
        .max_entries = config->store_max_entries,
        .max_bytes = config->store_max_bytes,
        .max_age = config->store_max_age,
        .max_accounts = 3 * config->precache_max_accounts, /* those watched and roots, too */
    };
    char path[PATH_MAX];
    char error[STORE_ERROR_SIZE] = "its path is too long";
    char advice[OWNERSHIP_TEXT_SIZE] = "";
    int length = config->store_path[0] != '\0'
                     ? snprintf (path, sizeof path, "%s", config->store_path)
                     : snprintf (path, sizeof path, "%s/%s", data_path, STORE_DIRECTORY);

    if (length > 0 && length < (int)sizeof path) {
        owner->store = store_open (path, &settings, error, sizeof error);
    }
    if (owner->store != NULL) {
        if (error[0] != '\0') {
            log_error ("%s", error);
        }
        log_store (owner, path);
        return 0;
    }
    if (length > 0 && length < (int)sizeof path) {
        ownership_advise (path, true, advice);
    }
    if (config->store_on_failure == CONFIG_ON_FAILURE_STOP) {
        log_error ("Cannot start without the store: %s%s (store.on_failure)", error, advice);
        return -1;
    }
    log_error ("Continuing without the store: %s%s (store.on_failure)", error, advice);
    return 0;
}

struct precache_owner *
precache_owner_new (struct event_base *base, const struct config *config,
                    const struct difficulty_network *network, const char *data_path)
{
    struct precache_owner *owner = memory_new (1, sizeof *owner);

    owner->base = base;
    owner->config = config;
    owner->difficulties = network;
    owner->network = store_network_by_name (network->name);
    if (config->store_enable && open_store (owner, data_path) != 0) {
        precache_owner_free (owner);
        return NULL;
    }
    if (owner->store != NULL) {
        owner->timer = memory_need (event_new (base, -1, EV_PERSIST, on_look, owner));
        memory_require (event_add (owner->timer, &look) == 0);
    }
    return owner;
}

/* Watches the accounts of the configuration, which has checked them. */
static int
list_accounts (struct precache_owner *owner)
{
    const struct text_list *accounts = &owner->config->precache_accounts;
    uint8_t (*keys)[32] = memory_new (accounts->count + 1, sizeof *keys);
    enum precache_result result;

    for (size_t i = 0; i < accounts->count; i++) {
        (void)account_parse (accounts->items[i], keys[i]);
    }
    result = precache_list (owner->precache, keys, accounts->count);
    free (keys);
    if (result == PRECACHE_TAKEN) {
        return 0;
    }
    log_error ("More accounts in precache.accounts than precache.max_accounts allows: %zu",
               accounts->count);
    return -1;
}

/* After the configuration's, which come first. */
static void
recall_watched (struct precache_owner *owner)
{
    const size_t forgotten = precache_recall_watched (owner->precache);

    if (forgotten > 0) {
        log_warn ("Not watched any more, for want of room: %zu accounts (precache.max_accounts)",
                  forgotten);
    }
}

static void
stop_frontiers (struct precache_owner *owner)
{
    frontiers_free (owner->frontiers);
    owner->frontiers = NULL;
}

/* The configuration has checked the address. */
static void
start_frontiers (struct precache_owner *owner)
{
    const struct config *config = owner->config;
    struct url node;
    const char *expected;

    stop_frontiers (owner);
    if (config->precache_enable &&
        url_parse (config->precache_node, HTTP_PORT, &node, &expected) == 0) {
        owner->frontiers =
            frontiers_new (owner->base, owner->precache, &node, owner->difficulties->prefix,
                           config->precache_poll_interval);
        frontiers_set_tls (owner->frontiers, owner->tls);
    }
}

static void
set_precache (struct precache_owner *owner, struct broker *broker)
{
    const struct config *config = owner->config;
    const bool receives = config->precache_subtype == CONFIG_SUBTYPE_RECEIVE;
    const struct precache_settings settings = {
        .network = owner->network,
        .threshold = receives ? owner->difficulties->epoch_2_receive : owner->difficulties->epoch_2,
        .max_accounts = (size_t)config->precache_max_accounts,
        .max_searches = config->precache_enable ? PRECACHE_OWNER_SEARCHES : 0,
        .use_peers = config->peers_stand_in,
    };

    if (owner->precache == NULL) {
        owner->precache = precache_new (owner->base, broker, owner->store, &settings);
    } else {
        precache_set (owner->precache, &settings);
    }
}

/* Whether a part of the configuration is not as in `last`, which may be NULL. */
static bool
is_new (const struct precache_owner *owner, const struct config *last, enum config_part part)
{
    return last == NULL || config_differs (last, owner->config, part);
}

/* Puts the configuration in force, where it differs from `last`. NULL: nothing is in force yet. */
static int
apply (struct precache_owner *owner, const struct config *last, struct broker *broker)
{
    const struct config *config = owner->config;
    struct precache_statistics statistics;
    int failed = 0;

    if (!config->precache_enable || owner->store == NULL) {
        if (config->precache_accounts.count > 0 || config->precache_node[0] != '\0') {
            log_warn ("Pre-caching is off: it needs the store (store.enable) and precache.enable");
        }
        if (owner->precache == NULL) {
            return 0;
        }
    }
    last = owner->precache != NULL ? last : NULL;
    set_precache (owner, broker);
    if (is_new (owner, last, CONFIG_PART_ACCOUNTS)) {
        failed = list_accounts (owner);
    }
    if (last == NULL) {
        recall_watched (owner);
    }
    if (is_new (owner, last, CONFIG_PART_FRONTIERS)) {
        start_frontiers (owner);
    }
    precache_statistics (owner->precache, &statistics);
    log_info ("Pre-caching: %zu accounts followed, %zu of them watched", statistics.accounts,
              statistics.pinned);
    return failed;
}

void
precache_owner_set_tls (struct precache_owner *owner, struct tls *tls)
{
    tls_release (owner->tls);
    owner->tls = tls_hold (tls);
    if (owner->frontiers != NULL) {
        frontiers_set_tls (owner->frontiers, tls);
    }
}

int
precache_owner_start (struct precache_owner *owner, struct broker *broker)
{
    return apply (owner, NULL, broker);
}

void
precache_owner_set (struct precache_owner *owner, const struct config *config,
                    struct broker *broker)
{
    const struct config *last = owner->config;

    owner->config = config;
    if (is_new (owner, last, CONFIG_PART_PRECACHE) || is_new (owner, last, CONFIG_PART_ACCOUNTS) ||
        is_new (owner, last, CONFIG_PART_FRONTIERS)) {
        (void)apply (owner, last, broker);
    }
}

void
precache_owner_stop (struct precache_owner *owner)
{
    stop_frontiers (owner);
    precache_free (owner->precache);
    owner->precache = NULL;
}

void
precache_owner_free (struct precache_owner *owner)
{
    if (owner == NULL) {
        return;
    }
    precache_owner_stop (owner);
    tls_release (owner->tls);
    if (owner->timer != NULL) {
        event_free (owner->timer);
    }
    if (owner->store != NULL && store_sync (owner->store) != 0) {
        struct store_statistics statistics;

        store_statistics (owner->store, &statistics);
        log_error ("Lost works that could not be stored: %s", statistics.error);
    }
    store_close (owner->store);
    free (owner);
}

struct store *
precache_owner_store (const struct precache_owner *owner)
{
    return owner->store;
}

struct precache *
precache_owner_precache (const struct precache_owner *owner)
{
    return owner->config->precache_enable ? owner->precache : NULL;
}

enum store_network
precache_owner_network (const struct precache_owner *owner)
{
    return owner->network;
}
