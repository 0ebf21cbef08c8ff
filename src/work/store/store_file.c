/*
 * Threads: see store_file.h. map_lock guards the environment's being there and where its map is.
 */
#include "work/store/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MAP_UNIT UINT64_C (65536) /* a multiple of any page size */
#define DEFAULT_MAP (UINT64_C (1) << 26)
#define SPARE (UINT64_C (4) << 20)
#define LOCK_FILE_BYTES 16384 /* more than LMDB needs for its 126 readers */

const char *
store_file_error (const struct store_file *file, int failed)
{
    struct statvfs status;

    switch (failed) {
    case MDB_MAP_FULL:
        return "it is as large as its bound in bytes allows";
    case ENOMEM:
        return "no memory, or no address space for its file: a lower store.max_bytes needs less";
    case EIO:
        /* LMDB says so of a write that the disk had room for only in part. */
        if (statvfs (file->path, &status) == 0 && status.f_bavail < 16) {
            return strerror (ENOSPC);
        }
        return strerror (EIO);
    default:
        return mdb_strerror (failed);
    }
}

/* Gives the lock file its blocks: LMDB maps it, and a process dies that writes to a mapped page for
 * which the disk has no room. Returns 0 or an error. */
static int
reserve_lock_file (const char *path)
{
    char name[PATH_MAX];

    if ((size_t)snprintf (name, sizeof name, "%s/lock.mdb", path) >= sizeof name) {
        return ENAMETOOLONG;
    }
    const int fd = open (name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0) {
        return errno;
    }
    const int failed = posix_fallocate (fd, 0, LOCK_FILE_BYTES);

    (void)close (fd);
    return failed;
}

/* Returns 0 or an error. */
static int
open_environment (struct store_file *file)
{
    int failed = reserve_lock_file (file->path);
    MDB_envinfo info;

    if (failed == 0) {
        failed = mdb_env_create (&file->env);
    }
    if (failed != 0) {
        return failed;
    }
    failed = mdb_env_set_mapsize (file->env, (size_t)file->map_bytes);
    if (failed == 0) {
        failed = mdb_env_set_maxdbs (file->env, STORE_MAX_TABLES);
    }
    if (failed == 0) {
        failed = mdb_env_open (file->env, file->path, MDB_NOTLS, 0600);
    }
    if (failed == 0) {
        failed = mdb_env_info (file->env, &info);
    }
    if (failed == 0) {
        file->map_bytes = info.me_mapsize; /* more than was asked for, for a larger file */
    }
    if (failed != 0) {
        mdb_env_close (file->env);
        file->env = NULL;
    }
    return failed;
}

static void
close_environment (struct store_file *file)
{
    if (file->reader != NULL) {
        mdb_txn_abort (file->reader);
        file->reader = NULL;
    }
    if (file->env != NULL) {
        mdb_env_close (file->env);
        file->env = NULL;
    }
}

/* As store_file_grow, with map_lock held or without a reader. A larger map that cannot be had
 * leaves LMDB without any. */
static int
grow_map (struct store_file *file)
{
    uint64_t bytes = file->map_bytes * 2;

    if (file->max_bytes != 0 && bytes > file->max_bytes) {
        bytes = file->max_bytes;
    }
    if (bytes <= file->map_bytes || bytes > SIZE_MAX) {
        return MDB_MAP_FULL;
    }
    const int failed = mdb_env_set_mapsize (file->env, (size_t)bytes);

    if (failed == 0) {
        file->map_bytes = bytes;
    } else {
        close_environment (file);
    }
    return failed;
}

static MDB_val
text_value (const char *text)
{
    return (MDB_val){strlen (text), (void *)(uintptr_t)text};
}

int
store_file_format (MDB_txn *transaction, uint32_t *format)
{
    MDB_val key = text_value ("format");
    MDB_val data;
    MDB_stat stat;
    MDB_dbi table;
    int failed = mdb_dbi_open (transaction, NULL, 0, &table);

    if (failed == 0) {
        failed = mdb_stat (transaction, table, &stat);
    }
    if (failed != 0) {
        return failed;
    }
    if (stat.ms_entries == 0) {
        *format = 0;
        return 0;
    }
    failed = mdb_dbi_open (transaction, STORE_ABOUT, 0, &table);
    if (failed == 0) {
        failed = mdb_get (transaction, table, &key, &data);
    }
    if (failed != 0) {
        return failed;
    }
    *format = data.mv_size == STORE_FORMAT_SIZE ? store_format_get_u32 (data.mv_data) : 0;
    return *format > 0 ? 0 : MDB_INVALID;
}

