#include <arpa/inet.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "rpc/json.h"
#include "rpc/peer_internal.h"
#include "work/hex.h"

#define HOST_SIZE (ENDPOINT_TEXT_SIZE + 2)

/*
 * The Host header of RFC 9110: brackets around IPv6, no port where it is HTTP's own. IPv4 in IPv6's
 * clothes is written as IPv4, as nano_node does it.
 */
static void
print_host (const struct endpoint *endpoint, char text[HOST_SIZE])
{
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
    if (endpoint->port != 80) {
        snprintf (text + length, HOST_SIZE - (size_t)length, ":%u", (unsigned)endpoint->port);
    }
}

/* The head for `body`, which follows it. nano_node's headers come first, in its order. */
static int
print (const struct peer *peer, const json_t *body, const char *hops, bool last,
       struct evbuffer *output)
{
    struct evbuffer *text = evbuffer_new ();
    char host[HOST_SIZE];
    int failed;

    print_host (&peer->endpoint, host);
    failed =
        text == NULL || json_print (body, text) != 0 ||
        evbuffer_add_printf (output,
                             "POST %s HTTP/1.1\r\n"
                             "Content-Type: application/json\r\n"
                             "Host: %s\r\n"
                             "Content-Length: %zu\r\n",
                             peer->path, host, evbuffer_get_length (text)) < 0 ||
        (last && evbuffer_add_printf (output, "Connection: close\r\n") < 0) ||
        (hops[0] != '\0' && evbuffer_add_printf (output, HOPS_HEADER ": %s\r\n", hops) < 0) ||
        (peer->header_name != NULL &&
         evbuffer_add_printf (output, "%s: %s\r\n", peer->header_name, peer->header_value) < 0) ||
        evbuffer_add (output, "\r\n", 2) != 0 || evbuffer_add_buffer (output, text) != 0;
    if (text != NULL) {
        evbuffer_free (text);
    }
    return failed ? -1 : 0;
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
