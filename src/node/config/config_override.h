/*
 * Overrides: "key=value" of --config and --rpcconfig, and the defaults of the options table, which
 * are written the same way, as the entries that a file would have given. Pure; any thread.
 */
#ifndef NODE_CONFIG_OVERRIDE_H
#define NODE_CONFIG_OVERRIDE_H

#include <stddef.h>

#include "node/config/toml.h"

/* `entries[0]` is the value, `entries[0].span` counts it and its items. */
struct config_override {
    struct toml_entry *entries;
    char *path;    /* what all entries' paths are */
    char *storage; /* what their texts point into */
};

/*
 * Reads "key=value". Blanks and quotes around the value do not count; "[a, "b"]" is a list, split
 * at its commas, with blanks and quotes around its items not counting either, a comma before the
 * ']' allowed, and "[]" empty. All values are strings: what they mean is the option's to say.
 * Entries have no places. Returns NULL and an override to be cleared; or, with `override`
 * untouched, a static text that says what was expected.
 */
const char *config_override_parse (const char *text, struct config_override *override);

/* The same with key and value apart. */
const char *config_override_make (const char *key, const char *value,
                                  struct config_override *override);

void config_override_clear (struct config_override *override);

#endif
