/*
 * A request: one call of an action by one client, answered exactly once.
 *
 * It is born when an action is called and ends when request_answer or request_fail is called for
 * it; both may be called during the action or any time later, and not again. If the client leaves,
 * or the server stops, before that, the leave callback is called once; the request has ended with
 * its return, and the client, should it still be there, is told "Cancelled".
 *
 * Event-loop thread.
 */
#ifndef RPC_REQUEST_H
#define RPC_REQUEST_H

#include <event2/http.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "rpc/connections.h"

struct request;

/*
 * What a client may ask for. The handler runs on the loop, with the context that the server was
 * given, and answers now or keeps the request and calls request_on_leave.
 */
struct action {
    const char *name;
    bool control; /* changes the daemon: refused unless control is enabled */
    void (*run) (void *context, struct request *request);
};

/* The request's fields: an object, the request's own, good until it ends. */
const json_t *request_fields (const struct request *request);

/* Answers with `body`, whose reference is taken. A NULL body, for want of memory, is an error
 * answer. */
void request_answer (struct request *request, json_t *body);

/* Answers {"error": `error`}. */
void request_fail (struct request *request, const char *error);

/* Who is to be told when the client leaves before the answer. */
void request_on_leave (struct request *request, void (*leave) (void *data), void *data);

/* For the server. */

struct request_list;

/* Requests that are waiting for their answers. NULL for want of memory. */
struct request_list *request_list_new (struct event_base *base);

/* To be empty, see request_list_leave. */
void request_list_free (struct request_list *list);

/*
 * Makes a request of `http`, an evhttp request handed to the server on `connection`, and `fields`,
 * whose reference is taken; runs the action; and, if that has not answered, watches the client from
 * then on.
 */
void request_run (struct request_list *list, struct connection *connection,
                  struct evhttp_request *http, json_t *fields, const struct action *action,
                  void *context);

/* Answers {"error": `error`} to an evhttp request that became no request. */
void request_refuse (struct evhttp_request *http, const char *error);

/* Takes every waiter away, as if all clients had left. */
void request_list_leave (struct request_list *list);

#endif
