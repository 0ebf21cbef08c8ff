#include "rpc/server/server.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rpc/base/header.h"
#include "rpc/base/json.h"
#include "rpc/base/memory.h"
#include "rpc/base/rpc_log.h"
#include "rpc/server/connections.h"
#include "rpc/server/listener.h"
#include "rpc/server/reply.h"
#include "work/base/clock.h"

/* Without descriptors to accept with, accepting waits this long rather than spin. */
static const struct timeval accept_pause = {.tv_usec = 100000};

#define MAX_LISTENERS 16

struct server {
    struct event_base *base;
    struct evhttp *http;
    struct connections *connections;
    struct request_list requests;
    struct server_settings settings;
    struct access *access;        /* or NULL: everybody may ask */
    const struct action *actions; /* NULL: routes only */
    void *context;                /* of the actions */
    struct routes routes;
    struct evconnlistener *listeners[MAX_LISTENERS]; /* evhttp's */
    size_t listener_count;
};

/* As nano_node answers, with those headers added in which clients carry a key. */
static void
add_headers (struct connection *connection, const char *allow, bool any_origin)
{
    reply_add_header (connection, "Allow", allow);
    if (any_origin) {
        reply_add_header (connection, "Access-Control-Allow-Origin", "*");
        reply_add_header (connection, "Access-Control-Allow-Methods", allow);
        reply_add_header (
            connection, "Access-Control-Allow-Headers",
            "Accept, Accept-Language, Content-Language, Content-Type, Authorization, api-key, "
            "x-api-key, key");
    }
}

/* What is not begun, whoever asks. `name` is an action's or a route's, or NULL. */
static void
refuse (const struct server *server, struct connection *connection, const char *name, int status,
        const struct fault *fault)
{
    request_list_refused (&server->requests, name);
    reply_fault (connection, status, status == HTTP_OK, fault);
}

/*
 * Whether the request that came on `connection` may go on, with `pass`. Else it has been answered.
 * `path` is that of its route, NULL for the RPC.
 * Without access the pass is good for everything.
 */
static bool
admit (struct server *server, struct connection *connection, const char *path,
       struct access_pass *pass)
{
    const struct evkeyvalq *const input = evhttp_request_get_input_headers (connection->http);
    struct credentials_headers headers;
    enum access_verdict verdict;

    *pass = (struct access_pass){.access = NULL};
    if (server->access == NULL) {
        return true;
    }
    headers = (struct credentials_headers){
        .authorization = evhttp_find_header (input, "Authorization"),
        .api_key = evhttp_find_header (input, "api-key"),
        .x_api_key = evhttp_find_header (input, "x-api-key"),
        .key = evhttp_find_header (input, "key"),
    };
    verdict = access_admit (server->access, connection_address (connection), &headers, clock_now (),
                            pass);
    if (verdict == ACCESS_GRANTED) {
        return true;
    }
    request_list_refused (&server->requests, path);
    reply_refusal (verdict, pass, path == NULL, connection);
    access_pass_clear (pass);
    return false;
}

/* Whether the pass is good for what needs `right`. Else the request has been answered. */
static bool
has_right (struct server *server, struct connection *connection, const char *name,
           enum access_right right, bool is_rpc, struct access_pass *pass)
{
    const enum access_verdict verdict = access_check_right (pass, right);

    if (verdict == ACCESS_GRANTED) {
        return true;
    }
    request_list_refused (&server->requests, name);
    reply_refusal (verdict, pass, is_rpc, connection);
    access_pass_clear (pass);
    return false;
}

/* Bytes of a body that are read: more than any action has that takes no lists. */
static uint64_t
max_body (const struct server *server)
{
    uint64_t most = server->settings.connections.limits.max_body;

    for (const struct action *action = server->actions; action != NULL && action->name != NULL;
         action++) {
        most = action->lists && most < SERVER_LISTS_SIZE ? SERVER_LISTS_SIZE : most;
    }
    return most;
}

