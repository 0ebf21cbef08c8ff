#include "rpc/base/json.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/base/memory.h"

/* No request has this many values; a body full of them would cost a hundred times its size. */
#define MOST_COMMAS 10000

/* From here on not every whole number is a double. */
#define INEXACT 0x1p53

/* Some writers of JSON begin with it; nano_node's reader passes it over. */
static const char byte_order_mark[] = "\xef\xbb\xbf";

/* What bounds the work and the memory that parsing may cost, counted before it. */
struct census {
    size_t brackets;
    size_t commas;
};

static struct census
count (const char *text, size_t length)
{
    struct census census = {0};

    for (size_t i = 0; i < length; i++) {
        census.brackets += text[i] == '[' || text[i] == '{';
        census.commas += text[i] == ',';
    }
    return census;
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
    size_t length = evbuffer_get_length (input);
    const char *text = (const char *)evbuffer_pullup (input, -1);
    const uint64_t failures = memory_failures ();
    struct census census = {0};
    json_t *tree = NULL;

    if (text != NULL) {
        census = count (text, length);
    }
    if (census.brackets > max_depth) {
        *error = "Max JSON depth exceeded";
        return NULL;
    }
    if (text != NULL && census.commas <= MOST_COMMAS) {
        tree = parse_object (text, length);
    }
    if (memory_failures () != failures || (text == NULL && length > 0)) {
        json_decref (tree); /* of which any part may be missing */
        *error = MEMORY_ERROR;
        return NULL;
    }
    if (tree == NULL) {
        *error = "Unable to parse JSON";
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

int
json_put (json_t *object, const char *key, const char *format, ...)
{
    char text[JSON_PUT_SIZE];
    va_list arguments;
    int length;

    va_start (arguments, format);
    length = vsnprintf (text, sizeof text, format, arguments);
    va_end (arguments);
    if (length < 0 || (size_t)length >= sizeof text) {
        return -1;
    }
    return json_object_set_new (object, key, json_stringn (text, (size_t)length));
}

static const size_t print_flags = JSON_INDENT (4) | JSON_ESCAPE_SLASH;

/* For trees too large for the stack. */
static int
print_large (const json_t *tree, size_t length, struct evbuffer *output)
{
    char *text = malloc (length + 1);
    int failed = -1;

    if (text == NULL) {
        return -1;
    }
    if (json_dumpb (tree, text, length, print_flags) == length) {
        text[length] = '\n';
        failed = evbuffer_add (output, text, length + 1);
    }
    free (text);
    return failed;
}

int
json_print (const json_t *tree, struct evbuffer *output)
{
    char text[2048];
    size_t length = json_dumpb (tree, text, sizeof text - 1, print_flags);

    if (length == 0) {
        return -1;
    }
    if (length > sizeof text - 1) {
        return print_large (tree, length, output);
    }
    text[length] = '\n';
    return evbuffer_add (output, text, length + 1);
}
