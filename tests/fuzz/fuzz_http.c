/*
 * Raw bytes to a server: of actions and routes, or of routes alone. It answers, closes, and leaves
 * nothing waiting; what it says is a row of HTTP answers, none of them evhttp's own page; and the
 * same bytes in pieces are answered the same, to a client that shuts its side once it has heard
 * all. To one that shuts it before, evhttp answers the request at hand, and those after it or not.
 *
 * A reader by the letter of RFC 9112, written apart from the server's, and the server agree where
 * each message ends: for each that ends there is one answer, in their order, or the connection
 * ends.
 *
 * The first byte chooses: its lowest bit the server, the next which client, the others how long the
 * pieces are.
 */
#include <event2/buffer.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "rpc/server/server.h"
#include "support_client.h"

enum { MAX_BODY = 1000, MAX_LATER = 64, MOST_PIECES = 64 };

static struct event_base *base;
static struct server *servers[2];
static uint16_t ports[2];
static struct client client;

/* The requests that are answered later. */
static struct later {
    struct request *request; /* NULL is a free place */
    struct event *event;
} later[MAX_LATER];

static void
act (void *context, struct request *request)
{
    (void)context;
    request_answer (request, json_pack ("{s:s}", "acted", ""));
}

static void
get_now (void *context, struct request *request)
{
    (void)context;
    request_add_header (request, "Retry-After", "7");
    request_reply_error (request, 429, "too \"many\"");
}

static void
post_echo (void *context, struct request *request)
{
    struct evbuffer *body = evbuffer_new ();

    (void)context;
    FUZZ_CHECK (body != NULL);
    FUZZ_CHECK (evbuffer_get_length (request_body (request)) <= MAX_BODY);
    (void)request_header (request, "X-Colour");
    FUZZ_CHECK (evbuffer_add_printf (body, "%zu", evbuffer_get_length (request_body (request))) >
                0);
    request_reply (request, 202, "text/plain", body);
    evbuffer_free (body);
}

static void
on_later (evutil_socket_t fd, short what, void *data)
{
    struct later *place = data;
    struct request *request = place->request;

    (void)fd;
    (void)what;
    place->request = NULL;
    request_reply_error (request, 404, "later");
}

static void
on_leave (void *data)
{
    struct later *place = data;

    place->request = NULL;
    (void)event_del (place->event);
}

static void
wait_a_turn (void *context, struct request *request)
{
    const struct timeval soon = {.tv_usec = 500};
    struct later *place = later;

    (void)context;
    while (place->request != NULL) {
        place++;
        FUZZ_CHECK (place < later + MAX_LATER);
    }
    place->request = request;
    request_on_leave (request, on_leave, place);
    FUZZ_CHECK (event_add (place->event, &soon) == 0);
}

static const struct action actions[] = {
    {"act", ACCESS_RIGHT_NONE, false, false, act},
    {"control", ACCESS_RIGHT_CONTROL, true, true, act},
    {NULL, ACCESS_RIGHT_NONE, false, false, NULL},
};

static const struct route routes[] = {
    {ROUTE_GET, "/now", false, get_now, ACCESS_RIGHT_NONE},
    {ROUTE_POST, "/echo", true, post_echo, ACCESS_RIGHT_NONE},
    {ROUTE_GET, "/later", false, wait_a_turn, ACCESS_RIGHT_NONE},
    {ROUTE_POST, "/later", true, wait_a_turn, ACCESS_RIGHT_NONE},
    {ROUTE_OTHER, NULL, false, NULL, ACCESS_RIGHT_NONE},
};

static void
drop_servers (void)
{
    for (int i = 0; i < 2; i++) {
        server_stop (servers[i]);
        server_free (servers[i]);
    }
    for (int i = 0; i < MAX_LATER; i++) {
        event_free (later[i].event);
    }
    event_base_free (base);
}

static void
make_servers (void)
{
    const struct server_settings settings = {.connections.max = 16,
                                             .connections.limits.max_body = MAX_BODY,
                                             .max_json_depth = 20,
                                             .connections.read_timeout = 30,
                                             .idle_timeout = 30};
    char error[256];

    base = event_base_new ();
    FUZZ_CHECK (base != NULL);
    for (int i = 0; i < MAX_LATER; i++) {
        later[i].event = evtimer_new (base, on_later, &later[i]);
        FUZZ_CHECK (later[i].event != NULL);
    }
    for (int i = 0; i < 2; i++) {
        servers[i] = server_new (base, &settings, i == 0 ? actions : NULL, NULL);
        server_add_routes (servers[i], routes, NULL);
        FUZZ_CHECK (server_listen (servers[i], "127.0.0.1", &ports[i], error, sizeof error) ==
                    SERVER_LISTENING);
    }
    FUZZ_CHECK (atexit (drop_servers) == 0);
}

