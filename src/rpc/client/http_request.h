/* An HTTP request as nano_node writes one, with more headers where they are wanted. Any thread. */
#ifndef RPC_HTTP_REQUEST_H
#define RPC_HTTP_REQUEST_H

#include <event2/buffer.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "rpc/base/url.h"

struct http_header {
    const char *name;
    const char *value; /* NULL or "": the header is left out */
};

/*
 * Adds a POST of `body`, which is only read, to `output`. Says "Connection: close" unless `keep`;
 * `headers` come after ours.
 */
void http_request_post (const struct url *url, bool keep, const struct http_header *headers,
                        size_t count, const json_t *body, struct evbuffer *output);

#endif
