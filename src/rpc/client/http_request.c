#include "rpc/client/http_request.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <strings.h>

#include "rpc/base/json.h"
#include "rpc/base/memory.h"

#define HOST_SIZE (ENDPOINT_TEXT_SIZE + 2)

/*
 * The Host header of RFC 9110: brackets around IPv6, no port where it is HTTP's own. IPv4 in IPv6's
 * clothes is written as IPv4, as nano_node does it.
 */
static void
print_host (const struct url *url, char text[HOST_SIZE])
{
    const struct endpoint *const endpoint = &url->endpoint;
    static const char mapped[] = "::ffff:";
    const char *host = endpoint->host;
    struct in6_addr v6;
    struct in_addr v4;
    int length;

    if (strncasecmp (host, mapped, sizeof mapped - 1) == 0 &&
        inet_pton (AF_INET, host + sizeof mapped - 1, &v4) == 1) {
        host += sizeof mapped - 1;
    }
    length = snprintf (text, HOST_SIZE, inet_pton (AF_INET6, host, &v6) == 1 ? "[%s]" : "%s", host);
    if (endpoint->port != (url->secure ? HTTPS_PORT : HTTP_PORT)) {
        snprintf (text + length, HOST_SIZE - (size_t)length, ":%u", (unsigned)endpoint->port);
    }
}

/* nano_node's headers come first, in its order. */
void
http_request_post (const struct url *url, bool keep, const struct http_header *headers,
                   size_t count, const json_t *body, struct evbuffer *output)
{
    struct evbuffer *const text = memory_need (evbuffer_new ());
    char host[HOST_SIZE];

    print_host (url, host);
    json_print (body, text);
    memory_require (evbuffer_add_printf (output,
                                         "POST %s HTTP/1.1\r\n"
                                         "Content-Type: application/json\r\n"
                                         "Host: %s\r\n"
                                         "Content-Length: %zu\r\n"
                                         "%s",
                                         url->path, host, evbuffer_get_length (text),
                                         keep ? "" : "Connection: close\r\n") > 0);
    for (size_t i = 0; i < count; i++) {
        if (headers[i].value != NULL && headers[i].value[0] != '\0') {
            memory_require (
                evbuffer_add_printf (output, "%s: %s\r\n", headers[i].name, headers[i].value) > 0);
        }
    }
    memory_require (evbuffer_add (output, "\r\n", 2) == 0 &&
                    evbuffer_add_buffer (output, text) == 0);
    evbuffer_free (text);
}
