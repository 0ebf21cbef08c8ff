#include "node/cli/status_view.h"

#include <stdbool.h>
#include <string.h>

#include "node/base/readable.h"
#include "node/base/table.h"
#include "node/cli/client.h"
#include "rpc/base/memory.h"
#include "work/base/number.h"

/* More CPU threads than this are shown as one row for each of their states. */
enum { CPU_ROWS_MAX = 4 };

/* How a field's number is shown. */
enum kind { KIND_TEXT, KIND_AMOUNT, KIND_RATE, KIND_SECONDS, KIND_BYTES, KIND_HASH };

struct field {
    const char *name;
    enum kind kind;
    unsigned weight; /* of its column; 50 counts for others */
};

static const struct field known[] = {
    {"name", KIND_TEXT, 100},     {"url", KIND_TEXT, 99},       {"address", KIND_TEXT, 99},
    {"state", KIND_TEXT, 95},     {"hash_rate", KIND_RATE, 90}, {"job", KIND_HASH, 60},
    {"hashes", KIND_AMOUNT, 55},  {"reason", KIND_TEXT, 40},    {"kind", KIND_TEXT, 30},
    {"scanner", KIND_TEXT, 35},   {"threads", KIND_TEXT, 96},   {"uptime", KIND_SECONDS, 50},
    {"bytes", KIND_BYTES, 50},    {"rest", KIND_SECONDS, 35},   {"median", KIND_SECONDS, 50},
    {"p95", KIND_SECONDS, 45},    {"entries", KIND_AMOUNT, 50}, {"accounts", KIND_AMOUNT, 50},
    {"hits", KIND_AMOUNT, 50},    {"misses", KIND_AMOUNT, 50},  {"puts", KIND_AMOUNT, 50},
    {"evicted", KIND_AMOUNT, 50}, {"expired", KIND_AMOUNT, 50},
};

/* The first facts, in two lines. */
static const char *const first[] = {"version", "network", "uptime"};
static const char *const work[] = {"hash_rate", "hashes",    "jobs",   "queue_size", "waiters",
                                   "found",     "cancelled", "failed", "connections"};

/* "generating" says no more than "jobs", and the scanner stands with the devices. */
static const char *const passed_over[] = {"generating", "scanner_reason"};

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

static bool
is_among (const char *name, const char *const *names, size_t count)
{
    while (count > 0 && strcmp (name, names[count - 1]) != 0) {
        count--;
    }
    return count > 0;
}

static struct field
field_called (const char *name)
{
    for (size_t i = 0; i < COUNT (known); i++) {
        if (strcmp (name, known[i].name) == 0) {
            return known[i];
        }
    }
    return (struct field){name, KIND_TEXT, 50};
}

/* An object within a row, its scalars side by side: "refused 2, timeout 1". */
static void
show_object (json_t *object, char text[TABLE_CELL_SIZE])
{
    size_t length = 0;
    const char *name;
    json_t *value;

    (void)snprintf (text, TABLE_CELL_SIZE, "-");
    json_object_foreach (object, name, value)
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
}

/* A rate is of a search: it says nothing of who has none. */
static bool
is_idle (const json_t *object)
{
    char scratch[64];

    return strcmp (client_field (object, "jobs", scratch, sizeof scratch), "0") == 0 ||
           (json_object_get (object, "job") != NULL &&
            *client_field (object, "job", scratch, sizeof scratch) == '\0');
}