static const struct fault no_post = {"Can only POST requests", REASON_BAD_REQUEST, ""};

static const struct action *
find_action (const struct server *server, const json_t *fields, struct fault *fault)
{
    char scratch[JSON_SCRATCH_SIZE];
    const char *name = json_text (fields, "action", scratch);

    if (name == NULL) {
        (void)fault_set (fault, REASON_MISSING_FIELD, JSON_UNREADABLE, "action");
        return NULL;
    }
    for (const struct action *action = server->actions; action->name != NULL; action++) {
        if (strcmp (action->name, name) == 0) {
            return action;
        }
    }
    (void)fault_set (fault, REASON_UNKNOWN_ACTION, "Unknown command", "%s", "");
    return NULL;
}

static json_t *
parse (const struct server *server, const struct connection *connection, struct fault *fault)
{
    const size_t depth = server->settings.max_json_depth;
    json_t *const fields =
        json_parse (evhttp_request_get_input_buffer (connection->http), depth, &fault->error);

    if (fields == NULL && strcmp (fault->error, JSON_TOO_DEEP) == 0) {
        (void)fault_set (fault, REASON_TOO_LARGE, fault->error,
                         "at most %zu brackets (rpc.max_json_depth)", depth);
    } else if (fields == NULL) {
        fault->reason = REASON_UNREADABLE;
    }
    return fields;
}

/*
 * Any web page can make its reader's browser post here. Work is anybody's to ask for, but the
 * daemon is not any page's to control.
 */
static bool
may_control (const struct server *server, const struct connection *connection,
             const struct access_pass *pass)
{
    struct evkeyvalq *headers = evhttp_request_get_input_headers (connection->http);

    return (server->settings.enable_control || pass->rights != 0) &&
           evhttp_find_header (headers, "Origin") == NULL;
}

static struct fault
too_large (const struct server *server)
{
    struct fault fault;

    (void)fault_set (&fault, REASON_TOO_LARGE, "Invalid header: body limit exceeded",
                     "at most %" PRIu64 " bytes (rpc.max_request_size)",
                     server->settings.connections.limits.max_body);
    if (max_body (server) > server->settings.connections.limits.max_body) {
        (void)snprintf (fault.detail + strlen (fault.detail),
                        sizeof fault.detail - strlen (fault.detail),
                        ", and %" PRIu64 " for actions that take lists", max_body (server));
    }
    return fault;
}

/* Whether only actions that take lists may have its body. */
static bool
is_large (const struct server *server, const struct connection *connection)
{
    struct evbuffer *const body = evhttp_request_get_input_buffer (connection->http);

    return evbuffer_get_length (body) > server->settings.connections.limits.max_body;
}

/* Whether a request for `action`, which is known, may be run; else `fault` says why not. */
static bool
may_run (const struct server *server, struct connection *connection, const struct action *action,
         const struct access_pass *pass, struct fault *fault)
{
    if (!action->lists && is_large (server, connection)) {
        reply_add_header (connection, "Connection", "close");
        *fault = too_large (server);
        return false;
    }
    return !action->control || may_control (server, connection, pass) ||
           fault_set (fault, REASON_FORBIDDEN, "RPC control is disabled",
                      "it takes rpc.enable_control, and a request that is no web page's");
}

static void
handle_post (struct server *server, struct connection *connection, struct access_pass *pass)
{
    struct fault fault = {.error = NULL};
    const struct action *action = NULL;
    json_t *fields = parse (server, connection, &fault);

    if (fields != NULL) {
        action = find_action (server, fields, &fault);
    }
    if (action == NULL || !may_run (server, connection, action, pass, &fault)) {
        json_decref (fields);
        access_pass_clear (pass);
        refuse (server, connection, action != NULL ? action->name : NULL, HTTP_OK, &fault);
        return;
    }
    if (!has_right (server, connection, action->name, action->right, true, pass)) {
        json_decref (fields);
        return;
    }
    request_run (&server->requests, connection, action->name, fields, pass, action->run,
                 server->context);
}

