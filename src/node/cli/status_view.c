#include "node/cli/status_view.h"

#include <stdbool.h>
#include <string.h>

#include "node/base/readable.h"
#include "node/base/table.h"
#include "node/cli/client.h"
#include "work/base/number.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

/* How a field's number is shown. */
enum kind { KIND_TEXT, KIND_AMOUNT, KIND_RATE, KIND_SECONDS, KIND_BYTES, KIND_HASH };

static const struct {
    const char *name;
    enum kind kind;
    unsigned weight; /* of its column; others count 50 */
} known[] = {
    {"name", KIND_TEXT, 100},     {"url", KIND_TEXT, 99},        {"address", KIND_TEXT, 99},
    {"state", KIND_TEXT, 95},     {"hash_rate", KIND_RATE, 90},  {"job", KIND_HASH, 60},
    {"hashes", KIND_AMOUNT, 55},  {"reason", KIND_TEXT, 40},     {"kind", KIND_TEXT, 30},
    {"scanner", KIND_TEXT, 35},   {"uptime", KIND_SECONDS, 50},  {"bytes", KIND_BYTES, 50},
    {"rest", KIND_SECONDS, 35},   {"median", KIND_SECONDS, 50},  {"p95", KIND_SECONDS, 45},
    {"entries", KIND_AMOUNT, 50}, {"accounts", KIND_AMOUNT, 50}, {"hits", KIND_AMOUNT, 50},
    {"misses", KIND_AMOUNT, 50},  {"puts", KIND_AMOUNT, 50},     {"evicted", KIND_AMOUNT, 50},
    {"expired", KIND_AMOUNT, 50},
};

/* The first facts, in lines of their own. */
static const char *const facts_first[] = {"version", "network", "uptime", NULL};
static const char *const facts_work[] = {"hash_rate",   "hashes", "jobs",      "queue_size",
                                         "waiters",     "found",  "cancelled", "failed",
                                         "connections", NULL};

/* "generating" says no more than "jobs", and the scanner stands with the devices. */
static const char *const passed_over[] = {"generating", "scanner_reason", NULL};

static bool
is_among (const char *name, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strcmp (name, *names) == 0) {
            return true;
        }
    }
    return false;
}

static enum kind
kind_of (const char *name)
{
    for (size_t i = 0; i < COUNT (known); i++) {
        if (strcmp (name, known[i].name) == 0) {
            return known[i].kind;
        }
    }
    return KIND_TEXT;
}

static unsigned
weight_of (const char *name)
{
    for (size_t i = 0; i < COUNT (known); i++) {
        if (strcmp (name, known[i].name) == 0) {
            return known[i].weight;
        }
    }
    return 50;
}

/* An object within a row, its scalars side by side: "refused 2, timeout 1". */
static void
show_object (const json_t *object, char text[TABLE_CELL_SIZE])
{
    size_t length = 0;
    const char *name;
    json_t *value;

    text[0] = '\0';
    json_object_foreach ((json_t *)(uintptr_t)object, name, value)
    {
        char scratch[64];
        const int written =
            snprintf (text + length, TABLE_CELL_SIZE - length, "%s%s %s", length > 0 ? ", " : "",
                      name, client_field (object, name, scratch, sizeof scratch));

        length += written > 0 ? (size_t)written : 0;
        if (length >= TABLE_CELL_SIZE) {
            return;
        }
    }
    if (length == 0) {
        (void)snprintf (text, TABLE_CELL_SIZE, "-");
    }
}

/* The field as people read it; "-" where it says nothing. */
static void
show_field (const json_t *object, const char *name, char text[TABLE_CELL_SIZE])
{
    char scratch[64];
    const char *const raw = client_field (object, name, scratch, sizeof scratch);
    const enum kind kind = kind_of (name);
    double number;

    if (json_is_object (json_object_get (object, name))) {
        show_object (json_object_get (object, name), text);
    } else if (*raw == '\0') {
        (void)snprintf (text, TABLE_CELL_SIZE, "-");
    } else if (kind == KIND_HASH) {
        (void)snprintf (text, TABLE_CELL_SIZE, "%.8s%s", raw, strlen (raw) > 8 ? ".." : "");
    } else if (kind == KIND_TEXT || number_parse_double (raw, &number) != 0) {
        (void)snprintf (text, TABLE_CELL_SIZE, "%s", raw);
    } else if (kind == KIND_SECONDS) {
        readable_seconds (number, text);
    } else {
        readable_amount (number, kind == KIND_RATE ? "H/s" : kind == KIND_BYTES ? "B" : "", text);
    }
}

/* A field's name as people write it. */
static void
show_name (const char *name, char text[TABLE_CELL_SIZE])
{
    (void)snprintf (text, TABLE_CELL_SIZE, "%s", name);
    for (char *c = text; *c != '\0'; c++) {
        *c = *c == '_' ? ' ' : *c;
    }
}

static void
add_fact (struct table_facts *facts, const json_t *object, const char *name)
{
    char label[TABLE_CELL_SIZE];
    char text[TABLE_CELL_SIZE];

    show_name (name, label);
    show_field (object, name, text);
    table_add_fact (facts, label, text);
}

