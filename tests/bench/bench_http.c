/*
 * What bench_rpc.py compares the daemon with, and what it measures both with.
 *
 *     bench_http serve                    a bare evhttp handler: JSON in, one hash, JSON out
 *     bench_http load PORT CONNECTIONS SECONDS    requests a second that a server on loopback
 * answers
 *
 * "serve" prints its port and runs until it is killed. "load" keeps one request in flight on each
 * connection.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "work/base/clock.h"
#include "work/base/hex.h"
#include "work/base/number.h"
#include "work/scan/value.h"

#define MAX_CONNECTIONS 256

static const char body[] = "{\"action\":\"work_validate\",\"hash\":"
                           "\"718CC2121C3E641059BC1C2CFC45666C99E8AE922F7A807B7D07B62C995D79E2\","
                           "\"work\":\"2bf29ef00786a6bc\"}";

static void
die (const char *what)
{
    fprintf (stderr, "bench_http: %s: %s\n", what, strerror (errno));
    exit (1);
}

/* The bare handler. */

static json_t *
validate (const json_t *fields)
{
    const char *hash = json_string_value (json_object_get (fields, "hash"));
    const char *work = json_string_value (json_object_get (fields, "work"));
    char difficulty[HEX_U64_SIZE];
    uint8_t root[32];
    uint64_t nonce;

    if (hash == NULL || work == NULL || hex_parse_root (hash, root) != 0 ||
        hex_parse_u64 (work, &nonce) != 0) {
        return NULL;
    }
    hex_print_u64 (value_of (root, nonce), difficulty);
    return json_pack ("{s:s, s:s, s:s}", "valid_all", "0", "valid_receive", "1", "difficulty",
                      difficulty);
}

static void
on_request (struct evhttp_request *request, void *data)
{
    struct evbuffer *input = evhttp_request_get_input_buffer (request);
    struct evbuffer *output = evhttp_request_get_output_buffer (request);
    const char *text = (const char *)evbuffer_pullup (input, -1);
    json_t *fields = json_loadb (text, evbuffer_get_length (input), 0, NULL);
    json_t *answer = validate (fields);
    char *printed = json_dumps (answer, JSON_INDENT (4));

    (void)data;
    if (printed != NULL) {
        (void)evbuffer_add (output, printed, strlen (printed));
    }
    free (printed);
    json_decref (answer);
    json_decref (fields);
    (void)evhttp_add_header (evhttp_request_get_output_headers (request), "Content-Type",
                             "application/json");
    evhttp_send_reply (request, HTTP_OK, "OK", NULL);
}

static int
serve (void)
{
    struct event_base *base = event_base_new ();
    struct evhttp *http = base != NULL ? evhttp_new (base) : NULL;
    struct evhttp_bound_socket *bound =
        http != NULL ? evhttp_bind_socket_with_handle (http, "127.0.0.1", 0) : NULL;
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;

    if (bound == NULL ||
        getsockname (evhttp_bound_socket_get_fd (bound), (struct sockaddr *)&address, &size) != 0) {
        die ("cannot serve");
    }
    evhttp_set_gencb (http, on_request, NULL);
    printf ("%u\n", ntohs (address.sin_port));
    (void)fflush (stdout);
    return event_base_dispatch (base) < 0;
}

/* The load. */

struct client {
    size_t have;
    char answer[4096];
};

static int
connect_to (uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons (port)};
    int fd = socket (AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    if (fd < 0 || connect (fd, (struct sockaddr *)&address, sizeof address) != 0) {
        die ("cannot connect");
    }
    return fd;
}

static void
ask (int fd)
{
    static char request[1024];
    static int length;

    if (length == 0) {
        length = snprintf (request, sizeof request,
                           "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n%s",
                           sizeof body - 1, body);
    }
    if (write (fd, request, (size_t)length) != length) {
        die ("cannot send");
    }
}

/* Whether the client holds a whole answer with the difficulty in it. */
static bool
is_complete (const struct client *client)
{
    const char *end = memmem (client->answer, client->have, "\r\n\r\n", 4);
    const char *length = memmem (client->answer, client->have, "Content-Length: ", 16);
    size_t header;

    if (end == NULL || length == NULL) {
        return false;
    }
    header = (size_t)(end - client->answer) + 4;
    if (client->have < header + strtoul (length + 16, NULL, 10)) {
        return false;
    }
    if (memmem (client->answer, client->have, "ffffffd21c3933f4", 16) == NULL) {
        fprintf (stderr, "bench_http: a wrong answer: %.*s\n", (int)client->have, client->answer);
        exit (1);
    }
    return true;
}

static bool
read_answer (int fd, struct client *client)
{
    ssize_t got = read (fd, client->answer + client->have, sizeof client->answer - client->have);

    if (got <= 0) {
        die ("connection lost");
    }
    client->have += (size_t)got;
    if (!is_complete (client)) {
        return false;
    }
    client->have = 0;
    return true;
}

static int
load (uint16_t port, size_t connections, double seconds)
{
    static struct client clients[MAX_CONNECTIONS];
    struct pollfd ready[MAX_CONNECTIONS];
    uint64_t start = clock_now ();
    uint64_t end = start + clock_from_seconds (seconds);
    uint64_t answers = 0;

    for (size_t i = 0; i < connections; i++) {
        ready[i] = (struct pollfd){.fd = connect_to (port), .events = POLLIN};
        ask (ready[i].fd);
    }
    while (clock_now () < end) {
        if (poll (ready, connections, 1000) <= 0) {
            die ("no answer");
        }
        for (size_t i = 0; i < connections; i++) {
            if (ready[i].revents != 0 && read_answer (ready[i].fd, &clients[i])) {
                answers++;
                ask (ready[i].fd);
            }
        }
    }
    printf ("%.0f\n", (double)answers / clock_seconds (clock_now () - start));
    return 0;
}

int
main (int argc, char **argv)
{
    uint64_t port;
    uint64_t connections;
    double seconds;

    if (argc == 2 && strcmp (argv[1], "serve") == 0) {
        return serve ();
    }
    if (argc == 5 && strcmp (argv[1], "load") == 0 &&
        number_parse_unsigned (argv[2], 1, UINT16_MAX, &port) == 0 &&
        number_parse_unsigned (argv[3], 1, MAX_CONNECTIONS, &connections) == 0 &&
        number_parse_double (argv[4], &seconds) == 0 && seconds > 0 && seconds < 3600) {
        return load ((uint16_t)port, (size_t)connections, seconds);
    }
    fprintf (stderr, "usage: bench_http serve | bench_http load PORT CONNECTIONS SECONDS\n");
    return 1;
}
