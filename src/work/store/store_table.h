/*
 * A table of rows by key with an order of use: two LMDB databases, the rows and, by stamp, their
 * keys. Finding the least recently used row and taking it out costs the same however many there
 * are.
 *
 * Records begin with their stamp (store_format.h). Within a transaction of the caller's; functions
 * return 0 or LMDB's or the system's error, and after any but MDB_NOTFOUND the transaction is to be
 * given up.
 */
#ifndef WORK_STORE_TABLE_H
#define WORK_STORE_TABLE_H

#include <lmdb.h>

#include "work/store/store_format.h"

struct store_table {
    MDB_dbi rows;
    MDB_dbi order;
};

/* Opens, or makes, both databases. */
int store_table_open (struct store_table *table, MDB_txn *transaction, const char *rows,
                      const char *order);

/*
 * Puts a row in the place of what its key had. If another row has the stamp, the next free one is
 * taken, and the record changed.
 */
int store_table_put (const struct store_table *table, MDB_txn *transaction,
                     const uint8_t key[STORE_KEY_SIZE], struct store_record *record);

/* Takes a row out; one that is not there stays so. */
int store_table_remove (const struct store_table *table, MDB_txn *transaction,
                        const uint8_t key[STORE_KEY_SIZE]);

/* The stamp of the row used least recently (MDB_FIRST) or last (MDB_LAST). MDB_NOTFOUND when there
 * is none. */
int store_table_end (const struct store_table *table, MDB_txn *transaction, MDB_cursor_op end,
                     uint64_t *stamp);

/* Takes the least recently used row out. MDB_NOTFOUND when there is none. */
int store_table_evict (const struct store_table *table, MDB_txn *transaction);

/* How many rows there are, and the pages of both databases. */
int store_table_count (const struct store_table *table, MDB_txn *transaction, uint64_t *rows,
                       uint64_t *pages);

#endif
