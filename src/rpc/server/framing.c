#include "rpc/server/framing.h"

#include <string.h>
#include <strings.h>

#include "rpc/base/header.h"

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
    TRAILER_START,
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_VALUE_CR,
    TRAILER_CR,
    REFUSED_IN_LINE, /* libevent has a part of a line */
    REFUSED_AT_LINE, /* or none */
    REFUSED_IN_REQUEST_LINE,
    REFUSED_IN_CHUNK, /* at the size or at the end of one */
};

enum field { OTHER, CONTENT_LENGTH, TRANSFER_ENCODING };

/* More digits than any length has that could be sent. */
#define MOST_DIGITS 18
#define MOST_HEX_DIGITS 15

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
refuse (struct framing *framing, int status, const char *why, enum state where)
{
    framing->refused = why;
    framing->status = status;
    framing->state = where;
    return false;
}

static bool
refuse_line (struct framing *framing, const char *why)
{
    return refuse (framing, 400, why, REFUSED_IN_LINE);
}

static bool
refuse_request_line (struct framing *framing)
{
    return refuse (framing, 400, bad_request_line, REFUSED_IN_REQUEST_LINE);
}

static bool
refuse_chunk (struct framing *framing)
{
    return refuse (framing, 400, bad_chunk, REFUSED_IN_CHUNK);
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
keep (char word[FRAMING_WORD_SIZE], size_t *length, char c)
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
begin_request (struct framing *framing)
{
    framing->old = false;
    framing->bodiless = false;
    framing->has_length = false;
    framing->chunked = false;
    framing->left = 0;
    return go (framing, METHOD);
}

/* Methods are case-sensitive, as in libevent, which reads the bodies of these alone. */
static bool
end_method (struct framing *framing)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"};

    framing->bodiless = true;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (framing->word_length == strlen (methods[i]) &&
            memcmp (framing->word, methods[i], framing->word_length) == 0) {
            framing->bodiless = false;
        }
    }
    return go (framing, TARGET);
}

static bool
read_method (struct framing *framing, char c)
{
    if (c == ' ' && framing->word_length > 0) {
        return end_method (framing);
    }
    if (!header_is_token (c)) {
        return refuse_request_line (framing);
    }
    keep (framing->word, &framing->word_length, c);
    return true;
}

static bool
read_target (struct framing *framing, char c)
{
    if (c == ' ' && framing->word_length > 0) {
        return go (framing, VERSION);
    }
    if (c == ' ' || c == '\t' || !is_text (c)) {
        return refuse_request_line (framing);
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
        return refuse_request_line (framing);
    }
    return true;
}

/* Fields. */

static bool
end_name (struct framing *framing)
{
    framing->field = OTHER;
    if (is_word (framing->word, framing->word_length, "Content-Length")) {
        framing->field = CONTENT_LENGTH;
    } else if (is_word (framing->word, framing->word_length, "Transfer-Encoding")) {
        framing->field = TRANSFER_ENCODING;
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
        return refuse_line (framing, bad_field);
    }
    keep (framing->word, &framing->word_length, c);
    return true;
}

/* Blanks around it do not count. libevent knows only spaces for such: nothing else may be there. */
static bool
read_value (struct framing *framing, char c)
{
    if (!is_text (c)) {
        return refuse_line (framing, bad_field);
    }
    if (framing->field != OTHER && (c != ' ' || framing->value_length > 0)) {
        keep (framing->value, &framing->value_length, c);
    }
    return true;
}

static bool
read_digits (const char *text, size_t length, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        *number = *number * 10 + (uint64_t)(text[i] - '0');
    }
    return length > 0 && length <= MOST_DIGITS;
}

static bool
end_length (struct framing *framing)
{
    if (framing->has_length) {
        return refuse_line (framing, "Invalid header: more than one Content-Length");
    }
    framing->has_length = true;
    return read_digits (framing->value, framing->value_length, &framing->left) ||
           refuse_line (framing, "Invalid header: Content-Length is not a number");
}

static bool
end_coding (struct framing *framing)
{
    if (framing->chunked) {
        return refuse_line (framing, "Invalid header: more than one Transfer-Encoding");
    }
    if (framing->old) {
        return refuse_line (framing, "Invalid header: Transfer-Encoding in HTTP 1.0");
    }
    framing->chunked = is_word (framing->value, framing->value_length, "chunked");
    return framing->chunked ||
           refuse (framing, 501, "Invalid header: Transfer-Encoding other than chunked",
                   REFUSED_IN_LINE);
}

static bool
end_field (struct framing *framing)
{
    if (framing->value_length > FRAMING_WORD_SIZE) {
        return refuse_line (framing, bad_field);
    }
    while (framing->value_length > 0 && framing->value[framing->value_length - 1] == ' ') {
        framing->value_length--;
    }
    if (framing->field == CONTENT_LENGTH && !end_length (framing)) {
        return false;
    }
    if (framing->field == TRANSFER_ENCODING && !end_coding (framing)) {
        return false;
    }
    if (framing->chunked && framing->has_length) {
        return refuse_line (framing, "Invalid header: both Content-Length and Transfer-Encoding");
    }
    if (framing->bodiless && (framing->chunked || framing->has_length)) {
        return refuse_line (framing, "Invalid header: a body with a method that has none");
    }
    return go (framing, FIELD_CR);
}

