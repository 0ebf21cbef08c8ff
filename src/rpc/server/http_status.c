#include "rpc/server/http_status.h"

#include <stddef.h>
#include <sys/socket.h>

const char *
http_status_reason (int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {202, "Accepted"},
        {204, "No Content"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {413, "Content Too Large"},
        {417, "Expectation Failed"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
    };

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return status < 400 ? "OK" : "Error";
}

bool
http_status_continue (int fd)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

    return send (fd, text, sizeof text - 1, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}
