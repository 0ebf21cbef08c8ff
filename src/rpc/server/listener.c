#include "rpc/server/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 1024

int
listener_parse (const char *address, uint16_t port, struct sockaddr_storage *storage)
{
    char text[INET6_ADDRSTRLEN + 2];
    int size = (int)sizeof *storage;
    struct sockaddr *any = (struct sockaddr *)storage;

    if (strcmp (address, "localhost") == 0) {
        address = "127.0.0.1";
    }
    if (snprintf (text, sizeof text, "%s", address) >= (int)sizeof text ||
        evutil_parse_sockaddr_port (text, any, &size) != 0) {
        return -1;
    }
    if (any->sa_family == AF_INET) {
        ((struct sockaddr_in *)storage)->sin_port = htons (port);
    } else {
        ((struct sockaddr_in6 *)storage)->sin6_port = htons (port);
    }
    return 0;
}

int
listener_reserve (const struct sockaddr_storage *address, bool only)
{
    const int on = 1;
    const int v6_only = only;
    int family = address->ss_family;
    socklen_t size = family == AF_INET ? sizeof (struct sockaddr_in) : sizeof (struct sockaddr_in6);
    int fd = socket (family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return -1;
    }
    if (setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        (family == AF_INET ||
         setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only) == 0) &&
        bind (fd, (const struct sockaddr *)address, size) == 0) {
        return fd;
    }

    const int reason = errno;

    (void)close (fd);
    errno = reason;
    return -1;
}

int
listener_listen (int fd)
{
    return listen (fd, BACKLOG);
}

int
listener_describe (int fd, char address[LISTENER_ADDRESS_SIZE], uint16_t *port)
{
    struct sockaddr_storage storage = {0};
    const struct sockaddr_in *const v4 = (const struct sockaddr_in *)&storage;
    const struct sockaddr_in6 *const v6 = (const struct sockaddr_in6 *)&storage;
    socklen_t size = sizeof storage;
    int listening = 0;
    socklen_t flag_size = sizeof listening;
    const void *bytes = &v4->sin_addr;

    if (getsockopt (fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &flag_size) != 0 || !listening ||
        getsockname (fd, (struct sockaddr *)&storage, &size) != 0 ||
        (storage.ss_family != AF_INET && storage.ss_family != AF_INET6)) {
        return -1;
    }
    if (storage.ss_family == AF_INET6) {
        bytes = &v6->sin6_addr;
    }
    *port = ntohs (storage.ss_family == AF_INET ? v4->sin_port : v6->sin6_port);
    return inet_ntop (storage.ss_family, bytes, address, LISTENER_ADDRESS_SIZE) != NULL ? 0 : -1;
}
