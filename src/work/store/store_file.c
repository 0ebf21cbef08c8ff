/*
 * Threads: see store_file.h. `lock` guards the environment's being there.
 */
#include "work/store/store_file.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MAP_UNIT UINT64_C (65536) /* a multiple of any page size */
#define LARGEST_MAP (UINT64_C (1) << (sizeof (void *) > 4 ? 40 : 30))
#define SPARE (UINT64_C (4) << 20) /* without spare pages nothing can be removed */
#define LOCK_FILE_BYTES 16384      /* more than LMDB needs for its 126 readers */

/* Beside LMDB's errors and the system's: the file is of a newer format. */
#define NEWER_FORMAT (-1)

const char *
store_file_error (const struct store_file *file, int failed)
{
    struct statvfs status;

    switch (failed) {
    case MDB_MAP_FULL:
        return "it has reached its size limit";
    case ENOMEM:
        return "not enough memory or address space for its file";
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

int
store_file_environment (const char *path, uint64_t map_bytes, unsigned flags, MDB_env **env)
{
    int failed = mdb_env_create (env);

    if (failed != 0) {
        *env = NULL;
    } else if ((failed = mdb_env_set_mapsize (*env, (size_t)map_bytes)) == 0 &&
               (failed = mdb_env_set_maxdbs (*env, STORE_MAX_TABLES)) == 0) {
        failed = mdb_env_open (*env, path, flags, 0600);
    }
    return failed;
}

/* Returns 0, or an error and nothing open. */
static int
open_environment (struct store_file *file, uint64_t map_bytes)
{
    MDB_envinfo info;
    MDB_stat stat;
    int failed;

    if ((failed = store_file_environment (file->path, map_bytes, MDB_NOTLS, &file->env)) != 0 ||
        (failed = mdb_env_info (file->env, &info)) != 0 ||
        (failed = mdb_env_stat (file->env, &stat)) != 0) {
        close_environment (file);
        return failed;
    }
    file->map_bytes = info.me_mapsize; /* more than was asked for, for a larger file */
    file->page_size = stat.ms_psize;
    return 0;
}

/* Opens it with as large a map as the address space has room for. Returns 0 or an error. */
static int
open_largest (struct store_file *file)
{
    uint64_t bytes = file->map_bytes;
    int failed = reserve_lock_file (file->path);

    if (failed != 0) {
        return failed;
    }
    do {
        failed = open_environment (file, bytes);
        bytes = bytes / 2 / MAP_UNIT * MAP_UNIT;
    } while (failed == ENOMEM && bytes >= STORE_MIN_BYTES);
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
    int failed;

    if ((failed = mdb_dbi_open (transaction, NULL, 0, &table)) != 0 ||
        (failed = mdb_stat (transaction, table, &stat)) != 0) {
        return failed;
    }
    if (stat.ms_entries == 0) {
        *format = 0;
        return 0;
    }
    if ((failed = mdb_dbi_open (transaction, STORE_ABOUT, 0, &table)) != 0 ||
        (failed = mdb_get (transaction, table, &key, &data)) != 0) {
        return failed;
    }
    if (data.mv_size != sizeof *format) {
        return MDB_INVALID;
    }
    memcpy (format, data.mv_data, sizeof *format);
    *format = be32toh (*format);
    return *format > 0 ? 0 : MDB_INVALID;
}

static int
write_format (MDB_txn *transaction)
{
    uint32_t format = htobe32 (STORE_FORMAT);
    MDB_val key = text_value ("format");
    MDB_val data = {sizeof format, &format};
    MDB_dbi table;
    const int failed = mdb_dbi_open (transaction, STORE_ABOUT, MDB_CREATE, &table);

    return failed != 0 ? failed : mdb_put (transaction, table, &key, &data, 0);
}

/* Opens the tables, or makes them in a new file. Returns 0 or an error. */
static int
open_tables (struct store_file *file, MDB_txn *transaction)
{
    static const char *const names[STORE_KINDS][2] = {
        [STORE_KIND_ENTRY] = {STORE_ENTRIES, STORE_ENTRIES_ORDER},
        [STORE_KIND_ACCOUNT] = {STORE_ACCOUNTS, STORE_ACCOUNTS_ORDER},
    };
    int failed = store_file_format (transaction, &file->format);

    if (failed == 0 && file->format != STORE_FORMAT) {
        failed = file->format == 0             ? write_format (transaction)
                 : file->format > STORE_FORMAT ? NEWER_FORMAT
                                               : MDB_VERSION_MISMATCH;
    }
    for (int i = 0; i < STORE_KINDS && failed == 0; i++) {
        failed = store_table_open (&file->tables[i], transaction, names[i][0], names[i][1]);
    }
    return failed;
}

/* Returns 0, or an error and nothing open. */
static int
open_all (struct store_file *file)
{
    MDB_txn *transaction;
    int failed = open_largest (file);

    if (failed != 0) {
        return failed;
    }
    failed = mdb_txn_begin (file->env, NULL, 0, &transaction);
    if (failed == 0) {
        failed = open_tables (file, transaction);
        if (failed == 0) {
            failed = mdb_txn_commit (transaction);
        } else {
            mdb_txn_abort (transaction);
        }
    }
    if (failed != 0) {
        close_environment (file);
    }
    return failed;
}

/* A file that is larger than its bound gets no larger than it is, but for what it takes to come
 * down to it. */
static uint64_t
choose_map (const char *path, uint64_t max_bytes)
{
    const uint64_t most = max_bytes != 0 && max_bytes < LARGEST_MAP ? max_bytes : LARGEST_MAP;
    char name[PATH_MAX];
    struct stat status;

    (void)snprintf (name, sizeof name, "%s/data.mdb", path);
    const bool larger = stat (name, &status) == 0 && (uint64_t)status.st_size > most;

    return (larger ? (uint64_t)status.st_size + SPARE : most) / MAP_UNIT * MAP_UNIT;
}

static void
complain (const struct store_file *file, int failed, char *error, size_t error_size)
{
    if (failed == NEWER_FORMAT) {
        snprintf (error, error_size,
                  "the store in %s is of format %" PRIu32 ", made by a newer version; this one "
                  "knows format %" PRIu32 ": use the newer one, or name another directory",
                  file->path, file->format, STORE_FORMAT);
    } else {
        snprintf (error, error_size, "cannot open the store in %s: %s", file->path,
                  store_file_error (file, failed));
    }
}

int
store_file_open (struct store_file *file, const char *path, uint64_t max_bytes, char *error,
                 size_t error_size)
{
    *file = (struct store_file){.path = strdup (path), .map_bytes = choose_map (path, max_bytes)};
    if (file->path == NULL || pthread_mutex_init (&file->lock, NULL) != 0) {
        snprintf (error, error_size, "out of memory");
        free (file->path);
        return -1;
    }
    const int failed = open_all (file);

    if (failed != 0) {
        complain (file, failed, error, error_size);
        store_file_close (file);
        return -1;
    }
    return 0;
}

void
store_file_close (struct store_file *file)
{
    close_environment (file);
    (void)pthread_mutex_destroy (&file->lock);
    free (file->path);
    file->path = NULL;
}

/* Makes file->reader a running transaction. lock held. */
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
store_file_read (struct store_file *file, enum store_kind kind, const uint8_t key[STORE_KEY_SIZE],
                 struct store_record *record)
{
    MDB_val name = {STORE_KEY_SIZE, (void *)(uintptr_t)key};
    MDB_val data;

    pthread_mutex_lock (&file->lock);
    int failed = begin_reading (file);

    if (failed == 0) {
        failed = mdb_get (file->reader, file->tables[kind].rows, &name, &data);
        if (failed == 0) {
            record->size = data.mv_size;
            memcpy (record->bytes, data.mv_data,
                    record->size < sizeof record->bytes ? record->size : sizeof record->bytes);
        }
        mdb_txn_reset (file->reader);
    }
    pthread_mutex_unlock (&file->lock);
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
    const int failed = mdb_get (file->reader, file->tables[STORE_KIND_ACCOUNT].rows, &name, &data);

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
    pthread_mutex_lock (&file->lock);
    int failed = begin_reading (file);

    if (failed == 0) {
        failed = mdb_cursor_open (file->reader, file->tables[STORE_KIND_ACCOUNT].order, &cursor);
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
    pthread_mutex_unlock (&file->lock);
    return failed == MDB_NOTFOUND ? 0 : failed;
}

int
store_file_begin (struct store_file *file, MDB_txn **transaction)
{
    int dead;

    /* Once a reading has ended: one that goes on while several transactions are written keeps the
     * pages that these free, and a small file has no others. */
    pthread_mutex_lock (&file->lock);
    int failed = file->env != NULL || open_all (file) == 0 ? 0 : MDB_PANIC;
    pthread_mutex_unlock (&file->lock);
    /* A process that was killed while it read, as mdb_stat may be, keeps pages from being used
     * again until somebody looks. */
    if (failed == 0) {
        failed = mdb_reader_check (file->env, &dead);
    }
    return failed != 0 ? failed : mdb_txn_begin (file->env, NULL, 0, transaction);
}

void
store_file_lose (struct store_file *file)
{
    pthread_mutex_lock (&file->lock);
    close_environment (file);
    pthread_mutex_unlock (&file->lock);
}

uint64_t
store_file_bytes (const struct store_file *file)
{
    MDB_envinfo info;

    if (file->env == NULL || mdb_env_info (file->env, &info) != 0) {
        return 0;
    }
    return (info.me_last_pgno + 1) * file->page_size;
}
