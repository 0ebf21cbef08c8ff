/* Whom the https servers that a configuration names are checked by. Any thread. */
#ifndef NODE_TLS_H
#define NODE_TLS_H

#include "node/config/config.h"
#include "rpc/client/tls.h"

#define NODE_TLS_ERROR_SIZE (TLS_TEXT_SIZE + 32)

/*
 * Reads the authorities where `config` has an https URL, which takes some 30 ms. Returns 0 with a
 * tls in `tls`, the caller's, or NULL there where none is needed; or -1 with the reason in `error`.
 */
int node_tls_new (const struct config *config, struct tls **tls, char error[NODE_TLS_ERROR_SIZE]);

#endif
