#include "node/api/actions.h"
#include "node/api/fields.h"
#include "rpc/base/json.h"
#include "work/base/hex.h"
#include "work/scan/value.h"

struct validation {
    uint8_t root[32];
    uint64_t work;
    uint64_t threshold;
    bool with_threshold; /* `difficulty` was given, so `valid` is answered */
};

static bool
read_validation (const struct actions *actions, const json_t *fields, struct validation *validation,
                 struct fault *fault)
{
    uint64_t base = actions->network->base;
    bool multiplied = false;

    validation->threshold = base;
    return fields_hash (fields, validation->root, fault) &&
           fields_work (fields, &validation->work, fault) && fields_version (fields, fault) &&
           fields_difficulty (fields, &validation->threshold, &validation->with_threshold, fault) &&
           fields_multiplier (fields, base, &validation->threshold, &multiplied, fault);
}

static json_t *
validation_body (const struct actions *actions, const struct validation *validation, uint64_t value)
{
    const struct difficulty_network *network = actions->network;
    char difficulty[HEX_U64_SIZE];
    json_t *body = json_object ();

    hex_print_u64 (value, difficulty);
    if (validation->with_threshold) {
        json_put (body, "valid", "%d", value >= validation->threshold);
    }
    json_put (body, "valid_all", "%d", value >= network->base);
    json_put (body, "valid_receive", "%d", value >= network->epoch_2_receive);
    json_put (body, "difficulty", "%s", difficulty);
    json_put (body, "multiplier", "%.15f", difficulty_to_multiplier (value, network->base));
    return body;
}

void
action_work_validate (void *context, struct request *request)
{
    const struct actions *actions = context;
    struct validation validation = {0};
    struct fault fault;

    if (!read_validation (actions, request_fields (request), &validation, &fault)) {
        request_fail (request, &fault);
        return;
    }
    request_answer (request, validation_body (actions, &validation,
                                              value_of (validation.root, validation.work)));
}
