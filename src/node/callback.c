#include "node/callback.h"

#include "node/actions.h"
#include "node/fields.h"
#include "node/precache.h"
#include "rpc/json.h"

/* A block's own text is in a string; only what stands beside it counts. */
#define MAX_DEPTH 64

static void
tell (struct actions *actions, struct request *request, const json_t *fields)
{
    uint8_t account[32];
    uint8_t hash[32];
    bool given = false;
    const char *error = fields_account (fields, account, &given);

    if (error == NULL) {
        error = given ? fields_hash (fields, hash) : FIELDS_MISSING;
    }
    if (error != NULL) {
        request_reply_error (request, 400, error);
        return;
    }
    (void)precache_tell (actions->precache, account, hash);
    request_reply_json (request, 200, json_object ());
}

/* A page in a browser can post here without being asked, a node has no Origin. */
static void
post_callback (void *context, struct request *request)
{
    struct actions *actions = context;
    const char *error = NULL;
    json_t *fields;

    if (request_header (request, "Origin") != NULL) {
        request_reply_error (request, 403, "A web page does not tell of blocks");
        return;
    }
    if (actions->precache == NULL) {
        request_reply_error (request, 503, "Pre-cache is disabled");
        return;
    }
    fields = json_parse (request_body (request), MAX_DEPTH, &error);
    if (fields == NULL) {
        request_reply_error (request, 400, error);
        return;
    }
    tell (actions, request, fields);
    json_decref (fields);
}

const struct route callback_routes[] = {
    {ROUTE_POST, "/callback", false, post_callback},
    {ROUTE_OTHER, NULL, false, NULL},
};
