/*
 * An HTTP/1.x answer as it comes in: status line, header, body, each bounded. Interim answers (100
 * Continue) are passed over. A body may be of a declared length, chunked, or end with the
 * connection; one that is declared too large is refused before it is read. What is left in the
 * input afterwards is not the answer's. RFC 9112. No I/O; event-loop thread.
 */
#ifndef RPC_HTTP_ANSWER_H
#define RPC_HTTP_ANSWER_H

#include <event2/buffer.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of status lines, headers and trailers, interim ones too. */
#define HTTP_ANSWER_MAX_HEAD 16384

enum http_answer_state {
    HTTP_ANSWER_STATUS_LINE,
    HTTP_ANSWER_HEADER,
    HTTP_ANSWER_BODY,       /* `left` bytes */
    HTTP_ANSWER_REST,       /* all until the connection ends */
    HTTP_ANSWER_CHUNK_SIZE, /* the line before a chunk */
    HTTP_ANSWER_CHUNK,      /* `left` bytes */
    HTTP_ANSWER_CHUNK_END,  /* the line's end after a chunk */
    HTTP_ANSWER_TRAILER,
    HTTP_ANSWER_WHOLE,
    /* Refused: */
    HTTP_ANSWER_OTHER_STATUS, /* not one that is wanted: `status` tells; the rest is not read */
    HTTP_ANSWER_TOO_LARGE,    /* the head or the body */
    HTTP_ANSWER_BROKEN,       /* not HTTP/1.x */
};

struct http_answer {
    enum http_answer_state state;
    unsigned status;       /* once there is one */
    bool keep_alive;       /* with HTTP_ANSWER_WHOLE: the connection may be used again */
    struct evbuffer *body; /* the answer's */
    char retry_after[32];  /* the header's value, or ""; it may be cut */
    /* Its own: */
    size_t max_body;
    bool any_status;
    size_t head; /* bytes of it so far */
    uint64_t left;
    bool chunked;
    bool has_length;
};

/* `any_status`: whether a body is read whatever the status, and not with 200 alone. */
void http_answer_init (struct http_answer *answer, size_t max_body, bool any_status);

void http_answer_clear (struct http_answer *answer);

/* Takes what it can from `input` and returns the state: HTTP_ANSWER_WHOLE and beyond are final. */
enum http_answer_state http_answer_read (struct http_answer *answer, struct evbuffer *input);

/* The connection has ended: whether the answer is whole with that, which its state then says. */
bool http_answer_end (struct http_answer *answer);

#endif
