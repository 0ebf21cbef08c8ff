#include "node/config/config_value.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/system_user.h"
#include "node/config/config_access.h"
#include "node/config/config_list.h"
#include "node/config/config_peers.h"
#include "rpc/base/url.h"
#include "work/base/number.h"

/* How much of a wrong value a message shows, in bytes. */
enum { SHOWN_MAX = 64 };

/*
 * The length of the longest start of `text` that fits into SHOWN_MAX and cuts no UTF-8 character.
 */
static int
shown_length (const char *text)
{
    size_t length = strnlen (text, SHOWN_MAX + 1);

    if (length > SHOWN_MAX) {
        length = SHOWN_MAX;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80) {
            length--;
        }
    }
    return (int)length;
}

void
config_value_mismatch (const struct toml_entry *entry, const struct config_context *context,
                       const char *expected)
{
    const char *before = "";
    const char *text = entry->text;
    const char *after = "";

    switch (entry->type) {
    case TOML_TYPE_TABLE:
        text = "a table";
        break;
    case TOML_TYPE_ARRAY:
        text = "a list";
        break;
    case TOML_TYPE_TIME:
        text = "a date or time";
        break;
    case TOML_TYPE_STRING:
        before = "\"";
        after = strlen (text) > SHOWN_MAX ? "...\"" : "\"";
        break;
    case TOML_TYPE_INTEGER:
    case TOML_TYPE_FLOAT:
    case TOML_TYPE_BOOLEAN:
        break;
    }
    config_report_error (context, entry->place, "%s is %s%.*s%s, expected %s", entry->path, before,
                         shown_length (text), text, after, expected);
}

/* A string with a NUL in it is nothing that any option takes, though its start may look like it. */
static bool
is_scalar (const struct toml_entry *entry)
{
    return entry->text != NULL && strlen (entry->text) == entry->length;
}

bool
config_value_is_string (const struct toml_entry *entry)
{
    return entry->type == TOML_TYPE_STRING && is_scalar (entry);
}

static bool
read_whole (const struct config_option *option, const struct toml_entry *entry, uint64_t *value)
{
    return (entry->type == TOML_TYPE_INTEGER || config_value_is_string (entry)) &&
           number_parse_unsigned (entry->text, (uint64_t)option->min, (uint64_t)option->max,
                                  value) == 0;
}

static bool
read_number (const struct config_option *option, const struct toml_entry *entry, double *value)
{
    double number;

    if ((entry->type != TOML_TYPE_INTEGER && entry->type != TOML_TYPE_FLOAT &&
         !config_value_is_string (entry)) ||
        number_parse_double (entry->text, &number) != 0 || !isfinite (number) ||
        number < option->min || number > option->max) {
        return false;
    }
    *value = number;
    return true;
}

static bool
read_switch (const struct toml_entry *entry, bool *value)
{
    if (entry->type != TOML_TYPE_BOOLEAN && !config_value_is_string (entry)) {
        return false;
    }
    const bool on = strcmp (entry->text, "true") == 0;

    if (!on && strcmp (entry->text, "false") != 0) {
        return false;
    }
    *value = on;
    return true;
}

/* Returns 1 for a value, 0 for something else, -1 for want of memory. */
static int
read_choice (const struct config_option *option, const struct toml_entry *entry, char **value)
{
    if (!config_value_is_string (entry)) {
        return 0;
    }
    for (size_t i = 0; option->choices[i] != NULL; i++) {
        if (strcmp (entry->text, option->choices[i]) == 0) {
            char *const copy = strdup (entry->text);

            if (copy == NULL) {
                return -1;
            }
            *value = copy;
            return 1;
        }
    }
    return 0;
}

/* Returns 1 for a value, 0 for something else, -1 for want of memory. */
static int
read_path (const struct toml_entry *entry, char **value)
{
    if (!config_value_is_string (entry) || entry->length >= PATH_MAX) {
        return 0;
    }
    char *const copy = strdup (entry->text);

    if (copy == NULL) {
        return -1;
    }
    *value = copy;
    return 1;
}

/* The same. */
static int
read_url (const struct toml_entry *entry, char **value)
{
    struct url url;
    const char *expected;

    if (!config_value_is_string (entry) ||
        (entry->length > 0 && url_parse (entry->text, HTTP_PORT, &url, &expected) != 0)) {
        return 0;
    }
    *value = strdup (entry->text);
    return *value != NULL ? 1 : -1;
}

