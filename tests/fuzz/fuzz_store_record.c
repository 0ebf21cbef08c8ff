/*
 * The store's records: one that can be read is written again as the same bytes, and one that cannot
 * leaves the entry alone.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "work/store/store_format.h"

/* The text of a source is what is before a zero byte: no writer puts one into it. */
static void
check_record (const uint8_t key[STORE_KEY_SIZE], const struct store_record *record)
{
    struct store_entry entry = {.work = 7};
    struct store_entry again;
    struct store_record written;
    uint8_t key_again[STORE_KEY_SIZE];

    if (store_format_read_entry (key, record, &entry) != 0) {
        FUZZ_CHECK (entry.work == 7);
        return;
    }
    store_format_key (entry.network, entry.root, key_again);
    FUZZ_CHECK (memcmp (key, key_again, sizeof key_again) == 0);
    FUZZ_CHECK (memchr (entry.source, '\0', STORE_SOURCE_SIZE) != NULL);
    store_format_entry (&entry, store_format_get_u64 (record->bytes), &written);
    FUZZ_CHECK (written.size <= sizeof written.bytes && written.size <= record->size);
    if (written.size == record->size) {
        FUZZ_CHECK (memcmp (record->bytes, written.bytes, written.size) == 0);
    } else {
        FUZZ_CHECK (record->bytes[written.size] == '\0');
    }
    FUZZ_CHECK (store_format_read_entry (key, &written, &again) == 0);
    FUZZ_CHECK (again.work == entry.work && again.value == entry.value &&
                again.found == entry.found && again.has_account == entry.has_account &&
                memcmp (again.account, entry.account, 32) == 0 &&
                strcmp (again.source, entry.source) == 0);
}

static void
check_numbers (const uint8_t *bytes)
{
    uint8_t again[8];

    store_format_put_u64 (again, store_format_get_u64 (bytes));
    FUZZ_CHECK (memcmp (bytes, again, 8) == 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    if (size >= STORE_KEY_SIZE) {
        struct store_record record = {.size = size - STORE_KEY_SIZE};

        memcpy (record.bytes, data + STORE_KEY_SIZE,
                record.size < sizeof record.bytes ? record.size : sizeof record.bytes);
        check_record (data, &record);
        check_numbers (data);
    }
    return 0;
}
