/* An HTTP request as nano_node writes one, with more headers where they are wanted. Any thread. */
#ifndef RPC_HTTP_REQUEST_H
#define RPC_HTTP_REQUEST_H

#include <event2/buffer.h>
#include <jansson.h>
#include <stddef.h>

#include "rpc/base/endpoint.h"

struct http_request_header {
    const char *name;
    const char *value; /* NULL or "": the header is left out */
};

/*
 * Writes a POST of `body`, which is only read, to `output`, which is empty. `headers` come after
 * ours. Returns 0, or -1 for want of memory, a NULL body included.
 */
int http_request_post (const struct endpoint *endpoint, const char *path,
                       const struct http_request_header *headers, size_t count, const json_t *body,
                       struct evbuffer *output);

#endif
