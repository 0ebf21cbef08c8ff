/*
 * Asks a daemon over HTTP: the other side of the RPC, for the commands on the terminal.
 *
 * One thread, that of the event base.
 */
#ifndef NODE_CLIENT_H
#define NODE_CLIENT_H

#include <event2/event.h>
#include <jansson.h>
#include <stddef.h>

struct client;
struct client_call;

enum client_outcome {
    CLIENT_ANSWERED,    /* `body` holds */
    CLIENT_REFUSED,     /* the daemon has answered with an error; `text` is what it said */
    CLIENT_UNREACHABLE, /* nobody answered, or not in time, or nothing that is JSON */
};

#define CLIENT_TEXT_SIZE 512

struct client_answer {
    enum client_outcome outcome;
    json_t *body;                /* an object, or NULL; whoever keeps it takes a reference */
    char text[CLIENT_TEXT_SIZE]; /* printable, what to tell the user */
};

/* Called at most once for a call, never from within client_ask; the call has then ended. */
typedef void (*client_done_fn) (void *data, const struct client_answer *answer);

/*
 * `url` is "http[s]://host:port", the scheme and the port as needed ("host" is port 7000); the text
 * is copied. An https server is checked by `authorities`, as in tls_new. NULL, with a message in
 * `error`, when it is no such thing or for want of descriptors.
 */
struct client *client_new (struct event_base *base, const char *url, const char *authorities,
                           char *error, size_t error_size);

/* When no call is left. NULL is fine. */
void client_free (struct client *client);

/*
 * Once: has every question from now on carry this API key. It goes to the URL's host and port and
 * nowhere else: no answer leads the client to another.
 */
void client_set_key (struct client *client, const char *key);

/* The URL as it was understood. */
const char *client_url (const struct client *client);

/*
 * Posts `request`, whose reference is taken. An answer must come in `timeout` seconds; 0 is no
 * bound.
 */
struct client_call *client_ask (struct client *client, json_t *request, double timeout,
                                client_done_fn done, void *data);

/* Closes the call's connection, which the daemon takes as having left; `done` is not called. */
void client_drop (struct client_call *call);

/* The text of a field, "" when it is not there or no scalar. In `scratch` or in the tree. */
const char *client_field (const json_t *body, const char *key, char *scratch, size_t size);

#endif
