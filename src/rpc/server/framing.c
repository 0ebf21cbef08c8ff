#include "rpc/server/framing.h"

#include <string.h>
#include <strings.h>

#include "rpc/base/header.h"
#include "work/base/number.h"

/* In the order in which a request goes through them. */
enum state {
    BEFORE_REQUEST, /* or between two */
    BEFORE_REQUEST_CR,
    METHOD,
    TARGET,
    VERSION,
    VERSION_CR,
    FIELD_START,
    FIELD_NAME,
    FIELD_VALUE,
    FIELD_CR,
    HEAD_CR,
    BODY,
    CHUNK_SIZE,
    CHUNK_SIZE_CR,
    CHUNK_DATA,
    CHUNK_END,
    CHUNK_END_CR,
};

enum field { OTHER, CONTENT_LENGTH, TRANSFER_ENCODING, EXPECT };

/* More than any length that could be sent, and the digits of any chunk's size. */
#define MOST_LENGTH 999999999999999999
#define MOST_HEX_DIGITS 15

/* There is none shorter, and libevent answers a line shorter than "GET / HTTP/1.0" by itself. */
#define SHORTEST_METHOD 3

static const char bad_request_line[] = "Invalid header: malformed request line";
static const char bad_field[] = "Invalid header: malformed field";
static const char bad_chunk[] = "Invalid body: malformed chunk";

/* RFC 9110, 5.5: visible characters, blanks, and what is beyond ASCII. */
static bool
is_text (char c)
{
    return c == '\t' || ((unsigned char)c >= ' ' && c != 0x7f);
}

static bool
refuse (struct framing *framing, int status, const char *why)
{
    framing->refused = why;
    framing->status = status;
    framing->ambiguous = true;
    return false;
}

/* What is clear enough, but not taken here. */
static bool
decline (struct framing *framing, int status, const char *why)
{
    (void)refuse (framing, status, why);
    framing->ambiguous = false;
    return false;
}

static bool
go (struct framing *framing, enum state state)
{
    framing->state = state;
    framing->word_length = 0;
    return true;
}

/* Keeps the beginning of a word, and counts the whole. */
static void
keep (char *word, size_t *length, char c)
{
    if (*length < FRAMING_WORD_SIZE) {
        word[*length] = c;
    }
    (*length)++;
}

static bool
is_word (const char *word, size_t length, const char *text)
{
    return length == strlen (text) && strncasecmp (word, text, length) == 0;
}

/* The request line. */

static bool
is_method (const struct framing *framing, const char *name)
{
    return framing->word_length == strlen (name) &&
           memcmp (framing->word, name, framing->word_length) == 0;
}

/* Methods are case-sensitive, as in libevent, which reads the bodies of these alone. */
static bool
end_method (struct framing *framing)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"};

    framing->tunnel = is_method (framing, "CONNECT");
    framing->bodiless = true;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        framing->bodiless = framing->bodiless && !is_method (framing, methods[i]);
    }
    return go (framing, TARGET);
}

static bool
read_method (struct framing *framing, char c)
{
    if (c == ' ' && framing->word_length >= SHORTEST_METHOD) {
        return end_method (framing);
    }
    if (!header_is_token (c)) {
        return refuse (framing, 400, bad_request_line);
    }
    keep (framing->word, &framing->word_length, c);
    return true;
}

static bool
read_target (struct framing *framing, char c)
{
    if (c == ' ' && framing->word_length > 0) {
        framing->absolute =
            framing->word[0] != '/' || (framing->word_length > 1 && framing->word[1] == '/');
        return go (framing, VERSION);
    }
    if (c == ' ' || c == '\t' || !is_text (c)) {
        return refuse (framing, 400, bad_request_line);
    }
    keep (framing->word, &framing->word_length, c);
    return true;
}

static bool
read_version (struct framing *framing, char c)
{
    static const char version[] = "HTTP/1.";

    if (c == '\r' && framing->word_length == sizeof version) {
        framing->old = framing->word[sizeof version - 1] == '0';
        return go (framing, VERSION_CR);
    }
    keep (framing->word, &framing->word_length, c);
    if (framing->word_length < sizeof version
            ? c != version[framing->word_length - 1]
            : framing->word_length > sizeof version || c < '0' || c > '9') {
        return refuse (framing, 400, bad_request_line);
    }
    return true;
}

/* Fields. */

/*
 * What says whose the request is: a proxy adds it to the head, and may pass on a trailer of the
 * client's, which libevent puts behind that.
 */
static bool
is_forwarding (const struct framing *framing)
{
    return is_word (framing->word, framing->word_length, "Forwarded") ||
           is_word (framing->word, framing->word_length, "X-Forwarded-For");
}

