#include "rpc/client/http_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rpc/base/header.h"
#include "rpc/base/memory.h"
#include "work/base/number.h"

/* Of a line with a chunk's size, extensions included. */
#define MAX_CHUNK_LINE 1024

static const char blanks[] = " \t";

void
http_answer_init (struct http_answer *answer, size_t max_body, bool any_status)
{
    *answer = (struct http_answer){
        .body = memory_need (evbuffer_new ()), .max_body = max_body, .any_status = any_status};
}

void
http_answer_clear (struct http_answer *answer)
{
    evbuffer_free (answer->body);
}

/*
 * The next line without its end, the caller's to free; NULL when there is none, and then, if there
 * cannot be one any more, the state says why.
 */
static char *
next_line (struct http_answer *answer, struct evbuffer *input, size_t max)
{
    const struct evbuffer_ptr end = evbuffer_search_eol (input, NULL, NULL, EVBUFFER_EOL_CRLF);
    size_t length = 0;
    char *line;

    /* Of a line that has only begun, a carriage return at the end may be half of its end. */
    if (end.pos < 0 ? evbuffer_get_length (input) > max + 1 : (size_t)end.pos > max) {
        answer->state = HTTP_ANSWER_TOO_LARGE;
        return NULL;
    }
    if (end.pos < 0) {
        return NULL;
    }
    line = memory_need (evbuffer_readln (input, &length, EVBUFFER_EOL_CRLF));
    if (strlen (line) != length) {
        answer->state = HTTP_ANSWER_BROKEN;
        free (line);
        return NULL;
    }
    return line;
}

/* "HTTP/1.x SSS", and a blank and anything, or nothing. */
static void
read_status_line (struct http_answer *answer, const char *line)
{
    static const char version[] = "HTTP/1.";
    static const char digits[] = "0123456789";
    const char *minor = line + sizeof version - 1;
    const char *code = minor + 2;

    answer->state = HTTP_ANSWER_BROKEN;
    if (strncmp (line, version, sizeof version - 1) != 0 || strspn (minor, digits) != 1 ||
        minor[1] != ' ' || strspn (code, digits) != 3 || (code[3] != ' ' && code[3] != '\0')) {
        return;
    }
    answer->status = (unsigned)strtoul (code, NULL, 10);
    answer->keep_alive = minor[0] >= '1';
    answer->chunked = false;
    answer->has_length = false;
    answer->retry_after[0] = '\0';
    answer->state = HTTP_ANSWER_HEADER;
}

/* A length given twice must be the same twice. */
static void
read_length (struct http_answer *answer, const char *value)
{
    uint64_t length;

    if (number_parse_unsigned (value, 0, UINT64_MAX, &length) != 0 ||
        (answer->has_length && length != answer->left)) {
        answer->state = HTTP_ANSWER_BROKEN;
        return;
    }
    answer->has_length = true;
    answer->left = length;
}

static void
read_coding (struct http_answer *answer, const char *value)
{
    if (strcasecmp (value, "chunked") != 0) {
        answer->state = HTTP_ANSWER_BROKEN;
    }
    answer->chunked = true;
}

static void
read_connection (struct http_answer *answer, const char *value)
{
    if (header_lists (value, "close")) {
        answer->keep_alive = false;
    } else if (header_lists (value, "keep-alive")) {
        answer->keep_alive = true;
    }
}

static void
read_field (struct http_answer *answer, char *line)
{
    char *colon = strchr (line, ':');
    char *value;
    size_t length;

    if (line[0] == ' ' || line[0] == '\t') {
        return; /* a folded line: none that matters here is folded */
    }
    if (colon == NULL || colon == line) {
        answer->state = HTTP_ANSWER_BROKEN;
        return;
    }
    *colon = '\0';
    value = colon + 1 + strspn (colon + 1, blanks);
    length = strlen (value);
    while (length > 0 && strchr (blanks, value[length - 1]) != NULL) {
        value[--length] = '\0';
    }
    if (strcasecmp (line, "Content-Length") == 0) {
        read_length (answer, value);
    } else if (strcasecmp (line, "Transfer-Encoding") == 0) {
        read_coding (answer, value);
    } else if (strcasecmp (line, "Connection") == 0) {
        read_connection (answer, value);
    } else if (strcasecmp (line, "Retry-After") == 0) {
        (void)snprintf (answer->retry_after, sizeof answer->retry_after, "%s", value);
    }
}

