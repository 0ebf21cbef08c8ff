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
#define STORE_FORMAT_SIZE 4 /* of the version's record */

#define STORE_KEY_SIZE 33
#define STORE_STAMP_SIZE 8
#define STORE_ENTRY_SIZE (4 * 8 + 1 + 32 + 1 + STORE_SOURCE_SIZE) /* at the most */
#define STORE_ACCOUNT_SIZE (STORE_STAMP_SIZE + 32)

/* Stamps a second. */
#define STORE_STAMP_SECOND UINT64_C (1000000)

void store_format_put_u64 (uint8_t bytes[8], uint64_t number);
uint64_t store_format_get_u64 (const uint8_t bytes[8]);
void store_format_put_u32 (uint8_t bytes[4], uint32_t number);
uint32_t store_format_get_u32 (const uint8_t bytes[4]);

void store_format_key (enum store_network network, const uint8_t id[32],
                       uint8_t key[STORE_KEY_SIZE]);

/* The size of what was written. */
size_t store_format_entry (const struct store_entry *entry, uint64_t stamp,
                           uint8_t bytes[STORE_ENTRY_SIZE]);
void store_format_account (const uint8_t frontier[32], uint64_t stamp,
                           uint8_t bytes[STORE_ACCOUNT_SIZE]);

/* Returns 0, or -1 when the bytes are no such record; nothing is written then. */
int store_format_read_entry (const uint8_t key[STORE_KEY_SIZE], const uint8_t *bytes, size_t size,
                             struct store_entry *entry, uint64_t *stamp);

#endif