/* What depends on when the bytes come: the date, and interim answers to who waits. */
static void
cut_times (char *text)
{
    static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";
    char *part = text;

    while ((part = strstr (part, "\r\nDate: ")) != NULL) {
        const char *rest = strstr (part + 2, "\r\n");

        FUZZ_CHECK (rest != NULL);
        memmove (part, rest, strlen (rest) + 1);
    }
    part = text;
    while ((part = strstr (part, interim)) != NULL) {
        memmove (part, part + sizeof interim - 1, strlen (part + sizeof interim - 1) + 1);
    }
}

/* Until everything that was said is answered, as far as it will be. */
static void
settle (struct server *server)
{
    struct server_statistics statistics;

    client_turn (&client);
    for (server_statistics (server, &statistics); statistics.waiting > 0;
         server_statistics (server, &statistics)) {
        FUZZ_CHECK (event_base_loop (base, EVLOOP_ONCE) == 0);
        client_turn (&client);
    }
}

/* What server `which` says to these bytes, `piece` at a time; to be freed. */
static char *
ask (int which, bool patient, const uint8_t *data, size_t size, size_t piece)
{
    struct server_statistics statistics;
    char *said;

    client_dial (&client, base, ports[which]);
    while (size > 0) {
        size_t length = size < piece ? size : piece;

        client_say (&client, data, length);
        client_turn (&client);
        data += length;
        size -= length;
    }
    if (patient) {
        settle (servers[which]);
    }
    client_finish (&client);
    client_hear_all (&client);
    said = strdup (client.heard);
    FUZZ_CHECK (said != NULL && strlen (said) == client.length);
    client_close (&client);
    server_statistics (servers[which], &statistics);
    FUZZ_CHECK (statistics.waiting == 0);
    cut_times (said);
    return said;
}

/* The length of the body after the header that ends at `end`. */
static size_t
body_length (const char *said, const char *end)
{
    const char *length = strstr (said, "Content-Length: ");

    if (length != NULL && length < end) {
        return (size_t)strtoul (length + 16, NULL, 10);
    }
    /* Without: none, or, to HTTP/1.0, all until the connection ends. */
    said = strchr (said, ' ');
    FUZZ_CHECK (said != NULL);
    return said[1] == '1' || strncmp (said, " 204", 4) == 0 ? 0 : strlen (end);
}

/* The version is what evhttp makes of the client's: "HTTP/0.0", too. */
static bool
is_status_line (const char *said)
{
    const char *status = strchr (said, ' ');

    return strncmp (said, "HTTP/", 5) == 0 && status != NULL && status[1] >= '1' &&
           status[1] <= '5' && strspn (status + 1, "0123456789") == 3;
}

/* A row of answers; one to HEAD tells of a body that does not come. */
static void
check_answers (const char *said, bool any_head)
{
    while (*said != '\0') {
        const char *end = strstr (said, "\r\n\r\n");
        size_t left;

        FUZZ_CHECK (end != NULL && is_status_line (said));
        if (any_head) {
            return;
        }
        end += 4;
        left = body_length (said, end);
        FUZZ_CHECK (strlen (end) >= left);
        said = end + left;
    }
}

/* A reader of messages that knows them whole, which is simpler than to know them byte by byte. */

struct reader {
    const char *at;
    const char *end;
    bool wrong; /* what is there is no message */
};

/* The line at hand, without its end; NULL, with the reader where it was, if it has none yet. */
static const char *
take_line (struct reader *reader, size_t *length)
{
    const char *const line = reader->at;
    const char *const end = memmem (line, (size_t)(reader->end - line), "\r\n", 2);

    if (end == NULL) {
        return NULL;
    }
    *length = (size_t)(end - line);
    reader->at = end + 2;
    reader->wrong = reader->wrong || memchr (line, '\r', *length) != NULL ||
                    memchr (line, '\n', *length) != NULL || memchr (line, '\0', *length) != NULL;
    return line;
}

static bool
take_bytes (struct reader *reader, size_t count)
{
    if ((size_t)(reader->end - reader->at) < count) {
        return false;
    }
    reader->at += count;
    return true;
}

struct fields {
    size_t lengths;
    size_t codings;
    size_t length;
    bool chunked;
};

static bool
has_name (const char *line, size_t length, const char *name)
{
    return length == strlen (name) && strncasecmp (line, name, length) == 0;
}

