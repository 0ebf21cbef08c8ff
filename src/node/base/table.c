#include "node/base/table.h"

#include "rpc/base/memory.h"
#include "rpc/base/text.h"
#include <stdlib.h>
#include <string.h>

enum {
    GAP = 2,
    FACT_GAP = 3,
    NARROWEST = 6, /* a column is not cut below */
    LONG = 12,     /* and only one that is longer */
};

struct column {
    char name[64];
    bool right;
    unsigned weight;
    size_t width;
};

struct table {
    struct column columns[TABLE_COLUMNS_MAX];
    size_t column_count;
    char *cells; /* of TABLE_CELL_SIZE bytes, row by row */
    size_t row_count;
};

struct table *
table_new (void)
{
    return memory_new (1, sizeof (struct table));
}

void
table_free (struct table *table)
{
    if (table != NULL) {
        free (table->cells);
        free (table);
    }
}

int
table_add_column (struct table *table, const char *name, bool right, unsigned weight)
{
    if (table->column_count == TABLE_COLUMNS_MAX) {
        return -1;
    }
    struct column *const column = &table->columns[table->column_count++];

    text_clean (column->name, sizeof column->name, name);
    column->right = right;
    column->weight = weight;
    column->width = strlen (column->name);
    return 0;
}

static char *
cell_at (const struct table *table, size_t row, size_t column)
{
    return table->cells + (row * table->column_count + column) * TABLE_CELL_SIZE;
}

void
table_add_row (struct table *table)
{
    table->cells = memory_resize (table->cells, table->row_count + 1,
                                  (table->column_count + 1) * TABLE_CELL_SIZE);
    table->row_count++;
    for (size_t i = 0; i < table->column_count; i++) {
        *cell_at (table, table->row_count - 1, i) = '\0';
    }
}

void
table_set (struct table *table, size_t column, const char *text)
{
    char *const cell = cell_at (table, table->row_count - 1, column);

    text_clean (cell, TABLE_CELL_SIZE, text);
    if (strlen (cell) > table->columns[column].width) {
        table->columns[column].width = strlen (cell);
    }
}

static size_t
total_width (const size_t *widths, size_t count)
{
    size_t total = 0;

    for (size_t i = 0; i < count; i++) {
        total += widths[i] > 0 ? widths[i] + (total > 0 ? GAP : 0) : 0;
    }
    return total;
}

/* Cuts the widest of the columns that may be cut, or leaves out the one of least weight. */
static bool
make_narrower (const struct table *table, size_t *widths, size_t excess)
{
    size_t widest = 0;
    size_t least = 0;
    size_t shown = 0;

    for (size_t i = 0; i < table->column_count; i++) {
        if (widths[i] > widths[widest]) {
            widest = i;
        }
        if (widths[i] > 0 &&
            (shown == 0 || table->columns[i].weight <= table->columns[least].weight)) {
            least = i;
        }
        shown += widths[i] > 0;
    }
    if (widths[widest] > LONG) {
        widths[widest] = widths[widest] > excess + LONG ? widths[widest] - excess : LONG;
    } else if (shown > 1) {
        widths[least] = 0;
    } else if (widths[widest] > NARROWEST) {
        widths[widest] = widths[widest] > excess + NARROWEST ? widths[widest] - excess : NARROWEST;
    } else {
        return false;
    }
    return true;
}

/* A column that is left out has no width. */
static void
fit (const struct table *table, size_t width, size_t *widths)
{
    for (size_t i = 0; i < table->column_count; i++) {
        widths[i] = table->columns[i].width;
    }
    while (width > 0 && total_width (widths, table->column_count) > width) {
        if (!make_narrower (table, widths, total_width (widths, table->column_count) - width)) {
            return;
        }
    }
}

/* `last` cells on the left need no blanks behind them. */
static void
print_cell (FILE *stream, const struct column *column, const char *text, size_t width, bool last)
{
    const size_t length = strlen (text);
    const bool cut = length > width;
    const int shown = (int)(cut ? width - strlen ("..") : length);
    const int blanks = (int)(cut ? 0 : width - length);

    (void)fprintf (stream, "%*s%.*s%s%*s", column->right ? blanks : 0, "", shown, text,
                   cut ? ".." : "", column->right || last ? 0 : blanks, "");
}

static void
print_row (const struct table *table, const size_t *widths, size_t row, FILE *stream)
{
    size_t last = 0;
    bool first = true;

    for (size_t i = 0; i < table->column_count; i++) {
        last = widths[i] > 0 ? i : last;
    }
    for (size_t i = 0; i < table->column_count; i++) {
        const char *const text = row == 0 ? table->columns[i].name : cell_at (table, row - 1, i);

        if (widths[i] > 0) {
            (void)fprintf (stream, "%*s", first ? 0 : GAP, "");
            print_cell (stream, &table->columns[i], text, widths[i], i == last);
            first = false;
        }
    }
    (void)fputc ('\n', stream);
}

void
table_print (const struct table *table, size_t width, FILE *stream)
{
    size_t widths[TABLE_COLUMNS_MAX] = {0};

    fit (table, width, widths);
    for (size_t row = 0; row <= table->row_count; row++) {
        print_row (table, widths, row, stream);
    }
}

void
table_add_fact (struct table_facts *facts, const char *name, const char *value)
{
    char clean_name[64];
    char clean_value[TABLE_CELL_SIZE];

    text_clean (clean_name, sizeof clean_name, name);
    text_clean (clean_value, sizeof clean_value, value);

    const bool both = *clean_name != '\0' && *clean_value != '\0';
    const size_t length = strlen (clean_name) + both + strlen (clean_value);

    if (facts->at > 0 && facts->width > 0 && facts->at + FACT_GAP + length > facts->width) {
        table_end_facts (facts);
    }
    (void)fprintf (facts->stream, "%*s%s%s%s", facts->at > 0 ? FACT_GAP : 0, "", clean_name,
                   both ? " " : "", clean_value);
    facts->at += length + (facts->at > 0 ? FACT_GAP : 0);
}

void
table_end_facts (struct table_facts *facts)
{
    if (facts->at > 0) {
        (void)fputc ('\n', facts->stream);
    }
    facts->at = 0;
}
