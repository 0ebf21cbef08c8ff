#include "work/store/store_table.h"

#include <string.h>

static MDB_val
value_of_bytes (const void *bytes, size_t size)
{
    /* LMDB does not write through what it is given to find or to put. */
    return (MDB_val){size, (void *)(uintptr_t)bytes};
}

int
store_table_open (struct store_table *table, MDB_txn *transaction, const char *rows,
                  const char *order)
{
    const int failed = mdb_dbi_open (transaction, rows, MDB_CREATE, &table->rows);

    return failed != 0 ? failed : mdb_dbi_open (transaction, order, MDB_CREATE, &table->order);
}

/* Puts the key into the order under the record's stamp or, if that is taken, the next free one. */
static int
put_order (const struct store_table *table, MDB_txn *transaction, const MDB_val *key,
           struct store_record *record)
{
    MDB_val stamp = {STORE_STAMP_SIZE, record->bytes};
    MDB_val data = *key;
    int failed = mdb_put (transaction, table->order, &stamp, &data, MDB_APPEND);

    /* Not after all others: after a clock was set back. */
    while (failed == MDB_KEYEXIST) {
        data = *key;
        failed = mdb_put (transaction, table->order, &stamp, &data, MDB_NOOVERWRITE);
        if (failed == MDB_KEYEXIST) {
            store_format_put_u64 (record->bytes, store_format_get_u64 (record->bytes) + 1);
        }
    }
    return failed;
}

/* Takes the key whose record is `data` out of the order. */
static int
remove_order (const struct store_table *table, MDB_txn *transaction, const MDB_val *data)
{
    uint8_t bytes[STORE_STAMP_SIZE];
    MDB_val stamp = {sizeof bytes, bytes};

    if (data->mv_size < sizeof bytes) {
        return 0; /* no record of ours: none in the order either */
    }
    memcpy (bytes, data->mv_data, sizeof bytes); /* the page may change under it */
    const int failed = mdb_del (transaction, table->order, &stamp, NULL);

    return failed == MDB_NOTFOUND ? 0 : failed;
}

/* Takes the key's row, if there is one, out of the order. */
static int
remove_old (const struct store_table *table, MDB_txn *transaction, MDB_val *name)
{
    MDB_val data;
    const int failed = mdb_get (transaction, table->rows, name, &data);

    return failed != 0 ? failed : remove_order (table, transaction, &data);
}

int
store_table_put (const struct store_table *table, MDB_txn *transaction,
                 const uint8_t key[STORE_KEY_SIZE], struct store_record *record)
{
    MDB_val name = value_of_bytes (key, STORE_KEY_SIZE);
    MDB_val data = {record->size, record->bytes};
    int failed = remove_old (table, transaction, &name);

    if (failed == 0 || failed == MDB_NOTFOUND) {
        failed = put_order (table, transaction, &name, record);
    }
    return failed != 0 ? failed : mdb_put (transaction, table->rows, &name, &data, 0);
}

int
store_table_remove (const struct store_table *table, MDB_txn *transaction,
                    const uint8_t key[STORE_KEY_SIZE])
{
    MDB_val name = value_of_bytes (key, STORE_KEY_SIZE);
    const int failed = remove_old (table, transaction, &name);

    if (failed == MDB_NOTFOUND) {
        return 0;
    }
    return failed != 0 ? failed : mdb_del (transaction, table->rows, &name, NULL);
}

/* The first or the last of the order. */
static int
end_of_order (const struct store_table *table, MDB_txn *transaction, MDB_cursor_op end,
              MDB_val *stamp, MDB_val *key)
{
    MDB_cursor *cursor;
    int failed = mdb_cursor_open (transaction, table->order, &cursor);

    if (failed != 0) {
        return failed;
    }
    failed = mdb_cursor_get (cursor, stamp, key, end);
    mdb_cursor_close (cursor);
    if (failed == 0 && (stamp->mv_size != STORE_STAMP_SIZE || key->mv_size != STORE_KEY_SIZE)) {
        failed = MDB_CORRUPTED;
    }
    return failed;
}

int
store_table_end (const struct store_table *table, MDB_txn *transaction, MDB_cursor_op end,
                 uint64_t *stamp)
{
    MDB_val name;
    MDB_val key;
    const int failed = end_of_order (table, transaction, end, &name, &key);

    if (failed == 0) {
        *stamp = store_format_get_u64 (name.mv_data);
    }
    return failed;
}

int
store_table_evict (const struct store_table *table, MDB_txn *transaction)
{
    uint8_t stamp_bytes[STORE_STAMP_SIZE];
    uint8_t key_bytes[STORE_KEY_SIZE];
    MDB_val stamp;
    MDB_val key;
    int failed = end_of_order (table, transaction, MDB_FIRST, &stamp, &key);

    if (failed != 0) {
        return failed;
    }
    memcpy (stamp_bytes, stamp.mv_data, sizeof stamp_bytes); /* the page may change under them */
    memcpy (key_bytes, key.mv_data, sizeof key_bytes);
    stamp.mv_data = stamp_bytes;
    key.mv_data = key_bytes;
    failed = mdb_del (transaction, table->order, &stamp, NULL);
    if (failed == 0) {
        failed = mdb_del (transaction, table->rows, &key, NULL);
    }
    return failed == MDB_NOTFOUND ? 0 : failed;
}

static uint64_t
pages_of (const MDB_stat *stat)
{
    return stat->ms_branch_pages + stat->ms_leaf_pages + stat->ms_overflow_pages;
}

int
store_table_count (const struct store_table *table, MDB_txn *transaction, uint64_t *rows,
                   uint64_t *pages)
{
    MDB_stat of_rows;
    MDB_stat of_order;
    int failed = mdb_stat (transaction, table->rows, &of_rows);

    if (failed == 0) {
        failed = mdb_stat (transaction, table->order, &of_order);
    }
    if (failed == 0) {
        *rows = of_rows.ms_entries;
        *pages = pages_of (&of_rows) + pages_of (&of_order);
    }
    return failed;
}