static int
write_format (MDB_txn *transaction)
{
    uint8_t bytes[STORE_FORMAT_SIZE];
    MDB_val key = text_value ("format");
    MDB_val data = {sizeof bytes, bytes};
    MDB_dbi table;
    const int failed = mdb_dbi_open (transaction, STORE_ABOUT, MDB_CREATE, &table);

    store_format_put_u32 (bytes, STORE_FORMAT);
    return failed != 0 ? failed : mdb_put (transaction, table, &key, &data, 0);
}

/* Opens the tables, or makes them in a new file. Returns 0, -1 with a message, or an error. */
static int
open_tables (struct store_file *file, MDB_txn *transaction, char *error, size_t error_size)
{
    uint32_t format;
    int failed = store_file_format (transaction, &format);

    if (failed == 0 && format > STORE_FORMAT) {
        snprintf (error, error_size,
                  "the store in %s is of format %" PRIu32 ", made by a newer version; this one "
                  "knows format %" PRIu32 ": use the newer one, or name another directory",
                  file->path, format, STORE_FORMAT);
        return -1;
    }
    if (failed == 0) {
        failed = format == STORE_FORMAT ? 0
                 : format == 0          ? write_format (transaction)
                                        : MDB_VERSION_MISMATCH;
    }
    if (failed == 0) {
        failed = store_table_open (&file->entries, transaction, STORE_ENTRIES, STORE_ENTRIES_ORDER);
    }
    return failed != 0 ? failed
                       : store_table_open (&file->accounts, transaction, STORE_ACCOUNTS,
                                           STORE_ACCOUNTS_ORDER);
}

/* The same in a transaction, and in as large a map as that takes. */
static int
begin_tables (struct store_file *file, char *error, size_t error_size)
{
    for (;;) {
        MDB_txn *transaction;
        int failed = mdb_txn_begin (file->env, NULL, 0, &transaction);

        if (failed != 0) {
            return failed;
        }
        failed = open_tables (file, transaction, error, error_size);
        if (failed == 0) {
            failed = mdb_txn_commit (transaction);
        } else {
            mdb_txn_abort (transaction);
        }
        if (failed == MDB_MAP_FULL) {
            failed = grow_map (file);
            if (failed == 0) {
                continue;
            }
        }
        return failed;
    }
}

/* Returns 0, or -1 with a message and nothing open. */
static int
open_all (struct store_file *file, char *error, size_t error_size)
{
    int failed = open_environment (file);

    if (failed == 0) {
        failed = begin_tables (file, error, error_size);
    }
    if (failed != 0 && failed != -1) {
        snprintf (error, error_size, "cannot open the store in %s: %s", file->path,
                  store_file_error (file, failed));
    }
    if (failed != 0) {
        close_environment (file);
    }
    return failed == 0 ? 0 : -1;
}

int
store_file_open (struct store_file *file, const char *path, uint64_t first_map, uint64_t max_bytes,
                 char *error, size_t error_size)
{
    *file = (struct store_file){.max_bytes = max_bytes / MAP_UNIT * MAP_UNIT};
    file->map_bytes =
        first_map == 0 ? DEFAULT_MAP : (first_map + MAP_UNIT - 1) / MAP_UNIT * MAP_UNIT;
    if (file->max_bytes != 0 && file->map_bytes > file->max_bytes) {
        file->map_bytes = file->max_bytes;
    }
    file->path = strdup (path);
    if (file->path == NULL || pthread_mutex_init (&file->map_lock, NULL) != 0) {
        snprintf (error, error_size, "out of memory");
        free (file->path);
        return -1;
    }
    if (open_all (file, error, error_size) != 0) {
        store_file_close (file);
        return -1;
    }
    if (file->max_bytes != 0 && file->map_bytes > file->max_bytes) {
        file->max_bytes = file->map_bytes + SPARE; /* without spare pages nothing can be removed */
    }
    return 0;
}

void
store_file_close (struct store_file *file)
{
    close_environment (file);
    (void)pthread_mutex_destroy (&file->map_lock);
    free (file->path);
    file->path = NULL;
}

/* Makes file->reader a running transaction. map_lock held. */
static int
begin_reading (struct store_file *file)
{
    if (file->env == NULL) {
        return MDB_PANIC;
    }
    if (file->reader != NULL) {
        return mdb_txn_renew (file->reader);
    }
    return mdb_txn_begin (file->env, NULL, MDB_RDONLY, &file->reader);
}

