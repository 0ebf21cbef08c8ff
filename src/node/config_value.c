#include "node/config_value.h"

#include <arpa/inet.h>
#include <limits.h>
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/config_peers.h"
#include "work/number.h"

/* How much of a wrong value a message shows, in bytes. */
enum { SHOWN_MAX = 64 };

static const char EXPECTED_ADDRESS[] = "an IPv4 address, an IPv6 address or \"localhost\"";

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

static bool
is_string (const struct toml_entry *entry)
{
    return entry->type == TOML_TYPE_STRING && is_scalar (entry);
}

static bool
read_whole (const struct config_option *option, const struct toml_entry *entry, uint64_t *value)
{
    return (entry->type == TOML_TYPE_INTEGER || is_string (entry)) &&
           number_parse_unsigned (entry->text, (uint64_t)option->min, (uint64_t)option->max,
                                  value) == 0;
}

static bool
read_number (const struct config_option *option, const struct toml_entry *entry, double *value)
{
    double number;

    if ((entry->type != TOML_TYPE_INTEGER && entry->type != TOML_TYPE_FLOAT &&
         !is_string (entry)) ||
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
    if (entry->type != TOML_TYPE_BOOLEAN && !is_string (entry)) {
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
    if (!is_string (entry)) {
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
    if (!is_string (entry) || entry->length >= PATH_MAX) {
        return 0;
    }
    char *const copy = strdup (entry->text);

    if (copy == NULL) {
        return -1;
    }
    *value = copy;
    return 1;
}

/*
 * Reads every item, so that all wrong ones are reported. Returns 0, or -1 after having reported. An
 * empty list has no memory.
 */
static int
read_endpoints (const struct toml_entry *entry, const struct config_context *context,
                struct config_endpoints *value)
{
    struct config_endpoints list = {NULL, 0};
    const struct toml_entry *const end = entry + entry->span;
    bool wrong = false;

    if (entry->span > 1) {
        list.items = calloc (entry->span - 1, sizeof *list.items);
        if (list.items == NULL) {
            config_report_no_memory (context->report);
            return -1;
        }
    }
    for (const struct toml_entry *item = entry + 1; item < end; item += item->span) {
        const char *expected = "a string with \"host:port\" in it";

        if (is_string (item) &&
            endpoint_parse (item->text, &list.items[list.count], &expected) == 0) {
            list.count++;
            continue;
        }
        config_value_mismatch (item, context, expected);
        wrong = true;
    }
    if (wrong) {
        free (list.items);
        return -1;
    }
    *value = list;
    return 0;
}

static void
clear_strings (struct config_strings *strings)
{
    for (size_t i = 0; i < strings->count; i++) {
        free (strings->items[i]);
    }
    free (strings->items);
    *strings = (struct config_strings){NULL, 0};
}

/* Adds `text` unless it is there. The list has room. Returns 0, or -1 for want of memory. */
static int
add_string (struct config_strings *strings, const char *text)
{
    for (size_t i = 0; i < strings->count; i++) {
        if (strcmp (strings->items[i], text) == 0) {
            return 0;
        }
    }
    strings->items[strings->count] = strdup (text);
    if (strings->items[strings->count] == NULL) {
        return -1;
    }
    strings->count++;
    return 0;
}

/*
 * Writes the address literal in `text`, which may be in brackets where it is IPv6, in its one
 * canonical form. Returns 0, or -1 when it is none.
 */
static int
canonical_address (const char *text, char address[INET6_ADDRSTRLEN])
{
    char bare[INET6_ADDRSTRLEN];
    struct in_addr v4;
    struct in6_addr v6;
    size_t length = strlen (text);

    if (inet_pton (AF_INET, text, &v4) == 1) {
        return inet_ntop (AF_INET, &v4, address, INET6_ADDRSTRLEN) != NULL ? 0 : -1;
    }
    if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
        text++;
        length -= 2;
    }
    if (length >= sizeof bare) {
        return -1;
    }
    memcpy (bare, text, length);
    bare[length] = '\0';
    if (inet_pton (AF_INET6, bare, &v6) != 1) {
        return -1;
    }
    return inet_ntop (AF_INET6, &v6, address, INET6_ADDRSTRLEN) != NULL ? 0 : -1;
}

/* Adds what `item` names. Returns 1, 0 when it is no address, -1 for want of memory. */
static int
add_address (struct config_strings *list, const struct toml_entry *item)
{
    char address[INET6_ADDRSTRLEN];

    if (!is_string (item)) {
        return 0;
    }
    if (strcmp (item->text, "localhost") == 0) {
        return add_string (list, "127.0.0.1") == 0 && add_string (list, "::1") == 0 ? 1 : -1;
    }
    if (canonical_address (item->text, address) != 0) {
        return 0;
    }
    return add_string (list, address) == 0 ? 1 : -1;
}

/* Reads the items from `item` to `end`. Returns 0, or -1 after having reported. */
static int
read_addresses (const struct toml_entry *item, const struct toml_entry *end,
                const struct config_context *context, struct config_strings *value)
{
    /* "localhost" is two addresses. */
    struct config_strings list = {calloc ((size_t)(end - item), 2 * sizeof *list.items), 0};
    bool wrong = false;

    if (list.items == NULL) {
        config_report_no_memory (context->report);
        return -1;
    }
    for (; item < end; item += item->span) {
        const int added = add_address (&list, item);

        if (added < 0) {
            config_report_no_memory (context->report);
        }
        if (added == 0) {
            config_value_mismatch (item, context, EXPECTED_ADDRESS);
        }
        wrong = wrong || added != 1;
    }
    if (wrong) {
        clear_strings (&list);
        return -1;
    }
    *value = list;
    return 0;
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

    if (option->type == CONFIG_TYPE_PEERS) {
        return is_list ? config_peers_read (entry, context, &value->peers)
                       : refuse (option, entry, context);
    }
    if (option->type == CONFIG_TYPE_ENDPOINTS) {
        return is_list ? read_endpoints (entry, context, &value->endpoints)
                       : refuse (option, entry, context);
    }
    if (is_list && entry->span == 1) {
        config_report_error (context, entry->place, "%s is an empty list, expected %s", entry->path,
                             EXPECTED_ADDRESS);
        return -1;
    }
    if (entry->type != TOML_TYPE_STRING && !is_list) {
        return refuse (option, entry, context);
    }
    return read_addresses (is_list ? entry + 1 : entry, entry + entry->span, context,
                           &value->addresses);
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
    case CONFIG_TYPE_ENDPOINTS:
    case CONFIG_TYPE_ADDRESSES:
    case CONFIG_TYPE_PEERS:
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
        return sizeof (char *);
    case CONFIG_TYPE_ENDPOINTS:
        return sizeof (struct config_endpoints);
    case CONFIG_TYPE_ADDRESSES:
        return sizeof (struct config_strings);
    case CONFIG_TYPE_PEERS:
        return sizeof (struct config_peers);
    }
    return 0;
}

static bool
same_endpoints (const struct config_endpoints *a, const struct config_endpoints *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp (a->items[i].host, b->items[i].host) != 0 ||
            a->items[i].port != b->items[i].port) {
            return false;
        }
    }
    return true;
}

static bool
same_strings (const struct config_strings *a, const struct config_strings *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp (a->items[i], b->items[i]) != 0) {
            return false;
        }
    }
    return true;
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
        return strcmp (field.text, value->text) == 0;
    case CONFIG_TYPE_ENDPOINTS:
        return same_endpoints (&field.endpoints, &value->endpoints);
    case CONFIG_TYPE_ADDRESSES:
        return same_strings (&field.addresses, &value->addresses);
    case CONFIG_TYPE_PEERS:
        return config_peers_same (&field.peers, &value->peers);
    }
    return false;
}

void
config_value_clear (const struct config_option *option, union config_value *value)
{
    switch (option->type) {
    case CONFIG_TYPE_CHOICE:
    case CONFIG_TYPE_PATH:
        free (value->text);
        break;
    case CONFIG_TYPE_ENDPOINTS:
        free (value->endpoints.items);
        break;
    case CONFIG_TYPE_ADDRESSES:
        clear_strings (&value->addresses);
        break;
    case CONFIG_TYPE_PEERS:
        config_peers_clear (&value->peers);
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
