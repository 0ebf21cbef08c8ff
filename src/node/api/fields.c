#include "node/api/fields.h"

#include <math.h>
#include <string.h>

#include "rpc/base/json.h"
#include "work/base/account.h"
#include "work/base/hex.h"
#include "work/base/number.h"

const char *
fields_hash (const json_t *fields, uint8_t root[32])
{
    char scratch[JSON_SCRATCH_SIZE];
    const char *text = json_text (fields, "hash", scratch);

    if (text == NULL) {
        return FIELDS_MISSING;
    }
    return hex_parse_root (text, root) == 0 ? NULL : "Invalid block hash";
}

const char *
fields_version (const json_t *fields)
{
    char scratch[JSON_SCRATCH_SIZE];
    const char *text = json_text (fields, "version", scratch);

    return text == NULL || strcmp (text, "work_1") == 0 ? NULL : "Bad work version";
}

const char *
fields_account (const json_t *fields, uint8_t key[32], bool *given)
{
    char scratch[JSON_SCRATCH_SIZE];
    const char *text = json_text (fields, "account", scratch);

    if (text == NULL) {
        return NULL;
    }
    if (account_parse (text, key) != 0) {
        return FIELDS_BAD_ACCOUNT;
    }
    *given = true;
    return NULL;
}

const char *
fields_work (const json_t *fields, uint64_t *work)
{
    char scratch[JSON_SCRATCH_SIZE];
    const char *text = json_text (fields, "work", scratch);

    return text == NULL || hex_parse_u64 (text, work) == 0 ? NULL : "Bad work";
}

const char *
fields_difficulty (const json_t *fields, uint64_t *difficulty, bool *given)
{
    char scratch[JSON_SCRATCH_SIZE];
    const char *text = json_text (fields, "difficulty", scratch);

    if (text == NULL) {
        return NULL;
    }
    if (hex_parse_u64 (text, difficulty) != 0) {
        return "Bad difficulty";
    }
    *given = true;
    return NULL;
}

const char *
fields_multiplier (const json_t *fields, uint64_t base, uint64_t *difficulty, bool *given)
{
    char scratch[JSON_SCRATCH_SIZE];
    const char *text = json_text (fields, "multiplier", scratch);
    double multiplier = 0;

    if (text == NULL) {
        return NULL;
    }
    if (number_parse_double (text, &multiplier) != 0 || !(multiplier > 0) || isinf (multiplier)) {
        return "Bad multiplier";
    }
    *difficulty = difficulty_from_multiplier (multiplier, base);
    *given = true;
    return NULL;
}

const char *
fields_subtype (const json_t *fields, const struct difficulty_network *network,
                uint64_t *difficulty, bool *given)
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
            return NULL;
        }
    }
    return text == NULL ? NULL : "Bad subtype";
}

const char *
fields_limit (const struct difficulty_network *network, double max_multiplier, uint64_t difficulty)
{
    uint64_t highest = difficulty_from_multiplier (max_multiplier, network->base);

    return difficulty <= highest && difficulty >= network->entry
               ? NULL
               : "Difficulty above config limit or below publish threshold";
}

const char *
fields_count (const json_t *fields, const char *name, uint64_t least, uint64_t most,
              const char *otherwise, uint64_t *count)
{
    char scratch[JSON_SCRATCH_SIZE];
    const char *text = json_text (fields, name, scratch);

    return text == NULL || number_parse_unsigned (text, least, most, count) == 0 ? NULL : otherwise;
}
