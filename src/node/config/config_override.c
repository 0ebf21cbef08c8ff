#include "node/config/config_override.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/base/memory.h"

/* Cuts blanks off both ends, in place, and returns the new start. */
static char *
trim (char *text)
{
    text += strspn (text, " \t");
    for (size_t length = strlen (text); length > 0 && strchr (" \t", text[length - 1]) != NULL;) {
        text[--length] = '\0';
    }
    return text;
}

/* Takes one pair of quotes off, in place, and returns the new start. */
static char *
unquote (char *text)
{
    const size_t length = strlen (text);

    if (length >= 2 && (text[0] == '"' || text[0] == '\'') && text[length - 1] == text[0]) {
        text[length - 1] = '\0';
        return text + 1;
    }
    return text;
}

static void
set_string (struct toml_entry *entry, const char *path, const char *text)
{
    *entry = (struct toml_entry){
        .path = path,
        .text = text,
        .length = strlen (text),
        .type = TOML_TYPE_STRING,
        .span = 1,
    };
}

/*
 * Splits `items`, what stands between '[' and ']', into `entries` from the second on. Returns NULL,
 * or what was expected.
 */
static const char *
split (char *items, const char *path, struct toml_entry *entries)
{
    size_t count = 1;
    char *item;

    while ((item = strsep (&items, ",")) != NULL) {
        item = trim (item);
        if (*item != '\0') {
            set_string (&entries[count++], path, unquote (item));
        } else if (items != NULL) {
            return "an item between two commas";
        }
    }
    entries[0] = (struct toml_entry){.path = path, .type = TOML_TYPE_ARRAY, .span = count};
    return NULL;
}

/* Fills in the entries from the storage. Returns NULL, or what was expected. */
static const char *
read_value (struct config_override *override)
{
    char *const value = trim (override->storage);
    const size_t length = strlen (value);

    if (length == 0) {
        return "a value after '='";
    }
    if (value[0] != '[') {
        set_string (&override->entries[0], override->path, unquote (value));
        return NULL;
    }
    if (value[length - 1] != ']') {
        return "a ']' at the end of the list";
    }
    value[length - 1] = '\0';
    return split (value + 1, override->path, override->entries);
}

/* How many entries `value` can become: itself and, of a list, one more item than it has commas. */
static size_t
entries_max (const char *value)
{
    size_t count = 2;

    for (; *value != '\0'; value++) {
        count += *value == ',';
    }
    return count;
}

const char *
config_override_make (const char *key, const char *value, struct config_override *override)
{
    struct config_override made = {
        .entries = memory_new (entries_max (value), sizeof *made.entries),
        .path = memory_text (key),
        .storage = memory_text (value),
    };
    const char *const expected = read_value (&made);

    if (expected != NULL) {
        config_override_clear (&made);
        return expected;
    }
    *override = made;
    return NULL;
}

const char *
config_override_parse (const char *text, struct config_override *override)
{
    char *const copy = memory_text (text);
    char *const equals = strchr (copy, '=');
    const char *expected = "key=value";

    if (equals != NULL) {
        *equals = '\0';

        const char *const key = trim (copy);

        expected =
            *key != '\0' ? config_override_make (key, equals + 1, override) : "a key before '='";
    }
    free (copy);
    return expected;
}

void
config_override_clear (struct config_override *override)
{
    free (override->entries);
    free (override->path);
    free (override->storage);
    *override = (struct config_override){0};
}