static void
handle_rpc (struct server *server, struct connection *connection)
{
    struct access_pass pass;

    add_headers (connection, "POST, OPTIONS", true);
    switch (evhttp_request_get_command (connection->http)) {
    case EVHTTP_REQ_POST:
        if (admit (server, connection, NULL, &pass)) {
            handle_post (server, connection, &pass);
        }
        break;
    case EVHTTP_REQ_OPTIONS:
        reply_send (connection, HTTP_OK, "application/json", NULL);
        break;
    default:
        refuse (server, connection, NULL, HTTP_OK, &no_post);
        break;
    }
}

/* Whether any of the header fields called `name` has `word` in its list. */
static bool
field_lists (const struct connection *connection, const char *name, const char *word)
{
    const struct evkeyvalq *const headers = evhttp_request_get_input_headers (connection->http);
    const struct evkeyval *each;

    TAILQ_FOREACH (each, headers, next)
    {
        if (strcasecmp (each->key, name) == 0 && header_lists (each->value, word)) {
            return true;
        }
    }
    return false;
}

static enum route_method
method_of (const struct connection *connection)
{
    switch (evhttp_request_get_command (connection->http)) {
    case EVHTTP_REQ_GET:
    case EVHTTP_REQ_HEAD:
        return field_lists (connection, "Accept", "text/html") ? ROUTE_PAGE : ROUTE_GET;
    case EVHTTP_REQ_POST:
        return ROUTE_POST;
    default:
        return ROUTE_OTHER;
    }
}

static void
handle_route (struct server *server, struct connection *connection,
              const struct routes_match *match)
{
    struct access_pass pass = {.access = NULL};

    add_headers (connection, match->allow, match->any_origin);
    if (evhttp_request_get_command (connection->http) == EVHTTP_REQ_OPTIONS) {
        reply_send (connection, 204, NULL, NULL);
    } else if (match->route == NULL) {
        refuse (server, connection, match->path, 405,
                &(struct fault){.error = "This path does not support that method"});
    } else if (match->open ||
               (admit (server, connection, match->path, &pass) &&
                has_right (server, connection, match->path, match->route->right, false, &pass))) {
        request_run (&server->requests, connection, match->path, NULL, &pass, match->route->run,
                     match->context);
    }
}

static const char *
path_of (const struct connection *connection)
{
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri (connection->http);
    const char *path = uri != NULL ? evhttp_uri_get_path (uri) : NULL;

    return path != NULL ? path : "";
}

/* evhttp knows "close" only as the whole of the first such field (RFC 9112, 9.6). */
static void
close_if_asked (struct connection *connection)
{
    if (field_lists (connection, "Connection", "close")) {
        reply_add_header (connection, "Connection", "close");
    }
}

static void
refuse_path (struct server *server, struct connection *connection)
{
    add_headers (connection, "POST, OPTIONS", server->actions != NULL);
    refuse (server, connection, NULL, 404,
            server->actions != NULL ? &no_post
                                    : &(struct fault){.error = "There is nothing at this path"});
}

/* To nano_node all paths are the same, but who mistypes /health should see that. */
static bool
is_mistyped (const struct connection *connection)
{
    const enum route_method method = method_of (connection);

    return (method == ROUTE_GET || method == ROUTE_PAGE) && strcmp (path_of (connection), "/") != 0;
}

static struct fault
fault_of (const struct server *server, const struct framing *framing)
{
    struct fault fault = {framing->refused, REASON_BAD_REQUEST, ""};

    if (framing->status == 413) {
        fault = too_large (server);
    } else if (framing->status == 400 && !framing->ambiguous) {
        (void)fault_set (&fault, REASON_TOO_LARGE, fault.error,
                         "at most %zu bytes (rpc.max_header_size)",
                         server->settings.connections.limits.max_head);
    }
    return fault;
}

