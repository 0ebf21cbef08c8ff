/*
 * What a node posts to /callback: an empty object for a block that is understood, else an error
 * with status 400; never anything else.
 */
#include <stdlib.h>

#include "fuzz.h"
#include "support_node.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    struct client_answer answer;
    json_t *body;

    node_post ("/callback", data, size, &answer);
    body = node_check_json (&answer, false);
    if (answer.status == 200) {
        FUZZ_CHECK (json_object_size (body) == 0);
    } else {
        FUZZ_CHECK (answer.status == 400);
        FUZZ_CHECK (json_is_string (json_object_get (body, "error")));
    }
    json_decref (body);
    return 0;
}
