#include "node/api/actions.h"

#include <inttypes.h>

#include "build_config.h"
#include "node/api/fields.h"
#include "rpc/base/json.h"
#include "rpc/base/memory.h"
#include "work/base/number.h"

struct fault
actions_refusal (const struct actions *actions, enum broker_result result)
{
    static const char no_source[] = "no device here, and no work peer that may be asked";
    struct fault fault;

    switch (result) {
    case BROKER_FULL:
        (void)fault_set (&fault, REASON_QUEUE_FULL, FIELDS_FULL, "%" PRIu64 " (work.max_queue)",
                         actions->config->work_max_queue);
        return fault;
    case BROKER_LOCAL_DISABLED:
        (void)fault_set (&fault, REASON_NO_SOURCE, FIELDS_LOCAL_DISABLED, no_source);
        return fault;
    case BROKER_DISABLED:
        (void)fault_set (&fault, REASON_NO_SOURCE, "Work generation is disabled", no_source);
        return fault;
    case BROKER_LOOPED:
        return (struct fault){"Work peers form a loop: this request came from here", REASON_LOOP,
                              ""};
    default:
        return actions_failure (actions, BROKER_FAILED);
    }
}

struct fault
actions_failure (const struct actions *actions, enum broker_outcome outcome)
{
    struct fault fault = {FIELDS_FAILED, REASON_NO_SOURCE,
                          "no device is left that works, and no work peer that answers"};

    if (outcome == BROKER_CANCELLED) {
        fault = (struct fault){FIELDS_CANCELLED, REASON_CANCELLED, ""};
    } else if (outcome == BROKER_EXPIRED) {
        (void)fault_set (&fault, REASON_TIMEOUT, FIELDS_FAILED, "%g s (work.request_timeout)",
                         actions->config->work_request_timeout);
    }
    if (actions->stopping) {
        fault = (struct fault){fault.error, REASON_STOPPING, ""};
    }
    return fault;
}

void
actions_answer (struct request *request, bool good, const struct fault *fault)
{
    if (good) {
        request_answer (request, json_pack ("{s:s}", "success", ""));
    } else {
        request_fail (request, fault);
    }
}

void
actions_put (json_t *body, const char *name, json_t *value)
{
    memory_require (json_object_set_new (body, name, value) == 0);
}

static void
action_work_cancel (void *context, struct request *request)
{
    struct actions *actions = context;
    uint8_t root[32];
    struct fault fault;
    const bool good = fields_hash (request_fields (request), root, &fault);

    if (good) {
        (void)broker_cancel (actions->broker, precache_owner_network (actions->precache), root);
    }
    actions_answer (request, good, &fault);
}

static void
action_work_peers (void *context, struct request *request)
{
    const struct peers *peers = ((const struct actions *)context)->peers;
    json_t *body = json_object ();
    json_t *names = json_array ();

    for (size_t i = 0; i < peers_count (peers, PEERS_PRIMARY); i++) {
        const char *name = peer_name (peers_at (peers, PEERS_PRIMARY, i));
        memory_require (json_array_append_new (names, json_string (name)) == 0);
    }
    if (json_array_size (names) == 0) { /* as nano_node has it */
        json_decref (names);
        names = json_string ("");
    }
    actions_put (body, "work_peers", names);
    request_answer (request, body);
}

static bool
read_peer (const json_t *fields, struct endpoint *endpoint, struct fault *fault)
{
    char address_scratch[JSON_SCRATCH_SIZE];
    char port_scratch[JSON_SCRATCH_SIZE];
    const char *address = json_text (fields, "address", address_scratch);
    const char *port = json_text (fields, "port", port_scratch);
    const char *expected;
    uint64_t number;

    if (address == NULL || port == NULL) {
        return fields_missing (address == NULL ? "address" : "port", fault);
    }
    if (number_parse_unsigned (port, 0, UINT16_MAX, &number) != 0) {
        return fields_bad ("port", "Invalid port", fault);
    }
    return endpoint_make (address, (uint16_t)number, endpoint, &expected) == 0 ||
           fields_bad ("address", "Invalid address", fault);
}

static void
action_work_peer_add (void *context, struct request *request)
{
    struct actions *actions = context;
    struct endpoint endpoint;
    struct fault fault;
    const bool good = read_peer (request_fields (request), &endpoint, &fault);

    if (good) {
        peers_add (actions->peers, &endpoint);
    }
    actions_answer (request, good, &fault);
}

static void
action_work_peers_clear (void *context, struct request *request)
{
    struct actions *actions = context;

    peers_clear (actions->peers);
    actions_answer (request, true, NULL);
}

static void
action_version (void *context, struct request *request)
{
    const struct actions *actions = context;

    request_answer (request, json_pack ("{s:s, s:s, s:s, s:s}", "rpc_version", "1", "node_vendor",
                                        "Workpeer " PACKAGE_VERSION, "network",
                                        actions->network->name, "build_info", BUILD_INFO));
}

static void
action_stop (void *context, struct request *request)
{
    struct actions *actions = context;

    actions_answer (request, true, NULL);
    event_active (actions->stop, EV_TIMEOUT, 0); /* not at once: the answer leaves first */
}

const struct action actions_table[] = {
    {"work_generate", ACCESS_RIGHT_WORK, false, false, action_work_generate},
    {"work_validate", ACCESS_RIGHT_WORK, false, false, action_work_validate},
    {"work_cancel", ACCESS_RIGHT_WORK, false, false, action_work_cancel},
    {"work_precache", ACCESS_RIGHT_PRECACHE, false, true, action_work_precache},
    {"work_get", ACCESS_RIGHT_STORE, true, false, action_work_get},
    {"work_set", ACCESS_RIGHT_STORE, true, false, action_work_set},
    {"precache_status", ACCESS_RIGHT_PRECACHE, false, true, action_precache_status},
    {"precache_watch", ACCESS_RIGHT_PRECACHE, true, true, action_precache_watch},
    {"precache_unwatch", ACCESS_RIGHT_PRECACHE, true, true, action_precache_unwatch},
    {"work_peers", ACCESS_RIGHT_PEERS, true, false, action_work_peers},
    {"work_peer_add", ACCESS_RIGHT_PEERS, true, false, action_work_peer_add},
    {"work_peers_clear", ACCESS_RIGHT_PEERS, true, false, action_work_peers_clear},
    {"status", ACCESS_RIGHT_NONE, false, false, action_status},
    {"benchmark", ACCESS_RIGHT_WORK, false, false, action_benchmark},
    {"version", ACCESS_RIGHT_NONE, false, false, action_version},
    {"stop", ACCESS_RIGHT_CONTROL, true, false, action_stop},
    {NULL, ACCESS_RIGHT_NONE, false, false, NULL},
};
