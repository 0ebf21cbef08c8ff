/*
 * A request: one call of an action or of a route by one client, answered exactly once.
 *
 * It is born when the action or the route is called and ends when it is answered, then or any time
 * later: by request_answer or request_fail for an action's, by request_reply and its kin for a
 * route's; request_stream begins an answer without ending it. If the client leaves, or the server
 * stops, before the end, the leave callback is called once; the request has ended with its return,
 * and the client, if still there and without an answer, is told "Cancelled".
 *
 * Event-loop thread.
 */
#ifndef RPC_REQUEST_H
#define RPC_REQUEST_H

#include <event2/buffer.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "rpc/access/access.h"
#include "rpc/base/fault.h"
#include "rpc/server/connection.h"

struct request;

/* How a request ended. */
enum request_result {
    REQUEST_OK,
    REQUEST_ERROR,     /* an error was the answer */
    REQUEST_CANCELLED, /* somebody cancelled what it was for */
    REQUEST_REFUSED,   /* it was not begun: not understood, not allowed, or no room for it */
    REQUEST_LEFT,      /* the client had left, or the server stopped, before the answer */
    REQUEST_RESULTS,
};

/*
 * Told of each request that ends, once. `name` is the action's, or the route's path, and static;
 * NULL for what is neither. It does nothing to any request.
 */
typedef void (*request_ended_fn) (void *data, const char *name, enum request_result result);

/*
 * What a client may ask for. The handler runs on the loop, with the context that the server was
 * given, and answers now or keeps the request and calls request_on_leave.
 */
struct action {
    const char *name;
    enum access_right right; /* that a key with rights needs */
    bool control;            /* changes the daemon: others are refused unless control is enabled */
    bool lists;              /* takes lists: a body of up to SERVER_LISTS_SIZE bytes */
    void (*run) (void *context, struct request *request);
};

/* The fields of an action's request: an object, the request's own, good until it ends. */
const json_t *request_fields (const struct request *request);

/* Answers with `body`, whose reference is taken. */
void request_answer (struct request *request, json_t *body);

/* Answers with an error. */
void request_fail (struct request *request, const struct fault *fault);

/*
 * Answers a route's request with `status` and what `body` holds, which is emptied and stays the
 * caller's; NULL is an empty body. `type` is its Content-Type, NULL for none.
 */
void request_reply (struct request *request, int status, const char *type, struct evbuffer *body);

/* The same with JSON on one line. The body's reference is taken. */
void request_reply_json (struct request *request, int status, json_t *body);

/* The same with {"error":`error`}. */
void request_reply_error (struct request *request, int status, const char *error);

/*
 * Answers a route's request, which is not a HEAD, with status 200 and a body that begins with
 * `first` and goes on until the client leaves or the server stops: both end the request, as they do
 * one that waits. A client that does not read costs what was added last, and a few KiB in the
 * system. What the buffers hold is copied.
 */
void request_stream (struct request *request, const char *type, struct evbuffer *first);

/* Adds to that body, unless what was added before has not left yet: then it does nothing. */
void request_stream_add (struct request *request, struct evbuffer *bytes);

bool request_is_head (const struct request *request);

/*
 * How the request went, before an answer that does not tell: that it is an error says no more than
 * REQUEST_ERROR. What is said first counts.
 */
void request_went (struct request *request, enum request_result result);

/* A header that the answer shall have besides. */
void request_add_header (struct request *request, const char *name, const char *value);

/* The bytes of a request's body: the request's own, good until it ends; may be pulled up. */
struct evbuffer *request_body (const struct request *request);

/* The value of a request's header, of several the first; NULL for none. Good until it ends. */
const char *request_header (const struct request *request, const char *name);

/* Who asks, for a log: the name of his key, or his address. */
void request_caller (const struct request *request, char text[ACCESS_NAME_SIZE]);

/* The request does not count against its caller's rate. Once at most. */
void request_refund (struct request *request);

/*
 * Whether the caller may have one more search in progress; it then ends with the request. Else the
 * request has ended: its client is told.
 */
bool request_begin_job (struct request *request);

/*
 * Whether the caller may ask for work of `difficulty`, where the network's is `base`. Else the
 * request has ended: its client is told.
 */
bool request_check_difficulty (struct request *request, uint64_t difficulty, uint64_t base);

/* Who is to be told when the client leaves before the answer. */
void request_on_leave (struct request *request, void (*leave) (void *data), void *data);

/* For the server. */

/* Those of a server that are waiting for their answers. */
struct request_list {
    struct event_base *base;
    TAILQ_HEAD (, request) waiting;
    size_t count;           /* of these */
    request_ended_fn ended; /* or NULL */
    void *ended_data;
};

void request_list_init (struct request_list *list, struct event_base *base, request_ended_fn ended,
                        void *data);

/*
 * Makes a request of what is pending on `connection` and `fields`, whose reference is taken, or
 * NULL for a route's, with `pass`, which is taken as well; calls `run`, the action's or the
 * route's, whose name or path `name` is; and, if that has not answered, watches the client from
 * then on.
 */
void request_run (struct request_list *list, struct connection *connection, const char *name,
                  json_t *fields, struct access_pass *pass,
                  void (*run) (void *context, struct request *request), void *context);

/* Tells whoever is to be told that a request for `name` (may be NULL) was refused. */
void request_list_refused (const struct request_list *list, const char *name);

/* Takes every waiter away, as if all clients had left. */
void request_list_leave (struct request_list *list);

#endif
