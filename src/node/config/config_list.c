#include "node/config/config_list.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "node/config/config_value.h"
#include "rpc/access/cidr.h"
#include "work/base/account.h"

/*
 * Reads every item, so that all wrong ones are reported. Returns 0, or -1 after having reported. An
 * empty list has no memory.
 */
int
config_list_read_endpoints (const struct toml_entry *entry, const struct config_context *context,
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

        if (config_value_is_string (item) &&
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

void
config_list_clear_strings (struct text_list *strings)
{
    for (size_t i = 0; i < strings->count; i++) {
        free (strings->items[i]);
    }
    free (strings->items);
    *strings = (struct text_list){NULL, 0};
}

/* Adds `text` unless it is there. The list has room. Returns 0, or -1 for want of memory. */
static int
add_string (struct text_list *strings, const char *text)
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

/* Adds what `item` names. Returns 1, 0 when it is none of the list's kind, -1 for want of memory.
 */
typedef int (*add_fn) (struct text_list *list, const struct toml_entry *item);

static int
add_address (struct text_list *list, const struct toml_entry *item)
{
    char address[INET6_ADDRSTRLEN];

    if (!config_value_is_string (item)) {
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

static int
add_account (struct text_list *list, const struct toml_entry *item)
{
    uint8_t key[32];

    if (!config_value_is_string (item) || account_parse (item->text, key) != 0) {
        return 0;
    }
    return add_string (list, item->text) == 0 ? 1 : -1;
}

static int
add_network (struct text_list *list, const struct toml_entry *item)
{
    struct cidr network;

    if (!config_value_is_string (item) || cidr_parse (item->text, &network) != 0) {
        return 0;
    }
    return add_string (list, item->text) == 0 ? 1 : -1;
}

static int
add_word (struct text_list *list, const struct toml_entry *item)
{
    if (!config_value_is_string (item) || item->length == 0) {
        return 0;
    }
    list->items[list->count] = strdup (item->text);
    if (list->items[list->count] == NULL) {
        return -1;
    }
    list->count++;
    return 1;
}

/*
 * Reads the items from `item` to `end`; none adds more than two. Every wrong one is reported.
 * Returns 0, or -1 after having reported.
 */
static int
read_items (const struct toml_entry *item, const struct toml_entry *end, add_fn add,
            const char *expected, const struct config_context *context, struct text_list *value)
{
    struct text_list list = {calloc ((size_t)(end - item) + 1, 2 * sizeof *list.items), 0};
    bool wrong = false;

    if (list.items == NULL) {
        config_report_no_memory (context->report);
        return -1;
    }
    for (; item < end; item += item->span) {
        const int added = add (&list, item);

        if (added < 0) {
            config_report_no_memory (context->report);
        }
        if (added == 0) {
            config_value_mismatch (item, context, expected);
        }
        wrong = wrong || added != 1;
    }
    if (wrong) {
        config_list_clear_strings (&list);
        return -1;
    }
    *value = list;
    return 0;
}

/* The items of the list at `entry`, or the entry itself where it is no list. */
static int
read_strings (const struct toml_entry *entry, add_fn add, const char *expected,
              const struct config_context *context, struct text_list *value)
{
    const bool is_list = entry->type == TOML_TYPE_ARRAY;

    return read_items (is_list ? entry + 1 : entry, entry + entry->span, add, expected, context,
                       value);
}

int
config_list_read_addresses (const struct toml_entry *entry, const struct config_context *context,
                            struct text_list *value)
{
    static const char expected[] = "an IPv4 address, an IPv6 address or \"localhost\"";

    if (entry->type == TOML_TYPE_ARRAY && entry->span == 1) {
        config_report_error (context, entry->place, "%s is an empty list, expected %s", entry->path,
                             expected);
        return -1;
    }
    return read_strings (entry, add_address, expected, context, value);
}

int
config_list_read_accounts (const struct toml_entry *entry, const struct config_context *context,
                           struct text_list *value)
{
    return read_strings (entry, add_account, "an account, as \"nano_3...\"", context, value);
}

int
config_list_read_networks (const struct toml_entry *entry, const struct config_context *context,
                           struct text_list *value)
{
    return read_strings (entry, add_network,
                         "a network, as \"10.0.0.0/8\" or \"::1\", with no bits set beyond its "
                         "length",
                         context, value);
}

int
config_list_read_words (const struct toml_entry *entry, const struct config_context *context,
                        struct text_list *value)
{
    return read_strings (entry, add_word, "a string that is not empty", context, value);
}

bool
config_list_same_endpoints (const struct config_endpoints *a, const struct config_endpoints *b)
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

bool
config_list_same_strings (const struct text_list *a, const struct text_list *b)
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
