#include "rpc/server/hangup.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "rpc/base/memory.h"

/* Between two looks at a client that has half closed, or has sent more than it has had answers to.
 */
static const struct timeval look_again = {.tv_usec = 50000};

struct hangup {
    evutil_socket_t fd;
    bool may_ask;
    bool asked;
    struct event *stir; /* once: the socket has something new, or an error, or an end */
    struct event *look; /* repeated from then on */
    void (*gone) (void *data);
    void *data;
};

static int
tcp_state (evutil_socket_t fd)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;

    if (getsockopt (fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
        return TCP_CLOSE;
    }
    return info.tcpi_state;
}

bool
hangup_continue (evutil_socket_t fd)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

    return send (fd, text, sizeof text - 1, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

static bool
has_gone (struct hangup *hangup)
{
    int state = tcp_state (hangup->fd);

    if (state == TCP_CLOSE_WAIT && hangup->may_ask && !hangup->asked) {
        /* Nothing of this request's answer has been written yet, so this comes before it. */
        hangup->asked = hangup_continue (hangup->fd);
        state = tcp_state (hangup->fd);
    }
    return state != TCP_ESTABLISHED && !(state == TCP_CLOSE_WAIT && hangup->may_ask);
}

static void
on_look (evutil_socket_t fd, short what, void *data)
{
    struct hangup *hangup = data;

    (void)fd;
    (void)what;
    if (has_gone (hangup)) {
        (void)event_del (hangup->look);
        hangup->gone (hangup->data);
        return;
    }
    (void)event_add (hangup->look, &look_again);
}

struct hangup *
hangup_new (struct event_base *base, evutil_socket_t fd, bool may_ask, void (*gone) (void *data),
            void *data)
{
    struct hangup *hangup = memory_new (1, sizeof *hangup);

    *hangup = (struct hangup){.fd = fd, .may_ask = may_ask, .gone = gone, .data = data};
    hangup->look = memory_need (evtimer_new (base, on_look, hangup));
    hangup->stir = memory_need (event_new (base, fd, EV_READ | EV_CLOSED, on_look, hangup));
    memory_require (event_add (hangup->stir, NULL) == 0);
    return hangup;
}

void
hangup_free (struct hangup *hangup)
{
    if (hangup == NULL) {
        return;
    }
    event_free (hangup->stir);
    event_free (hangup->look);
    free (hangup);
}