/* The same, of a user or a group. */
static int
read_user (const struct config_option *option, const struct toml_entry *entry, char **value)
{
    struct system_user user;
    gid_t gid;

    if (!config_value_is_string (entry) && entry->type != TOML_TYPE_INTEGER) {
        return 0;
    }
    if (entry->length > 0 &&
        (option->type == CONFIG_TYPE_USER ? system_user_find (entry->text, &user)
                                          : system_user_find_group (entry->text, &gid)) != 0) {
        return 0;
    }
    *value = strdup (entry->text);
    return *value != NULL ? 1 : -1;
}

/* Reports an entry that is not even of the option's kind, or want of memory. */
static int
refuse (const struct config_option *option, const struct toml_entry *entry,
        const struct config_context *context)
{
    char expected[CONFIG_EXPECTED_SIZE];

    config_option_expected (option, expected);
    config_value_mismatch (entry, context, expected);
    return -1;
}

static int
read_list (const struct config_option *option, const struct toml_entry *entry,
           const struct config_context *context, union config_value *value)
{
    const bool is_list = entry->type == TOML_TYPE_ARRAY;
    const bool is_text = entry->type == TOML_TYPE_STRING;

    if (is_list && option->type == CONFIG_TYPE_PEERS) {
        return config_peers_read (entry, context, &value->peers);
    }
    if (is_list && option->type == CONFIG_TYPE_KEYS) {
        return config_access_read (entry, context, &value->keys);
    }
    if (is_list && option->type == CONFIG_TYPE_ENDPOINTS) {
        return config_list_read_endpoints (entry, context, &value->endpoints);
    }
    if ((is_list || is_text) && option->type == CONFIG_TYPE_ADDRESSES) {
        return config_list_read_addresses (entry, context, &value->strings);
    }
    if ((is_list || is_text) && option->type == CONFIG_TYPE_ACCOUNTS) {
        return config_list_read_accounts (entry, context, &value->strings);
    }
    if ((is_list || is_text) && option->type == CONFIG_TYPE_STRINGS) {
        return config_list_read_words (entry, context, &value->strings);
    }
    if ((is_list || is_text) && option->type == CONFIG_TYPE_NETWORKS) {
        return config_list_read_networks (entry, context, &value->strings);
    }
    return refuse (option, entry, context);
}

int
config_value_read (const struct config_option *option, const struct toml_entry *entry,
                   const struct config_context *context, union config_value *value)
{
    int is_read = 0;

    switch (option->type) {
    case CONFIG_TYPE_WHOLE:
        is_read = read_whole (option, entry, &value->whole);
        break;
    case CONFIG_TYPE_NUMBER:
        is_read = read_number (option, entry, &value->number);
        break;
    case CONFIG_TYPE_SWITCH:
        is_read = read_switch (entry, &value->on);
        break;
    case CONFIG_TYPE_CHOICE:
        is_read = read_choice (option, entry, &value->text);
        break;
    case CONFIG_TYPE_PATH:
        is_read = read_path (entry, &value->text);
        break;
    case CONFIG_TYPE_USER:
    case CONFIG_TYPE_GROUP:
        is_read = read_user (option, entry, &value->text);
        break;
    case CONFIG_TYPE_URL:
        is_read = read_url (entry, &value->text);
        break;
    case CONFIG_TYPE_ENDPOINTS:
    case CONFIG_TYPE_ADDRESSES:
    case CONFIG_TYPE_ACCOUNTS:
    case CONFIG_TYPE_STRINGS:
    case CONFIG_TYPE_NETWORKS:
    case CONFIG_TYPE_PEERS:
    case CONFIG_TYPE_KEYS:
        return read_list (option, entry, context, value);
    }
    if (is_read < 0) {
        config_report_no_memory (context->report);
        return -1;
    }
    return is_read ? 0 : refuse (option, entry, context);
}

