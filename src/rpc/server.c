#include "rpc/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rpc/connections.h"
#include "rpc/json.h"
#include "rpc/reply.h"

/* nano_node's bound on a request's header. */
#define MAX_HEADER_SIZE 8192

/* What may be read beyond a request: those that a client sends ahead of its answers. */
#define READ_AHEAD 65536

/* Without descriptors to accept with, accepting waits this long rather than spin. */
static const struct timeval accept_pause = {.tv_usec = 100000};

#define MAX_LISTENERS 16
#define BACKLOG 1024

struct server {
    struct event_base *base;
    struct evhttp *http;
    struct connections *connections;
    struct request_list *requests;
    struct server_settings settings;
    const struct action *actions; /* NULL: routes only */
    void *context;                /* of the actions */
    struct routes routes;
    struct evconnlistener *listeners[MAX_LISTENERS]; /* evhttp's */
    size_t listener_count;
};

/* As nano_node answers, with Authorization added for clients that carry a key. */
static void
add_headers (struct evhttp_request *http, const char *allow, bool any_origin)
{
    struct evkeyvalq *output = evhttp_request_get_output_headers (http);

    (void)evhttp_add_header (output, "Allow", allow);
    if (any_origin) {
        (void)evhttp_add_header (output, "Access-Control-Allow-Origin", "*");
        (void)evhttp_add_header (output, "Access-Control-Allow-Methods", allow);
        (void)evhttp_add_header (
            output, "Access-Control-Allow-Headers",
            "Accept, Accept-Language, Content-Language, Content-Type, Authorization");
    }
}

static const struct action *
find_action (const struct server *server, const json_t *fields, const char **error)
{
    char scratch[JSON_SCRATCH_SIZE];
    const char *name = json_text (fields, "action", scratch);

    if (name == NULL) {
        *error = "Unable to parse JSON";
        return NULL;
    }
    for (const struct action *action = server->actions; action->name != NULL; action++) {
        if (strcmp (action->name, name) == 0) {
            return action;
        }
    }
    *error = "Unknown command";
    return NULL;
}

/*
 * Any web page can make its reader's browser post here. Work is anybody's to ask for, but the
 * daemon is not any page's to control.
 */
static bool
may_control (const struct server *server, struct evhttp_request *http)
{
    struct evkeyvalq *headers = evhttp_request_get_input_headers (http);

    return server->settings.enable_control && evhttp_find_header (headers, "Origin") == NULL;
}

static void
handle_post (struct server *server, struct evhttp_request *http)
{
    const char *error = NULL;
    const struct action *action = NULL;
    json_t *fields = json_parse (evhttp_request_get_input_buffer (http),
                                 server->settings.max_json_depth, &error);

    if (fields != NULL) {
        action = find_action (server, fields, &error);
    }
    if (action != NULL && action->control && !may_control (server, http)) {
        error = "RPC control is disabled";
    }
    if (error != NULL || action == NULL) {
        json_decref (fields);
        request_list_refused (server->requests, action != NULL ? action->name : NULL);
        request_refuse (http, error);
        return;
    }
    request_run (server->requests, connections_find (server->connections, http), http, action->name,
                 fields, action->run, server->context);
}

static void
refuse_method (struct server *server, struct evhttp_request *http)
{
    request_list_refused (server->requests, NULL);
    request_refuse (http, "Can only POST requests");
}

static void
handle_rpc (struct server *server, struct evhttp_request *http)
{
    add_headers (http, "POST, OPTIONS", true);
    switch (evhttp_request_get_command (http)) {
    case EVHTTP_REQ_POST:
        handle_post (server, http);
        break;
    case EVHTTP_REQ_OPTIONS:
        (void)evhttp_add_header (evhttp_request_get_output_headers (http), "Content-Type",
                                 "application/json");
        evhttp_send_reply (http, HTTP_OK, "OK", NULL);
        break;
    case EVHTTP_REQ_HEAD:
        /* Its answer has a body, as nano_node's: nothing can come after it. */
        (void)evhttp_add_header (evhttp_request_get_output_headers (http), "Connection", "close");
        refuse_method (server, http);
        break;
    default:
        refuse_method (server, http);
        break;
    }
}

static enum route_method
method_of (struct evhttp_request *http)
{
    switch (evhttp_request_get_command (http)) {
    case EVHTTP_REQ_GET:
    case EVHTTP_REQ_HEAD:
        return ROUTE_GET;
    case EVHTTP_REQ_POST:
        return ROUTE_POST;
    default:
        return ROUTE_OTHER;
    }
}

static void
handle_route (struct server *server, struct evhttp_request *http, const struct routes_match *match)
{
    struct connection *connection = connections_find (server->connections, http);

    add_headers (http, match->allow, match->any_origin);
    if (evhttp_request_get_command (http) == EVHTTP_REQ_OPTIONS) {
        reply_send (connection, http, 204, NULL, NULL);
    } else if (match->route == NULL) {
        request_list_refused (server->requests, match->path);
        reply_error (connection, http, 405, "This path does not have that method");
    } else {
        request_run (server->requests, connection, http, match->path, NULL, match->route->run,
                     match->context);
    }
}

