/*
 * One server listening on every address of a list, on one port.
 *
 * Event-loop thread, before the loop runs.
 */
#ifndef NODE_LISTENING_H
#define NODE_LISTENING_H

#include <stdbool.h>
#include <stdint.h>

#include "node/config.h"
#include "rpc/server.h"

#define LISTENING_ERROR_SIZE 256

/* Called for every address that is listened on, with the port that it became. */
typedef void (*listening_fn) (void *data, const char *address, uint16_t port);

/*
 * Listens; with `port` 0, on the one that the kernel chooses for the first address. A machine
 * without IPv6 does without ::1. Returns 0, or -1 with a message in `error`.
 */
int listening_start (struct server *server, const struct config_strings *addresses, uint16_t port,
                     listening_fn listening, void *data, char error[LISTENING_ERROR_SIZE]);

/* Whether 0.0.0.0 is in the list: beside it "::" can have IPv6 only, while alone it is both. */
bool listening_has_v4_wildcard (const struct config_strings *addresses);

#endif
