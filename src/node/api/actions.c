#include "node/api/actions.h"

#include "build_config.h"
#include "node/api/fields.h"
#include "rpc/base/json.h"
#include "rpc/base/memory.h"
#include "work/base/number.h"

const char *
actions_refusal (enum broker_result result)
{
    switch (result) {
    case BROKER_FULL:
        return FIELDS_FULL;
    case BROKER_LOCAL_DISABLED:
        return FIELDS_LOCAL_DISABLED;
    case BROKER_DISABLED:
        return "Work generation is disabled";
    case BROKER_LOOPED:
        return "Work peers form a loop: this request has come from here";
    default:
        return FIELDS_FAILED;
    }
}

void
actions_answer (struct request *request, const char *error)
{
    if (error != NULL) {
        request_fail (request, error);
    } else {
        request_answer (request, json_pack ("{s:s}", "success", ""));
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
    const char *error = fields_hash (request_fields (request), root);

    if (error == NULL) {
        (void)broker_cancel (actions->broker, precache_owner_network (actions->precache), root);
    }
    actions_answer (request, error);
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

static const char *
read_peer (const json_t *fields, struct endpoint *endpoint)
{
    char address_scratch[JSON_SCRATCH_SIZE];
    char port_scratch[JSON_SCRATCH_SIZE];
    const char *address = json_text (fields, "address", address_scratch);
    const char *port = json_text (fields, "port", port_scratch);
    const char *expected;
    uint64_t number;

    if (address == NULL || port == NULL) {
        return FIELDS_MISSING;
    }
    if (number_parse_unsigned (port, 0, UINT16_MAX, &number) != 0) {
        return "Invalid port";
    }
    return endpoint_make (address, (uint16_t)number, endpoint, &expected) == 0 ? NULL
                                                                               : "Invalid address";
}

static void
action_work_peer_add (void *context, struct request *request)
{
    struct actions *actions = context;
    struct endpoint endpoint;
    const char *error = read_peer (request_fields (request), &endpoint);

    if (error == NULL) {
        peers_add (actions->peers, &endpoint);
    }
    actions_answer (request, error);
}

static void
action_work_peers_clear (void *context, struct request *request)
{
    struct actions *actions = context;

    peers_clear (actions->peers);
    actions_answer (request, NULL);
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

    actions_answer (request, NULL);
    event_active (actions->stop, EV_TIMEOUT, 0); /* not at once: the answer leaves first */
}

const struct action actions_table[] = {
    {"work_generate", false, action_work_generate},
    {"work_validate", false, action_work_validate},
    {"work_cancel", false, action_work_cancel},
    {"work_precache", false, action_work_precache},
    {"work_get", true, action_work_get},
    {"work_set", true, action_work_set},
    {"precache_status", false, action_precache_status},
    {"precache_watch", true, action_precache_watch},
    {"precache_unwatch", true, action_precache_unwatch},
    {"work_peers", true, action_work_peers},
    {"work_peer_add", true, action_work_peer_add},
    {"work_peers_clear", true, action_work_peers_clear},
    {"status", false, action_status},
    {"benchmark", false, action_benchmark},
    {"version", false, action_version},
    {"stop", true, action_stop},
    {NULL, false, NULL},
};
