#include "node/system/listening.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/base/log.h"
#include "rpc/server/listener.h"

static void
reserve (struct listening_ports *ports, const char *address, uint16_t port, bool only)
{
    struct sockaddr_storage storage = {0};
    const size_t at = ports->count;

    if (at == LISTENING_PORTS_MAX || listener_parse (address, port, &storage) != 0) {
        return;
    }
    ports->items[at].address = address;
    ports->items[at].port = port;
    ports->items[at].fd = listener_reserve (&storage, only);
    ports->items[at].reason = ports->items[at].fd < 0 ? errno : 0;
    ports->count++;
}

void
listening_reserve (struct listening_ports *ports, const struct text_list *addresses, uint16_t port)
{
    const bool only = listening_has_v4_wildcard (addresses);

    for (size_t i = 0; port != 0 && i < addresses->count; i++) {
        reserve (ports, addresses->items[i], port, only);
    }
}

void
listening_release (struct listening_ports *ports)
{
    for (size_t i = 0; i < ports->count; i++) {
        if (ports->items[i].fd >= 0) {
            (void)close (ports->items[i].fd);
        }
    }
    ports->count = 0;
}

/* Has `server` listen on the socket `*fd`, which then is the server's. Returns as server_listen. */
static enum server_listening
listen_on (struct server *server, int *fd, const char *address, uint16_t port, char *error)
{
    char canonical[SERVER_ADDRESS_SIZE];
    enum server_listening result;

    if (listener_listen (*fd) != 0) {
        return server_cannot_listen (errno, address, port, error, LISTENING_ERROR_SIZE);
    }
    result = server_listen_fd (server, *fd, canonical, &port, error, LISTENING_ERROR_SIZE);
    if (result == SERVER_LISTENING) {
        *fd = -1;
    }
    return result;
}

/* As server_listen, but on a socket that was reserved where there is one left. */
static enum server_listening
listen_at (struct server *server, const char *address, uint16_t *port,
           struct listening_ports *ports, char *error)
{
    for (size_t i = 0; i < ports->count; i++) {
        const int reason = ports->items[i].reason;

        if (ports->items[i].port == *port && strcmp (ports->items[i].address, address) == 0 &&
            (ports->items[i].fd >= 0 || reason != 0)) {
            return reason != 0
                       ? server_cannot_listen (reason, address, *port, error, LISTENING_ERROR_SIZE)
                       : listen_on (server, &ports->items[i].fd, address, *port, error);
        }
    }
    return server_listen (server, address, port, error, LISTENING_ERROR_SIZE);
}

/* Whoever asked for both loopbacks has the other. */
static bool
can_do_without (const char *address, enum server_listening result)
{
    return result == SERVER_NO_SUCH_ADDRESS && strcmp (address, "::1") == 0;
}

void
listening_print_url (const char *address, uint16_t port, char url[LISTENING_URL_SIZE])
{
    const bool bare_v6 = strchr (address, ':') != NULL && *address != '[';

    (void)snprintf (url, LISTENING_URL_SIZE, bare_v6 ? "http://[%s]:%u" : "http://%s:%u", address,
                    port);
}

int
listening_start (struct server *server, const struct text_list *addresses, uint16_t port,
                 struct listening_ports *ports, listening_fn listening, void *data,
                 char error[LISTENING_ERROR_SIZE])
{
    size_t count = 0;

    snprintf (error, LISTENING_ERROR_SIZE, "no address to listen on");
    for (size_t i = 0; i < addresses->count; i++) {
        const char *address = addresses->items[i];
        const enum server_listening result = listen_at (server, address, &port, ports, error);

        if (result == SERVER_LISTENING) {
            listening (data, address, port);
            count++;
        } else if (can_do_without (address, result)) {
            log_warn ("Not listening on one address: %s", error);
        } else {
            return -1;
        }
    }
    return count > 0 ? 0 : -1;
}

int
listening_start_given (struct server *server, int first, int count, listening_fn listening,
                       void *data, char error[LISTENING_ERROR_SIZE])
{
    for (int i = 0; i < count; i++) {
        char address[SERVER_ADDRESS_SIZE];
        uint16_t port;

        if (server_listen_fd (server, first + i, address, &port, error, LISTENING_ERROR_SIZE) !=
            SERVER_LISTENING) {
            return -1;
        }
        listening (data, address, port);
    }
    return 0;
}

bool
listening_has_v4_wildcard (const struct text_list *addresses)
{
    for (size_t i = 0; i < addresses->count; i++) {
        if (strcmp (addresses->items[i], "0.0.0.0") == 0) {
            return true;
        }
    }
    return false;
}