/* Those of the names that are there; whoever does not tell has none. */
static void
print_facts (const json_t *status, const char *const *names, size_t width, FILE *stream)
{
    struct table_facts facts = {.stream = stream, .width = width};

    for (; *names != NULL; names++) {
        if (json_object_get (status, *names) != NULL) {
            add_fact (&facts, status, *names);
        }
    }
    table_end_facts (&facts);
}

static bool
is_scalar (const json_t *value)
{
    return !json_is_object (value) && !json_is_array (value);
}

/* nano_node writes an empty list as an empty string, which is no fact. */
static void
print_other_facts (const json_t *status, size_t width, FILE *stream)
{
    struct table_facts facts = {.stream = stream, .width = width};
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)status, name, value)
    {
        if (is_scalar (value) && !is_among (name, facts_first) && !is_among (name, facts_work) &&
            !is_among (name, passed_over) && json_string_length (value) + !json_is_string (value)) {
            add_fact (&facts, status, name);
        }
    }
    table_end_facts (&facts);
}

/* The columns that the rows of one list have, in the order in which they come. */
struct columns {
    const char *names[TABLE_COLUMNS_MAX];
    size_t count;
};

static void
find_columns (const json_t *rows, struct columns *columns)
{
    columns->count = 0;
    for (size_t i = 0; i < json_array_size (rows); i++) {
        const char *name;
        json_t *value;

        json_object_foreach (json_array_get (rows, i), name, value)
        {
            bool there = json_is_array (value) || columns->count == TABLE_COLUMNS_MAX;

            for (size_t j = 0; j < columns->count && !there; j++) {
                there = strcmp (columns->names[j], name) == 0;
            }
            if (!there) {
                columns->names[columns->count++] = name;
            }
        }
    }
}

static bool
is_number (const json_t *rows, const char *name)
{
    char scratch[64];
    double number;

    return kind_of (name) == KIND_RATE || /* which the first may be without */
           number_parse_double (
               client_field (json_array_get (rows, 0), name, scratch, sizeof scratch), &number) ==
               0;
}

static int
fill_table (struct table *table, const json_t *rows, const struct columns *columns)
{
    char text[TABLE_CELL_SIZE];

    for (size_t i = 0; i < columns->count; i++) {
        show_name (columns->names[i], text);
        if (table_add_column (table, text, is_number (rows, columns->names[i]),
                              weight_of (columns->names[i])) != 0) {
            return -1;
        }
    }
    for (size_t row = 0; row < json_array_size (rows); row++) {
        table_add_row (table);
        for (size_t i = 0; i < columns->count; i++) {
            show_field (json_array_get (rows, row), columns->names[i], text);
            table_set (table, i, text);
        }
    }
    return 0;
}

static int
print_rows (const json_t *rows, size_t width, FILE *stream)
{
    struct table *const table = table_new ();
    struct columns columns;
    int failed = -1;

    find_columns (rows, &columns);
    if (table != NULL) {
        failed = fill_table (table, rows, &columns);
    }
    if (failed == 0) {
        table_print (table, width, stream);
    }
    table_free (table);
    return failed;
}

/* A list of texts. */
static void
print_texts (const json_t *list, size_t width, FILE *stream)
{
    struct table_facts facts = {.stream = stream, .width = width};

    for (size_t i = 0; i < json_array_size (list); i++) {
        const char *const text = json_string_value (json_array_get (list, i));

        table_add_fact (&facts, "", text != NULL ? text : "-");
    }
    table_end_facts (&facts);
}

static void
print_object (const json_t *object, size_t width, FILE *stream)
{
    struct table_facts facts = {.stream = stream, .width = width};
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)object, name, value)
    {
        if (is_scalar (value)) {
            add_fact (&facts, object, name);
        }
    }
    table_end_facts (&facts);
}

static int
print_section (const char *name, const json_t *value, size_t width, FILE *stream)
{
    char title[TABLE_CELL_SIZE];
    struct table_facts facts = {.stream = stream, .width = width};

    show_name (name, title);
    (void)fputc ('\n', stream);
    table_add_fact (&facts, title, "");
    table_end_facts (&facts);
    if (json_is_object (value)) {
        print_object (value, width, stream);
    } else if (json_is_object (json_array_get (value, 0))) {
        return print_rows (value, width, stream);
    } else {
        print_texts (value, width, stream);
    }
    return 0;
}

int
status_view_print (const json_t *status, const char *url, size_t width, FILE *stream)
{
    struct table_facts facts = {.stream = stream, .width = width};
    const char *name;
    json_t *value;

    table_add_fact (&facts, "Workpeer at", url);
    table_end_facts (&facts);
    print_facts (status, facts_first, width, stream);
    print_facts (status, facts_work, width, stream);
    print_other_facts (status, width, stream);
    json_object_foreach ((json_t *)(uintptr_t)status, name, value)
    {
        if (!is_scalar (value) && json_array_size (value) + json_object_size (value) > 0 &&
            print_section (name, value, width, stream) != 0) {
            return -1;
        }
    }
    return 0;
}
