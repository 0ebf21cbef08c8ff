#include "node/config/config_show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node/config/config_value.h"

#define END_SIZE sizeof ", ...]"

/* Room for any character as TOML's basic strings have it: "\\u001B". */
#define ESCAPED_SIZE 7

/* Quotes, backslashes and control characters cannot stand in a basic string. */
static void
escape (char c, char text[ESCAPED_SIZE])
{
    if (c == '"' || c == '\\') {
        (void)snprintf (text, ESCAPED_SIZE, "\\%c", c);
    } else if ((unsigned char)c < ' ' || c == 0x7f) {
        (void)snprintf (text, ESCAPED_SIZE, "\\u%04X", (unsigned)c);
    } else {
        (void)snprintf (text, ESCAPED_SIZE, "%c", c);
    }
}

/*
 * Writes what stands between the quotes, as much of it as there is room for, the terminating zero
 * included. Returns its length; `*whole` is whether that is all.
 */
static size_t
put_escaped (const char *value, char *text, size_t room, bool *whole)
{
    size_t length = 0;

    text[0] = '\0';
    for (; *value != '\0'; value++) {
        char escaped[ESCAPED_SIZE];
        size_t more;

        escape (*value, escaped);
        more = strlen (escaped);
        if (length + more >= room) {
            break;
        }
        memcpy (text + length, escaped, more + 1);
        length += more;
    }
    *whole = *value == '\0';
    return length;
}

/* A list being written; it always leaves room for its end. */
struct shown_list {
    char *text;
    size_t length;
    size_t count;
    bool cut;
};

static void
list_add (struct shown_list *list, const char *item)
{
    char escaped[CONFIG_SHOW_SIZE];
    const size_t room = CONFIG_SHOW_SIZE - list->length;
    bool whole;
    const size_t needed =
        put_escaped (item, escaped, sizeof escaped, &whole) + sizeof ", \"\"" + END_SIZE;

    if (list->cut || !whole || needed > room) {
        list->cut = true;
        return;
    }
    const int written = snprintf (list->text + list->length, room, "%s\"%s\"",
                                  list->count > 0 ? ", " : "", escaped);

    list->length += written > 0 ? (size_t)written : 0;
    list->count++;
}

static struct shown_list
list_begin (char text[CONFIG_SHOW_SIZE])
{
    text[0] = '[';
    text[1] = '\0';
    return (struct shown_list){.text = text, .length = 1};
}

static void
list_end (struct shown_list *list)
{
    const char *const end = !list->cut ? "]" : list->count > 0 ? ", ...]" : "...]";

    (void)snprintf (list->text + list->length, CONFIG_SHOW_SIZE - list->length, "%s", end);
}

static void
show_endpoints (const struct config_endpoints *endpoints, char text[CONFIG_SHOW_SIZE])
{
    struct shown_list list = list_begin (text);

    for (size_t i = 0; i < endpoints->count; i++) {
        char item[ENDPOINT_TEXT_SIZE];

        endpoint_print (&endpoints->items[i], item);
        list_add (&list, item);
    }
    list_end (&list);
}

/* Without their keys, and without their paths, which may hold one. */
static void
show_peers (const struct config_peers *peers, char text[CONFIG_SHOW_SIZE])
{
    struct shown_list list = list_begin (text);

    for (size_t i = 0; i < peers->count; i++) {
        char name[ENDPOINT_TEXT_SIZE];

        endpoint_print (&peers->items[i].endpoint, name);
        list_add (&list, name);
    }
    list_end (&list);
}

static void
show_strings (const struct text_list *strings, char text[CONFIG_SHOW_SIZE])
{
    struct shown_list list = list_begin (text);

    for (size_t i = 0; i < strings->count; i++) {
        list_add (&list, strings->items[i]);
    }
    list_end (&list);
}

static void
show_text (const char *value, char text[CONFIG_SHOW_SIZE])
{
    bool whole;
    size_t length;

    text[0] = '"';
    length = put_escaped (value, text + 1, CONFIG_SHOW_SIZE + 1 - sizeof "\"...\"", &whole);
    (void)snprintf (text + 1 + length, CONFIG_SHOW_SIZE - 1 - length, "%s\"", whole ? "" : "...");
}

void
config_show_value (const struct config *config, const struct config_option *option,
                   char text[CONFIG_SHOW_SIZE])
{
    const union config_value value = config_value_of (config, option);

    if (option->secret) {
        (void)snprintf (text, CONFIG_SHOW_SIZE, "(hidden)");
        return;
    }
    switch (option->type) {
    case CONFIG_TYPE_WHOLE:
        (void)snprintf (text, CONFIG_SHOW_SIZE, "%" PRIu64, value.whole);
        break;
    case CONFIG_TYPE_NUMBER:
        (void)snprintf (text, CONFIG_SHOW_SIZE, "%.15g", value.number);
        break;
    case CONFIG_TYPE_SWITCH:
        (void)snprintf (text, CONFIG_SHOW_SIZE, "%s", value.on ? "true" : "false");
        break;
    case CONFIG_TYPE_CHOICE:
    case CONFIG_TYPE_PATH:
    case CONFIG_TYPE_USER:
    case CONFIG_TYPE_GROUP:
    case CONFIG_TYPE_URL:
        show_text (value.text, text);
        break;
    case CONFIG_TYPE_ENDPOINTS:
        show_endpoints (&value.endpoints, text);
        break;
    case CONFIG_TYPE_ADDRESSES:
    case CONFIG_TYPE_ACCOUNTS:
    case CONFIG_TYPE_STRINGS:
    case CONFIG_TYPE_NETWORKS:
        show_strings (&value.strings, text);
        break;
    case CONFIG_TYPE_PEERS:
        show_peers (&value.peers, text);
        break;
    case CONFIG_TYPE_KEYS: /* a secret */
        (void)snprintf (text, CONFIG_SHOW_SIZE, "(hidden)");
        break;
    }
}

void
config_show_changes (const struct config *config, const struct config *defaults,
                     void (*show) (void *data, const char *path, const char *value), void *data)
{
    size_t count;
    const struct config_option *const options = config_options (&count);

    for (size_t i = 0; i < count; i++) {
        const union config_value initial = config_value_of (defaults, &options[i]);
        char text[CONFIG_SHOW_SIZE];

        if (!config_value_is (config, &options[i], &initial)) {
            config_show_value (config, &options[i], text);
            show (data, options[i].path, text);
        }
    }
}
