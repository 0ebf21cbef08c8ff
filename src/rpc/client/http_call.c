#include "rpc/client/http_call.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "rpc/base/json.h"
#include "rpc/base/memory.h"
#include "rpc/client/http_answer.h"
#include "work/base/clock.h"

#define REASON_SIZE 160

/* Seconds; what has no bound has this one. */
#define FOREVER 1e9

enum state { DIALLING, SECURING, EXCHANGING, ENDED };

struct http_call {
    struct event_base *base;
    struct resolver *resolver;
    struct endpoint endpoint;
    struct tls *tls; /* held, for https; or NULL */
    double connect_timeout;
    double response_timeout;
    uint64_t deadline;
    struct http_kept *kept;
    double keep_time;
    struct evbuffer *request; /* all of it, until the end: it may be sent again */
    enum state state;
    struct event *timer;        /* the state's time */
    double patience;            /* what it was set to, in seconds */
    struct dial *dial;          /* DIALLING */
    struct bufferevent *stream; /* SECURING, EXCHANGING */
    bool reused;                /* it was a kept one */
    bool heard;                 /* a byte of an answer */
    bool sent;                  /* ENDED: what http_call_sent says */
    struct http_answer answer;
    http_done_fn done;
    void *data;
};

static double
bound (double seconds)
{
    return seconds > 0 ? seconds : FOREVER;
}

/* Lets go of what the state has. */
static void
leave (struct http_call *call)
{
    dial_free (call->dial);
    call->dial = NULL;
    http_kept_close (call->stream);
    call->stream = NULL;
}

/* Begins a state, which has `seconds`, or what is left of the whole time if that is less. */
static void
enter (struct http_call *call, enum state state, double seconds)
{
    const uint64_t now = clock_now ();
    const double left = now < call->deadline ? clock_seconds (call->deadline - now) : 0;

    call->state = state;
    call->patience = seconds < left ? seconds : left;
    const struct timeval time = clock_timeval (call->patience);

    memory_require (event_add (call->timer, &time) == 0);
}

static void
destroy (struct http_call *call)
{
    leave (call);
    event_free (call->timer);
    http_answer_clear (&call->answer);
    evbuffer_free (call->request);
    tls_release (call->tls);
    free (call);
}

void
http_call_free (struct http_call *call)
{
    if (call != NULL && call->state != ENDED) {
        destroy (call);
    }
}

bool
http_call_sent (const struct http_call *call)
{
    return call->sent || (call->state == EXCHANGING &&
                          evbuffer_get_length (bufferevent_get_output (call->stream)) <
                              evbuffer_get_length (call->request));
}

static void
finish (struct http_call *call, enum http_outcome outcome, const char *reason)
{
    const struct http_result result = {
        .outcome = outcome,
        .status = call->answer.status,
        .body = call->answer.body,
        .retry_after = call->answer.retry_after,
        .reason = reason,
    };

    call->sent = outcome == HTTP_ANSWERED || http_call_sent (call);
    leave (call);
    call->state = ENDED;
    (void)event_del (call->timer);
    call->done (call->data, &result);
    destroy (call);
}

static void __attribute__ ((format (printf, 3, 4)))
fail (struct http_call *call, enum http_outcome outcome, const char *format, ...)
{
    char reason[REASON_SIZE];
    va_list arguments;

    va_start (arguments, format);
    (void)vsnprintf (reason, sizeof reason, format, arguments);
    va_end (arguments);
    finish (call, outcome, reason);
}

static void
on_timer (evutil_socket_t fd, short what, void *data)
{
    struct http_call *call = data;

    (void)fd;
    (void)what;
    if (call->state == EXCHANGING) {
        fail (call, HTTP_RESPONSE_TIMEOUT, "no complete answer within %.1f s", call->patience);
    } else {
        fail (call, HTTP_CONNECT_TIMEOUT, "no %sconnection within %.1f s",
              call->state == SECURING ? "TLS " : "", call->patience);
    }
}

/* Exchanging. */

