#include "rpc/server/request.h"

#include <event2/buffer.h>
#include <event2/http_struct.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "rpc/base/json.h"
#include "rpc/base/memory.h"
#include "rpc/server/hangup.h"
#include "rpc/server/reply.h"

struct request {
    TAILQ_ENTRY (request) link; /* in the list once it waits */
    struct request_list *list;
    struct connection *connection;
    const char *name; /* the action's, or the route's path */
    enum request_result result;
    bool answered;
    bool streams;            /* its answer has begun, and goes on */
    json_t *fields;          /* an action's; NULL is a route's request */
    struct access_pass pass; /* until it is answered */
    struct hangup *hangup;   /* watches once it waits */
    bool running;            /* within request_run: that frees it */
    void (*leave) (void *data);
    void *data;
};

static void
tell (const struct request_list *list, const char *name, enum request_result result)
{
    if (list->ended != NULL) {
        list->ended (list->ended_data, name, result);
    }
}

void
request_list_refused (const struct request_list *list, const char *name)
{
    tell (list, name, REQUEST_REFUSED);
}

/* The end of every request. */
static void
destroy (struct request *request)
{
    tell (request->list, request->name, request->result);
    access_pass_clear (&request->pass);
    json_decref (request->fields);
    free (request);
}

static void
unlist (struct request *request)
{
    TAILQ_REMOVE (&request->list->waiting, request, link);
    request->list->count--;
}

/* From waiting to ended: evhttp's own again, and nobody watches. */
static void
stop_waiting (struct request *request)
{
    connection_on_close (request->connection, NULL, NULL);
    hangup_free (request->hangup);
    unlist (request);
}

void
request_went (struct request *request, enum request_result result)
{
    if (request->result == REQUEST_OK) {
        request->result = result;
    }
}

static enum request_result
result_of (int status)
{
    return status < 400 ? REQUEST_OK : REQUEST_ERROR;
}

/* Every answer begins here, */
static void
begin_answer (struct request *request, enum request_result result)
{
    request_went (request, result);
    if (!request->running) {
        stop_waiting (request);
    }
    request->answered = true;
}

/* and ends here. */
static void
end (struct request *request)
{
    if (!request->running) {
        destroy (request);
    }
}

static void
answer_json (struct request *request, int status, enum request_result result, json_t *body)
{
    begin_answer (request, result);
    reply_json (request->connection, status, request->fields != NULL, body);
    end (request);
}

void
request_answer (struct request *request, json_t *body)
{
    answer_json (request, HTTP_OK, REQUEST_OK, body);
}

void
request_fail (struct request *request, const struct fault *fault)
{
    answer_json (request, HTTP_OK, REQUEST_ERROR, fault_json (fault));
}

void
request_reply (struct request *request, int status, const char *type, struct evbuffer *body)
{
    begin_answer (request, result_of (status));
    reply_send (request->connection, status, type, body);
    end (request);
}

void
request_reply_json (struct request *request, int status, json_t *body)
{
    answer_json (request, status, result_of (status), body);
}

void
request_reply_error (struct request *request, int status, const char *error)
{
    request_reply_json (request, status, json_error (error));
}

void
request_add_header (struct request *request, const char *name, const char *value)
{
    reply_add_header (request->connection, name, value);
}

struct evbuffer *
request_body (const struct request *request)
{
    return evhttp_request_get_input_buffer (request->connection->http);
}

const char *
request_header (const struct request *request, const char *name)
{
    return evhttp_find_header (evhttp_request_get_input_headers (request->connection->http), name);
}

/* The kernel doubles it. What waits there is old when it is read: a state a second later is better.
 */
#define STREAM_BUFFER 16384

