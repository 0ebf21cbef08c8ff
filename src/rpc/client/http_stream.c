#include "rpc/client/http_stream.h"

#include <event2/event.h>
#include <stddef.h>
#include <unistd.h>

#include "rpc/base/memory.h"
#include "rpc/client/tls.h"

struct bufferevent *
http_stream_new (struct event_base *base, int fd)
{
    return memory_need (bufferevent_socket_new (base, fd, 0));
}

void
http_stream_free (struct bufferevent *stream)
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
