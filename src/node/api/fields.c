#include "node/api/fields.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "rpc/base/json.h"
#include "work/base/account.h"
#include "work/base/hex.h"
#include "work/base/number.h"

bool
fields_missing (const char *name, struct fault *fault)
{
    return fault_set (fault, REASON_MISSING_FIELD, JSON_UNREADABLE, "%s", name);
}

bool
fields_needed (const char *error, struct fault *fault)
{
    return fault_set (fault, REASON_MISSING_FIELD, error, "%s", strchr (error, ':') + 2);
}

bool
fields_bad (const char *name, const char *error, struct fault *fault)
{
    return fault_set (fault, REASON_BAD_FIELD, error, "%s", name);
}

bool
fields_hash (const json_t *fields, uint8_t root[32], struct fault *fault)
{
    char scratch[JSON_SCRATCH_SIZE];
    const char *text = json_text (fields, "hash", scratch);

    if (text == NULL) {
        return fields_missing ("hash", fault);
    }
    return hex_parse_root (text, root) == 0 || fields_bad ("hash", "Invalid block hash", fault);
}

bool
fields_version (const json_t *fields, struct fault *fault)
{
    char scratch[JSON_SCRATCH_SIZE];
    const char *text = json_text (fields, "version", scratch);

    return text == NULL || strcmp (text, "work_1") == 0 ||
           fields_bad ("version", "Bad work version", fault);
}

bool
fields_account (const json_t *fields, uint8_t key[32], bool *given, struct fault *fault)
{
    char scratch[JSON_SCRATCH_SIZE];
    const char *text = json_text (fields, "account", scratch);

    if (text == NULL) {
        return true;
    }
    if (account_parse (text, key) != 0) {
        return fields_bad ("account", "Bad account number", fault);
    }
    *given = true;
    return true;
}

bool
fields_work (const json_t *fields, uint64_t *work, struct fault *fault)
{
    char scratch[JSON_SCRATCH_SIZE];
    const char *text = json_text (fields, "work", scratch);

    return text == NULL || hex_parse_u64 (text, work) == 0 ||
           fields_bad ("work", "Bad work", fault);
}

bool
fields_difficulty (const json_t *fields, uint64_t *difficulty, bool *given, struct fault *fault)
{
    char scratch[JSON_SCRATCH_SIZE];
    const char *text = json_text (fields, "difficulty", scratch);

    if (text == NULL) {
        return true;
    }
    if (hex_parse_u64 (text, difficulty) != 0) {
        return fields_bad ("difficulty", "Bad difficulty", fault);
    }
    *given = true;
    return true;
}

bool
fields_multiplier (const json_t *fields, uint64_t base, uint64_t *difficulty, bool *given,
                   struct fault *fault)
{
    char scratch[JSON_SCRATCH_SIZE];
    const char *text = json_text (fields, "multiplier", scratch);
    double multiplier = 0;

    if (text == NULL) {
        return true;
    }
    if (number_parse_double (text, &multiplier) != 0 || !(multiplier > 0) || isinf (multiplier)) {
        return fields_bad ("multiplier", "Bad multiplier", fault);
    }
    *difficulty = difficulty_from_multiplier (multiplier, base);
    *given = true;
    return true;
}

bool
fields_subtype (const json_t *fields, const struct difficulty_network *network,
                uint64_t *difficulty, bool *given, struct fault *fault)
{
    static const struct {
        const char *name;
        bool receives;
    } subtypes[] = {
        {"send", false}, {"change", false}, {"receive", true}, {"open", true}, {"epoch", true},
    };
    char scratch[JSON_SCRATCH_SIZE];
    const char *text = json_text (fields, "subtype", scratch);

    for (size_t i = 0; text != NULL && i < sizeof subtypes / sizeof subtypes[0]; i++) {
        if (strcmp (text, subtypes[i].name) == 0) {
            *difficulty = subtypes[i].receives ? network->epoch_2_receive : network->epoch_2;
            *given = true;
            return true;
        }
    }
    return text == NULL || fields_bad ("subtype", "Bad subtype", fault);
}

bool
fields_limit (const struct difficulty_network *network, double max_multiplier, uint64_t difficulty,
              struct fault *fault)
{
    static const char error[] = "Difficulty above config limit or below publish threshold";
    const uint64_t highest = difficulty_from_multiplier (max_multiplier, network->base);

    if (difficulty > highest) {
        return fault_set (fault, REASON_ABOVE_LIMIT, error,
                          "at most %016" PRIx64
                          ", multiplier %g (node.max_work_generate_multiplier)",
                          highest, max_multiplier);
    }
    return difficulty >= network->entry ||
           fault_set (fault, REASON_BELOW_THRESHOLD, error, "at least %016" PRIx64, network->entry);
}

bool
fields_count (const json_t *fields, const char *name, uint64_t least, uint64_t most,
              const char *otherwise, uint64_t *count, struct fault *fault)
{
    char scratch[JSON_SCRATCH_SIZE];
    const char *text = json_text (fields, name, scratch);

    return text == NULL || number_parse_unsigned (text, least, most, count) == 0 ||
           fields_bad (name, otherwise, fault);
}
