#include "rpc/client/exchange.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* At one go; others have their turn, too. */
#define READ_SIZE 16384

struct exchange {
    int fd; /* -1 once it was taken */
    struct event *readable;
    struct event *writable;
    struct evbuffer *request; /* what has not been written */
    struct evbuffer *input;
    struct http_answer answer;
    bool sent;  /* a part of the request, at least */
    bool heard; /* a byte of an answer */
    exchange_done_fn done;
    void *data;
};

static void
finish (struct exchange *exchange, enum exchange_end end)
{
    (void)event_del (exchange->readable);
    (void)event_del (exchange->writable);
    exchange->done (exchange->data, end);
}

static bool
is_passing (int error)
{
    return error == EAGAIN || error == EINTR;
}

/*
 * When it cannot be written any more, there may still be an answer to read, one that was given
 * before the whole request was heard; reading then also ends it.
 */
static void
on_writable (evutil_socket_t fd, short what, void *data)
{
    struct exchange *exchange = data;
    const unsigned char *bytes = evbuffer_pullup (exchange->request, -1);
    ssize_t written =
        send (fd, bytes, evbuffer_get_length (exchange->request), MSG_NOSIGNAL | MSG_DONTWAIT);

    (void)what;
    if (written > 0) {
        exchange->sent = true;
        (void)evbuffer_drain (exchange->request, (size_t)written);
    }
    if ((written >= 0 || is_passing (errno)) && evbuffer_get_length (exchange->request) > 0 &&
        event_add (exchange->writable, NULL) != 0) {
        finish (exchange, EXCHANGE_SHORTAGE);
    }
}

static void
on_end (struct exchange *exchange)
{
    if (!exchange->heard) {
        finish (exchange, EXCHANGE_UNANSWERED);
    } else if (http_answer_end (&exchange->answer)) {
        finish (exchange, EXCHANGE_WHOLE);
    } else {
        finish (exchange, EXCHANGE_CUT);
    }
}

/* A reset is not an end that makes an answer whole. */
static void
on_error (struct exchange *exchange)
{
    finish (exchange, exchange->heard ? EXCHANGE_CUT : EXCHANGE_UNANSWERED);
}

static void
judge (struct exchange *exchange)
{
    enum http_answer_state state = http_answer_read (&exchange->answer, exchange->input);

    if (state == HTTP_ANSWER_NO_MEMORY) {
        finish (exchange, EXCHANGE_SHORTAGE);
    } else if (state == HTTP_ANSWER_WHOLE) {
        finish (exchange, EXCHANGE_WHOLE);
    } else if (state > HTTP_ANSWER_WHOLE) {
        finish (exchange, EXCHANGE_REFUSED);
    }
}

static void
on_readable (evutil_socket_t fd, short what, void *data)
{
    struct exchange *exchange = data;
    int got = evbuffer_read (exchange->input, fd, READ_SIZE);

    (void)what;
    if (got > 0) {
        exchange->heard = true;
        judge (exchange);
    } else if (got == 0) {
        on_end (exchange);
    } else if (!is_passing (errno)) {
        on_error (exchange);
    }
}

static int
watch (struct exchange *exchange, struct event_base *base)
{
    exchange->readable =
        event_new (base, exchange->fd, EV_READ | EV_PERSIST, on_readable, exchange);
    exchange->writable = event_new (base, exchange->fd, EV_WRITE, on_writable, exchange);
    return exchange->readable == NULL || exchange->writable == NULL ||
                   event_add (exchange->readable, NULL) != 0 ||
                   event_add (exchange->writable, NULL) != 0
               ? -1
               : 0;
}

struct exchange *
exchange_new (struct event_base *base, int fd, struct evbuffer *request, exchange_done_fn done,
              void *data)
{
    struct exchange *exchange = calloc (1, sizeof *exchange);

    if (exchange == NULL) {
        return NULL;
    }
    exchange->fd = fd;
    exchange->done = done;
    exchange->data = data;
    exchange->request = evbuffer_new ();
    exchange->input = evbuffer_new ();
    if (http_answer_init (&exchange->answer, EXCHANGE_MAX_BODY) != 0 || exchange->request == NULL ||
        exchange->input == NULL || watch (exchange, base) != 0 ||
        evbuffer_add_buffer (exchange->request, request) != 0) {
        exchange->fd = -1;
        exchange_free (exchange);
        return NULL;
    }
    return exchange;
}

void
exchange_free (struct exchange *exchange)
{
    if (exchange == NULL) {
        return;
    }
    if (exchange->readable != NULL) {
        event_free (exchange->readable);
    }
    if (exchange->writable != NULL) {
        event_free (exchange->writable);
    }
    if (exchange->fd >= 0) {
        (void)close (exchange->fd);
    }
    if (exchange->request != NULL) {
        evbuffer_free (exchange->request);
    }
    if (exchange->input != NULL) {
        evbuffer_free (exchange->input);
    }
    http_answer_clear (&exchange->answer);
    free (exchange);
}

bool
exchange_sent (const struct exchange *exchange)
{
    return exchange->sent;
}

bool
exchange_sent_whole (const struct exchange *exchange)
{
    return exchange->sent && evbuffer_get_length (exchange->request) == 0;
}

const struct http_answer *
exchange_answer (const struct exchange *exchange)
{
    return &exchange->answer;
}

int
exchange_take_fd (struct exchange *exchange)
{
    int fd = exchange->fd;

    if (!exchange->answer.keep_alive || !exchange_sent_whole (exchange) ||
        evbuffer_get_length (exchange->input) > 0) {
        return -1;
    }
    event_free (exchange->readable);
    event_free (exchange->writable);
    exchange->readable = NULL;
    exchange->writable = NULL;
    exchange->fd = -1;
    return fd;
}
