#include "node/config/config_override.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char EXPECTED_FORM[] = "key=value";
static const char EXPECTED_KEY[] = "a key before '='";
static const char EXPECTED_VALUE[] = "a value after '='";
static const char EXPECTED_END[] = "a ']' at the end of the list";
static const char EXPECTED_ITEM[] = "an item between two commas";

static bool
is_blank (char c)
{
    return c == ' ' || c == '\t';
}

/* Cuts blanks off both ends, in place, and returns the new start. */
static char *
trim (char *text)
{
    while (is_blank (*text)) {
        text++;
    }
    size_t length = strlen (text);

    while (length > 0 && is_blank (text[length - 1])) {
        length--;
    }
    text[length] = '\0';
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

    for (char *next = items; next != NULL;) {
        char *item = next;
        char *const comma = strchr (item, ',');

        next = NULL;
        if (comma != NULL) {
            *comma = '\0';
            next = comma + 1;
        }
        item = trim (item);
        if (*item != '\0') {
            set_string (&entries[count++], path, unquote (item));
        } else if (next != NULL) {
            return EXPECTED_ITEM;
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
        return EXPECTED_VALUE;
    }
    if (value[0] != '[') {
        set_string (&override->entries[0], override->path, unquote (value));
        return NULL;
    }
    if (value[length - 1] != ']') {
        return EXPECTED_END;
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

int
config_override_make (const char *key, const char *value, struct config_override *override,
                      const char **error)
{
    struct config_override made = {
        .entries = calloc (entries_max (value), sizeof *made.entries),
        .path = strdup (key),
        .storage = strdup (value),
    };

    *error = NULL;
    if (made.entries != NULL && made.path != NULL && made.storage != NULL) {
        *error = read_value (&made);
        if (*error == NULL) {
            *override = made;
            return 0;
        }
    }
    config_override_clear (&made);
    return -1;
}

int
config_override_parse (const char *text, struct config_override *override, const char **error)
{
    const char *const equals = strchr (text, '=');

    if (equals == NULL) {
        *error = EXPECTED_FORM;
        return -1;
    }
    char *const copy = strndup (text, (size_t)(equals - text));

    if (copy == NULL) {
        *error = NULL;
        return -1;
    }
    const char *const key = trim (copy);
    int result = -1;

    *error = EXPECTED_KEY;
    if (*key != '\0') {
        result = config_override_make (key, equals + 1, override, error);
    }
    free (copy);
    return result;
}

void
config_override_clear (struct config_override *override)
{
    free (override->entries);
    free (override->path);
    free (override->storage);
    *override = (struct config_override){0};
}
