#define _GNU_SOURCE 1 /* asprintf */

#include "node/config/config_peers.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "node/config/config_table.h"
#include "node/config/config_value.h"
#include "rpc/base/url.h"

static const char default_header[] = "api-key";

/* One table of the list while it is read. The texts are the entries'. */
struct peers_table {
    const struct toml_entry *url;
    const struct toml_entry *key;
    const struct toml_entry *header;
};

static bool
is_text (const struct toml_entry *entry)
{
    return entry->type == TOML_TYPE_STRING && strlen (entry->text) == entry->length;
}

/* RFC 9110's token. */
static bool
is_header_name (const char *text)
{
    const char *at = text;

    for (; *at != '\0'; at++) {
        if (!isalnum ((unsigned char)*at) && strchr ("!#$%&'*+-.^_`|~", *at) == NULL) {
            return false;
        }
    }
    return at != text && at - text <= 64;
}

/* What a header can carry without being read as anything else. */
static bool
is_header_value (const char *text)
{
    const size_t length = strlen (text);

    for (const char *at = text; *at != '\0'; at++) {
        if (*at < ' ' || *at > '~') {
            return false;
        }
    }
    return length > 0 && length <= 1024 && text[0] != ' ' && text[length - 1] != ' ';
}

/* Headers that are the client's own to write. */
static bool
is_reserved (const char *name)
{
    static const char *const names[] = {
        "Connection", "Content-Length", "Content-Type",      "Expect",       "Host", "TE",
        "Trailer",    "Upgrade",        "Transfer-Encoding", "Workpeer-Hops"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcasecmp (name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool
check_header (const struct toml_entry *entry, const struct config_context *context)
{
    if (is_text (entry) && is_header_name (entry->text) && !is_reserved (entry->text)) {
        return true;
    }
    config_value_mismatch (entry, context,
                           "the name of a header that can carry a key, as \"api-key\"");
    return false;
}

static bool
check_key (const struct toml_entry *entry, const struct config_context *context)
{
    if (is_text (entry) && is_header_value (entry->text)) {
        return true;
    }
    config_report_error (
        context, entry->place,
        "%s cannot stand in a header, expected a string of 1 to 1024 visible ASCII "
        "characters",
        entry->path);
    return false;
}

static bool
check_url (const struct toml_entry *entry, const struct config_context *context)
{
    const char *expected = "a string with \"http://host:port/path\" in it";
    struct url url;

    if (is_text (entry) && url_parse (entry->text, HTTP_PORT, &url, &expected) == 0) {
        return true;
    }
    config_value_mismatch (entry, context, expected);
    return false;
}

/* Sorts the members of the table at `entry` into `table`. Returns whether all of them are right. */
static bool
read_table (const struct toml_entry *entry, const struct config_context *context,
            struct peers_table *table)
{
    bool right = true;

    *table = (struct peers_table){NULL, NULL, NULL};
    for (const struct toml_entry *member = entry + 1; member < entry + entry->span;
         member += member->span) {
        const char *const name = config_path_key (member->path);

        if (strcmp (name, "url") == 0) {
            table->url = member;
            right = check_url (member, context) && right;
        } else if (strcmp (name, "key") == 0) {
            table->key = member;
            right = check_key (member, context) && right;
        } else if (strcmp (name, "header") == 0) {
            table->header = member;
            right = check_header (member, context) && right;
        } else {
            config_report_warning (
                context, member->key,
                "%s is no known key and is ignored; there are url, key and header", member->path);
        }
    }
    if (table->url == NULL) {
        config_report_error (context, entry->place,
                             "%s has no url, expected url = \"http://host:port/path\"",
                             entry->path);
        return false;
    }
    if (table->header != NULL && table->key == NULL) {
        config_report_error (context, table->header->place,
                             "%s stands without a key, expected both", table->header->path);
        return false;
    }
    return right;
}

/* Reads one item. Returns whether it is right. */
static bool
read_item (const struct toml_entry *item, const struct config_context *context,
           struct peers_table *table)
{
    if (item->type == TOML_TYPE_TABLE) {
        return read_table (item, context, table);
    }
    *table = (struct peers_table){.url = item};
    return check_url (item, context);
}

/* RFC 6750's form where the header is the one that it is about. */
static char *
header_value (const char *header, const char *key)
{
    char *value = NULL;

    if (strcasecmp (header, "Authorization") != 0 || strchr (key, ' ') != NULL) {
        return strdup (key);
    }
    return asprintf (&value, "Bearer %s", key) >= 0 ? value : NULL;
}

static void
clear_peer (struct config_peer *peer)
{
    free (peer->path);
    free (peer->header);
    free (peer->key);
}

/* Makes a peer of a table that is right. Returns 0, or -1 for want of memory. */
static int
make_peer (const struct peers_table *table, struct config_peer *peer)
{
    const char *header = table->header != NULL ? table->header->text : default_header;
    struct url url;
    const char *expected;

    *peer = (struct config_peer){.path = NULL};
    (void)url_parse (table->url->text, HTTP_PORT, &url, &expected);
    peer->endpoint = url.endpoint;
    peer->path = strdup (url.path);
    if (table->key != NULL) {
        peer->header = strdup (header);
        peer->key = header_value (header, table->key->text);
    }
    if (peer->path == NULL || (table->key != NULL && (peer->header == NULL || peer->key == NULL))) {
        clear_peer (peer);
        return -1;
    }
    return 0;
}

/* Reads every item, so that all wrong ones are reported. The list has room. */
static bool
read_items (const struct toml_entry *entry, const struct config_context *context,
            struct config_peers *list)
{
    bool right = true;

    for (const struct toml_entry *item = entry + 1; item < entry + entry->span;
         item += item->span) {
        struct peers_table table;

        if (!read_item (item, context, &table)) {
            right = false;
        } else if (make_peer (&table, &list->items[list->count]) != 0) {
            config_report_no_memory (context->report);
            return false;
        } else {
            list->count++;
        }
    }
    return right;
}

int
config_peers_read (const struct toml_entry *entry, const struct config_context *context,
                   struct config_peers *peers)
{
    struct config_peers list = {calloc (entry->span, sizeof *list.items), 0};

    if (list.items == NULL) {
        config_report_no_memory (context->report);
        return -1;
    }
    if (!read_items (entry, context, &list)) {
        config_peers_clear (&list);
        return -1;
    }
    *peers = list;
    return 0;
}

static bool
same_text (const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp (a, b) == 0;
}

bool
config_peers_same (const struct config_peers *a, const struct config_peers *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        const struct config_peer *const left = &a->items[i];
        const struct config_peer *const right = &b->items[i];

        if (strcmp (left->endpoint.host, right->endpoint.host) != 0 ||
            left->endpoint.port != right->endpoint.port || !same_text (left->path, right->path) ||
            !same_text (left->header, right->header) || !same_text (left->key, right->key)) {
            return false;
        }
    }
    return true;
}

void
config_peers_clear (struct config_peers *peers)
{
    for (size_t i = 0; i < peers->count; i++) {
        clear_peer (&peers->items[i]);
    }
    free (peers->items);
    *peers = (struct config_peers){NULL, 0};
}
