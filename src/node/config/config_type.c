#include "node/config/config_type.h"

#include <stdlib.h>
#include <string.h>

#include "rpc/base/memory.h"
#include "rpc/base/text.h"

/* How much of a value is shown, in bytes. */
enum { SHOWN_MAX = 511 };

/* Any list's field. */
struct items {
    char *first;
    size_t count;
};

static struct items
items_of (const void *list)
{
    struct items items;

    memcpy (&items, list, sizeof items);
    return items;
}

const char *
config_path_key (const char *path)
{
    const char *const dot = strrchr (path, '.');

    return dot != NULL ? dot + 1 : path;
}

const struct toml_entry *
config_member (const struct toml_entry *entry, const char *name)
{
    for (const struct toml_entry *member = entry + 1; member < entry + entry->span;
         member += member->span) {
        if (strcmp (config_path_key (member->path), name) == 0) {
            return member;
        }
    }
    return NULL;
}

void
config_option_expected (const struct config_option *option, char text[CONFIG_EXPECTED_SIZE])
{
    if (option->type->expect != NULL) {
        option->type->expect (option, text);
    } else {
        (void)snprintf (text, CONFIG_EXPECTED_SIZE, "%s", option->type->expected);
    }
}

/* Reading. */

/* Of a table in a list, which is at `value`. */
static bool
read_member (const struct config_type *type, const struct toml_entry *entry,
             const struct config_context *context, char *value)
{
    const char *const key = config_path_key (entry->path);
    char known[CONFIG_EXPECTED_SIZE];
    size_t length = 0;

    for (const struct config_option *member = type->members; member->type != NULL; member++) {
        const char *const before = member == type->members  ? ""
                                   : member[1].type == NULL ? " and "
                                                            : ", ";

        if (strcmp (key, member->path) == 0) {
            return config_option_read (member, entry, context, value + member->offset) == 0;
        }
        length +=
            (size_t)snprintf (known + length, sizeof known - length, "%s%s", before, member->path);
    }
    config_report_warning (context, entry->key,
                           "%s is not a known key and is ignored; known keys are %s", entry->path,
                           known);
    return true;
}

static enum config_outcome
read_table (const struct config_type *type, const struct toml_entry *entry,
            const struct config_context *context, char *value)
{
    const struct config_option *const first = type->members;
    const bool is_table = entry->type == TOML_TYPE_TABLE;
    bool right = true;

    if (is_table) {
        for (const struct toml_entry *member = entry + 1; member < entry + entry->span;
             member += member->span) {
            right = read_member (type, member, context, value) && right;
        }
    } else {
        right = config_option_read (first, entry, context, value + first->offset) == 0;
    }
    if (is_table && config_member (entry, first->path) == NULL) {
        config_report_error (context, entry->place, "%s has no %s, expected %s = %s", entry->path,
                             first->path, first->path, first->sample);
        right = false;
    } else if (type->finish != NULL) {
        right = type->finish (entry, context, value) && right;
    }
    if (!right) {
        config_value_clear (type, value);
    }
    return right ? CONFIG_READ : CONFIG_REPORTED;
}

static enum config_outcome
read_value (const struct config_type *type, const struct config_input *input, void *value)
{
    if (type->read != NULL) {
        return type->read (input, value);
    }
    if (type->is_text) {
        if (!type->is_good (input)) {
            return CONFIG_OTHER;
        }
        *(char **)value = memory_text (input->entry->text);
        return CONFIG_READ;
    }
    return type->members != NULL ? read_table (type, input->entry, input->context, value)
                                 : config_list_read (input, value);
}

/* Moves the value at `from`, which is in or behind the list, to the list's end, or frees it. */
static void
add_item (const struct config_type *type, struct items *list, char *from)
{
    const size_t size = type->item->size;

    for (size_t i = 0; type->unique && i < list->count; i++) {
        if (config_value_same (type->item, list->first + i * size, from)) {
            config_value_clear (type->item, from);
            return;
        }
    }
    memmove (list->first + list->count * size, from, size);
    list->count++;
}

static bool
read_item (const struct config_input *input, struct items *list)
{
    const struct config_type *const item = input->option->type->item;

    list->first = memory_resize (list->first, list->count + 2, item->size);

    char *const place = list->first + list->count * item->size;
    enum config_outcome outcome;

    memset (place, 0, 2 * item->size);
    outcome = read_value (item, input, place);
    if (outcome == CONFIG_OTHER) {
        config_report_mismatch (input->context, input->entry, item->expected);
    }
    if (outcome == CONFIG_OTHER || outcome == CONFIG_REPORTED) {
        return false;
    }
    add_item (input->option->type, list, place);
    if (outcome == CONFIG_READ_TWO) {
        add_item (input->option->type, list, place + item->size);
    }
    return true;
}

/* Whether there are as many items as there may be. */
static bool
check_count (const struct config_input *input, size_t count)
{
    const struct config_type *const type = input->option->type;
    const struct toml_entry *const entry = input->entry;

    if (count == 0 && type->not_empty) {
        config_report_error (input->context, entry->place, "%s is an empty list, expected %s",
                             entry->path, type->item->expected);
        return false;
    }
    if (type->most != 0 && count > type->most) {
        config_report_error (input->context, entry->place, "%s has %zu %s, expected at most %zu",
                             entry->path, count, config_path_key (input->option->path), type->most);
        return false;
    }
    return true;
}

