#include "work/store/store_check.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "work/base/child.h"
#include "work/store/store_file.h"

/* More of the map than the file has: it may end before its last page, and a copy needs spare ones.
 */
#define SPARE ((size_t)16 << 20)

/* How LMDB opens a file by its own name that nobody else has. */
#define ALONE (MDB_NOSUBDIR | MDB_NOLOCK)

/* Rows in a transaction of the copy's: LMDB keeps its pages in memory. */
#define ROWS_AT_ONCE 16384

static const char *const tables[] = {STORE_ABOUT, STORE_ENTRIES, STORE_ENTRIES_ORDER,
                                     STORE_ACCOUNTS, STORE_ACCOUNTS_ORDER};

/* What the child may take of a processor: LMDB can go in circles in a damaged page. More than fifty
 * times what it takes on a machine of today. There is no bound of another kind: disks may be slow.
 */
#define SECONDS(size) (2 + (rlim_t)(size) / ((rlim_t)8 << 20))
#define PATIENCE 1e9

/* What the child is to read, and the name of the copy or NULL. */
struct store_reading {
    const char *path;
    const char *copy;
    size_t size;
};

/* The file that is made; `env` is NULL where none is. */
struct copy {
    MDB_env *env;
    MDB_txn *transaction;
    MDB_dbi table;
    size_t rows; /* in the transaction */
};

/* A row, out of LMDB's reach. */
struct row {
    uint8_t key[STORE_KEY_SIZE];
    size_t key_size;
    uint8_t data[STORE_ENTRY_SIZE];
};