/* The header is over: what comes now? */
static void
end_header (struct http_answer *answer)
{
    if (answer->status >= 100 && answer->status <= 199 && answer->status != 101) {
        answer->state = HTTP_ANSWER_STATUS_LINE;
    } else if (answer->status != 200 && (answer->status < 200 || !answer->any_status)) {
        answer->state = HTTP_ANSWER_OTHER_STATUS;
    } else if (answer->status == 204 || answer->status == 304) {
        answer->state = HTTP_ANSWER_WHOLE; /* these never have a body */
    } else if (answer->chunked) {
        answer->keep_alive = answer->keep_alive && !answer->has_length;
        answer->state = HTTP_ANSWER_CHUNK_SIZE;
    } else if (!answer->has_length) {
        answer->keep_alive = false;
        answer->state = HTTP_ANSWER_REST;
    } else if (answer->left > answer->max_body) {
        answer->state = HTTP_ANSWER_TOO_LARGE;
    } else {
        answer->state = HTTP_ANSWER_BODY;
    }
}

/* Up to 8 hexadecimal digits, and an extension that nobody needs. */
static void
read_chunk_size (struct http_answer *answer, const char *line)
{
    size_t digits = strspn (line, "0123456789abcdefABCDEF");
    char after = line[digits];

    if (digits == 0 || (after != '\0' && after != ';' && strchr (blanks, after) == NULL)) {
        answer->state = HTTP_ANSWER_BROKEN;
        return;
    }
    answer->left = digits <= 8 ? strtoul (line, NULL, 16) : UINT32_MAX;
    if (answer->left > answer->max_body - evbuffer_get_length (answer->body)) {
        answer->state = HTTP_ANSWER_TOO_LARGE;
    } else {
        answer->state = answer->left > 0 ? HTTP_ANSWER_CHUNK : HTTP_ANSWER_TRAILER;
    }
}

static void
read_line (struct http_answer *answer, char *line)
{
    bool empty = line[0] == '\0';

    switch (answer->state) {
    case HTTP_ANSWER_STATUS_LINE:
        read_status_line (answer, line);
        break;
    case HTTP_ANSWER_HEADER:
        if (empty) {
            end_header (answer);
        } else {
            read_field (answer, line);
        }
        break;
    case HTTP_ANSWER_CHUNK_SIZE:
        read_chunk_size (answer, line);
        break;
    case HTTP_ANSWER_CHUNK_END:
        answer->state = empty ? HTTP_ANSWER_CHUNK_SIZE : HTTP_ANSWER_BROKEN;
        break;
    default: /* the trailer, of which nothing is needed */
        answer->state = empty ? HTTP_ANSWER_WHOLE : HTTP_ANSWER_TRAILER;
        break;
    }
}

/* One line, if it is there. Those about chunks are bounded one by one, the others all together. */
static bool
step_line (struct http_answer *answer, struct evbuffer *input)
{
    const bool of_chunk =
        answer->state == HTTP_ANSWER_CHUNK_SIZE || answer->state == HTTP_ANSWER_CHUNK_END;
    const size_t with_end = answer->head + 2;
    const size_t left = with_end < HTTP_ANSWER_MAX_HEAD ? HTTP_ANSWER_MAX_HEAD - with_end : 0;
    char *const line = next_line (answer, input, of_chunk ? MAX_CHUNK_LINE : left);

    if (line == NULL) {
        return false;
    }
    answer->head = of_chunk ? answer->head : with_end + strlen (line);
    read_line (answer, line);
    free (line);
    return true;
}

/* As much of the body as is there. */
static bool
step_body (struct http_answer *answer, struct evbuffer *input)
{
    size_t length = evbuffer_get_length (input);
    size_t part = length < answer->left ? length : (size_t)answer->left;

    memory_require (evbuffer_remove_buffer (input, answer->body, part) == (int)part);
    answer->left -= part;
    if (answer->left > 0) {
        return false;
    }
    answer->state = answer->state == HTTP_ANSWER_CHUNK ? HTTP_ANSWER_CHUNK_END : HTTP_ANSWER_WHOLE;
    return true;
}

static bool
step_rest (struct http_answer *answer, struct evbuffer *input)
{
    size_t length = evbuffer_get_length (input);

    if (length > answer->max_body - evbuffer_get_length (answer->body)) {
        answer->state = HTTP_ANSWER_TOO_LARGE;
    } else {
        memory_require (evbuffer_add_buffer (answer->body, input) == 0);
    }
    return false;
}

/* Whether there may be more to take. */
static bool
step (struct http_answer *answer, struct evbuffer *input)
{
    switch (answer->state) {
    case HTTP_ANSWER_BODY:
    case HTTP_ANSWER_CHUNK:
        return step_body (answer, input);
    case HTTP_ANSWER_REST:
        return step_rest (answer, input);
    default:
        return answer->state < HTTP_ANSWER_WHOLE && step_line (answer, input);
    }
}

enum http_answer_state
http_answer_read (struct http_answer *answer, struct evbuffer *input)
{
    bool more;

    do {
        more = step (answer, input);
    } while (more);
    return answer->state;
}

bool
http_answer_end (struct http_answer *answer)
{
    if (answer->state == HTTP_ANSWER_REST) {
        answer->state = HTTP_ANSWER_WHOLE;
    }
    return answer->state == HTTP_ANSWER_WHOLE;
}
