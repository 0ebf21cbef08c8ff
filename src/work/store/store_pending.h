/*
 * Changes that wait to be written, at most one a key: the last one is what is written. Of a fixed
 * size. No locks.
 */
#ifndef WORK_STORE_PENDING_H
#define WORK_STORE_PENDING_H

#include "work/store/store_format.h"

/* What a row is to be. */
struct store_change {
    enum store_kind kind;
    uint8_t key[STORE_KEY_SIZE];
    struct store_record record; /* of size 0: the row goes */
    uint32_t next;              /* in its chain: one more than its index, 0 is none */
};

struct store_pending {
    struct store_change *changes; /* in the order in which their keys came first */
    size_t count;
    size_t capacity;
    uint64_t since; /* clock_now when the first came */
    uint32_t *chains;
    uint32_t mask;
    uint64_t seed; /* of the hash, so that nobody can aim at a chain */
};

/* `capacity` from 1 to 2^24. Returns 0, or -1 for want of memory. */
int store_pending_init (struct store_pending *pending, size_t capacity, uint64_t seed);
void store_pending_clear (struct store_pending *pending);

/* The change of a key, or NULL. */
const struct store_change *store_pending_find (const struct store_pending *pending,
                                               enum store_kind kind,
                                               const uint8_t key[STORE_KEY_SIZE]);

/* Puts a change, in the place of its key's last one. Returns 0, or -1 when the table is full. */
int store_pending_put (struct store_pending *pending, enum store_kind kind,
                       const uint8_t key[STORE_KEY_SIZE], const struct store_record *record);

/* Takes all changes out. */
void store_pending_empty (struct store_pending *pending);

#endif
