/*
 * The format's version: of a new file, of today's, and of those that are older.
 */
#ifndef WORK_STORE_UPGRADE_H
#define WORK_STORE_UPGRADE_H

#include "work/store/store_file.h"

/*
 * Opens the tables within a writing transaction, makes them in an empty file, and rewrites those of
 * an older format. Returns 0; -1 with a message in `error` when the file is not for us; or LMDB's
 * error. After any but 0 the transaction is to be given up, and nothing has changed.
 */
int store_upgrade (struct store_file *file, MDB_txn *transaction, char *error, size_t error_size);

#endif
