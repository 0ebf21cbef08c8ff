/*
 * A table of text that fits the terminal: where it is too wide, long columns are cut and then
 * columns left out. Also facts, "name value" side by side in as few lines as will do.
 *
 * Texts may come from anybody: a byte that is not printable ASCII is shown as '?'. One thread.
 */
#ifndef NODE_TABLE_H
#define NODE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 16
#define TABLE_CELL_SIZE 256

struct table;

/* Freeing NULL is fine. */
struct table *table_new (void);
void table_free (struct table *table);

/*
 * Adds a column before there are rows; its number counts from 0. Columns of a lower `weight` are
 * left out first. Returns 0, or -1 when there are TABLE_COLUMNS_MAX.
 */
int table_add_column (struct table *table, const char *name, bool right, unsigned weight);

/* Adds a row of empty cells. */
void table_add_row (struct table *table);

/* Sets a cell of the last row; longer texts are cut. */
void table_set (struct table *table, size_t column, const char *text);

/* Writes it, with a line of names. `width` 0 is without bounds. */
void table_print (const struct table *table, size_t width, FILE *stream);

/* Facts in lines of at most `width`, where one alone is not longer; 0 is without bounds. */
struct table_facts {
    FILE *stream;
    size_t width;
    size_t at; /* starts as 0 */
};

void table_add_fact (struct table_facts *facts, const char *name, const char *value);

/* Ends the line, if there is one. */
void table_end_facts (struct table_facts *facts);

#endif
