#include "node/api/actions.h"
#include "node/api/fields.h"
#include "node/precache/precache.h"
#include "rpc/base/json.h"
#include "work/base/hex.h"

/* A block's own text is in a string; only what stands beside it counts. */
#define MAX_DEPTH 64

/* The frontier before the block, which nano_node sends as JSON in a string. False: not known. */
static bool
read_previous (const json_t *fields, uint8_t previous[32])
{
    const json_t *block = json_object_get (fields, "block");
    json_t *parsed = NULL;
    const char *text;
    bool known;

    if (json_is_string (block)) {
        parsed = json_loads (json_string_value (block), 0, NULL);
        block = parsed;
    }
    text = json_string_value (json_object_get (block, "previous"));
    known = text != NULL && hex_parse_root (text, previous) == 0;
    json_decref (parsed);
    return known;
}

static void
tell (struct precache *precache, struct request *request, const json_t *fields)
{
    uint8_t account[32];
    uint8_t hash[32];
    uint8_t previous[32];
    bool given = false;
    struct fault fault;

    if (!fields_account (fields, account, &given, &fault) ||
        !(given || fields_missing ("account", &fault)) || !fields_hash (fields, hash, &fault)) {
        request_reply_error (request, 400, fault.error);
        return;
    }
    if (precache_follows (precache, account)) {
        const bool known = read_previous (fields, previous);

        (void)precache_tell (precache, account, hash, known ? previous : NULL);
    }
    request_reply_json (request, 200, json_object ());
}

/* A page in a browser can post here without being asked, a node has no Origin. */
static void
post_callback (void *context, struct request *request)
{
    struct precache *precache = precache_owner_precache (((struct actions *)context)->precache);
    const char *error = NULL;
    json_t *fields;

    if (request_header (request, "Origin") != NULL) {
        request_reply_error (request, 403, "Web pages may not report blocks");
        return;
    }
    if (precache == NULL) {
        request_reply_error (request, 503, "Pre-cache is disabled");
        return;
    }
    fields = json_parse (request_body (request), MAX_DEPTH, &error);
    if (fields == NULL) {
        request_reply_error (request, 400, error);
        return;
    }
    tell (precache, request, fields);
    json_decref (fields);
}

const struct route callback_routes[] = {
    {ROUTE_POST, "/callback", false, post_callback, ACCESS_RIGHT_PRECACHE},
    {ROUTE_OTHER, NULL, false, NULL, ACCESS_RIGHT_NONE},
};
