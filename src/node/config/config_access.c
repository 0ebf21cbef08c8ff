#include "node/config/config_access.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/config/config_table.h"
#include "node/config/config_value.h"
#include "work/base/number.h"

static bool
is_text (const struct toml_entry *entry)
{
    return entry->type == TOML_TYPE_STRING && strlen (entry->text) == entry->length;
}

static bool
read_hash (const struct toml_entry *entry, const struct config_context *context,
           struct config_access_key *key)
{
    if (is_text (entry) && key_hash_parse (entry->text, &key->hash) == 0) {
        return true;
    }
    config_report_error (context, entry->place,
                         "%s is no hash of a key, expected what workpeer --hash_key prints, as "
                         "\"blake2b:SALT:HASH\"",
                         entry->path);
    return false;
}

/* It stands in the log and nowhere else. */
static bool
read_name (const struct toml_entry *entry, const struct config_context *context,
           struct config_access_key *key)
{
    bool right = is_text (entry) && entry->length > 0 && entry->length < sizeof key->name;

    for (size_t i = 0; right && i < entry->length; i++) {
        right = entry->text[i] >= ' ' && entry->text[i] <= '~';
    }
    if (right) {
        memcpy (key->name, entry->text, entry->length + 1);
    } else {
        config_value_mismatch (entry, context, "a string of 1 to 63 visible ASCII characters");
    }
    return right;
}

/* The numbers that a key may have of its own, and the options whose ranges they have. */
static const struct {
    const char *name;
    const char *path;
    size_t offset;
} numbers[] = {
    {"rate", "access.rate", offsetof (struct config_access_key, rate)},
    {"burst", "access.burst", offsetof (struct config_access_key, burst)},
    {"max_jobs", "access.max_jobs", offsetof (struct config_access_key, max_jobs)},
    {"max_multiplier", "access.max_multiplier",
     offsetof (struct config_access_key, max_multiplier)},
};

enum { NUMBER_COUNT = sizeof numbers / sizeof numbers[0] };

static bool
read_number (const struct toml_entry *entry, const struct config_context *context, size_t which,
             struct config_access_key *key)
{
    const struct config_option *const option =
        config_option_at (CONFIG_FILE_NODE, numbers[which].path);
    union config_value value;
    double number;

    if (config_value_read (option, entry, context, &value) != 0) {
        return false;
    }
    number = option->type == CONFIG_TYPE_WHOLE ? (double)value.whole : value.number;
    memcpy ((char *)key + numbers[which].offset, &number, sizeof number);
    return true;
}

static size_t
number_by_name (const char *name)
{
    size_t i = 0;

    while (i < NUMBER_COUNT && strcmp (numbers[i].name, name) != 0) {
        i++;
    }
    return i;
}

static bool
read_member (const struct toml_entry *member, const struct config_context *context,
             struct config_access_key *key, bool *has_hash)
{
    const char *const name = config_path_key (member->path);
    const size_t which = number_by_name (name);

    if (strcmp (name, "hash") == 0) {
        *has_hash = true;
        return read_hash (member, context, key);
    }
    if (strcmp (name, "name") == 0) {
        return read_name (member, context, key);
    }
    if (which < NUMBER_COUNT) {
        return read_number (member, context, which, key);
    }
    config_report_warning (context, member->key,
                           "%s is no known key and is ignored; there are hash, name, rate, burst, "
                           "max_jobs and max_multiplier",
                           member->path);
    return true;
}

/* Reads one item. Returns whether it is right. */
static bool
read_item (const struct toml_entry *item, const struct config_context *context,
           struct config_access_key *key)
{
    bool has_hash = false;
    bool right = true;

    if (item->type != TOML_TYPE_TABLE) {
        return read_hash (item, context, key);
    }
    for (const struct toml_entry *member = item + 1; member < item + item->span;
         member += member->span) {
        right = read_member (member, context, key, &has_hash) && right;
    }
    if (!has_hash) {
        config_report_error (context, item->place,
                             "%s has no hash, expected hash = what workpeer --hash_key prints",
                             item->path);
    }
    return right && has_hash;
}

int
config_access_read (const struct toml_entry *entry, const struct config_context *context,
                    struct config_access_keys *keys)
{
    struct config_access_keys list = {calloc (entry->span, sizeof *list.items), 0};
    bool right = true;

    if (list.items == NULL) {
        config_report_no_memory (context->report);
        return -1;
    }
    for (const struct toml_entry *item = entry + 1; item < entry + entry->span;
         item += item->span) {
        struct config_access_key *const key = &list.items[list.count++];

        key->rate = key->burst = key->max_jobs = key->max_multiplier = CONFIG_ACCESS_AS_OTHERS;
        (void)snprintf (key->name, sizeof key->name, "key %zu", list.count);
        right = read_item (item, context, key) && right;
    }
    if (list.count > CONFIG_ACCESS_MOST_KEYS) {
        config_report_error (context, entry->place, "%s has %zu keys, expected at most %d",
                             entry->path, list.count, CONFIG_ACCESS_MOST_KEYS);
        right = false;
    }
    if (!right) {
        free (list.items);
        return -1;
    }
    *keys = list;
    return 0;
}

static bool
is_same_number (double a, double b)
{
    return !(a < b) && !(a > b);
}

bool
config_access_same (const struct config_access_keys *a, const struct config_access_keys *b)
{
    bool same = a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++) {
        const struct config_access_key *const left = &a->items[i];
        const struct config_access_key *const right = &b->items[i];

        same = strcmp (left->name, right->name) == 0 &&
               memcmp (&left->hash, &right->hash, sizeof left->hash) == 0 &&
               is_same_number (left->rate, right->rate) &&
               is_same_number (left->burst, right->burst) &&
               is_same_number (left->max_jobs, right->max_jobs) &&
               is_same_number (left->max_multiplier, right->max_multiplier);
    }
    return same;
}
