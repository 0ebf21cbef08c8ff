/*
 * A URL, as a configuration or a command line names a server: "http[s]://host[:port][/path]". The
 * one parser for peers, the followed node and the terminal's --url. Pure; any thread.
 */
#ifndef RPC_URL_H
#define RPC_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "rpc/base/endpoint.h"

#define URL_SCHEME "http://"
#define URL_SCHEME_SECURE "https://"
#define HTTP_PORT 80
#define HTTPS_PORT 443
#define URL_PATH_SIZE 1024

struct url {
    bool secure; /* https */
    struct endpoint endpoint;
    char path[URL_PATH_SIZE]; /* with its query; "/" at least */
};

/*
 * Reads `text`. Without a port in it the port is `port`, or HTTPS_PORT for https; the host is as in
 * endpoint_parse, IPv6 in brackets. Returns 0, or -1 with `url` untouched and, in `*expected`, a
 * static text that says what was expected instead.
 */
int url_parse (const char *text, uint16_t port, struct url *url, const char **expected);

/* Whether both name the same. */
bool url_same (const struct url *a, const struct url *b);

#endif