static bool
may_be_kept (struct http_call *call)
{
    return call->kept != NULL && call->answer.keep_alive &&
           evbuffer_get_length (bufferevent_get_output (call->stream)) == 0 &&
           evbuffer_get_length (bufferevent_get_input (call->stream)) == 0;
}

static void
succeed (struct http_call *call)
{
    if (may_be_kept (call)) {
        http_kept_put (call->kept, call->stream, call->keep_time);
        call->stream = NULL;
    }
    finish (call, HTTP_ANSWERED, "");
}

static void
judge (struct http_call *call)
{
    switch (call->answer.state) {
    case HTTP_ANSWER_WHOLE:
        succeed (call);
        break;
    case HTTP_ANSWER_OTHER_STATUS:
        fail (call, HTTP_BAD_STATUS, "it answered with HTTP status %u", call->answer.status);
        break;
    case HTTP_ANSWER_TOO_LARGE:
        fail (call, HTTP_TOO_LARGE,
              "its answer is larger than %zu bytes, or its header is too large",
              call->answer.max_body);
        break;
    case HTTP_ANSWER_BROKEN:
        fail (call, HTTP_NOT_HTTP, "its answer is not HTTP");
        break;
    default:
        break; /* there is more to come */
    }
}

static void
on_read (struct bufferevent *stream, void *data)
{
    struct http_call *call = data;

    call->heard = true;
    (void)http_answer_read (&call->answer, bufferevent_get_input (stream));
    judge (call);
}

static void dial (struct http_call *call);

/* Before the first byte of an answer. A server that wants a certificate of ours may say so only
 * after the handshake. */
static void
fail_unheard (struct http_call *call, const char *when)
{
    char reason[TLS_TEXT_SIZE];

    if (tls_stream_untrusted (call->stream, reason)) {
        fail (call, HTTP_UNTRUSTED, "%s", reason);
    } else {
        fail (call, HTTP_CLOSED, "it closed the connection %s", when);
    }
}

/*
 * The connection has ended. When it cannot be written any more, there may still be an answer to
 * read, one that was given before the whole request was heard; reading then also ends. A reset is
 * not an end that makes an answer whole.
 */
static void
on_event (struct bufferevent *stream, short what, void *data)
{
    struct http_call *call = data;

    if ((what & BEV_EVENT_WRITING) != 0) {
        (void)bufferevent_enable (stream, EV_READ); /* one with TLS has stopped reading, too */
        return;
    }
    if (call->heard) {
        if ((what & BEV_EVENT_EOF) != 0 && http_answer_end (&call->answer)) {
            succeed (call);
        } else {
            fail (call, HTTP_CUT, "it closed the connection in the middle of its answer");
        }
    } else if (call->reused) {
        leave (call);
        dial (call); /* it was not one any more, which is nobody's fault */
    } else {
        fail_unheard (call, "without an answer");
    }
}

static void
exchange (struct http_call *call, struct bufferevent *stream)
{
    const size_t length = evbuffer_get_length (call->request);

    enter (call, EXCHANGING, call->response_timeout);
    call->stream = stream;
    bufferevent_setcb (stream, on_read, NULL, on_event, call);
    memory_require (bufferevent_write (stream, evbuffer_pullup (call->request, -1), length) == 0 &&
                    bufferevent_enable (stream, EV_READ | EV_WRITE) == 0);
}

/* Securing. */

static void
on_secured (struct bufferevent *stream, short what, void *data)
{
    struct http_call *const call = data;

    if ((what & BEV_EVENT_CONNECTED) != 0) {
        exchange (call, stream);
    } else {
        fail_unheard (call, "within the TLS handshake");
    }
}

static void
secure (struct http_call *call, int fd)
{
    enter (call, SECURING, call->connect_timeout);
    call->stream = tls_stream_new (call->tls, call->base, fd, call->endpoint.host);
    bufferevent_setcb (call->stream, NULL, NULL, on_secured, call);
    memory_require (bufferevent_enable (call->stream, EV_READ | EV_WRITE) == 0);
}

/* Dialling. */