static void
read_field (struct reader *reader, struct fields *fields, const char *line, size_t length)
{
    const char *const colon = memchr (line, ':', length);
    char value[64];
    char word[20] = "";
    size_t name_length;
    char rest;

    if (colon == NULL || colon == line) {
        reader->wrong = true;
        return;
    }
    name_length = (size_t)(colon - line);
    if (memchr (line, ' ', name_length) != NULL || memchr (line, '\t', name_length) != NULL) {
        reader->wrong = true;
        return;
    }
    (void)snprintf (value, sizeof value, "%.*s", (int)(length - name_length - 1), colon + 1);
    if (has_name (line, name_length, "Content-Length")) {
        fields->lengths++;
        if (sscanf (value, " %18[0-9] %c", word, &rest) != 1) {
            reader->wrong = true;
        }
        fields->length = strtoul (word, NULL, 10);
    } else if (has_name (line, name_length, "Transfer-Encoding")) {
        fields->codings++;
        if (sscanf (value, " %7[A-Za-z] %c", word, &rest) != 1) {
            reader->wrong = true;
        }
        fields->chunked = strcasecmp (word, "chunked") == 0;
    }
}

/* The fields up to the empty line. Returns false while that has not come. */
static bool
read_fields (struct reader *reader, struct fields *fields)
{
    const char *line;
    size_t length;

    while ((line = take_line (reader, &length)) != NULL) {
        if (length == 0) {
            return true;
        }
        read_field (reader, fields, line, length);
    }
    return false;
}

static bool
read_chunks (struct reader *reader)
{
    struct fields trailers = {0};
    const char *line;
    size_t length;

    while ((line = take_line (reader, &length)) != NULL) {
        char digits[20] = "";
        size_t size;

        (void)snprintf (digits, sizeof digits, "%.*s", (int)length, line);
        if (length == 0 || length > 15 || strspn (digits, "0123456789abcdefABCDEF") != length) {
            reader->wrong = true;
            return true;
        }
        size = strtoul (digits, NULL, 16);
        if (size == 0) {
            return read_fields (reader, &trailers);
        }
        if (!take_bytes (reader, size) || reader->end - reader->at < 2) {
            return false;
        }
        if (memcmp (reader->at, "\r\n", 2) != 0) {
            reader->wrong = true;
            return true;
        }
        reader->at += 2;
    }
    return false;
}

/* Reads one message. Returns false when it has not ended. */
static bool
read_message (struct reader *reader)
{
    struct fields fields = {0};
    const char *line;
    size_t length;

    do {
        line = take_line (reader, &length);
    } while (line != NULL && length == 0);
    if (line == NULL || !read_fields (reader, &fields)) {
        return false;
    }
    reader->wrong = reader->wrong || fields.lengths > 1 || fields.codings > 1 ||
                    (fields.codings > 0 && (fields.lengths > 0 || !fields.chunked));
    if (reader->wrong) {
        return true;
    }
    return fields.chunked ? read_chunks (reader) : take_bytes (reader, fields.length);
}

/* How many messages `data` has before its end, or before one that is none. */
static size_t
count_messages (const uint8_t *data, size_t size)
{
    struct reader reader = {.at = (const char *)data, .end = (const char *)data + size};
    size_t count = 0;

    while (read_message (&reader) && !reader.wrong) {
        count++;
    }
    return count;
}

/* Every answer but one that closes is a message's; the one that closes may be to what is none. */
static void
check_count (const char *said, size_t messages)
{
    size_t answers = 0;

    for (const char *each = said; *each != '\0'; answers++) {
        const char *const end = strstr (each, "\r\n\r\n") + 4;
        const char *const closing = strcasestr (each, "\r\nConnection: close");

        if (closing != NULL && closing < end) {
            return; /* the connection ends: nothing after it is read as a request */
        }
        each = end + body_length (each, end);
    }
    FUZZ_CHECK (answers <= messages);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    bool any_head = memmem (data, size, "HEAD", 4) != NULL;
    bool patient;
    char *whole;
    char *split;

    if (base == NULL) {
        make_servers ();
    }
    if (size == 0) {
        return 0;
    }
    patient = (data[0] & 2) == 0;
    whole = ask (data[0] & 1, patient, data + 1, size - 1, size);
    check_answers (whole, any_head);
    FUZZ_CHECK (strcasestr (whole, "<html") == NULL);
    if (!any_head) {
        check_count (whole, count_messages (data + 1, size - 1));
    }
    split = ask (data[0] & 1, patient, data + 1, size - 1, (data[0] >> 2) + 1 + size / MOST_PIECES);
    check_answers (split, any_head);
    if (patient && strcmp (whole, split) != 0) {
        fprintf (stderr, "whole:\n%s\nin pieces:\n%s\n", whole, split);
    }
    FUZZ_CHECK (!patient || strcmp (whole, split) == 0);
    free (whole);
    free (split);
    return 0;
}
