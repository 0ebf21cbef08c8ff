/*
 * A URL, as a configuration or a command line names a server: "http://host[:port][/path]". The one
 * parser for peers, the followed node and the terminal's --url. Pure; any thread.
 */
#ifndef RPC_URL_H
#define RPC_URL_H

#include <stdint.h>

#include "rpc/base/endpoint.h"

#define URL_SCHEME "http://"
#define HTTP_PORT 80
#define URL_PATH_SIZE 1024

struct url {
    struct endpoint endpoint;
    char path[URL_PATH_SIZE]; /* with its query; "/" at least */
};

/*
 * Reads `text`. Without a port in it the port is `port`; the host is as in endpoint_parse, IPv6 in
 * brackets. Returns 0, or -1 with `url` untouched and, in `*expected`, a static text that says what
 * was expected instead.
 */
int url_parse (const char *text, uint16_t port, struct url *url, const char **expected);

#endif
