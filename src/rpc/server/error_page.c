#include "rpc/server/error_page.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/base/memory.h"
#include "rpc/server/http_status.h"

int
error_page_status (struct evbuffer *output)
{
    struct evbuffer_iovec piece;
    const char *digits;

    if (evbuffer_peek (output, -1, NULL, &piece, 1) < 1) {
        return 0;
    }
    digits =
        memchr (piece.iov_base, ' ', piece.iov_len); /* the version is as long as the client's */
    if (digits == NULL || (const char *)piece.iov_base + piece.iov_len - digits < 4) {
        return 0;
    }
    return (digits[1] - '0') * 100 + (digits[2] - '0') * 10 + (digits[3] - '0');
}

const char *
error_page_text (int status, bool keep_status, bool long_header)
{
    switch (status) {
    case 413:
        return "Invalid header: body limit exceeded";
    case 417:
        return "Invalid header: bad expectation";
    case 501:
        return keep_status ? "Unknown method" : "Can only POST requests";
    default:
        return long_header ? "Invalid header: header limit exceeded"
                           : "Invalid header: malformed request";
    }
}

/* A page that evhttp has written, and what is to be sent instead. */
struct error_page {
    struct bufferevent *bev; /* a reference */
    int status;
    const char *error;
};

static void
replace (evutil_socket_t fd, short what, void *data)
{
    struct error_page *page = data;
    struct evbuffer *output = bufferevent_get_output (page->bev);
    char body[128];
    int length = snprintf (body, sizeof body, "{\n    \"error\": \"%s\"\n}\n", page->error);

    (void)fd;
    (void)what;
    (void)evbuffer_unfreeze (output, 1);
    (void)evbuffer_drain (output, evbuffer_get_length (output));
    (void)evbuffer_freeze (output, 1);
    (void)evbuffer_add_printf (output,
                               "HTTP/1.1 %d %s\r\n"
                               "Content-Type: application/json\r\n"
                               "Access-Control-Allow-Origin: *\r\n"
                               "Connection: close\r\n"
                               "Content-Length: %d\r\n\r\n%s",
                               page->status, http_status_reason (page->status), length, body);
    (void)bufferevent_decref (page->bev);
    free (page);
}

void
error_page_replace (struct event_base *base, struct bufferevent *bev, int status, const char *error)
{
    struct timeval now = {0};
    struct error_page *page = memory_new (1, sizeof *page);

    *page = (struct error_page){.bev = bev, .status = status, .error = error};
    bufferevent_incref (bev);
    memory_require (event_base_once (base, -1, EV_TIMEOUT, replace, page, &now) == 0);
}
