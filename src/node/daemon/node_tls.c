#include "node/daemon/node_tls.h"

#include <stdio.h>

#include "rpc/base/url.h"

static bool
speaks_https (const struct config *config)
{
    struct url node;
    const char *expected;

    for (size_t i = 0; i < config->peers_peer.count; i++) {
        if (config->peers_peer.items[i].url.secure) {
            return true;
        }
    }
    return url_parse (config->precache_node, HTTP_PORT, &node, &expected) == 0 && node.secure;
}

int
node_tls_new (const struct config *config, struct tls **tls, char error[NODE_TLS_ERROR_SIZE])
{
    char reason[TLS_TEXT_SIZE];

    *tls = NULL;
    if (!speaks_https (config)) {
        return 0;
    }
    if (!tls_is_built_in ()) {
        (void)snprintf (
            error, NODE_TLS_ERROR_SIZE,
            "https:// in peers.peer or precache.node, and this build of workpeer has no "
            "TLS");
        return -1;
    }
    *tls = tls_new (config->tls_authorities, reason);
    if (*tls == NULL) {
        (void)snprintf (error, NODE_TLS_ERROR_SIZE, "tls.authorities: %s", reason);
    }
    return *tls != NULL ? 0 : -1;
}
