/*
 * The PROXY protocol, versions 1 and 2: what a proxy sends before a client's first byte, to tell
 * whose connection it is. Pure; any thread.
 *
 * https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt
 */
#ifndef RPC_PROXY_HEADER_H
#define RPC_PROXY_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rpc/access/cidr.h"

/* No header is longer. */
#define PROXY_HEADER_MOST 4096

struct proxy_header {
    size_t size; /* bytes of it */
    bool known;  /* else the proxy does not tell, or asks on its own behalf */
    struct cidr_address address;
};

enum proxy_header_result {
    PROXY_HEADER_MORE, /* more bytes are needed */
    PROXY_HEADER_WHOLE,
    PROXY_HEADER_BAD,
};

/* Reads the header at the beginning of `size` bytes, at least one. */
enum proxy_header_result proxy_header_read (const uint8_t *bytes, size_t size,
                                            struct proxy_header *header);

#endif
