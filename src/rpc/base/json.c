#include "rpc/base/json.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/base/memory.h"

/* No request has this many values; a body full of them would cost a hundred times its size. */
#define MOST_COMMAS 20000

/* From here on not every whole number is a double. */
#define INEXACT 0x1p53

/* Some writers of JSON begin with it; nano_node's reader passes it over. */
static const char byte_order_mark[] = "\xef\xbb\xbf";

/* How many of the bytes are `a` or `b`: that bounds what parsing may cost. */
static size_t
count (const char *text, size_t length, char a, char b)
{
    size_t found = 0;

    for (size_t i = 0; i < length; i++) {
        found += text[i] == a || text[i] == b;
    }
    return found;
}

static json_t *
parse_object (const char *text, size_t length)
{
    size_t mark = sizeof byte_order_mark - 1;
    json_t *tree;

    if (length >= mark && memcmp (text, byte_order_mark, mark) == 0) {
        text += mark;
        length -= mark;
    }
    /* JSON has no zero bytes, but jansson passes over one that follows a number or a word. */
    if (memchr (text, '\0', length) != NULL) {
        return NULL;
    }
    /* As reals, integers of any length can be read; the fields' own readers judge them. */
    tree = json_loadb (text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, NULL);
    if (!json_is_object (tree)) {
        json_decref (tree);
        return NULL;
    }
    return tree;
}

json_t *
json_parse (struct evbuffer *input, size_t max_depth, const char **error)
{
    const size_t length = evbuffer_get_length (input);
    const char *const text = length > 0 ? memory_need (evbuffer_pullup (input, -1)) : "";
    json_t *tree = NULL;

    if (count (text, length, '[', '{') > max_depth) {
        *error = JSON_TOO_DEEP;
        return NULL;
    }
    if (count (text, length, ',', ',') <= MOST_COMMAS) {
        tree = parse_object (text, length);
    }
    if (tree == NULL) {
        *error = JSON_UNREADABLE;
    }
    return tree;
}

/*
 * A whole number that may not be the one that was written keeps its exponent, which no reader of
 * hashes or counts accepts: better refused than taken for another.
 */
static const char *
number_text (double number, char scratch[JSON_SCRATCH_SIZE])
{
    bool exact = fabs (number) < INEXACT;

    snprintf (scratch, JSON_SCRATCH_SIZE, exact ? "%.17g" : "%.16e", number);
    return scratch;
}

const char *
json_text (const json_t *fields, const char *key, char scratch[JSON_SCRATCH_SIZE])
{
    const json_t *field = json_object_get (fields, key);

    if (field == NULL) {
        return NULL;
    }
    switch (json_typeof (field)) {
    case JSON_STRING:
        return json_string_value (field);
    case JSON_REAL:
        return number_text (json_real_value (field), scratch);
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_NULL:
        return "null";
    default:
        return "";
    }
}

bool
json_flag (const json_t *fields, const char *key, bool otherwise)
{
    char scratch[JSON_SCRATCH_SIZE];
    const char *text = json_text (fields, key, scratch);

    if (text == NULL) {
        return otherwise;
    }
    if (strcmp (text, "true") == 0 || strcmp (text, "1") == 0) {
        return true;
    }
    if (strcmp (text, "false") == 0 || strcmp (text, "0") == 0) {
        return false;
    }
    return otherwise;
}

/* jansson takes UTF-8 alone, and a driver's or a peer's words may be anything. */
static json_t *
string_of (char *text, size_t length)
{
    json_t *const string = json_stringn (text, length);

    if (string != NULL) {
        return string;
    }
    for (size_t i = 0; i < length; i++) {
        text[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
    }
    return memory_need (json_stringn (text, length));
}

void
json_put (json_t *object, const char *key, const char *format, ...)
{
    char text[JSON_PUT_SIZE];
    va_list arguments;
    int length;

    va_start (arguments, format);
    length = vsnprintf (text, sizeof text, format, arguments);
    va_end (arguments);
    length = length < (int)sizeof text ? length : (int)sizeof text - 1;
    memory_require (json_object_set_new (object, key, string_of (text, (size_t)length)) == 0);
}

json_t *
json_error (const char *error)
{
    json_t *const object = memory_need (json_object ());

    json_put (object, "error", "%s", error);
    return object;
}

void
json_print (const json_t *tree, struct evbuffer *output)
{
    static const size_t flags = JSON_INDENT (4) | JSON_ESCAPE_SLASH;
    char small[2048];
    char *large = NULL;
    const size_t length = json_dumpb (tree, small, sizeof small, flags);

    memory_require (length > 0);
    if (length > sizeof small) {
        large = memory_need (json_dumps (tree, flags));
    }
    memory_require (evbuffer_add (output, large != NULL ? large : small, length) == 0 &&
                    evbuffer_add (output, "\n", 1) == 0);
    free (large);
}