/* The field as people read it; "-" where it says nothing. */
static void
show_field (const json_t *object, const char *name, char text[TABLE_CELL_SIZE])
{
    json_t *const value = json_object_get (object, name);
    const enum kind kind = field_called (name).kind;
    char scratch[64];
    const char *const raw = client_field (object, name, scratch, sizeof scratch);
    double number;

    if (json_is_object (value)) {
        show_object (value, text);
    } else if (kind == KIND_HASH && *raw != '\0') {
        (void)snprintf (text, TABLE_CELL_SIZE, "%.8s%s", raw, strlen (raw) > 8 ? ".." : "");
    } else if (kind == KIND_RATE && is_idle (object)) {
        (void)snprintf (text, TABLE_CELL_SIZE, "-");
    } else if (kind == KIND_TEXT || number_parse_double (raw, &number) != 0) {
        (void)snprintf (text, TABLE_CELL_SIZE, "%s", *raw != '\0' ? raw : "-");
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
print_facts (const json_t *status, const char *const *names, size_t count, size_t width,
             FILE *stream)
{
    struct table_facts facts = {.stream = stream, .width = width};

    for (size_t i = 0; i < count; i++) {
        if (json_object_get (status, names[i]) != NULL) {
            add_fact (&facts, status, names[i]);
        }
    }
    table_end_facts (&facts);
}

static bool
is_scalar (const json_t *value)
{
    return !json_is_object (value) && !json_is_array (value);
}

/*
 * The scalars of an object; of the status itself, those that print_facts has not printed.
 * nano_node writes an empty list as an empty string, which is no fact there.
 */
static void
print_others (json_t *object, bool is_status, size_t width, FILE *stream)
{
    struct table_facts facts = {.stream = stream, .width = width};
    const char *name;
    json_t *value;

    json_object_foreach (object, name, value)
    {
        if (is_scalar (value) &&
            !(is_status &&
              (is_among (name, first, COUNT (first)) || is_among (name, work, COUNT (work)) ||
               is_among (name, passed_over, COUNT (passed_over)) ||
               (json_is_string (value) && json_string_length (value) == 0)))) {
            add_fact (&facts, object, name);
        }
    }
    table_end_facts (&facts);
}

/* The columns that the rows of one list have, in the order in which they come. */
static size_t
find_columns (const json_t *rows, const char *names[TABLE_COLUMNS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < json_array_size (rows); i++) {
        const char *name;
        json_t *value;

        json_object_foreach (json_array_get (rows, i), name, value)
        {
            if (count < TABLE_COLUMNS_MAX && !json_is_array (value) &&
                !is_among (name, names, count)) {
                names[count++] = name;
            }
        }
    }
    return count;
}

static bool
is_number (const json_t *rows, const char *name)
{
    char scratch[64];
    double number;

    return field_called (name).kind == KIND_RATE || /* which the first may be without */
           number_parse_double (
               client_field (json_array_get (rows, 0), name, scratch, sizeof scratch), &number) ==
               0;
}

static void
print_rows (const json_t *rows, size_t width, FILE *stream)
{
    struct table *const table = table_new ();
    const char *names[TABLE_COLUMNS_MAX];
    const size_t count = find_columns (rows, names);
    char text[TABLE_CELL_SIZE];

    for (size_t i = 0; i < count; i++) {
        show_name (names[i], text);
        (void)table_add_column (table, text, is_number (rows, names[i]),
                                field_called (names[i]).weight);
    }
    for (size_t row = 0; row < json_array_size (rows); row++) {
        (void)table_add_row (table);
        for (size_t i = 0; i < count; i++) {
            show_field (json_array_get (rows, row), names[i], text);
            table_set (table, i, text);
        }
    }
    table_print (table, width, stream);
    table_free (table);
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
print_title (const char *title, const char *value, size_t width, FILE *stream)
{
    struct table_facts facts = {.stream = stream, .width = width};

    table_add_fact (&facts, title, value);
    table_end_facts (&facts);
}

/* CPU threads as one row. */

static bool
is_cpu (const json_t *device)
{
    char scratch[64];

    return strcmp (client_field (device, "kind", scratch, sizeof scratch), "cpu") == 0;
}

static bool
has_same (const json_t *a, const json_t *b, const char *name)
{
    char left[64];
    char right[64];

    return strcmp (client_field (a, name, left, sizeof left),
                   client_field (b, name, right, sizeof right)) == 0;
}

static double
number_of (const json_t *object, const char *name)
{
    char scratch[64];
    double number = 0;

    (void)number_parse_double (client_field (object, name, scratch, sizeof scratch), &number);
    return number;
}

static void
put_number (json_t *object, const char *name, double number)
{
    char text[64];

    (void)snprintf (text, sizeof text, "%.0f", number);
    memory_require (json_object_set_new (object, name, json_string (text)) == 0);
}

/* The row of the threads that do what `thread` does. */
static json_t *
row_of (json_t *rows, json_t *thread)
{
    json_t *row;
    size_t i;

    json_array_foreach (rows, i, row)
    {
        if (is_cpu (row) && has_same (row, thread, "state") && has_same (row, thread, "job") &&
            has_same (row, thread, "reason")) {
            return row;
        }
    }
    row = json_copy (thread);
    memory_require (json_object_set_new (row, "name", json_string ("cpu")) == 0);
    put_number (row, "threads", 0);
    put_number (row, "hashes", 0);
    put_number (row, "hash_rate", 0);
    memory_require (json_array_append_new (rows, row) == 0);
    return row;
}

/* The devices, many CPU threads gathered in rows with their number. The caller's. */
static json_t *
gather_threads (json_t *devices)
{
    json_t *const rows = json_array ();
    json_t *device;
    size_t threads = 0;
    size_t i;

    json_array_foreach (devices, i, device)
    {
        threads += is_cpu (device);
    }
    if (threads <= CPU_ROWS_MAX) {
        json_decref (rows);
        return json_incref (devices);
    }
    json_array_foreach (devices, i, device)
    {
        json_t *const row = is_cpu (device) ? row_of (rows, device) : device;

        if (row == device) {
            memory_require (json_array_append (rows, device) == 0);
        } else {
            put_number (row, "threads", number_of (row, "threads") + 1);
            put_number (row, "hashes", number_of (row, "hashes") + number_of (device, "hashes"));
            put_number (row, "hash_rate",
                        number_of (row, "hash_rate") + number_of (device, "hash_rate"));
        }
    }
    return rows;
}

static void
print_gathered (json_t *devices, size_t width, FILE *stream)
{
    json_t *const rows = gather_threads (devices);

    print_rows (rows, width, stream);
    json_decref (rows);
}

static void
print_section (const char *name, json_t *value, size_t width, FILE *stream)
{
    char title[TABLE_CELL_SIZE];

    show_name (name, title);
    (void)fputc ('\n', stream);
    print_title (title, "", width, stream);
    if (json_is_object (value)) {
        print_others (value, false, width, stream);
    } else if (json_is_object (json_array_get (value, 0))) {
        print_gathered (value, width, stream);
    } else {
        print_texts (value, width, stream);
    }
}

void
status_view_print (json_t *status, const char *url, size_t width, FILE *stream)
{
    const char *name;
    json_t *value;

    print_title ("Workpeer at", url, width, stream);
    print_facts (status, first, COUNT (first), width, stream);
    print_facts (status, work, COUNT (work), width, stream);
    print_others (status, true, width, stream);
    json_object_foreach (status, name, value)
    {
        if (!is_scalar (value) && json_array_size (value) + json_object_size (value) > 0) {
            print_section (name, value, width, stream);
        }
    }
}