/*
 * What could be read in two ways is told so with its status. Other errors, like all of the RPC,
 * have status 200 there.
 */
static void
answer_refused (struct server *server, struct connection *connection, struct fault fault)
{
    const struct framing *const framing = &connection->framing;
    const bool is_rpc = server->actions != NULL && !framing->ambiguous;

    if (framing->ambiguous) {
        rpc_log_write ("A request was refused with status %d: %s", framing->status,
                       framing->refused);
    }
    reply_add_header (connection, "Access-Control-Allow-Origin", "*");
    reply_add_header (connection, "Connection", "close");
    reply_fault (connection, is_rpc ? HTTP_OK : framing->status, true,
                 is_rpc && framing->status == 501 ? &no_post : &fault);
}

/* The connection stays: it is the proxy's, for others as well. */
static void
refuse_forwarded (struct server *server, struct connection *connection)
{
    static const struct fault fault = {
        "Invalid header: Forwarded or X-Forwarded-For names no client", REASON_BAD_REQUEST, ""};

    rpc_log_write ("A request was refused with status 400: %s", fault.error);
    reply_add_header (connection, "Access-Control-Allow-Origin", "*");
    refuse (server, connection, NULL, 400, &fault);
}

static void
on_request (struct evhttp_request *http, void *data)
{
    struct server *server = data;
    struct connection *const connection = connections_take (server->connections, http);
    struct routes_match match;
    const char *const path = path_of (connection);
    const bool is_route = routes_find (&server->routes, method_of (connection), path, &match);

    if (connection_is_refused (connection)) {
        answer_refused (server, connection, fault_of (server, &connection->framing));
        return;
    }
    if (is_route && is_large (server, connection)) {
        answer_refused (server, connection, too_large (server));
        return;
    }
    close_if_asked (connection);
    if (connection_find_client (connection) != 0) {
        refuse_forwarded (server, connection);
    } else if (is_route) {
        handle_route (server, connection, &match);
    } else if (server->actions == NULL || is_mistyped (connection)) {
        refuse_path (server, connection);
    } else {
        handle_rpc (server, connection);
    }
}

/* evhttp sees nothing that is too long. */
void
server_set (struct server *server, const struct server_settings *settings)
{
    const struct timeval idle = clock_timeval (settings->idle_timeout);
    struct connections_settings connections = settings->connections;

    server->settings = *settings;
    evhttp_set_timeout_tv (server->http, &idle);
    connections.limits.max_body = max_body (server);
    connections_set (server->connections, &connections);
}

void
server_set_access (struct server *server, struct access *access)
{
    server->access = access;
}

void
server_set_proxies (struct server *server, const struct proxies *proxies)
{
    server->connections->proxies = proxies;
}

struct server *
server_new (struct event_base *base, const struct server_settings *settings,
            const struct action *actions, void *context)
{
    struct server *server = memory_new (1, sizeof *server);

    server->base = base;
    server->actions = actions;
    server->context = context;
    request_list_init (&server->requests, base, settings->ended, settings->ended_data);
    server->http = memory_need (evhttp_new (base));
    evhttp_set_allowed_methods (server->http, UINT16_MAX);
    evhttp_set_default_content_type (server->http, NULL);
    evhttp_set_gencb (server->http, on_request, server);
    server->connections = connections_new (base, server->http);
    server_set (server, settings);
    return server;
}

void
server_add_routes (struct server *server, const struct route *routes, void *context)
{
    routes_add (&server->routes, routes, context, false);
}

void
server_add_open_routes (struct server *server, const struct route *routes, void *context)
{
    routes_add (&server->routes, routes, context, true);
}

/* Listening. */

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
    rpc_log_write ("Cannot accept a connection, retrying in 0.1 s: %s", strerror (errno));
    memory_require (event_base_once (evconnlistener_get_base (listener), -1, EV_TIMEOUT, on_resume,
                                     listener, &accept_pause) == 0);
    (void)evconnlistener_disable (listener);
}

