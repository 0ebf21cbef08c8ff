/*
 * One server listening on every address of a list, on one port.
 *
 * Event-loop thread, before the loop runs.
 */
#ifndef NODE_LISTENING_H
#define NODE_LISTENING_H

#include <stdbool.h>
#include <stdint.h>

#include "node/base/text_list.h"
#include "rpc/server/server.h"

#define LISTENING_ERROR_SIZE 256

#define LISTENING_PORTS_MAX 32

/*
 * Sockets that have their addresses and do not listen yet, for who may have the ports now and is
 * about to give up the right to them. Zeroed it is empty.
 */
struct listening_ports {
    struct {
        const char *address; /* the configuration's */
        uint16_t port;
        int fd;     /* or -1 */
        int reason; /* why there is none: an errno */
    } items[LISTENING_PORTS_MAX];
    size_t count;
};

/*
 * Takes `port` on each of `addresses`, which outlive it. What cannot be had is said by
 * listening_start; port 0 and what there is no room for are left to that wholly.
 */
void listening_reserve (struct listening_ports *ports, const struct text_list *addresses,
                        uint16_t port);

/* Closes what nobody has listened on. */
void listening_release (struct listening_ports *ports);

/* Called for every address that is listened on, with the port that it became. */
typedef void (*listening_fn) (void *data, const char *address, uint16_t port);

/*
 * Listens, on the sockets in `ports` where they are there; with `port` 0, on the one that the
 * kernel chooses for the first address. A machine without IPv6 does without ::1. Returns 0, or -1
 * with a message in `error`.
 */
int listening_start (struct server *server, const struct text_list *addresses, uint16_t port,
                     struct listening_ports *ports, listening_fn listening, void *data,
                     char error[LISTENING_ERROR_SIZE]);

/*
 * Listens on `count` sockets that were handed over, the descriptors from `first` on. Returns 0, or
 * -1 with a message in `error`.
 */
int listening_start_given (struct server *server, int first, int count, listening_fn listening,
                           void *data, char error[LISTENING_ERROR_SIZE]);

#define LISTENING_URL_SIZE 80

/* What a client asks there; brackets go around an IPv6 address. */
void listening_print_url (const char *address, uint16_t port, char url[LISTENING_URL_SIZE]);

/* Whether 0.0.0.0 is in the list: beside it "::" can have IPv6 only, while alone it is both. */
bool listening_has_v4_wildcard (const struct text_list *addresses);

#endif