int
store_file_read (struct store_file *file, const struct store_table *table,
                 const uint8_t key[STORE_KEY_SIZE], uint8_t *record, size_t *size)
{
    MDB_val name = {STORE_KEY_SIZE, (void *)(uintptr_t)key};
    MDB_val data;

    pthread_mutex_lock (&file->map_lock);
    int failed = begin_reading (file);

    if (failed == 0) {
        failed = mdb_get (file->reader, table->rows, &name, &data);
        if (failed == 0) {
            memcpy (record, data.mv_data, data.mv_size < *size ? data.mv_size : *size);
            *size = data.mv_size;
        }
        mdb_txn_reset (file->reader);
    }
    pthread_mutex_unlock (&file->map_lock);
    return failed;
}

/* Adds the account whose row has `key`, if it is of the network. Returns 0 or an error. */
static int
add_account (struct store_file *file, const MDB_val *key, enum store_network network,
             struct store_account *accounts, size_t *count)
{
    struct store_account *const account = &accounts[*count];
    const uint8_t *const bytes = key->mv_data;
    MDB_val name = *key;
    MDB_val data;

    if (key->mv_size != STORE_KEY_SIZE || bytes[0] != network) {
        return 0;
    }
    const int failed = mdb_get (file->reader, file->accounts.rows, &name, &data);

    if (failed != 0 || data.mv_size != STORE_ACCOUNT_SIZE) {
        return failed == 0 ? MDB_CORRUPTED : failed;
    }
    account->network = network;
    memcpy (account->account, bytes + 1, sizeof account->account);
    memcpy (account->frontier, (uint8_t *)data.mv_data + STORE_STAMP_SIZE,
            sizeof account->frontier);
    *count += 1;
    return 0;
}

int
store_file_recent_accounts (struct store_file *file, enum store_network network,
                            struct store_account *accounts, size_t capacity, size_t *count)
{
    MDB_cursor_op step = MDB_LAST;
    MDB_cursor *cursor = NULL;
    MDB_val stamp;
    MDB_val key;

    *count = 0;
    pthread_mutex_lock (&file->map_lock);
    int failed = begin_reading (file);

    if (failed == 0) {
        failed = mdb_cursor_open (file->reader, file->accounts.order, &cursor);
        while (failed == 0 && *count < capacity) {
            failed = mdb_cursor_get (cursor, &stamp, &key, step);
            step = MDB_PREV;
            if (failed == 0) {
                failed = add_account (file, &key, network, accounts, count);
            }
        }
        if (cursor != NULL) {
            mdb_cursor_close (cursor);
        }
        mdb_txn_reset (file->reader);
    }
    pthread_mutex_unlock (&file->map_lock);
    return failed == MDB_NOTFOUND ? 0 : failed;
}

static int
open_again (struct store_file *file)
{
    char error[STORE_ERROR_SIZE]; /* the writer's own errors say enough */

    pthread_mutex_lock (&file->map_lock);
    const int failed = open_all (file, error, sizeof error);

    pthread_mutex_unlock (&file->map_lock);
    return failed == 0 ? 0 : MDB_PANIC;
}

int
store_file_begin (struct store_file *file, MDB_txn **transaction)
{
    int dead;

    if (file->env == NULL) {
        const int failed = open_again (file);

        if (failed != 0) {
            return failed;
        }
    }
    /* A process that was killed while it read, as mdb_stat may be, keeps pages from being used
     * again until somebody looks. */
    int failed = mdb_reader_check (file->env, &dead);

    if (failed == 0) {
        failed = mdb_txn_begin (file->env, NULL, 0, transaction);
    }
    if (failed == MDB_MAP_RESIZED) { /* somebody else has written to it */
        pthread_mutex_lock (&file->map_lock);
        failed = mdb_env_set_mapsize (file->env, 0);
        pthread_mutex_unlock (&file->map_lock);
        if (failed == 0) {
            failed = mdb_txn_begin (file->env, NULL, 0, transaction);
        }
    }
    return failed;
}

int
store_file_grow (struct store_file *file)
{
    char error[STORE_ERROR_SIZE]; /* that of growing says enough */

    pthread_mutex_lock (&file->map_lock);
    const int failed = grow_map (file);

    if (file->env == NULL) {
        (void)open_all (file, error, sizeof error);
    }
    pthread_mutex_unlock (&file->map_lock);
    return failed;
}

void
store_file_lose (struct store_file *file)
{
    pthread_mutex_lock (&file->map_lock);
    close_environment (file);
    pthread_mutex_unlock (&file->map_lock);
}

uint64_t
store_file_bytes (const struct store_file *file, uint64_t *page_size)
{
    MDB_envinfo info;
    MDB_stat stat;

    *page_size = 0;
    if (file->env == NULL || mdb_env_info (file->env, &info) != 0 ||
        mdb_env_stat (file->env, &stat) != 0) {
        return 0;
    }
    *page_size = stat.ms_psize;
    return (info.me_last_pgno + 1) * (uint64_t)stat.ms_psize;
}
