#include "node/api/actions.h"

#include <stdio.h>

#include "build_config.h"
#include "node/api/fields.h"
#include "rpc/base/json.h"
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

int
actions_put_list (json_t *body, const char *name, json_t *list)
{
    if (list != NULL && json_array_size (list) == 0 && json_object_size (list) == 0) {
        json_decref (list);
        return json_put (body, name, "%s", "");
    }
    return json_object_set_new (body, name, list);
}

static json_t *
success_body (void)
{
    return json_pack ("{s:s}", "success", "");
}

static void
action_work_cancel (void *context, struct request *request)
{
    struct actions *actions = context;
    uint8_t root[32];
    const char *error = fields_hash (request_fields (request), root);

    if (error != NULL) {
        request_fail (request, error);
        return;
    }
    (void)broker_cancel (actions->broker, actions->store_network, root);
    request_answer (request, success_body ());
}

static json_t *
peers_array (const struct peers *peers)
{
    json_t *array = json_array ();

    for (size_t i = 0; i < peers_count (peers, PEERS_PRIMARY); i++) {
        const char *name = peer_name (peers_at (peers, PEERS_PRIMARY, i));
        if (json_array_append_new (array, json_string (name)) != 0) {
            json_decref (array);
            return NULL;
        }
    }
    return array;
}

/* nano_node writes an empty list as an empty string. */
static void
action_work_peers (void *context, struct request *request)
{
    const struct actions *actions = context;

    if (peers_count (actions->peers, PEERS_PRIMARY) == 0) {
        request_answer (request, json_pack ("{s:s}", "work_peers", ""));
    } else {
        request_answer (request, json_pack ("{s:o}", "work_peers", peers_array (actions->peers)));
    }
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

    if (error != NULL) {
        request_fail (request, error);
        return;
    }
    peers_add (actions->peers, &endpoint);
    request_answer (request, success_body ());
}

static void
action_work_peers_clear (void *context, struct request *request)
{
    struct actions *actions = context;

    peers_clear (actions->peers);
    request_answer (request, success_body ());
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

    request_answer (request, success_body ());
    actions->stop (actions->stop_data);
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