/* Fields are reached by memcpy: each is exactly the union's member of its type. */
static size_t
size_of (const struct config_option *option)
{
    switch (option->type) {
    case CONFIG_TYPE_WHOLE:
        return sizeof (uint64_t);
    case CONFIG_TYPE_NUMBER:
        return sizeof (double);
    case CONFIG_TYPE_SWITCH:
        return sizeof (bool);
    case CONFIG_TYPE_CHOICE:
    case CONFIG_TYPE_PATH:
    case CONFIG_TYPE_USER:
    case CONFIG_TYPE_GROUP:
    case CONFIG_TYPE_URL:
        return sizeof (char *);
    case CONFIG_TYPE_ENDPOINTS:
        return sizeof (struct config_endpoints);
    case CONFIG_TYPE_ADDRESSES:
    case CONFIG_TYPE_ACCOUNTS:
    case CONFIG_TYPE_STRINGS:
    case CONFIG_TYPE_NETWORKS:
        return sizeof (struct text_list);
    case CONFIG_TYPE_PEERS:
        return sizeof (struct config_peers);
    case CONFIG_TYPE_KEYS:
        return sizeof (struct config_access_keys);
    }
    return 0;
}

union config_value
config_value_of (const struct config *config, const struct config_option *option)
{
    union config_value field;

    memset (&field, 0, sizeof field);
    memcpy (&field, (const char *)config + option->offset, size_of (option));
    return field;
}

bool
config_value_is (const struct config *config, const struct config_option *option,
                 const union config_value *value)
{
    const union config_value field = config_value_of (config, option);

    switch (option->type) {
    case CONFIG_TYPE_WHOLE:
        return field.whole == value->whole;
    case CONFIG_TYPE_NUMBER:
        return !(field.number < value->number) && !(field.number > value->number);
    case CONFIG_TYPE_SWITCH:
        return field.on == value->on;
    case CONFIG_TYPE_CHOICE:
    case CONFIG_TYPE_PATH:
    case CONFIG_TYPE_USER:
    case CONFIG_TYPE_GROUP:
    case CONFIG_TYPE_URL:
        return strcmp (field.text, value->text) == 0;
    case CONFIG_TYPE_ENDPOINTS:
        return config_list_same_endpoints (&field.endpoints, &value->endpoints);
    case CONFIG_TYPE_ADDRESSES:
    case CONFIG_TYPE_ACCOUNTS:
    case CONFIG_TYPE_STRINGS:
    case CONFIG_TYPE_NETWORKS:
        return config_list_same_strings (&field.strings, &value->strings);
    case CONFIG_TYPE_PEERS:
        return config_peers_same (&field.peers, &value->peers);
    case CONFIG_TYPE_KEYS:
        return config_access_same (&field.keys, &value->keys);
    }
    return false;
}

void
config_value_clear (const struct config_option *option, union config_value *value)
{
    switch (option->type) {
    case CONFIG_TYPE_CHOICE:
    case CONFIG_TYPE_PATH:
    case CONFIG_TYPE_USER:
    case CONFIG_TYPE_GROUP:
    case CONFIG_TYPE_URL:
        free (value->text);
        break;
    case CONFIG_TYPE_ENDPOINTS:
        free (value->endpoints.items);
        break;
    case CONFIG_TYPE_ADDRESSES:
    case CONFIG_TYPE_ACCOUNTS:
    case CONFIG_TYPE_STRINGS:
    case CONFIG_TYPE_NETWORKS:
        config_list_clear_strings (&value->strings);
        break;
    case CONFIG_TYPE_PEERS:
        config_peers_clear (&value->peers);
        break;
    case CONFIG_TYPE_KEYS:
        free (value->keys.items);
        break;
    case CONFIG_TYPE_WHOLE:
    case CONFIG_TYPE_NUMBER:
    case CONFIG_TYPE_SWITCH:
        break;
    }
    memset (value, 0, sizeof *value);
}

void
config_value_drop (struct config *config, const struct config_option *option)
{
    char *const field = (char *)config + option->offset;
    union config_value value;

    memcpy (&value, field, size_of (option));
    config_value_clear (option, &value);
    memset (field, 0, size_of (option));
}

void
config_value_put (struct config *config, const struct config_option *option,
                  union config_value *value)
{
    config_value_drop (config, option);
    memcpy ((char *)config + option->offset, value, size_of (option));
    memset (value, 0, sizeof *value);
}

void
config_value_swap (struct config *a, struct config *b, const struct config_option *option)
{
    const union config_value value = config_value_of (a, option);
    char *const from = (char *)b + option->offset;

    memcpy ((char *)a + option->offset, from, size_of (option));
    memcpy (from, &value, size_of (option));
}