void
request_stream (struct request *request, const char *type, struct evbuffer *first)
{
    static const int size = STREAM_BUFFER;

    (void)setsockopt (request->connection->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    request->streams = true;
    reply_begin (request->connection, type);
    reply_add (request->connection, first);
}

void
request_stream_add (struct request *request, struct evbuffer *bytes)
{
    if (!connection_has_output (request->connection)) {
        reply_add (request->connection, bytes);
    }
}

bool
request_is_head (const struct request *request)
{
    return evhttp_request_get_command (request->connection->http) == EVHTTP_REQ_HEAD;
}

const json_t *
request_fields (const struct request *request)
{
    return request->fields;
}

void
request_caller (const struct request *request, char text[ACCESS_NAME_SIZE])
{
    const struct cidr_address *const address = connection_address (request->connection);

    text[0] = '\0';
    if (request->pass.access != NULL) {
        access_pass_print (&request->pass, text);
    } else if (address != NULL) {
        cidr_address_print (address, text);
    }
}

/* Answers what the pass does not stand for. */
static bool
obey (struct request *request, enum access_verdict verdict)
{
    if (verdict == ACCESS_GRANTED) {
        return true;
    }
    begin_answer (request, REQUEST_REFUSED);
    reply_refusal (verdict, &request->pass, request->fields != NULL, request->connection);
    end (request);
    return false;
}

void
request_refund (struct request *request)
{
    access_refund (&request->pass);
}

bool
request_begin_job (struct request *request)
{
    return obey (request, access_begin_job (&request->pass));
}

bool
request_check_difficulty (struct request *request, uint64_t difficulty, uint64_t base)
{
    return obey (request, access_check_difficulty (&request->pass, difficulty, base));
}

void
request_on_leave (struct request *request, void (*leave) (void *data), void *data)
{
    request->leave = leave;
    request->data = data;
}

static void
tell_of_leaving (struct request *request)
{
    request_went (request, REQUEST_LEFT);
    if (request->leave != NULL) {
        request->leave (request->data);
    }
}

/*
 * The client cannot be seen to be anything but gone, but if it is there after all it hears of it,
 * and if not, writing makes evhttp clean up.
 */
static void
leave (struct request *request, enum reason reason)
{
    const struct fault fault = {.error = "Cancelled", .reason = reason};

    tell_of_leaving (request);
    if (request->streams) {
        begin_answer (request, REQUEST_LEFT);
        reply_end (request->connection);
        end (request);
        return;
    }
    request_add_header (request, "Connection", "close");
    if (request->fields != NULL) {
        request_fail (request, &fault);
    } else {
        request_reply_error (request, 503, fault.error);
    }
}

static void
on_hangup (void *data)
{
    leave (data, REASON_CANCELLED);
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

    tell_of_leaving (request);
    if (evhttp_request_get_connection (request->connection->http) == NULL) {
        evhttp_request_free (request->connection->http);
    }
    hangup_free (request->hangup);
    unlist (request);
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
    request->list->count++;
    connection_on_close (request->connection, on_close, request);
    if (!request->streams) { /* evhttp sees who leaves while it writes */
        request->hangup =
            hangup_new (request->list->base, request->connection->fd,
                        speaks_http_1_1 (request->connection->http), on_hangup, request);
    }
}

void
request_run (struct request_list *list, struct connection *connection, const char *name,
             json_t *fields, struct access_pass *pass,
             void (*run) (void *context, struct request *request), void *context)
{
    struct request *request = memory_new (1, sizeof *request);

    *request = (struct request){
        .list = list,
        .connection = connection,
        .name = name,
        .fields = fields,
        .pass = *pass,
        .running = true,
    };
    run (context, request);
    request->running = false;
    if (request->answered) {
        destroy (request);
    } else {
        start_waiting (request);
    }
}

void
request_list_init (struct request_list *list, struct event_base *base, request_ended_fn ended,
                   void *data)
{
    *list = (struct request_list){.base = base, .ended = ended, .ended_data = data};
    TAILQ_INIT (&list->waiting);
}

void
request_list_leave (struct request_list *list)
{
    struct request *request;

    while ((request = TAILQ_FIRST (&list->waiting)) != NULL) {
        leave (request, REASON_STOPPING);
    }
}