static const char *
path_of (struct evhttp_request *http)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri (http);
    const char *path = uri != NULL ? evhttp_uri_get_path (uri) : NULL;

    return path != NULL ? path : "";
}

static void
on_request (struct evhttp_request *http, void *data)
{
    struct server *server = data;
    struct routes_match match;

    if (routes_find (&server->routes, method_of (http), path_of (http), &match)) {
        handle_route (server, http, &match);
    } else if (server->actions != NULL) {
        handle_rpc (server, http);
    } else {
        request_list_refused (server->requests, NULL);
        reply_error (connections_find (server->connections, http), http, 404,
                     "There is nothing at this path");
    }
}

static struct timeval
to_timeval (double seconds)
{
    struct timeval time = {.tv_sec = (time_t)seconds};

    time.tv_usec = (suseconds_t)((seconds - (double)time.tv_sec) * 1e6);
    return time;
}

static struct connections_settings
connection_bounds (const struct server *server)
{
    return (struct connections_settings){
        .max = server->settings.max_connections,
        .max_header_size = MAX_HEADER_SIZE,
        .max_input = MAX_HEADER_SIZE + server->settings.max_request_size + READ_AHEAD,
        .read_timeout = server->settings.read_timeout,
        .keep_status = server->actions == NULL,
    };
}

/* What evhttp has to know of the settings. */
static void
set_http (struct server *server)
{
    struct timeval idle = to_timeval (server->settings.idle_timeout);

    evhttp_set_timeout_tv (server->http, &idle);
    evhttp_set_max_body_size (server->http, (ev_ssize_t)server->settings.max_request_size);
}

static int
init_http (struct server *server)
{
    const struct connections_settings bounds = connection_bounds (server);

    server->http = evhttp_new (server->base);
    if (server->http == NULL) {
        return -1;
    }
    set_http (server);
    evhttp_set_max_headers_size (server->http, MAX_HEADER_SIZE);
    evhttp_set_allowed_methods (server->http, UINT16_MAX & ~EVHTTP_REQ_CONNECT);
    evhttp_set_default_content_type (server->http, NULL);
    evhttp_set_gencb (server->http, on_request, server);
    server->connections = connections_new (server->base, server->http, &bounds);
    return server->connections == NULL ? -1 : 0;
}

void
server_set (struct server *server, const struct server_settings *settings)
{
    struct connections_settings bounds;

    server->settings = *settings;
    bounds = connection_bounds (server);
    set_http (server);
    connections_set (server->connections, &bounds);
}

struct server *
server_new (struct event_base *base, const struct server_settings *settings,
            const struct action *actions, void *context)
{
    struct server *server = calloc (1, sizeof *server);

    if (server == NULL) {
        return NULL;
    }
    server->base = base;
    server->settings = *settings;
    server->actions = actions;
    server->context = context;
    server->requests = request_list_new (base, settings->ended, settings->ended_data);
    if (server->requests == NULL || init_http (server) != 0) {
        server_free (server);
        return NULL;
    }
    return server;
}

int
server_add_routes (struct server *server, const struct route *routes, void *context)
{
    return routes_add (&server->routes, routes, context);
}

/* Listening. */

static int
parse_address (const char *address, uint16_t port, struct sockaddr_storage *storage)
{
    char text[INET6_ADDRSTRLEN + 2];
    int size = (int)sizeof *storage;
    struct sockaddr *any = (struct sockaddr *)storage;

    if (strcmp (address, "localhost") == 0) {
        address = "127.0.0.1";
    }
    if (snprintf (text, sizeof text, "%s", address) >= (int)sizeof text ||
        evutil_parse_sockaddr_port (text, any, &size) != 0) {
        return -1;
    }
    if (any->sa_family == AF_INET) {
        ((struct sockaddr_in *)storage)->sin_port = htons (port);
    } else {
        ((struct sockaddr_in6 *)storage)->sin6_port = htons (port);
    }
    return 0;
}

static int
bind_socket (const struct sockaddr_storage *address, bool only)
{
    const int on = 1;
    const int v6_only = only;
    int family = address->ss_family;
    socklen_t size = family == AF_INET ? sizeof (struct sockaddr_in) : sizeof (struct sockaddr_in6);
    int fd = socket (family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int reason;

    if (fd < 0) {
        return -1;
    }
    if (setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        (family == AF_INET ||
         setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only) == 0) &&
        bind (fd, (const struct sockaddr *)address, size) == 0 && listen (fd, BACKLOG) == 0) {
        return fd;
    }
    reason = errno;
    (void)close (fd);
    errno = reason;
    return -1;
}

static uint16_t
port_in (const struct sockaddr_storage *address)
{
    return ntohs (address->ss_family == AF_INET
                      ? ((const struct sockaddr_in *)address)->sin_port
                      : ((const struct sockaddr_in6 *)address)->sin6_port);
}

static int
port_of (int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;

    return getsockname (fd, (struct sockaddr *)&address, &size) == 0 ? port_in (&address) : -1;
}

static void
on_resume (evutil_socket_t fd, short what, void *data)
{
    (void)fd;
    (void)what;
    (void)evconnlistener_enable (data);
}

