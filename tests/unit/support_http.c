#include "support_http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define RECEIVED_SIZE 65536

void
http_turn (struct event_base *base)
{
    assert_true (event_base_loop (base, EVLOOP_NONBLOCK) >= 0);
    usleep (200);
}

int
http_dial (uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons (port), .sin_addr = {htonl (INADDR_LOOPBACK)}};
    int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true (fd >= 0);
    assert_int_equal (connect (fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

void
http_say (int fd, const char *text)
{
    assert_int_equal (send (fd, text, strlen (text), MSG_NOSIGNAL), (ssize_t)strlen (text));
}

const char *
http_hear (struct event_base *base, int fd, const char *end)
{
    static char received[RECEIVED_SIZE];
    uint64_t deadline = clock_now () + HTTP_PATIENCE;
    size_t length = 0;

    received[0] = '\0';
    while (end == NULL || strstr (received, end) == NULL) {
        ssize_t got;
        http_turn (base);
        got = recv (fd, received + length, sizeof received - length - 1, MSG_DONTWAIT);
        if (got == 0 && end == NULL) {
            break;
        }
        assert_true (got > 0 || (got < 0 && errno == EAGAIN));
        length += got > 0 ? (size_t)got : 0;
        received[length] = '\0';
        if (clock_now () > deadline) {
            fail_msg ("only this came: %s", received);
        }
    }
    return received;
}

const char *
http_ask (struct event_base *base, uint16_t port, const char *request, const char *end)
{
    int fd = http_dial (port);
    const char *answer;

    http_say (fd, request);
    answer = http_hear (base, fd, end);
    assert_int_equal (close (fd), 0);
    return answer;
}

void
assert_has (const char *text, const char *part)
{
    if (strstr (text, part) == NULL) {
        fail_msg ("no \"%s\" in: %s", part, text);
    }
}

void
assert_has_not (const char *text, const char *part)
{
    if (strstr (text, part) != NULL) {
        fail_msg ("\"%s\" in: %s", part, text);
    }
}
