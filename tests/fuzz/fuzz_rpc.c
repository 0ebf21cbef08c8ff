/*
 * An RPC request's body, through the server and the action table: whatever it is, there is one
 * answer with status 200, as nano_node prints JSON; and work that is answered is work, by the
 * oracle's word.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "support_node.h"
#include "work/base/hex.h"
#include "work/scan/value.h"

static const char *
text_of (const json_t *body, const char *key)
{
    const char *text = json_string_value (json_object_get (body, key));

    FUZZ_CHECK (text != NULL);
    return text;
}

/* work_generate's answer, by its fields. */
static void
check_work (const json_t *body)
{
    struct scan_target target = {.order = DIFFICULTY_AT_LEAST};
    uint64_t work;
    uint64_t value = 0;

    FUZZ_CHECK (hex_parse_root (text_of (body, "hash"), target.root) == 0);
    FUZZ_CHECK (hex_parse_u64 (text_of (body, "work"), &work) == 0);
    FUZZ_CHECK (hex_parse_u64 (text_of (body, "difficulty"), &target.threshold) == 0);
    FUZZ_CHECK (value_reaches (&target, work, &value) && value == target.threshold);
    FUZZ_CHECK (strtod (text_of (body, "multiplier"), NULL) > 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    struct client_answer answer;
    json_t *body;

    node_post ("/", data, size, &answer);
    FUZZ_CHECK (answer.status == 200);
    body = node_check_json (&answer, true);
    if (json_object_get (body, "source") != NULL) {
        check_work (body);
    }
    FUZZ_CHECK (json_object_get (body, "error") == NULL ||
                (text_of (body, "reason")[0] != '\0' &&
                 json_object_size (body) == 2 + (json_object_get (body, "detail") != NULL)));
    json_decref (body);
    return 0;
}
