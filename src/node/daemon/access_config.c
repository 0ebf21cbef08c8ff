#include "node/daemon/access_config.h"

#include <stdlib.h>
#include <string.h>

#include "node/base/log.h"
#include "rpc/access/cidr.h"
#include "rpc/base/memory.h"

/* Callers whose rates are remembered at once. */
#define MOST_CALLERS 16384

static const struct timeval report_time = {.tv_sec = 10};

struct access_config {
    struct access *access;
    struct proxies proxies;
    struct event *report; /* pending while refusals are gathered */
    size_t refused;       /* since it began */
};

static const char *
reason_of (enum access_verdict verdict)
{
    switch (verdict) {
    case ACCESS_NO_KEY:
        return "no API key";
    case ACCESS_WRONG_KEY:
        return "an unknown API key";
    case ACCESS_FORBIDDEN:
        return "an address that is not allowed";
    case ACCESS_TOO_FAST:
        return "more requests than access.rate allows";
    case ACCESS_TOO_MANY_JOBS:
        return "more requests for work at once than access.max_jobs allows";
    case ACCESS_TOO_DIFFICULT:
        return "a difficulty above access.max_multiplier";
    case ACCESS_NO_RIGHT:
        return "a right that its API key does not have";
    default:
        return "no fault";
    }
}

static void
on_report (evutil_socket_t fd, short what, void *data)
{
    struct access_config *access = data;

    (void)fd;
    (void)what;
    if (access->refused > 1) {
        log_info ("Refused %zu more requests within 10 s; log.level debug shows each",
                  access->refused - 1);
    }
    access->refused = 0;
}

/* The first of a while is told of at once. */
static void
on_refusal (void *data, enum access_verdict verdict, const char *who)
{
    struct access_config *access = data;

    if (access->refused++ > 0) {
        log_debug ("Refused a request from %s: %s", who, reason_of (verdict));
        return;
    }
    log_info ("Refused a request from %s: %s", who, reason_of (verdict));
    memory_require (event_add (access->report, &report_time) == 0);
}

struct access_config *
access_config_new (struct event_base *base)
{
    struct access_config *access = memory_new (1, sizeof *access);

    access->access = access_new (MOST_CALLERS);
    if (access->access == NULL) {
        log_error ("Access control cannot start: the system has no random numbers");
        free (access);
        return NULL;
    }
    access->report = memory_need (event_new (base, -1, 0, on_report, access));
    return access;
}

static double
or_general (double own, double general)
{
    return own != CONFIG_ACCESS_AS_OTHERS ? own : general;
}

static struct access_key
complete_key (const struct access_key *key, const struct access_limits *general)
{
    struct access_key complete = *key;
    struct access_limits *const limits = &complete.limits;

    limits->rate = or_general (limits->rate, general->rate);
    limits->burst = or_general (limits->burst, general->burst);
    limits->max_multiplier = or_general (limits->max_multiplier, general->max_multiplier);
    if (limits->max_jobs == CONFIG_ACCESS_JOBS_AS_OTHERS) {
        limits->max_jobs = general->max_jobs;
    }
    return complete;
}

/* Their texts have been checked. */
static struct cidr *
parse_networks (const struct text_list *texts)
{
    struct cidr *networks = memory_new (texts->count, sizeof *networks);

    for (size_t i = 0; i < texts->count; i++) {
        (void)cidr_parse (texts->items[i], &networks[i]);
    }
    return networks;
}

void
access_config_set (struct access_config *access, const struct config *config)
{
    struct access_settings settings = {
        .keys = memory_new (config->access_keys.count, sizeof *settings.keys),
        .key_count = config->access_keys.count,
        .allow = parse_networks (&config->access_allow),
        .allow_count = config->access_allow.count,
        .nodes = parse_networks (&config->access_nodes),
        .node_count = config->access_nodes.count,
        .limits = {.rate = config->access_rate,
                   .burst = config->access_burst,
                   .max_jobs = config->access_max_jobs,
                   .max_multiplier = config->access_max_multiplier},
        .tell = on_refusal,
        .data = access,
    };

    for (size_t i = 0; i < settings.key_count; i++) {
        settings.keys[i] = complete_key (&config->access_keys.items[i], &settings.limits);
    }
    access_set (access->access, &settings);
    free (access->proxies.networks);
    access->proxies = (struct proxies){
        .networks = parse_networks (&config->access_proxies),
        .count = config->access_proxies.count,
        .protocol = config->access_proxy_protocol,
    };
}

void
access_config_announce (const struct config *config, bool is_wide)
{
    const size_t keys = config->access_keys.count;
    const size_t networks = config->access_allow.count;

    if (keys > 0 || networks > 0) {
        log_info ("Access: %zu API keys; networks that need no key: %zu", keys, networks);
    } else if (is_wide || config->access_proxies.count > 0) {
        log_warn ("ANYBODY WHO CAN REACH THIS MACHINE CAN REQUEST WORK: it listens on more than "
                  "loopback%s, with neither API keys (access.keys) nor networks (access.allow)",
                  is_wide ? "" : " through a proxy (access.proxies)");
    }
}

struct access *
access_config_get (const struct access_config *access)
{
    return access->access;
}

const struct proxies *
access_config_proxies (const struct access_config *access)
{
    return &access->proxies;
}

void
access_config_free (struct access_config *access)
{
    if (access == NULL) {
        return;
    }
    access_free (access->access);
    free (access->proxies.networks);
    event_free (access->report);
    free (access);
}
