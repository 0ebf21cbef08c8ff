/*
 * TOML 1.0, read into a flat list: a thin C face over toml++ (toml.cpp), with no opinion about what
 * the keys mean. No C++ exception leaves it.
 *
 * Pure; any thread. A document never changes once it is read and may then be shared by threads.
 */
#ifndef NODE_TOML_H
#define NODE_TOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

enum toml_type {
    TOML_TYPE_TABLE,
    TOML_TYPE_ARRAY,
    TOML_TYPE_STRING,
    TOML_TYPE_INTEGER,
    TOML_TYPE_FLOAT,
    TOML_TYPE_BOOLEAN,
    TOML_TYPE_TIME, /* a date, a time of day or both */
};

/* Both count from 1, columns in characters, not bytes. A line of 0 means no place. */
struct toml_place {
    uint32_t line;
    uint32_t column;
};

struct toml_entry {
    /*
     * Dotted from the root ("node.work_threads"); a key that is not bare stands in quotes, so a key
     * with a dot in it is never mistaken for two. An array's item has its array's path and
     * "[index]".
     */
    const char *path;
    /*
     * A string's contents; an integer in decimal; a float in its shortest form, always with a
     * point, an exponent or one of the words "inf" and "nan"; "true" or "false"; else NULL. Ends
     * with a NUL that `length` does not count, and a string may contain others.
     */
    const char *text;
    size_t length;
    enum toml_type type;
    struct toml_place key;   /* where the key stands; of an array's item, the item */
    struct toml_place place; /* where the value starts */
    /*
     * How many entries this one and all below it take. Entries are in order of the tree: a table or
     * array, then its content, each table's by place. The entry after the last one below `entry` is
     * `entry + entry->span`.
     */
    size_t span;
};

struct toml_document {
    const struct toml_entry *entries;
    size_t count;
};

/* What is wrong with a text. */
struct toml_error {
    struct toml_place place;
    char text[512]; /* one sentence part, without a full stop */
};

/* A longer path is refused as an error of the text. */
#define TOML_PATH_MAX 255

/*
 * Reads the `length` bytes at `text`. Returns 0 and a document that the caller frees with toml_free
 * and that does not point into `text`; or -1 with `document` untouched and `error` filled in. Only
 * the first error is found.
 */
int toml_parse (const char *text, size_t length, const struct toml_document **document,
                struct toml_error *error);

void toml_free (const struct toml_document *document);

/* Whether it is a string without a NUL in it, which is nothing that any setting takes. */
static inline bool
toml_is_text (const struct toml_entry *entry)
{
    return entry->type == TOML_TYPE_STRING && strlen (entry->text) == entry->length;
}

#ifdef __cplusplus
}
#endif

#endif
