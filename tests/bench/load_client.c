#include "load_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int
load_client_connect (struct load_client *client, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons (port)};
    const int yes = 1;

    address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    client->state = LOAD_CLIENT_CONNECTING;
    client->arrival = NULL;
    client->ended = false;
    client->have = 0;
    client->fd = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0) {
        return -1;
    }
    if (setsockopt (client->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes) != 0) {
        return -1;
    }
    return connect (client->fd, (struct sockaddr *)&address, sizeof address) == 0 ||
                   errno == EINPROGRESS
               ? 0
               : -1;
}

int
load_client_connected (struct load_client *client)
{
    int error = 0;
    socklen_t size = sizeof error;

    if (getsockopt (client->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        return -1;
    }
    if (error != 0) {
        errno = error;
        return -1;
    }
    client->state = LOAD_CLIENT_IDLE;
    return 0;
}

int
load_client_send (struct load_client *client, const struct load_arrival *arrival,
                  const struct load_difficulty *difficulty)
{
    char text[LOAD_REQUEST_SIZE];
    const size_t length = load_request_print (arrival, difficulty, text);

    client->arrival = arrival;
    client->awaited = load_request_answers (arrival->kind);
    client->verdict = LOAD_GOOD;
    client->state = client->awaited > 0 ? LOAD_CLIENT_BUSY : LOAD_CLIENT_LEAVING;
    return send (client->fd, text, length, MSG_NOSIGNAL) == (ssize_t)length ? 0 : -1;
}

/* Takes the answer that comes first out of the buffer. Returns 1, 0 when it is not whole, or -1. */
static int
take_answer (struct load_client *client, const struct load_difficulty *difficulty)
{
    size_t head = 0;
    const ptrdiff_t length = load_answer_length (client->answer, client->have, &head);
    enum load_verdict verdict;

    if (length <= 0) {
        return (int)length;
    }
    verdict = load_answer_judge (client->arrival, difficulty, client->answer + head,
                                 (size_t)length - head);
    client->verdict = verdict > client->verdict ? verdict : client->verdict;
    client->have -= (size_t)length;
    memmove (client->answer, client->answer + length, client->have);
    client->awaited--;
    return 1;
}

static enum load_client_news
take_answers (struct load_client *client, const struct load_difficulty *difficulty)
{
    int taken = 1;

    while (client->awaited > 0 && (taken = take_answer (client, difficulty)) > 0) {
    }
    if (taken < 0) {
        return LOAD_CLIENT_CLOSED;
    }
    if (client->awaited > 0) {
        return LOAD_CLIENT_NOTHING;
    }
    client->state = LOAD_CLIENT_IDLE;
    return LOAD_CLIENT_ANSWERED;
}

enum load_client_news
load_client_read (struct load_client *client, const struct load_difficulty *difficulty)
{
    ssize_t got;

    while ((got = recv (client->fd, client->answer + client->have,
                        LOAD_CLIENT_BUFFER - client->have, 0)) > 0) {
        /* Nobody reads what comes for one who leaves, and to one who has not asked nothing may. */
        if (client->state == LOAD_CLIENT_BUSY) {
            client->have += (size_t)got;
        } else if (client->state != LOAD_CLIENT_LEAVING) {
            return LOAD_CLIENT_CLOSED;
        }
    }
    client->ended = got == 0 || errno != EAGAIN;
    /* What has come before the end counts. */
    if (client->state == LOAD_CLIENT_BUSY) {
        const enum load_client_news news = take_answers (client, difficulty);

        if (news != LOAD_CLIENT_NOTHING && client->have == 0) {
            return news;
        }
        if (client->have == LOAD_CLIENT_BUFFER || news == LOAD_CLIENT_ANSWERED) {
            return LOAD_CLIENT_CLOSED;
        }
    }
    return client->ended ? LOAD_CLIENT_CLOSED : LOAD_CLIENT_NOTHING;
}

void
load_client_close (struct load_client *client)
{
    if (client->fd >= 0) {
        (void)close (client->fd);
    }
    client->fd = -1;
}