static bool
end_name (struct framing *framing)
{
    static const char *const names[] = {
        [CONTENT_LENGTH] = "Content-Length",
        [TRANSFER_ENCODING] = "Transfer-Encoding",
        [EXPECT] = "Expect",
    };

    if (framing->trailing && is_forwarding (framing)) {
        return refuse (framing, 400, "Invalid body: a trailer that belongs in the head");
    }
    framing->field = framing->trailing ? OTHER : EXPECT;
    while (framing->field != OTHER &&
           !is_word (framing->word, framing->word_length, names[framing->field])) {
        framing->field--;
    }
    framing->value_length = 0;
    return go (framing, FIELD_VALUE);
}

static bool
read_name (struct framing *framing, char c)
{
    if (c == ':' && framing->word_length > 0) {
        return end_name (framing);
    }
    if (!header_is_token (c)) {
        return refuse (framing, 400, bad_field);
    }
    keep (framing->word, &framing->word_length, c);
    return true;
}

/* Blanks around it do not count. libevent knows only spaces for such: nothing else may be there. */
static bool
read_value (struct framing *framing, char c)
{
    if (!is_text (c)) {
        return refuse (framing, 400, bad_field);
    }
    if (framing->field != OTHER && (c != ' ' || framing->value_length > 0)) {
        keep (framing->value, &framing->value_length, c);
    }
    return true;
}

static bool
end_length (struct framing *framing)
{
    if (framing->has_length) {
        return refuse (framing, 400, "Invalid header: more than one Content-Length");
    }
    framing->has_length = true;
    return number_parse_unsigned (framing->value, 0, MOST_LENGTH, &framing->left) == 0 ||
           refuse (framing, 400, "Invalid header: Content-Length is not a number");
}

static bool
end_coding (struct framing *framing)
{
    if (framing->chunked) {
        return refuse (framing, 400, "Invalid header: more than one Transfer-Encoding");
    }
    if (framing->old) {
        return refuse (framing, 400, "Invalid header: Transfer-Encoding in HTTP 1.0");
    }
    framing->chunked = is_word (framing->value, framing->value_length, "chunked");
    return framing->chunked ||
           refuse (framing, 501, "Invalid header: Transfer-Encoding other than chunked");
}

/* Only of 1.1, and of a request that has a body, as end_head finds out. */
static bool
end_expectation (struct framing *framing)
{
    framing->expects = is_word (framing->value, framing->value_length, "100-continue");
    framing->odd = !framing->expects;
    return true;
}

static bool
end_value (struct framing *framing)
{
    switch ((enum field)framing->field) {
    case CONTENT_LENGTH:
        return end_length (framing);
    case TRANSFER_ENCODING:
        return end_coding (framing);
    case EXPECT:
        return end_expectation (framing);
    default:
        return true;
    }
}

static bool
end_field (struct framing *framing)
{
    if (framing->value_length > FRAMING_WORD_SIZE) {
        return refuse (framing, 400, bad_field);
    }
    while (framing->value_length > 0 && framing->value[framing->value_length - 1] == ' ') {
        framing->value_length--;
    }
    framing->value[framing->value_length] = '\0';
    if (!end_value (framing)) {
        return false;
    }
    if (framing->chunked && framing->has_length) {
        return refuse (framing, 400, "Invalid header: both Content-Length and Transfer-Encoding");
    }
    if (framing->bodiless && (framing->chunked || framing->has_length)) {
        return refuse (framing, 400, "Invalid header: a body with a method that has none");
    }
    return go (framing, FIELD_CR);
}

/* `left` more bytes of a body are announced. */
static bool
add_body (struct framing *framing, const struct framing_limits *limits)
{
    framing->body += framing->left;
    return framing->body <= limits->max_body ||
           decline (framing, 413, "Invalid header: body limit exceeded");
}

static bool
end_head (struct framing *framing, const struct framing_limits *limits)
{
    const bool has_body = framing->chunked || framing->left > 0;

    framing->expects = framing->expects && has_body && !framing->old;
    if (framing->trailing) {
        return go (framing, BEFORE_REQUEST);
    }
    if (framing->tunnel) {
        return decline (framing, 501, "Unknown method");
    }
    if (framing->odd && has_body && !framing->old) {
        return decline (framing, 417, "Invalid header: bad expectation");
    }
    if (!has_body) {
        return go (framing, BEFORE_REQUEST);
    }
    return add_body (framing, limits) && go (framing, framing->chunked ? CHUNK_SIZE : BODY);
}

/* Chunks. */

