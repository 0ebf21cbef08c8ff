#include "rpc/client/http_kept.h"

#include <errno.h>
#include <event2/event.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rpc/base/memory.h"
#include "rpc/client/tls.h"
#include "work/base/clock.h"

void
http_kept_close (struct bufferevent *stream)
{
    if (stream != NULL) {
        const int fd = bufferevent_getfd (stream);
        void *const secured = tls_stream_close (stream);

        (void)bufferevent_disable (stream, EV_READ | EV_WRITE);
        bufferevent_free (stream);
        tls_stream_end (secured);
        (void)close (fd);
    }
}

void
http_kept_clear (struct http_kept *kept)
{
    http_kept_close (kept->stream);
    kept->stream = NULL;
}

static void
on_read (struct bufferevent *stream, void *data)
{
    (void)stream;
    http_kept_clear (data);
}

/* Closed, or its time is over. */
static void
on_event (struct bufferevent *stream, short what, void *data)
{
    (void)stream;
    (void)what;
    http_kept_clear (data);
}

/* The loop may not have seen yet what there is to read. */
struct bufferevent *
http_kept_take (struct http_kept *kept)
{
    struct bufferevent *const stream = kept->stream;
    char byte;

    if (stream == NULL) {
        return NULL;
    }
    if (recv (bufferevent_getfd (stream), &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 ||
        errno != EAGAIN) {
        http_kept_clear (kept);
        return NULL;
    }
    kept->stream = NULL;
    (void)bufferevent_set_timeouts (stream, NULL, NULL);
    return stream;
}

void
http_kept_put (struct http_kept *kept, struct bufferevent *stream, double seconds)
{
    const struct timeval time = clock_timeval (seconds);

    if (kept->stream != NULL) {
        http_kept_close (stream);
        return;
    }
    kept->stream = stream;
    bufferevent_setcb (stream, on_read, NULL, on_event, kept);
    memory_require (bufferevent_set_timeouts (stream, &time, NULL) == 0);
}
