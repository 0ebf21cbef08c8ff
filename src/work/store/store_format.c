#include "work/store/store_format.h"

#include <string.h>

#define FLAG_ACCOUNT 1

void
store_format_put_u64 (uint8_t bytes[8], uint64_t number)
{
    for (int i = 7; i >= 0; i--) {
        bytes[i] = (uint8_t)number;
        number >>= 8;
    }
}

uint64_t
store_format_get_u64 (const uint8_t bytes[8])
{
    uint64_t number = 0;

    for (int i = 0; i < 8; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

void
store_format_put_u32 (uint8_t bytes[4], uint32_t number)
{
    for (int i = 3; i >= 0; i--) {
        bytes[i] = (uint8_t)number;
        number >>= 8;
    }
}

uint32_t
store_format_get_u32 (const uint8_t bytes[4])
{
    uint32_t number = 0;

    for (int i = 0; i < 4; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

void
store_format_key (enum store_network network, const uint8_t id[32], uint8_t key[STORE_KEY_SIZE])
{
    key[0] = (uint8_t)network;
    memcpy (key + 1, id, 32);
}

size_t
store_format_entry (const struct store_entry *entry, uint64_t stamp,
                    uint8_t bytes[STORE_ENTRY_SIZE])
{
    const size_t length = strnlen (entry->source, STORE_SOURCE_SIZE - 1);
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
    return (size_t)(end - bytes) + length;
}

void
store_format_account (const uint8_t frontier[32], uint64_t stamp, uint8_t bytes[STORE_ACCOUNT_SIZE])
{
    store_format_put_u64 (bytes, stamp);
    memcpy (bytes + STORE_STAMP_SIZE, frontier, 32);
}

/*
 * Reads work, value, found, flags and account into an entry that is all zero. Returns how many
 * bytes that took, or 0 when they are not there.
 */
static size_t
read_common (const uint8_t key[STORE_KEY_SIZE], const uint8_t *bytes, size_t size,
             struct store_entry *entry)
{
    size_t used = 3 * 8 + 1;

    if (size < used || (bytes[24] & ~FLAG_ACCOUNT) != 0) {
        return 0;
    }
    entry->network = key[0];
    memcpy (entry->root, key + 1, 32);
    entry->work = store_format_get_u64 (bytes);
    entry->value = store_format_get_u64 (bytes + 8);
    entry->found = store_format_get_u64 (bytes + 16);
    entry->has_account = bytes[24] == FLAG_ACCOUNT;
    if (entry->has_account) {
        if (size < used + 32) {
            return 0;
        }
        memcpy (entry->account, bytes + used, 32);
        used += 32;
    }
    return used;
}

int
store_format_read_entry (const uint8_t key[STORE_KEY_SIZE], const uint8_t *bytes, size_t size,
                         struct store_entry *entry, uint64_t *stamp)
{
    struct store_entry read = {0};

    if (size < STORE_STAMP_SIZE) {
        return -1;
    }
    const uint8_t *const rest = bytes + STORE_STAMP_SIZE;
    const size_t left = size - STORE_STAMP_SIZE;
    const size_t used = read_common (key, rest, left, &read);

    if (used == 0 || used == left || rest[used] >= STORE_SOURCE_SIZE ||
        left != used + 1 + rest[used]) {
        return -1;
    }
    memcpy (read.source, rest + used + 1, rest[used]);
    *stamp = store_format_get_u64 (bytes);
    *entry = read;
    return 0;
}

int
store_format_read_entry_1 (const uint8_t key[STORE_KEY_SIZE], const uint8_t *bytes, size_t size,
                           struct store_entry *entry)
{
    struct store_entry read = {0};
    const size_t used = read_common (key, bytes, size, &read);

    if (used == 0 || size - used >= STORE_SOURCE_SIZE) {
        return -1;
    }
    memcpy (read.source, bytes + used, size - used);
    *entry = read;
    return 0;
}