/* `data` is evhttp's here. The listener lives until evhttp_free, when the loop has ended. */
static void
on_accept_error (struct evconnlistener *listener, void *data)
{
    (void)data;
    if (event_base_once (evconnlistener_get_base (listener), -1, EV_TIMEOUT, on_resume, listener,
                         &accept_pause) == 0) {
        (void)evconnlistener_disable (listener);
    }
}

/* Gives the listening socket `fd` to evhttp. */
static int
attach (struct server *server, int fd)
{
    struct evhttp_bound_socket *bound = evhttp_accept_socket_with_handle (server->http, fd);
    struct evconnlistener *listener;

    if (bound == NULL) {
        return -1;
    }
    listener = evhttp_bound_socket_get_listener (bound);
    evconnlistener_set_error_cb (listener, on_accept_error);
    server->listeners[server->listener_count++] = listener;
    return 0;
}

enum server_listening
server_listen (struct server *server, const char *address, uint16_t *port, char *error,
               size_t error_size)
{
    struct sockaddr_storage storage = {0};
    int fd;
    int bound;

    if (server->listener_count == MAX_LISTENERS) {
        snprintf (error, error_size, "more than %d addresses to listen on", MAX_LISTENERS);
        return SERVER_REFUSED;
    }
    if (parse_address (address, *port, &storage) != 0) {
        snprintf (error, error_size, "%s is not an IPv4 or IPv6 address", address);
        return SERVER_REFUSED;
    }
    fd = bind_socket (&storage, server->settings.v6_only);
    if (fd < 0) {
        bool absent = errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL;
        snprintf (error, error_size, "cannot listen on %s port %u: %s", address, *port,
                  strerror (errno));
        return absent ? SERVER_NO_SUCH_ADDRESS : SERVER_REFUSED;
    }
    bound = port_of (fd);
    if (bound < 0 || attach (server, fd) != 0) {
        snprintf (error, error_size, "cannot listen on %s port %u: out of memory", address, *port);
        (void)close (fd);
        return SERVER_REFUSED;
    }
    *port = (uint16_t)bound;
    return SERVER_LISTENING;
}

/* What `fd` is, if it is a TCP socket that listens. Returns 0, or -1. */
static int
describe (int fd, char address[SERVER_ADDRESS_SIZE], uint16_t *port)
{
    struct sockaddr_storage storage = {0};
    socklen_t size = sizeof storage;
    int listening = 0;
    socklen_t flag_size = sizeof listening;
    const void *bytes = &((struct sockaddr_in *)&storage)->sin_addr;

    if (getsockopt (fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &flag_size) != 0 || !listening ||
        getsockname (fd, (struct sockaddr *)&storage, &size) != 0) {
        return -1;
    }
    if (storage.ss_family == AF_INET6) {
        bytes = &((struct sockaddr_in6 *)&storage)->sin6_addr;
    } else if (storage.ss_family != AF_INET) {
        return -1;
    }
    *port = port_in (&storage);
    return inet_ntop (storage.ss_family, bytes, address, SERVER_ADDRESS_SIZE) != NULL ? 0 : -1;
}

enum server_listening
server_listen_fd (struct server *server, int fd, char address[SERVER_ADDRESS_SIZE], uint16_t *port,
                  char *error, size_t error_size)
{
    if (server->listener_count == MAX_LISTENERS) {
        snprintf (error, error_size, "more than %d sockets to listen on", MAX_LISTENERS);
        return SERVER_REFUSED;
    }
    if (describe (fd, address, port) != 0) {
        snprintf (error, error_size,
                  "descriptor %d, which was handed over, is no TCP socket that listens", fd);
        return SERVER_REFUSED;
    }
    if (evutil_make_socket_nonblocking (fd) != 0 || evutil_make_socket_closeonexec (fd) != 0 ||
        attach (server, fd) != 0) {
        snprintf (error, error_size, "cannot listen on descriptor %d: out of memory", fd);
        return SERVER_REFUSED;
    }
    return SERVER_LISTENING;
}

size_t
server_connections (struct server *server)
{
    return connections_count (server->connections);
}

void
server_statistics (struct server *server, struct server_statistics *statistics)
{
    struct connections_statistics connections;

    connections_statistics (server->connections, &connections);
    *statistics = (struct server_statistics){
        .connections = connections_count (server->connections),
        .waiting = request_list_count (server->requests),
        .accepted = connections.accepted,
        .received = connections.received,
        .sent = connections.sent,
        .unreadable = connections.unreadable,
    };
}

void
server_stop (struct server *server)
{
    for (size_t i = 0; i < server->listener_count; i++) {
        (void)evconnlistener_disable (server->listeners[i]);
    }
    request_list_leave (server->requests);
}

bool
server_flushed (struct server *server)
{
    return connections_flushed (server->connections);
}

void
server_free (struct server *server)
{
    if (server == NULL) {
        return;
    }
    if (server->http != NULL) {
        evhttp_free (server->http);
    }
    connections_free (server->connections);
    request_list_free (server->requests);
    free (server);
}
