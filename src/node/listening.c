#include "node/listening.h"

#include <stdio.h>
#include <string.h>

#include "node/log.h"

/* Whoever asked for both loopbacks has the other. */
static bool
can_do_without (const char *address, enum server_listening result)
{
    return result == SERVER_NO_SUCH_ADDRESS && strcmp (address, "::1") == 0;
}

int
listening_start (struct server *server, const struct config_strings *addresses, uint16_t port,
                 listening_fn listening, void *data, char error[LISTENING_ERROR_SIZE])
{
    size_t count = 0;

    snprintf (error, LISTENING_ERROR_SIZE, "no address to listen on");
    for (size_t i = 0; i < addresses->count; i++) {
        const char *address = addresses->items[i];
        enum server_listening result =
            server_listen (server, address, &port, error, LISTENING_ERROR_SIZE);
        if (result == SERVER_LISTENING) {
            listening (data, address, port);
            count++;
        } else if (can_do_without (address, result)) {
            log_warn ("Not listening there: %s", error);
        } else {
            return -1;
        }
    }
    return count > 0 ? 0 : -1;
}

bool
listening_has_v4_wildcard (const struct config_strings *addresses)
{
    for (size_t i = 0; i < addresses->count; i++) {
        if (strcmp (addresses->items[i], "0.0.0.0") == 0) {
            return true;
        }
    }
    return false;
}
