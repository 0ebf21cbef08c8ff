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
check_record (const uint8_t key[STORE_KEY_SIZE], const uint8_t *bytes, size_t size)
{
    struct store_entry entry = {.work = 7};
    struct store_entry again;
    uint8_t key_again[STORE_KEY_SIZE];
    uint8_t written[STORE_ENTRY_SIZE];
    uint64_t stamp = 7;
    uint64_t stamp_again;
    size_t length;

    if (store_format_read_entry (key, bytes, size, &entry, &stamp) != 0) {
        FUZZ_CHECK (entry.work == 7 && stamp == 7);
        return;
    }
    store_format_key (entry.network, entry.root, key_again);
    FUZZ_CHECK (memcmp (key, key_again, sizeof key_again) == 0);
    FUZZ_CHECK (memchr (entry.source, '\0', STORE_SOURCE_SIZE) != NULL);
    length = store_format_entry (&entry, stamp, written);
    FUZZ_CHECK (length <= sizeof written && length <= size);
    if (length == size) {
        FUZZ_CHECK (memcmp (bytes, written, size) == 0);
    } else {
        FUZZ_CHECK (bytes[length] == '\0');
    }
    FUZZ_CHECK (store_format_read_entry (key, written, length, &again, &stamp_again) == 0);
    FUZZ_CHECK (stamp_again == stamp && again.work == entry.work && again.value == entry.value &&
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
    store_format_put_u32 (again, store_format_get_u32 (bytes));
    FUZZ_CHECK (memcmp (bytes, again, 4) == 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    if (size >= STORE_KEY_SIZE) {
        /* Of its own size, so that what reads beyond it is seen. */
        uint8_t *record = (uint8_t *)fuzz_text (data + STORE_KEY_SIZE, size - STORE_KEY_SIZE);

        record = realloc (record, size - STORE_KEY_SIZE > 0 ? size - STORE_KEY_SIZE : 1);
        FUZZ_CHECK (record != NULL);
        check_record (data, record, size - STORE_KEY_SIZE);
        check_numbers (data);
        free (record);
    }
    return 0;
}
