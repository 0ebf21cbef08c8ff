#include "work/store/store_upgrade.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static MDB_val
text_value (const char *text)
{
    return (MDB_val){strlen (text), (void *)(uintptr_t)text};
}

static int
write_format (const struct store_file *file, MDB_txn *transaction)
{
    uint8_t bytes[STORE_FORMAT_SIZE];
    MDB_val key = text_value ("format");
    MDB_val data = {sizeof bytes, bytes};

    store_format_put_u32 (bytes, STORE_FORMAT);
    return mdb_put (transaction, file->about, &key, &data, 0);
}

static int
open_tables (struct store_file *file, MDB_txn *transaction)
{
    const int failed = store_table_open (&file->entries, transaction, "entry", "entry.order");

    return failed != 0
               ? failed
               : store_table_open (&file->accounts, transaction, "account", "account.order");
}

static int
make_new (struct store_file *file, MDB_txn *transaction)
{
    int failed = mdb_dbi_open (transaction, "about", MDB_CREATE, &file->about);

    if (failed == 0) {
        failed = write_format (file, transaction);
    }
    return failed != 0 ? failed : open_tables (file, transaction);
}

/* Format 1 knew no use: an entry counts as used when it was found. Stamps within a second are
 * spread by the root, which is random. */
static uint64_t
stamp_of_1 (const struct store_entry *entry)
{
    const uint64_t now = (uint64_t)time (NULL);
    const uint64_t found = entry->found < now ? entry->found : now;

    return found * STORE_STAMP_SECOND + store_format_get_u32 (entry->root) % STORE_STAMP_SECOND;
}

/* A record that is none is left behind. */
static int
upgrade_entry_1 (struct store_file *file, MDB_txn *transaction, const MDB_val *key,
                 const MDB_val *data)
{
    uint8_t name[STORE_KEY_SIZE];
    uint8_t record[STORE_ENTRY_SIZE];
    struct store_entry entry;

    if (key->mv_size != sizeof name) {
        return 0;
    }
    memcpy (name, key->mv_data, sizeof name);
    if (store_format_read_entry_1 (name, data->mv_data, data->mv_size, &entry) != 0) {
        return 0;
    }
    const size_t size = store_format_entry (&entry, stamp_of_1 (&entry), record);

    return store_table_put (&file->entries, transaction, name, record, size);
}

static int
upgrade_account_1 (struct store_file *file, MDB_txn *transaction, const MDB_val *key,
                   const MDB_val *data)
{
    uint8_t name[STORE_KEY_SIZE];
    uint8_t record[STORE_ACCOUNT_SIZE];
    uint8_t frontier[32];
    uint64_t newest = 0;

    if (key->mv_size != sizeof name || data->mv_size != sizeof frontier) {
        return 0;
    }
    const int failed = store_table_newest (&file->accounts, transaction, &newest);

    if (failed != 0 && failed != MDB_NOTFOUND) {
        return failed;
    }
    memcpy (name, key->mv_data, sizeof name);
    memcpy (frontier, data->mv_data, sizeof frontier);
    store_format_account (frontier, newest + 1, record);
    return store_table_put (&file->accounts, transaction, name, record, sizeof record);
}

/* Rewrites every row of the table `name` with `upgrade`, and drops the table. */
static int
upgrade_rows (struct store_file *file, MDB_txn *transaction, const char *name,
              int (*upgrade) (struct store_file *, MDB_txn *, const MDB_val *, const MDB_val *))
{
    MDB_cursor *cursor;
    MDB_val key;
    MDB_val data;
    MDB_dbi old;
    int failed = mdb_dbi_open (transaction, name, 0, &old);

    if (failed != 0) {
        return failed == MDB_NOTFOUND ? 0 : failed;
    }
    failed = mdb_cursor_open (transaction, old, &cursor);
    if (failed != 0) {
        return failed;
    }
    failed = mdb_cursor_get (cursor, &key, &data, MDB_FIRST);
    while (failed == 0) {
        failed = upgrade (file, transaction, &key, &data);
        if (failed == 0) {
            failed = mdb_cursor_get (cursor, &key, &data, MDB_NEXT);
        }
    }
    mdb_cursor_close (cursor);
    return failed != MDB_NOTFOUND ? failed : mdb_drop (transaction, old, 1);
}

static int
upgrade_from_1 (struct store_file *file, MDB_txn *transaction)
{
    int failed = open_tables (file, transaction);

    if (failed == 0) {
        failed = upgrade_rows (file, transaction, "entries", upgrade_entry_1);
    }
    if (failed == 0) {
        failed = upgrade_rows (file, transaction, "accounts", upgrade_account_1);
    }
    return failed != 0 ? failed : write_format (file, transaction);
}

static int
say_foreign (const struct store_file *file, char *error, size_t error_size)
{
    snprintf (error, error_size,
              "%s/data.mdb is another program's, not a store: move it away, or name another "
              "directory",
              file->path);
    return -1;
}

/* Returns 0 with the version, 0 of an empty file; -1 with a message; or an error. */
static int
read_format (struct store_file *file, MDB_txn *transaction, uint32_t *version, char *error,
             size_t error_size)
{
    MDB_val key = text_value ("format");
    MDB_val data;
    MDB_stat stat;
    MDB_dbi main;
    int failed = mdb_dbi_open (transaction, NULL, 0, &main);

    if (failed == 0) {
        failed = mdb_stat (transaction, main, &stat);
    }
    if (failed != 0) {
        return failed;
    }
    if (stat.ms_entries == 0) {
        *version = 0;
        return 0;
    }
    failed = mdb_dbi_open (transaction, "about", 0, &file->about);
    if (failed == 0) {
        failed = mdb_get (transaction, file->about, &key, &data);
    }
    if (failed == MDB_NOTFOUND || failed == MDB_INCOMPATIBLE ||
        (failed == 0 &&
         (data.mv_size != STORE_FORMAT_SIZE || store_format_get_u32 (data.mv_data) == 0))) {
        return say_foreign (file, error, error_size);
    }
    if (failed == 0) {
        *version = store_format_get_u32 (data.mv_data);
    }
    return failed;
}

int
store_upgrade (struct store_file *file, MDB_txn *transaction, char *error, size_t error_size)
{
    uint32_t version;
    const int failed = read_format (file, transaction, &version, error, error_size);

    if (failed != 0) {
        return failed;
    }
    switch (version) {
    case 0:
        return make_new (file, transaction);
    case 1:
        return upgrade_from_1 (file, transaction);
    case STORE_FORMAT:
        return open_tables (file, transaction);
    default:
        snprintf (error, error_size,
                  "the store in %s is of format %" PRIu32 ", made by a newer version; this one "
                  "knows formats up to %" PRIu32 ": use the newer one, or name another directory",
                  file->path, version, STORE_FORMAT);
        return -1;
    }
}
