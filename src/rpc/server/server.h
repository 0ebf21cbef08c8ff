/*
 * A server: listeners, limits, CORS, and the way from an HTTP request to an action or a route.
 *
 * One with actions is the RPC: a POST to any path that is no route's calls an action, and every
 * answer, errors included, is a 200 with a JSON body, since nano_node as a client handles no other;
 * a Content-Type is not looked at. What a route is asked, on any server, is answered with a status:
 * 404 and 405 come from here, and an OPTIONS of a known path is told its methods.
 *
 * The program has a server for each face: so the limits of one do not keep clients of another out.
 *
 * Event-loop thread.
 */
#ifndef RPC_SERVER_H
#define RPC_SERVER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rpc/access/access.h"
#include "rpc/server/connection.h"
#include "rpc/server/listener.h"
#include "rpc/server/request.h"
#include "rpc/server/routes.h"

struct server;

/* What the body of an action that takes lists may have, where max_request_size is less: 10,000
 * accounts or hashes, with room for their layout. */
#define SERVER_LISTS_SIZE ((size_t)1 << 20)

struct server_settings {
    struct connections_settings connections;
    size_t max_json_depth;
    double idle_timeout; /* seconds without a byte in either direction */
    bool enable_control; /* never for a browser's page: a request with an Origin is refused control
                          */
    bool v6_only;        /* "::" does not stand for IPv4 as well */
    request_ended_fn ended; /* told of each request; NULL is nobody */
    void *ended_data;
};

/*
 * A server without listeners. `actions` (static, ended by a NULL name) are run with `context`; NULL
 * is a server of routes only.
 */
struct server *server_new (struct event_base *base, const struct server_settings *settings,
                           const struct action *actions, void *context);

/*
 * Adds a table of routes (static, ended by a NULL path), run with `context`: ROUTES_MAX_TABLES at
 * most, before anybody can connect.
 */
void server_add_routes (struct server *server, const struct route *routes, void *context);

/* The same, of routes that may be called by whoever access keeps out, too. */
void server_add_open_routes (struct server *server, const struct route *routes, void *context);

/* Goes by other settings from now on, save for `v6_only`; clients that are connected stay so. */
void server_set (struct server *server, const struct server_settings *settings);

/*
 * Has `access`, which outlives the server, say from now on who may ask; NULL, as in the beginning,
 * lets everybody. An OPTIONS, a method that a path does not have, and routes that are open are
 * everybody's.
 */
void server_set_access (struct server *server, struct access *access);

/*
 * Has `proxies`, which outlives the server and may change, say from now on who is a trusted proxy;
 * NULL, as in the beginning, is nobody. Connections that are there keep to their beginning.
 */
void server_set_proxies (struct server *server, const struct proxies *proxies);

enum server_listening {
    SERVER_LISTENING,
    SERVER_NO_SUCH_ADDRESS, /* this machine does not have it, or not its family */
    SERVER_REFUSED,
};

/*
 * Listens on `address`, an IPv4 or IPv6 literal, brackets allowed, or "localhost", which is
 * 127.0.0.1. A `*port` of 0 lets the kernel choose, and becomes what it chose. Unless listening
 * there is a message in `error`.
 */
enum server_listening server_listen (struct server *server, const char *address, uint16_t *port,
                                     char *error, size_t error_size);

/* Says so in `error`, where `reason`, an errno, has kept it from that. */
enum server_listening server_cannot_listen (int reason, const char *address, uint16_t port,
                                            char *error, size_t error_size);

#define SERVER_ADDRESS_SIZE LISTENER_ADDRESS_SIZE

/*
 * Listens on `fd`, a socket that is listening already, of whoever started us; from then on it is
 * the server's. `address` and `*port` say what it is. Unless SERVER_LISTENING there is a message in
 * `error`, and the descriptor stays the caller's.
 */
enum server_listening server_listen_fd (struct server *server, int fd,
                                        char address[SERVER_ADDRESS_SIZE], uint16_t *port,
                                        char *error, size_t error_size);

/* Whether any other machine could reach it, as far as its addresses tell. */
bool server_is_wide (const struct server *server);

size_t server_connections (struct server *server);

void server_statistics (struct server *server, struct server_statistics *statistics);

/* Stops accepting, and takes every pending request's waiter away: each gets an answer. */
void server_stop (struct server *server);

/* Whether every answer has left for the kernel. */
bool server_flushed (struct server *server);

/* Frees a stopped server; NULL is fine. */
void server_free (struct server *server);

#endif