static int
hex_digit (char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
read_chunk_size (struct framing *framing, char c)
{
    const int digit = hex_digit (c);

    if (c == '\r' && framing->word_length > 0) {
        return go (framing, CHUNK_SIZE_CR);
    }
    if (digit < 0 || framing->word_length == MOST_HEX_DIGITS) {
        return refuse (framing, 400, bad_chunk);
    }
    framing->left = framing->left * 16 + (uint64_t)digit;
    framing->word_length++;
    return true;
}

/* The line feed after a chunk's size: its bytes come, or the trailers after the last. */
static bool
end_chunk_size (struct framing *framing, const struct framing_limits *limits, char c)
{
    if (c != '\n') {
        return refuse (framing, 400, bad_chunk);
    }
    framing->trailing = framing->left == 0;
    return add_body (framing, limits) && go (framing, framing->trailing ? FIELD_START : CHUNK_DATA);
}

/* The end of a line: `c` is to be the line feed after a return. */
static bool
end_line (struct framing *framing, char c, enum state next)
{
    if (c == '\n') {
        return go (framing, next);
    }
    return refuse (framing, 400, "Invalid header: a line that does not end with CR LF");
}

static bool
read_line_start (struct framing *framing, char c)
{
    if (c == '\r') {
        return go (framing, HEAD_CR);
    }
    if (!header_is_token (c)) { /* a line that continues the one before, among others */
        return refuse (framing, 400, bad_field);
    }
    (void)go (framing, FIELD_NAME);
    keep (framing->word, &framing->word_length, c);
    return true;
}

static bool
read_body_byte (struct framing *framing, const struct framing_limits *limits, char c)
{
    switch ((enum state)framing->state) {
    case CHUNK_SIZE:
        return read_chunk_size (framing, c);
    case CHUNK_SIZE_CR:
        return end_chunk_size (framing, limits, c);
    case CHUNK_END:
        return c == '\r' ? go (framing, CHUNK_END_CR) : refuse (framing, 400, bad_chunk);
    default:
        return c == '\n' ? go (framing, CHUNK_SIZE) : refuse (framing, 400, bad_chunk);
    }
}

static bool
read_head_byte (struct framing *framing, const struct framing_limits *limits, char c)
{
    if (c != '\r' && c != '\n' && ++framing->head > limits->max_head) {
        return decline (framing, 400, "Invalid header: header limit exceeded");
    }
    switch ((enum state)framing->state) {
    case METHOD:
        return read_method (framing, c);
    case TARGET:
        return read_target (framing, c);
    case VERSION:
        return read_version (framing, c);
    case VERSION_CR:
        return c == '\n' ? go (framing, FIELD_START) : refuse (framing, 400, bad_request_line);
    case FIELD_START:
        return read_line_start (framing, c);
    case FIELD_NAME:
        return read_name (framing, c);
    case FIELD_VALUE:
        return c == '\r' ? end_field (framing) : read_value (framing, c);
    case FIELD_CR:
        return end_line (framing, c, FIELD_START);
    default:
        return c == '\n' ? end_head (framing, limits) : end_line (framing, c, HEAD_CR);
    }
}

static bool
read_byte (struct framing *framing, const struct framing_limits *limits, char c)
{
    if (framing->state == BEFORE_REQUEST_CR) {
        return c == '\n' ? go (framing, BEFORE_REQUEST) : refuse (framing, 400, bad_request_line);
    }
    if (framing->state == BEFORE_REQUEST) {
        *framing = (struct framing){.state = METHOD};
        if (c == '\r') {
            return go (framing, BEFORE_REQUEST_CR);
        }
    }
    return framing->state < BODY ? read_head_byte (framing, limits, c)
                                 : read_body_byte (framing, limits, c);
}

/* Of the bytes of a body or a chunk, which may be anything. Returns how many there are. */
static size_t
pass_body (struct framing *framing, size_t size)
{
    const size_t passed = size < framing->left ? size : (size_t)framing->left;

    framing->left -= passed;
    if (framing->left == 0) {
        (void)go (framing, framing->state == BODY ? BEFORE_REQUEST : CHUNK_END);
    }
    return passed;
}

enum framing_event
framing_read (struct framing *framing, const struct framing_limits *limits, const char *bytes,
              size_t size, size_t *count)
{
    size_t at = 0;

    while (at < size) {
        const int before = framing->state;

        if (before == BODY || before == CHUNK_DATA) {
            at += pass_body (framing, size - at);
        } else if (!read_byte (framing, limits, bytes[at++])) {
            *count = at;
            return FRAMING_REFUSED;
        }
        *count = at;
        if (framing->state == BEFORE_REQUEST) {
            return before == BEFORE_REQUEST_CR ? FRAMING_BLANK : FRAMING_WHOLE;
        }
        if (before == HEAD_CR && framing->expects) {
            return FRAMING_EXPECTS;
        }
    }
    return FRAMING_MORE;
}
