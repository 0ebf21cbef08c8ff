#include "rpc/base/json.h"
#include "rpc/client/http_request.h"
#include "rpc/peer/peer_internal.h"
#include "work/base/hex.h"

static int
print (const struct peer *peer, const json_t *body, const char *hops, bool last,
       struct evbuffer *output)
{
    const struct http_request_header headers[] = {
        {"Connection", last ? "close" : NULL},
        {HOPS_HEADER, hops},
        {peer->header_name, peer->header_value},
    };

    return http_request_post (&peer->endpoint, peer->path, headers,
                              sizeof headers / sizeof headers[0], body, output);
}

int
peer_request_generate (const struct peer *peer, const struct scan_target *target,
                       const char *account, const char *hops, struct evbuffer *output)
{
    char root[HEX_ROOT_SIZE];
    char difficulty[HEX_U64_SIZE];
    json_t *body = json_object ();
    int failed;

    hex_print_root (target->root, root);
    hex_print_u64 (target->threshold, difficulty);
    failed = json_put (body, "action", "work_generate") != 0 ||
             json_put (body, "hash", "%s", root) != 0 ||
             json_put (body, "difficulty", "%s", difficulty) != 0 ||
             (account != NULL && json_put (body, "account", "%s", account) != 0) ||
             print (peer, body, hops, false, output) != 0;
    json_decref (body);
    return failed ? -1 : 0;
}

int
peer_request_cancel (const struct peer *peer, const uint8_t root[32], struct evbuffer *output)
{
    char text[HEX_ROOT_SIZE];
    json_t *body = json_object ();
    int failed;

    hex_print_root (root, text);
    failed = json_put (body, "action", "work_cancel") != 0 ||
             json_put (body, "hash", "%s", text) != 0 || print (peer, body, "", true, output) != 0;
    json_decref (body);
    return failed ? -1 : 0;
}