static bool
end_head (struct framing *framing)
{
    if (framing->chunked) {
        return go (framing, CHUNK_SIZE);
    }
    return go (framing, framing->left > 0 ? BODY : BEFORE_REQUEST);
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
        return refuse_chunk (framing);
    }
    framing->left = framing->left * 16 + (uint64_t)digit;
    framing->word_length++;
    return true;
}

static bool
begin_chunk (struct framing *framing)
{
    framing->left = 0;
    return go (framing, CHUNK_SIZE);
}

/* The end of a line: `c` is to be the line feed after a return. */
static bool
end_line (struct framing *framing, char c, enum state next)
{
    if (c == '\n') {
        return go (framing, next);
    }
    return refuse_line (framing, "Invalid header: a line that does not end with CR LF");
}

static bool
read_line_start (struct framing *framing, char c, enum state name, enum state empty)
{
    if (c == '\r') {
        return go (framing, empty);
    }
    (void)go (framing, name);
    if (!header_is_token (c)) { /* a line that continues the one before, among others */
        return refuse (framing, 400, bad_field, REFUSED_AT_LINE);
    }
    keep (framing->word, &framing->word_length, c);
    return true;
}

static bool
read_trailer (struct framing *framing, char c)
{
    switch ((enum state)framing->state) {
    case TRAILER_NAME:
        if (c == ':') {
            return go (framing, TRAILER_VALUE);
        }
        return header_is_token (c) || refuse_line (framing, bad_field);
    case TRAILER_VALUE:
        if (c == '\r') {
            return go (framing, TRAILER_VALUE_CR);
        }
        return is_text (c) || refuse_line (framing, bad_field);
    case TRAILER_VALUE_CR:
        return end_line (framing, c, TRAILER_START);
    default:
        return end_line (framing, c, BEFORE_REQUEST);
    }
}

static bool
read_body_byte (struct framing *framing, char c)
{
    switch ((enum state)framing->state) {
    case CHUNK_SIZE:
        return read_chunk_size (framing, c);
    case CHUNK_SIZE_CR:
        return c == '\n' ? go (framing, framing->left > 0 ? CHUNK_DATA : TRAILER_START)
                         : refuse_chunk (framing);
    case CHUNK_END:
        return c == '\r' ? go (framing, CHUNK_END_CR) : refuse_chunk (framing);
    case CHUNK_END_CR:
        return c == '\n' ? begin_chunk (framing) : refuse_chunk (framing);
    case TRAILER_START:
        return read_line_start (framing, c, TRAILER_NAME, TRAILER_CR);
    default:
        return read_trailer (framing, c);
    }
}

static bool
read_byte (struct framing *framing, char c)
{
    switch ((enum state)framing->state) {
    case BEFORE_REQUEST:
        (void)begin_request (framing);
        return read_method (framing, c);
    case METHOD:
        return read_method (framing, c);
    case TARGET:
        return read_target (framing, c);
    case VERSION:
        return read_version (framing, c);
    case VERSION_CR:
        return c == '\n' ? go (framing, FIELD_START) : refuse_request_line (framing);
    case FIELD_START:
        return read_line_start (framing, c, FIELD_NAME, HEAD_CR);
    case FIELD_NAME:
        return read_name (framing, c);
    case FIELD_VALUE:
        return c == '\r' ? end_field (framing) : read_value (framing, c);
    case FIELD_CR:
        return end_line (framing, c, FIELD_START);
    case HEAD_CR:
        return c == '\n' ? end_head (framing) : end_line (framing, c, HEAD_CR);
    default:
        return read_body_byte (framing, c);
    }
}

/* Bytes of a body or a chunk pass as they are. Returns how many. */
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

/* Empty lines before a request are passed over (RFC 9112, 2.2); libevent would refuse them. */
static bool
pass_over (struct framing *framing, char c)
{
    if (framing->state == BEFORE_REQUEST && c == '\r') {
        return go (framing, BEFORE_REQUEST_CR);
    }
    if (framing->state != BEFORE_REQUEST_CR) {
        return false;
    }
    if (c == '\n') {
        return go (framing, BEFORE_REQUEST);
    }
    (void)refuse_request_line (framing);
    return true;
}

size_t
framing_read (struct framing *framing, const char *bytes, size_t size, char *clear)
{
    size_t kept = 0;
    size_t at = 0;

    while (at < size && framing->refused == NULL) {
        size_t count = 1;

        if (framing->state == BODY || framing->state == CHUNK_DATA) {
            count = pass_body (framing, size - at);
        } else if (pass_over (framing, bytes[at])) {
            at++;
            continue;
        } else if (!read_byte (framing, bytes[at])) {
            break;
        }
        memmove (clear + kept, bytes + at, count);
        kept += count;
        at += count;
    }
    return kept;
}

const char *
framing_ending (const struct framing *framing)
{
    switch ((enum state)framing->state) {
    case REFUSED_IN_LINE:
        return "\r\n?\r\n";
    case REFUSED_AT_LINE:
        return "?\r\n";
    case REFUSED_IN_REQUEST_LINE:
        return " ? ?\r\n";
    default:
        return "?\r\n";
    }
}
