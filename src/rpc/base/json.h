/*
 * Reading and writing the RPC's JSON, bounded and typed. Trees are jansson's.
 *
 * nano_node reads every scalar as text, so a number or a boolean does where a string is expected,
 * and an array or object reads as an empty text; it writes every value as a string. So do we.
 * Event-loop thread.
 */
#ifndef RPC_JSON_H
#define RPC_JSON_H

#include <event2/buffer.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define JSON_SCRATCH_SIZE 64
#define JSON_PUT_SIZE 512

/* What json_parse says of a request that cannot be read, and what nano_node says as well of one
 * that lacks a field; and of one with too many brackets. */
#define JSON_UNREADABLE "Unable to parse JSON"
#define JSON_TOO_DEEP "Max JSON depth exceeded"

/*
 * Parses the whole of `input`, an object whose brackets number at most `max_depth`: every '[' and
 * '{' counts, also one within a string, which is how nano_node counts and bounds what parsing can
 * cost. A key given twice is refused, as nobody can tell which was meant, and so are more than
 * 20,000 values. Returns a tree that the caller owns, or NULL with a static message for the client
 * in `*error`.
 */
json_t *json_parse (struct evbuffer *input, size_t max_depth, const char **error);

/*
 * The text of a field, or NULL when it is absent; of a whole number below 2^53, as
 * it was written, and of others with an exponent. Points into the tree or into `scratch`, and is
 * good as long as both.
 */
const char *json_text (const json_t *fields, const char *key, char scratch[JSON_SCRATCH_SIZE]);

/* An optional boolean: true, false, 1 or 0, quoted or not; `otherwise` for anything else. */
bool json_flag (const json_t *fields, const char *key, bool otherwise);

/*
 * Adds `key` with a printf-formatted string to `object`: cut to JSON_PUT_SIZE - 1 bytes, and where
 * it is not UTF-8 with '?' for each byte that is not ASCII.
 */
void json_put (json_t *object, const char *key, const char *format, ...)
    __attribute__ ((format (printf, 3, 4)));

/* {"error": `error`}, as json_put prints it. The caller's. */
json_t *json_error (const char *error);

/*
 * Writes the tree as nano_node does: four spaces a level, "key": "value", '/' escaped, a newline at
 * the end.
 */
void json_print (const json_t *tree, struct evbuffer *output);

#endif