/* Whether the file can be mapped: if so, LMDB has failed to by a header that says more of it. */
static bool
fits (size_t size)
{
    void *const map =
        mmap (NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return map != MAP_FAILED && munmap (map, size) == 0;
}

/* Takes the row in: after the one before, and no larger than ours are. Returns 0 or an error. */
static int
take_row (struct row *row, const MDB_val *key, const MDB_val *data)
{
    const size_t size = key->mv_size;

    if (size > sizeof row->key || data->mv_size > sizeof row->data) {
        return MDB_CORRUPTED;
    }
    const int order = memcmp (row->key, key->mv_data, size < row->key_size ? size : row->key_size);

    if (order > 0 || (order == 0 && size <= row->key_size)) {
        return MDB_CORRUPTED;
    }
    memcpy (row->key, key->mv_data, size);
    row->key_size = size;
    memcpy (row->data, data->mv_data, data->mv_size);
    return 0;
}

/* Returns 0 or an error. */
static int
copy_row (struct copy *copy, struct row *row, size_t data_size)
{
    MDB_val key = {row->key_size, row->key};
    MDB_val data = {data_size, row->data};
    int failed = 0;

    if (copy->env == NULL) {
        return 0;
    }
    if (copy->rows++ == ROWS_AT_ONCE) {
        copy->rows = 1;
        failed = mdb_txn_commit (copy->transaction);
        if (failed == 0) {
            failed = mdb_txn_begin (copy->env, NULL, 0, &copy->transaction);
        }
    }
    return failed != 0 ? failed : mdb_put (copy->transaction, copy->table, &key, &data, MDB_APPEND);
}

/* Returns 0 or an error. */
static int
read_rows (MDB_cursor *cursor, size_t expected, struct copy *copy)
{
    struct row row = {.key_size = 0};
    size_t count = 0;
    MDB_val key;
    MDB_val data;
    int failed = mdb_cursor_get (cursor, &key, &data, MDB_FIRST);

    while (failed == 0) {
        failed = count++ < expected ? take_row (&row, &key, &data) : MDB_CORRUPTED;
        if (failed == 0) {
            failed = copy_row (copy, &row, data.mv_size);
        }
        if (failed == 0) {
            failed = mdb_cursor_get (cursor, &key, &data, MDB_NEXT);
        }
    }
    if (failed == MDB_NOTFOUND) {
        return count == expected ? 0 : MDB_CORRUPTED;
    }
    return failed;
}

/* Returns 0 or an error. */
static int
read_table (MDB_txn *transaction, const char *name, struct copy *copy)
{
    MDB_cursor *cursor;
    MDB_stat stat;
    MDB_dbi table;
    unsigned flags;
    int failed;

    if ((failed = mdb_dbi_open (transaction, name, 0, &table)) != 0 ||
        (failed = mdb_dbi_flags (transaction, table, &flags)) != 0 ||
        (failed = flags == 0 ? mdb_stat (transaction, table, &stat) : MDB_INCOMPATIBLE) != 0 ||
        (failed = mdb_cursor_open (transaction, table, &cursor)) != 0) {
        return failed;
    }
    if (copy->env != NULL) {
        failed = mdb_dbi_open (copy->transaction, name, MDB_CREATE, &copy->table);
    }
    return failed != 0 ? failed : read_rows (cursor, stat.ms_entries, copy);
}

/* Begins the file of the copy, if there is to be one. Returns 0 or an error. */
static int
begin_copy (struct copy *copy, const char *name, size_t size)
{
    if (name == NULL) {
        return 0;
    }
    const int failed = store_file_environment (name, size, ALONE | MDB_NOSYNC, &copy->env);

    return failed != 0 ? failed : mdb_txn_begin (copy->env, NULL, 0, &copy->transaction);
}

/* Returns 0 or an error. */
static int
end_copy (struct copy *copy)
{
    if (copy->env == NULL) {
        return 0;
    }
    const int failed = mdb_txn_commit (copy->transaction);

    return failed != 0 ? failed : mdb_env_sync (copy->env, 1);
}

/* What is not there in sufficient number or size says nothing of the file. */
static enum store_check
verdict (int failed)
{
    switch (failed) {
    case 0:
        return STORE_CHECK_GOOD;
    case MDB_MAP_FULL:
    case MDB_DBS_FULL:
    case MDB_READERS_FULL:
    case MDB_TXN_FULL:
        return STORE_CHECK_UNSURE;
    default: /* the system's are positive */
        return failed > 0 ? STORE_CHECK_UNSURE : STORE_CHECK_DAMAGED;
    }
}

static void
bound_time (size_t size)
{
    struct rlimit time;

    if (getrlimit (RLIMIT_CPU, &time) == 0) {
        time.rlim_cur = SECONDS (size);
        (void)setrlimit (RLIMIT_CPU, &time);
    }
}

/* What the child does. The environments are the process's, and end with it. */
static int
read_file (const void *data)
{
    const struct store_reading *const reading = data;
    struct copy copy = {.env = NULL};
    MDB_txn *transaction;
    MDB_env *env;
    uint32_t format;

    bound_time (reading->size);
    int failed = store_file_environment (reading->path, reading->size, ALONE | MDB_RDONLY, &env);

    if ((failed == ENOMEM || failed == EINVAL) && fits (reading->size)) {
        return STORE_CHECK_DAMAGED;
    }
    if (failed == 0) {
        failed = mdb_txn_begin (env, NULL, MDB_RDONLY, &transaction);
    }
    if (failed == 0) {
        failed = store_file_format (transaction, &format);
    }
    if (failed == 0 && format != STORE_FORMAT) {
        return format == 0 ? STORE_CHECK_EMPTY : STORE_CHECK_UNSURE;
    }
    if (failed == 0) {
        failed = begin_copy (&copy, reading->copy, reading->size);
    }
    for (size_t i = 0; i < sizeof tables / sizeof tables[0] && failed == 0; i++) {
        failed = read_table (transaction, tables[i], &copy);
    }
    return verdict (failed != 0 ? failed : end_copy (&copy));
}

/* What the child's end says of the file. */
static enum store_check
judge (struct child_result result, char *reason, size_t reason_size)
{
    switch (result.end) {
    case CHILD_CRASHED:
        snprintf (reason, reason_size, "reading it ended with \"%s\"", strsignal (result.detail));
        return STORE_CHECK_DAMAGED;
    case CHILD_ANSWERED:
    case CHILD_ENDED:
        snprintf (reason, reason_size, "its contents are inconsistent");
        return result.end == CHILD_ENDED ? STORE_CHECK_DAMAGED : (enum store_check)result.detail;
    default: /* somebody ended it, or it could not be started */
        return STORE_CHECK_UNSURE;
    }
}

enum store_check
store_check (const char *path, const char *copy, char *reason, size_t reason_size)
{
    struct store_reading reading = {.path = path, .copy = copy};
    enum store_check result;
    struct stat status;

    if (copy != NULL) {
        (void)unlink (copy);
    }
    if (stat (path, &status) != 0 || !S_ISREG (status.st_mode) || status.st_size == 0) {
        return STORE_CHECK_UNSURE;
    }
    reading.size = (size_t)status.st_size + SPARE;
    result = judge (child_run (read_file, &reading, PATIENCE), reason, reason_size);
    if (copy != NULL && result != STORE_CHECK_GOOD) {
        (void)unlink (copy);
    }
    return result;
}