/* Every item is read, so that all wrong ones are reported. */
enum config_outcome
config_list_read (const struct config_input *input, void *value)
{
    const struct config_type *const type = input->option->type;
    const struct toml_entry *const entry = input->entry;
    const bool is_list = entry->type == TOML_TYPE_ARRAY;
    struct config_input item = *input;
    struct items list = {NULL, 0};
    bool right = true;

    if (!is_list && (!type->or_one || entry->type != TOML_TYPE_STRING)) {
        return CONFIG_OTHER;
    }
    for (item.entry += is_list; item.entry < entry + entry->span; item.entry += item.entry->span) {
        right = read_item (&item, &list) && right;
    }
    if (!right || !check_count (input, list.count)) {
        config_value_clear (type, &list);
        return CONFIG_REPORTED;
    }
    memcpy (value, &list, sizeof list);
    return CONFIG_READ;
}

int
config_option_read (const struct config_option *option, const struct toml_entry *entry,
                    const struct config_context *context, void *value)
{
    const struct config_input input = {option, entry, context};
    const enum config_outcome outcome = read_value (option->type, &input, value);
    char expected[CONFIG_EXPECTED_SIZE];

    if (outcome == CONFIG_OTHER) {
        config_option_expected (option, expected);
        config_report_mismatch (context, entry, expected);
    }
    return outcome == CONFIG_READ ? 0 : -1;
}

/* Values. */

static char *
text_of (const void *value)
{
    return *(char *const *)value;
}

static bool
same_items (const struct config_type *item, const struct items a, const struct items b)
{
    bool same = a.count == b.count;

    for (size_t at = 0; same && at < a.count * item->size; at += item->size) {
        same = config_value_same (item, a.first + at, b.first + at);
    }
    return same;
}

static bool
same_members (const struct config_option *member, const char *a, const char *b)
{
    while (member->type != NULL &&
           config_value_same (member->type, a + member->offset, b + member->offset)) {
        member++;
    }
    return member->type == NULL;
}

bool
config_value_same (const struct config_type *type, const void *a, const void *b)
{
    if (type->item != NULL) {
        return same_items (type->item, items_of (a), items_of (b));
    }
    if (type->members != NULL) {
        return same_members (type->members, a, b);
    }
    if (type->is_text) {
        return text_same (text_of (a), text_of (b));
    }
    return memcmp (a, b, type->size) == 0;
}

void
config_value_copy (const struct config_type *type, const void *from, void *to)
{
    const struct config_option *member = type->members;

    memcpy (to, from, type->size);
    if (type->item != NULL) {
        const struct items old = items_of (from);
        const struct items new = {memory_new (old.count + 1, type->item->size), old.count};

        for (size_t at = 0; at < old.count * type->item->size; at += type->item->size) {
            config_value_copy (type->item, old.first + at, new.first + at);
        }
        memcpy (to, &new, sizeof new);
    }
    if (type->is_text) {
        *(char **)to = memory_text (text_of (from));
    }
    for (; member != NULL && member->type != NULL; member++) {
        config_value_copy (member->type, (const char *)from + member->offset,
                           (char *)to + member->offset);
    }
}

void
config_value_clear (const struct config_type *type, void *value)
{
    const struct config_option *member = type->members;

    if (type->item != NULL) {
        const struct items items = items_of (value);

        for (size_t at = 0; at < items.count * type->item->size; at += type->item->size) {
            config_value_clear (type->item, items.first + at);
        }
        free (items.first);
    }
    if (type->is_text) {
        free (text_of (value));
    }
    for (; member != NULL && member->type != NULL; member++) {
        config_value_clear (member->type, (char *)value + member->offset);
    }
    memset (value, 0, type->size);
}

/* Quotes, backslashes and control characters cannot stand in a basic string of TOML. */
static void
print_text (const char *text, FILE *stream)
{
    fputc ('"', stream);
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f) {
            fprintf (stream, "\\u%04X", (unsigned)*text);
        } else {
            fprintf (stream, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
        }
    }
    fputc ('"', stream);
}

static void print_value (const struct config_type *type, const struct config_option *option,
                         const void *value, FILE *stream);

static void
print_items (const struct config_option *option, const struct items items, FILE *stream)
{
    const struct config_type *const item = option->type->item;

    fputc ('[', stream);
    for (size_t i = 0; i < items.count; i++) {
        fputs (i > 0 ? ", " : "", stream);
        print_value (item, option, items.first + i * item->size, stream);
    }
    fputc (']', stream);
}

static void
print_value (const struct config_type *type, const struct config_option *option, const void *value,
             FILE *stream)
{
    if (type->print != NULL) {
        type->print (option, value, stream);
    } else if (type->is_text) {
        print_text (text_of (value), stream);
    } else {
        print_items (option, items_of (value), stream);
    }
}

/* Options. */

static bool
is_set (const struct config_option *option, const struct config *config)
{
    return option->set != 0 && *(const bool *)((const char *)config + option->set);
}

bool
config_option_same (const struct config_option *option, const struct config *a,
                    const struct config *b)
{
    return is_set (option, a) == is_set (option, b) &&
           config_value_same (option->type, (const char *)a + option->offset,
                              (const char *)b + option->offset);
}

void
config_option_copy (const struct config_option *option, const struct config *from,
                    struct config *to)
{
    char *const field = (char *)to + option->offset;

    config_value_clear (option->type, field);
    config_value_copy (option->type, (const char *)from + option->offset, field);
    if (option->set != 0) {
        *(bool *)((char *)to + option->set) = is_set (option, from);
    }
}

char *
config_option_shown (const struct config_option *option, const struct config *config)
{
    char *text = NULL;
    size_t size = 0;
    FILE *const stream = memory_need (open_memstream (&text, &size));

    print_value (option->type, option, (const char *)config + option->offset, stream);
    memory_require (fclose (stream) == 0 && text != NULL);
    if (size > SHOWN_MAX) {
        strcpy (text + config_report_start (text, SHOWN_MAX - 3), "...");
    }
    return text;
}
