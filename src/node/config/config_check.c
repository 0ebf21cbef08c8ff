#include "node/config/config_check.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "node/config/config_report.h"
#include "rpc/base/memory.h"

/* Addresses, IPv4 ones in their mapped form, so that there is one kind. */

/* Returns whether `text` is a literal. */
static bool
read_literal (const char *text, struct in6_addr *address)
{
    char mapped[sizeof "::ffff:" + INET_ADDRSTRLEN];

    if (inet_pton (AF_INET6, text, address) == 1) {
        return true;
    }
    return snprintf (mapped, sizeof mapped, "::ffff:%s", text) < (int)sizeof mapped &&
           inet_pton (AF_INET6, mapped, address) == 1;
}

static bool
is_v4 (const struct in6_addr *address)
{
    return IN6_IS_ADDR_V4MAPPED (address);
}

/* "::" or 0.0.0.0. To connect to it is to connect to this machine. */
static bool
is_any (const struct in6_addr *address)
{
    const uint8_t *const bytes = address->s6_addr;

    return IN6_IS_ADDR_UNSPECIFIED (address) ||
           (is_v4 (address) && bytes[12] == 0 && bytes[13] == 0 && bytes[14] == 0 &&
            bytes[15] == 0);
}

static bool
is_loopback (const struct in6_addr *address)
{
    return IN6_IS_ADDR_LOOPBACK (address) || (is_v4 (address) && address->s6_addr[12] == 127);
}

static bool
is_interface (const struct ifaddrs *interface, const struct in6_addr *address)
{
    const struct sockaddr *const at = interface->ifa_addr;

    if (at == NULL || at->sa_family != (is_v4 (address) ? AF_INET : AF_INET6)) {
        return false;
    }
    return is_v4 (address) ? memcmp (&((const struct sockaddr_in *)(const void *)at)->sin_addr,
                                     &address->s6_addr[12], 4) == 0
                           : memcmp (&((const struct sockaddr_in6 *)(const void *)at)->sin6_addr,
                                     address, sizeof *address) == 0;
}

/* Whether it is an address of this machine. */
static bool
is_here (const struct in6_addr *address)
{
    struct ifaddrs *interfaces = NULL;
    bool found = is_loopback (address) || is_any (address);

    if (!found && getifaddrs (&interfaces) == 0) {
        for (const struct ifaddrs *i = interfaces; i != NULL && !found; i = i->ifa_next) {
            found = is_interface (i, address);
        }
        freeifaddrs (interfaces);
    }
    return found;
}

/* Whether who listens on `listening`, a literal, takes what connects to `address`. */
static bool
listens_at (const char *listening, const struct in6_addr *address)
{
    struct in6_addr own;

    if (!read_literal (listening, &own)) {
        return false;
    }
    if (is_any (&own)) { /* "::" has IPv4 as well */
        return (!is_v4 (&own) || is_v4 (address)) && is_here (address);
    }
    return memcmp (&own, address, sizeof own) == 0 || (is_any (address) && is_loopback (&own));
}

static bool
list_listens_at (const struct text_list *addresses, const char *host)
{
    struct in6_addr address;

    if (!read_literal (host, &address)) {
        return false;
    }
    for (size_t i = 0; i < addresses->count; i++) {
        if (listens_at (addresses->items[i], &address)) {
            return true;
        }
    }
    return false;
}

/* Peers that are the daemon itself. */

static bool
is_own (const struct config *config, const struct endpoint *endpoint)
{
    if (endpoint->port == 0 || endpoint->port != config->rpc_port) {
        return false;
    }
    if (strcasecmp (endpoint->host, "localhost") == 0) {
        return list_listens_at (&config->rpc_address, "127.0.0.1") ||
               list_listens_at (&config->rpc_address, "::1");
    }
    return list_listens_at (&config->rpc_address, endpoint->host);
}

static bool
is_left_out (const struct config *config, const struct endpoint *endpoint, const char *path,
             struct config_report *report)
{
    const struct config_context context = {.report = report};
    char text[ENDPOINT_TEXT_SIZE];
    const bool own = is_own (config, endpoint);

    if (own) {
        endpoint_print (endpoint, text);
        config_report_warning (&context, (struct toml_place){0},
                               "\"%s\" in %s is this daemon itself (rpc.address, rpc.port) and is "
                               "left out",
                               text, path);
    }
    return own;
}

static void
check_endpoints (const struct config *config, struct config_endpoints *endpoints, const char *path,
                 struct config_report *report)
{
    size_t kept = 0;

    for (size_t i = 0; i < endpoints->count; i++) {
        if (!is_left_out (config, &endpoints->items[i], path, report)) {
            endpoints->items[kept++] = endpoints->items[i];
        }
    }
    endpoints->count = kept;
}

static void
check_hosted (const struct config *config, struct config_peers *peers, struct config_report *report)
{
    size_t kept = 0;

    for (size_t i = 0; i < peers->count; i++) {
        struct config_peer *const peer = &peers->items[i];

        if (!peer->url.secure && /* which we do not listen with */
            is_left_out (config, &peer->url.endpoint, "peers.peer", report)) {
            free (peer->header);
            free (peer->key);
        } else {
            peers->items[kept++] = *peer;
        }
    }
    peers->count = kept;
}

/* Ports. */

struct face {
    const char *path; /* of its port */
    const struct text_list *addresses;
    uint64_t port;
    bool is_there;
};

/* Whether a socket of each cannot be bound beside the other. */
static bool
collide (const char *a, const char *b)
{
    struct in6_addr left;
    struct in6_addr right;

    if (!read_literal (a, &left) || !read_literal (b, &right)) {
        return false;
    }
    return memcmp (&left, &right, sizeof left) == 0 ||
           (is_any (&left) && (!is_v4 (&left) || is_v4 (&right))) ||
           (is_any (&right) && (!is_v4 (&right) || is_v4 (&left)));
}

static bool
lists_collide (const struct text_list *a, const struct text_list *b)
{
    for (size_t i = 0; i < a->count; i++) {
        for (size_t j = 0; j < b->count; j++) {
            if (collide (a->items[i], b->items[j])) {
                return true;
            }
        }
    }
    return false;
}

static void
check_ports (const struct config *config, struct config_report *report)
{
    const struct face faces[] = {
        {"rpc.port", &config->rpc_address, config->rpc_port, true},
        {"management.port", &config->management_address, config->management_port,
         config->management_port_set},
        {"atto.port", &config->atto_address, config->atto_port, config->atto_enable},
        {"atto.management_port", &config->atto_address, config->atto_management_port,
         config->atto_enable},
    };
    const struct config_context context = {.report = report};

    for (size_t i = 0; i < sizeof faces / sizeof faces[0]; i++) {
        for (size_t j = 0; j < i; j++) {
            const struct face *const a = &faces[j];
            const struct face *const b = &faces[i];

            if (a->is_there && b->is_there && a->port != 0 && a->port == b->port &&
                lists_collide (a->addresses, b->addresses)) {
                config_report_error (&context, (struct toml_place){0},
                                     "%s is %u, and so is %s, expected two ports", b->path,
                                     (unsigned)b->port, a->path);
            }
        }
    }
}

void
config_check (struct config *config, struct config_report *report)
{
    check_endpoints (config, &config->work_peers, "node.work_peers", report);
    check_endpoints (config, &config->secondary_work_peers,
                     "node.experimental.secondary_work_peers", report);
    check_hosted (config, &config->peers_peer, report);
    check_ports (config, report);
}