enum server_listening
server_cannot_listen (int reason, const char *address, uint16_t port, char *error,
                      size_t error_size)
{
    snprintf (error, error_size, "cannot listen on %s port %u: %s", address, port,
              strerror (reason));
    return reason == EAFNOSUPPORT || reason == EADDRNOTAVAIL ? SERVER_NO_SUCH_ADDRESS
                                                             : SERVER_REFUSED;
}

enum server_listening
server_listen (struct server *server, const char *address, uint16_t *port, char *error,
               size_t error_size)
{
    struct sockaddr_storage storage = {0};
    char canonical[SERVER_ADDRESS_SIZE];
    enum server_listening result;
    int fd;

    if (listener_parse (address, *port, &storage) != 0) {
        snprintf (error, error_size, "%s is not an IPv4 or IPv6 address", address);
        return SERVER_REFUSED;
    }
    fd = listener_reserve (&storage, server->settings.v6_only);
    if (fd < 0 || listener_listen (fd) != 0) {
        result = server_cannot_listen (errno, address, *port, error, error_size);
    } else {
        result = server_listen_fd (server, fd, canonical, port, error, error_size);
    }
    if (fd >= 0 && result != SERVER_LISTENING) {
        (void)close (fd);
    }
    return result;
}

enum server_listening
server_listen_fd (struct server *server, int fd, char address[SERVER_ADDRESS_SIZE], uint16_t *port,
                  char *error, size_t error_size)
{
    const int on = 1;
    struct evconnlistener *listener;

    if (server->listener_count == MAX_LISTENERS) {
        snprintf (error, error_size, "more than %d addresses to listen on", MAX_LISTENERS);
        return SERVER_REFUSED;
    }
    if (listener_describe (fd, address, port) != 0) {
        snprintf (error, error_size,
                  "descriptor %d, which was handed over, is not a listening TCP socket", fd);
        return SERVER_REFUSED;
    }
    if (evutil_make_socket_nonblocking (fd) != 0 || evutil_make_socket_closeonexec (fd) != 0) {
        snprintf (error, error_size, "cannot listen on descriptor %d: %s", fd, strerror (errno));
        return SERVER_REFUSED;
    }
    /* Connections inherit it. Else the second answer to requests sent together would wait until the
     * client acknowledges the first, which it puts off for some 40 ms. */
    (void)setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    listener = evhttp_bound_socket_get_listener (
        memory_need (evhttp_accept_socket_with_handle (server->http, fd)));
    evconnlistener_set_error_cb (listener, on_accept_error);
    server->listeners[server->listener_count++] = listener;
    return SERVER_LISTENING;
}

bool
server_is_wide (const struct server *server)
{
    for (size_t i = 0; i < server->listener_count; i++) {
        char text[LISTENER_ADDRESS_SIZE];
        struct cidr address;
        uint16_t port;

        if (listener_describe (evconnlistener_get_fd (server->listeners[i]), text, &port) != 0 ||
            cidr_parse (text, &address) != 0 || !cidr_is_loopback (&address.address)) {
            return true;
        }
    }
    return false;
}

size_t
server_connections (struct server *server)
{
    return server->connections->statistics.connections;
}

void
server_statistics (struct server *server, struct server_statistics *statistics)
{
    *statistics = server->connections->statistics;
    statistics->waiting = server->requests.count;
}

void
server_stop (struct server *server)
{
    for (size_t i = 0; i < server->listener_count; i++) {
        (void)evconnlistener_disable (server->listeners[i]);
        /* One that waits to try again (on_accept_error) does not listen without a callback. */
        evconnlistener_set_cb (server->listeners[i], NULL, NULL);
    }
    request_list_leave (&server->requests);
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
    evhttp_free (server->http);
    connections_free (server->connections);
    free (server);
}