static void
on_dialled (void *data, const struct dial_answer *answer)
{
    struct http_call *call = data;

    call->dial = NULL;
    if (answer->outcome != HTTP_ANSWERED) {
        finish (call, answer->outcome, answer->reason);
        return;
    }
    if (call->tls != NULL) {
        secure (call, answer->fd);
    } else {
        exchange (call, memory_need (bufferevent_socket_new (call->base, answer->fd, 0)));
    }
}

static void
dial (struct http_call *call)
{
    enter (call, DIALLING, FOREVER);
    call->reused = false;
    call->dial = dial_new (call->base, call->resolver, &call->endpoint, call->connect_timeout,
                           on_dialled, call);
}

/* The request. */

#define HOST_SIZE (ENDPOINT_TEXT_SIZE + 2)

/*
 * The Host header of RFC 9110: brackets around IPv6, no port where it is HTTP's own. IPv4 in IPv6's
 * clothes is written as IPv4, as nano_node does it.
 */
static void
print_host (const struct url *url, char text[HOST_SIZE])
{
    const struct endpoint *const endpoint = &url->endpoint;
    static const char mapped[] = "::ffff:";
    const char *host = endpoint->host;
    struct in6_addr v6;
    struct in_addr v4;
    int length;

    if (strncasecmp (host, mapped, sizeof mapped - 1) == 0 &&
        inet_pton (AF_INET, host + sizeof mapped - 1, &v4) == 1) {
        host += sizeof mapped - 1;
    }
    length = snprintf (text, HOST_SIZE, inet_pton (AF_INET6, host, &v6) == 1 ? "[%s]" : "%s", host);
    if (endpoint->port != (url->secure ? HTTPS_PORT : HTTP_PORT)) {
        snprintf (text + length, HOST_SIZE - (size_t)length, ":%u", (unsigned)endpoint->port);
    }
}

/* As nano_node writes one, its headers first, in its order. */
static void
write_request (const struct http_question *question, struct evbuffer *output)
{
    struct evbuffer *const text = memory_need (evbuffer_new ());
    char host[HOST_SIZE];

    print_host (question->url, host);
    if (question->body != NULL) {
        json_print (question->body, text);
    }
    memory_require (evbuffer_add_printf (output,
                                         "%s %s HTTP/1.1\r\n"
                                         "Content-Type: application/json\r\n"
                                         "Host: %s\r\n"
                                         "Content-Length: %zu\r\n"
                                         "%s",
                                         question->body != NULL ? "POST" : "GET",
                                         question->url->path, host, evbuffer_get_length (text),
                                         question->kept != NULL ? "" : "Connection: close\r\n") >
                    0);
    for (size_t i = 0; i < question->header_count; i++) {
        const struct http_header *const header = &question->headers[i];

        if (header->value != NULL && header->value[0] != '\0') {
            memory_require (
                evbuffer_add_printf (output, "%s: %s\r\n", header->name, header->value) > 0);
        }
    }
    memory_require (evbuffer_add (output, "\r\n", 2) == 0 &&
                    evbuffer_add_buffer (output, text) == 0);
    evbuffer_free (text);
}

struct http_call *
http_call_new (struct event_base *base, struct resolver *resolver,
               const struct http_question *question, http_done_fn done, void *data)
{
    struct http_call *const call = memory_new (1, sizeof *call);
    struct bufferevent *const kept =
        question->kept != NULL ? http_kept_take (question->kept) : NULL;

    call->base = base;
    call->resolver = resolver;
    call->endpoint = question->url->endpoint;
    call->tls = question->url->secure ? memory_need (tls_hold (question->tls)) : NULL;
    call->connect_timeout = bound (question->connect_timeout);
    call->response_timeout = bound (question->response_timeout);
    call->deadline = clock_now () + clock_from_seconds (bound (question->timeout));
    call->kept = question->kept;
    call->keep_time = question->keep_time;
    call->timer = memory_need (evtimer_new (base, on_timer, call));
    call->request = memory_need (evbuffer_new ());
    call->done = done;
    call->data = data;
    http_answer_init (&call->answer, question->max_body, question->any_status);
    write_request (question, call->request);
    if (kept != NULL) {
        call->reused = true;
        exchange (call, kept);
    } else {
        dial (call);
    }
    return call;
}
