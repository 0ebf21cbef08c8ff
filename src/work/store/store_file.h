/*
 * The store's file: LMDB's environment with our tables in it. The map has its largest size from the
 * start: it takes address space, and of the disk only what is used.
 *
 * Threads: one reader, which calls store_file_read and the like, and one writer, which calls the
 * rest. `lock` is held for one reading, while the environment is opened again, and for a moment
 * before each writing transaction.
 */
#ifndef WORK_STORE_FILE_H
#define WORK_STORE_FILE_H

#include <lmdb.h>
#include <pthread.h>

#include "work/store/store_table.h"

/* The tables of the file, and how many LMDB is to expect. */
#define STORE_ABOUT "about" /* "format": the format's version */
#define STORE_ENTRIES "entry"
#define STORE_ENTRIES_ORDER "entry.order"
#define STORE_ACCOUNTS "account"
#define STORE_ACCOUNTS_ORDER "account.order"
#define STORE_MAX_TABLES 16

struct store_file {
    char *path;      /* the directory */
    MDB_env *env;    /* NULL after a reopening that failed */
    MDB_txn *reader; /* reset between readings */
    struct store_table tables[STORE_KINDS];
    pthread_mutex_t lock;
    uint64_t map_bytes; /* as large as the file becomes */
    uint64_t page_size;
    uint32_t format; /* of the file that was opened */
};

/*
 * Opens the file in the directory `path`, or makes it; `max_bytes` is its bound, 0 for none. Where
 * there is not as much address space, the bound is lower. LMDB believes the file: see
 * store_check.h. Returns 0, or -1 with a message in `error` and nothing open.
 */
int store_file_open (struct store_file *file, const char *path, uint64_t max_bytes, char *error,
                     size_t error_size);
void store_file_close (struct store_file *file);

/* Opens LMDB's environment of `path`, with our tables' number. Returns 0, or an error, with what
 * there is to be closed in `*env`. */
int store_file_environment (const char *path, uint64_t map_bytes, unsigned flags, MDB_env **env);

/* The format of the file, 0 of an empty one. Returns 0, an error, or MDB_INVALID where it has none.
 */
int store_file_format (MDB_txn *transaction, uint32_t *format);

/* Reader. Copies a record: what fits of it, and its size, which may be more. 0, MDB_NOTFOUND or
 * another error. */
int store_file_read (struct store_file *file, enum store_kind kind,
                     const uint8_t key[STORE_KEY_SIZE], struct store_record *record);

/* Reader. The accounts of `network`, the last used first. Returns 0 or an error, with how many in
 * `*count`, of what could be read. */
int store_file_recent_accounts (struct store_file *file, enum store_network network,
                                struct store_account *accounts, size_t capacity, size_t *count);

/* Writer. Begins a writing transaction, opening the environment again if it was lost. */
int store_file_begin (struct store_file *file, MDB_txn **transaction);

/* Writer, with no transaction. Drops the environment: the next store_file_begin opens it again. */
void store_file_lose (struct store_file *file);

/* The bytes of the file; 0 without an environment. */
uint64_t store_file_bytes (const struct store_file *file);

/* What `failed`, an error of any function here, is called. */
const char *store_file_error (const struct store_file *file, int failed);

#endif
