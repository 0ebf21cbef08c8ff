#include "work/store/store_format.h"

#include <endian.h>
#include <string.h>

#define FLAG_ACCOUNT 1

void
store_format_put_u64 (uint8_t bytes[8], uint64_t number)
{
    number = htobe64 (number);
    memcpy (bytes, &number, sizeof number);
}

uint64_t
store_format_get_u64 (const uint8_t bytes[8])
{
    uint64_t number;

    memcpy (&number, bytes, sizeof number);
    return be64toh (number);
}

void
store_format_key (enum store_network network, const uint8_t id[32], uint8_t key[STORE_KEY_SIZE])
{
    key[0] = (uint8_t)network;
    memcpy (key + 1, id, 32);
}

void
store_format_entry (const struct store_entry *entry, uint64_t stamp, struct store_record *record)
{
    const size_t length = strnlen (entry->source, STORE_SOURCE_SIZE - 1);
    uint8_t *const bytes = record->bytes;
    uint8_t *end = bytes + 32;

    store_format_put_u64 (bytes, stamp);
    store_format_put_u64 (bytes + 8, entry->work);
    store_format_put_u64 (bytes + 16, entry->value);
    store_format_put_u64 (bytes + 24, entry->found);
    *end++ = entry->has_account ? FLAG_ACCOUNT : 0;
    if (entry->has_account) {
        memcpy (end, entry->account, 32);
        end += 32;
    }
    *end++ = (uint8_t)length;
    memcpy (end, entry->source, length);
    record->size = (size_t)(end - bytes) + length;
}

void
store_format_account (const uint8_t frontier[32], uint64_t stamp, struct store_record *record)
{
    store_format_put_u64 (record->bytes, stamp);
    memcpy (record->bytes + STORE_STAMP_SIZE, frontier, 32);
    record->size = STORE_ACCOUNT_SIZE;
}

int
store_format_read_entry (const uint8_t key[STORE_KEY_SIZE], const struct store_record *record,
                         struct store_entry *entry)
{
    const uint8_t *const bytes = record->bytes;
    struct store_entry read = {.network = key[0]};
    size_t used = 4 * 8 + 1;

    if (record->size < used || record->size > sizeof record->bytes ||
        (bytes[32] & ~FLAG_ACCOUNT) != 0) {
        return -1;
    }
    memcpy (read.root, key + 1, sizeof read.root);
    read.work = store_format_get_u64 (bytes + 8);
    read.value = store_format_get_u64 (bytes + 16);
    read.found = store_format_get_u64 (bytes + 24);
    read.has_account = bytes[32] == FLAG_ACCOUNT;
    if (read.has_account) {
        memcpy (read.account, bytes + used, sizeof read.account);
        used += sizeof read.account;
    }
    if (record->size <= used || bytes[used] >= STORE_SOURCE_SIZE ||
        record->size != used + 1 + bytes[used]) {
        return -1;
    }
    memcpy (read.source, bytes + used + 1, bytes[used]);
    *entry = read;
    return 0;
}

uint64_t
store_format_used (const struct store_record *record)
{
    return store_format_get_u64 (record->bytes) / STORE_STAMP_SECOND;
}
