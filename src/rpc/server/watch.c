#include "rpc/server/watch.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Between two looks at a client that has half closed, or has sent more than it has had answers to.
 */
static const struct timeval look_again = {.tv_usec = 50000};

struct watch {
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

/* Nothing of this request's answer has been written yet, so what is sent here comes before it. */
static void
ask (struct watch *watch)
{
    static const char question[] = "HTTP/1.1 100 Continue\r\n\r\n";

    watch->asked =
        send (watch->fd, question, sizeof question - 1, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

static bool
has_gone (struct watch *watch)
{
    int state = tcp_state (watch->fd);

    if (state == TCP_CLOSE_WAIT && watch->may_ask && !watch->asked) {
        ask (watch);
        state = tcp_state (watch->fd);
    }
    return state != TCP_ESTABLISHED && !(state == TCP_CLOSE_WAIT && watch->may_ask);
}

static void
on_look (evutil_socket_t fd, short what, void *data)
{
    struct watch *watch = data;

    (void)fd;
    (void)what;
    if (has_gone (watch)) {
        (void)event_del (watch->look);
        watch->gone (watch->data);
        return;
    }
    (void)event_add (watch->look, &look_again);
}

struct watch *
watch_new (struct event_base *base, evutil_socket_t fd, bool may_ask, void (*gone) (void *data),
           void *data)
{
    struct watch *watch = calloc (1, sizeof *watch);

    if (watch == NULL) {
        return NULL;
    }
    *watch = (struct watch){.fd = fd, .may_ask = may_ask, .gone = gone, .data = data};
    watch->look = evtimer_new (base, on_look, watch);
    watch->stir = event_new (base, fd, EV_READ | EV_CLOSED, on_look, watch);
    if (watch->look == NULL || watch->stir == NULL || event_add (watch->stir, NULL) != 0) {
        watch_free (watch);
        return NULL;
    }
    return watch;
}

static void
event_free_if (struct event *event)
{
    if (event != NULL) {
        event_free (event);
    }
}

void
watch_free (struct watch *watch)
{
    if (watch == NULL) {
        return;
    }
    event_free_if (watch->stir);
    event_free_if (watch->look);
    free (watch);
}
