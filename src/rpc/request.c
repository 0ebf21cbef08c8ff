#include "rpc/request.h"

#include <event2/buffer.h>
#include <event2/http_struct.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "rpc/json.h"
#include "rpc/watch.h"

struct request {
    TAILQ_ENTRY (request) link; /* in the list once it waits */
    struct request_list *list;
    struct connection *connection;
    struct evhttp_request *http; /* evhttp's until it is answered; NULL from then on */
    json_t *fields;
    struct watch *watch; /* once it waits */
    bool running;        /* within request_run: that frees it */
    void (*leave) (void *data);
    void *data;
};

struct request_list {
    struct event_base *base;
    TAILQ_HEAD (, request) waiting;
};

static const char out_of_memory[] = "{\n    \"error\": \"Out of memory\"\n}\n";

static void
send_json (struct evhttp_request *http, const json_t *body)
{
    struct evbuffer *output = evhttp_request_get_output_buffer (http);
    struct evkeyvalq *headers = evhttp_request_get_output_headers (http);

    (void)evhttp_add_header (headers, "Content-Type", "application/json");
    if (body == NULL || json_print (body, output) != 0) {
        (void)evbuffer_add_reference (output, out_of_memory, sizeof out_of_memory - 1, NULL, NULL);
    }
    evhttp_send_reply (http, HTTP_OK, "OK", NULL);
}

void
request_refuse (struct evhttp_request *http, const char *error)
{
    json_t *body = json_pack ("{s:s}", "error", error);

    send_json (http, body);
    json_decref (body);
}

static void
destroy (struct request *request)
{
    json_decref (request->fields);
    free (request);
}

/* From waiting to ended: evhttp's own again, and nobody watches. */
static void
stop_waiting (struct request *request)
{
    connection_on_close (request->connection, NULL, NULL);
    watch_free (request->watch);
    TAILQ_REMOVE (&request->list->waiting, request, link);
}

void
request_answer (struct request *request, json_t *body)
{
    struct evhttp_request *http = request->http;

    if (!request->running) {
        stop_waiting (request);
    }
    request->http = NULL;
    send_json (http, body);
    json_decref (body);
    if (!request->running) {
        destroy (request);
    }
}

void
request_fail (struct request *request, const char *error)
{
    request_answer (request, json_pack ("{s:s}", "error", error));
}

const json_t *
request_fields (const struct request *request)
{
    return request->fields;
}

void
request_on_leave (struct request *request, void (*leave) (void *data), void *data)
{
    request->leave = leave;
    request->data = data;
}

/*
 * The client cannot be seen to be anything but gone, but if it is there after all it hears of it,
 * and if not, writing makes evhttp clean up.
 */
static void
leave (struct request *request)
{
    struct evhttp_request *http = request->http;

    if (request->leave != NULL) {
        request->leave (request->data);
    }
    (void)evhttp_add_header (evhttp_request_get_output_headers (http), "Connection", "close");
    request_fail (request, "Cancelled");
}

static void
on_gone (void *data)
{
    leave (data);
}

/*
 * evhttp closes the connection, and there is nobody to answer. Its request goes with the
 * connection, unless evhttp has taken the two apart, as it does when reading or writing fails: then
 * it is ours.
 */
static void
on_close (void *data)
{
    struct request *request = data;

    if (request->leave != NULL) {
        request->leave (request->data);
    }
    if (evhttp_request_get_connection (request->http) == NULL) {
        evhttp_request_free (request->http);
    }
    watch_free (request->watch);
    TAILQ_REMOVE (&request->list->waiting, request, link);
    destroy (request);
}

static bool
speaks_http_1_1 (const struct evhttp_request *http)
{
    return http->major > 1 || (http->major == 1 && http->minor >= 1);
}

static void
start_waiting (struct request *request)
{
    TAILQ_INSERT_TAIL (&request->list->waiting, request, link);
    connection_on_close (request->connection, on_close, request);
    request->watch = watch_new (request->list->base, connection_fd (request->connection),
                                speaks_http_1_1 (request->http), on_gone, request);
    if (request->watch == NULL) {
        leave (request);
    }
}

void
request_run (struct request_list *list, struct connection *connection, struct evhttp_request *http,
             json_t *fields, const struct action *action, void *context)
{
    struct request *request = calloc (1, sizeof *request);

    if (request == NULL || connection == NULL) {
        free (request);
        json_decref (fields);
        request_refuse (http, "Out of memory");
        return;
    }
    *request = (struct request){
        .list = list,
        .connection = connection,
        .http = http,
        .fields = fields,
        .running = true,
    };
    action->run (context, request);
    request->running = false;
    if (request->http == NULL) {
        destroy (request);
    } else {
        start_waiting (request);
    }
}

struct request_list *
request_list_new (struct event_base *base)
{
    struct request_list *list = calloc (1, sizeof *list);

    if (list != NULL) {
        list->base = base;
        TAILQ_INIT (&list->waiting);
    }
    return list;
}

void
request_list_free (struct request_list *list)
{
    free (list);
}

void
request_list_leave (struct request_list *list)
{
    struct request *request;

    while ((request = TAILQ_FIRST (&list->waiting)) != NULL) {
        leave (request);
    }
}
