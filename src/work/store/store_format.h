/*
 * The store's keys and records, as bytes. Pure; any thread.
 *
 * Format 2, numbers big-endian:
 *
 *     key      network, 1 byte; root or account, 32 bytes
 *     entry    stamp, work, value, found: 8 bytes each; flags, 1 byte (1: account follows);
 *              account, 32 bytes if so; length of the source, 1 byte; source
 *     account  stamp, 8 bytes; frontier, 32 bytes
 *     order    key: stamp, 8 bytes; value: the key of the row that has that stamp
 *
 * A stamp is the time of last use in microseconds of unix time, made unique by counting on.
 */
#ifndef WORK_STORE_FORMAT_H
#define WORK_STORE_FORMAT_H

#include "work/store/store.h"

#define STORE_FORMAT UINT32_C (2)

#define STORE_KEY_SIZE 33
#define STORE_STAMP_SIZE 8
#define STORE_ENTRY_SIZE (4 * 8 + 1 + 32 + 1 + STORE_SOURCE_SIZE) /* at the most */
#define STORE_ACCOUNT_SIZE (STORE_STAMP_SIZE + 32)

/* Stamps a second. */
#define STORE_STAMP_SECOND UINT64_C (1000000)

enum store_kind { STORE_KIND_ENTRY, STORE_KIND_ACCOUNT, STORE_KINDS };

/* A row's bytes, which begin with its stamp. */
struct store_record {
    size_t size; /* 0: there is no such row */
    uint8_t bytes[STORE_ENTRY_SIZE];
};

void store_format_put_u64 (uint8_t bytes[8], uint64_t number);
uint64_t store_format_get_u64 (const uint8_t bytes[8]);

void store_format_key (enum store_network network, const uint8_t id[32],
                       uint8_t key[STORE_KEY_SIZE]);

void store_format_entry (const struct store_entry *entry, uint64_t stamp,
                         struct store_record *record);
void store_format_account (const uint8_t frontier[32], uint64_t stamp, struct store_record *record);

/* Returns 0, or -1 when the record is no entry; nothing is written then. */
int store_format_read_entry (const uint8_t key[STORE_KEY_SIZE], const struct store_record *record,
                             struct store_entry *entry);

/* When the row was last used, unix time in seconds. */
uint64_t store_format_used (const struct store_record *record);

#endif
