#include "node/daemon/gate.h"

#include <stdlib.h>
#include <string.h>

#include "node/base/log.h"
#include "rpc/access/cidr.h"

/* Callers whose rates are remembered at once. */
#define MOST_CALLERS 16384

static const struct timeval report_time = {.tv_sec = 10};

struct gate {
    struct access *access;
    size_t keys;
    size_t networks;
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
    default:
        return "no fault";
    }
}

static void
on_report (evutil_socket_t fd, short what, void *data)
{
    struct gate *gate = data;

    (void)fd;
    (void)what;
    if (gate->refused > 1) {
        log_info ("Refused %zu more requests within 10 s; log.level debug shows each",
                  gate->refused - 1);
    }
    gate->refused = 0;
}

/* The first of a while is told of at once. */
static void
on_refusal (void *data, enum access_verdict verdict, const char *who)
{
    struct gate *gate = data;

    if (gate->refused++ > 0) {
        log_debug ("Refused a request of %s: %s", who, reason_of (verdict));
        return;
    }
    log_info ("Refused a request of %s: %s", who, reason_of (verdict));
    if (event_add (gate->report, &report_time) != 0) {
        gate->refused = 0;
    }
}

struct gate *
gate_new (struct event_base *base)
{
    struct gate *gate = calloc (1, sizeof *gate);

    if (gate != NULL) {
        gate->report = event_new (base, -1, 0, on_report, gate);
    }
    if (gate != NULL && gate->report == NULL) {
        free (gate);
        gate = NULL;
    }
    return gate;
}

static double
or_general (double own, double general)
{
    return own >= 0 ? own : general;
}

static void
fill_limits (const struct config *config, struct access_limits *limits)
{
    *limits = (struct access_limits){
        .rate = config->access_rate,
        .burst = config->access_burst,
        .max_jobs = config->access_max_jobs,
        .max_multiplier = config->access_max_multiplier,
    };
}

static void
fill_key (const struct config_access_key *from, const struct access_limits *general,
          struct access_key *key)
{
    memcpy (key->name, from->name, sizeof key->name);
    key->hash = from->hash;
    key->limits = (struct access_limits){
        .rate = or_general (from->rate, general->rate),
        .burst = or_general (from->burst, general->burst),
        .max_jobs = (uint64_t)or_general (from->max_jobs, (double)general->max_jobs),
        .max_multiplier = or_general (from->max_multiplier, general->max_multiplier),
    };
}

/* Their texts have been checked. */
static struct cidr *
parse_networks (const struct text_list *texts)
{
    struct cidr *networks = calloc (texts->count + 1, sizeof *networks);

    for (size_t i = 0; networks != NULL && i < texts->count; i++) {
        (void)cidr_parse (texts->items[i], &networks[i]);
    }
    return networks;
}

static int
replace (struct gate *gate, const struct access_settings *settings)
{
    struct access *access = NULL;

    if (access_is_needed (settings)) {
        access = access_new (settings, gate->access);
        if (access == NULL) {
            return -1;
        }
    }
    access_unref (gate->access);
    gate->access = access;
    return 0;
}

int
gate_set (struct gate *gate, const struct config *config)
{
    struct access_key *keys = calloc (config->access_keys.count + 1, sizeof *keys);
    struct cidr *allow = parse_networks (&config->access_allow);
    struct cidr *nodes = parse_networks (&config->access_nodes);
    struct access_settings settings = {
        .keys = keys,
        .key_count = config->access_keys.count,
        .allow = allow,
        .allow_count = config->access_allow.count,
        .nodes = nodes,
        .node_count = config->access_nodes.count,
        .max_callers = MOST_CALLERS,
        .tell = on_refusal,
        .data = gate,
    };
    int result = -1;

    fill_limits (config, &settings.limits);
    if (keys != NULL && allow != NULL && nodes != NULL) {
        for (size_t i = 0; i < settings.key_count; i++) {
            fill_key (&config->access_keys.items[i], &settings.limits, &keys[i]);
        }
        result = replace (gate, &settings);
    }
    free (keys);
    free (allow);
    free (nodes);
    if (result == 0) {
        gate->keys = settings.key_count;
        gate->networks = settings.allow_count;
    }
    return result;
}

void
gate_announce (const struct gate *gate, bool is_wide)
{
    if (gate->keys > 0 || gate->networks > 0) {
        log_info ("Access: %zu API keys; networks that need none: %zu", gate->keys, gate->networks);
    } else if (is_wide) {
        log_warn ("ANYBODY WHO REACHES THIS MACHINE CAN HAVE WORK DONE HERE: it listens on more "
                  "than loopback, without API keys (access.keys) and networks (access.allow)");
    }
}

struct access *
gate_access (const struct gate *gate)
{
    return gate->access;
}

void
gate_free (struct gate *gate)
{
    if (gate == NULL) {
        return;
    }
    access_unref (gate->access);
    event_free (gate->report);
    free (gate);
}
