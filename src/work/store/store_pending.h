/*
 * Changes that wait to be written: a table by key, one change a key, so that what came last is what
 * is written. Of a fixed size. No locks.
 */
#ifndef WORK_STORE_PENDING_H
#define WORK_STORE_PENDING_H

#include "work/store/store_format.h"

enum store_kind { STORE_KIND_ENTRY, STORE_KIND_ACCOUNT };

/* A change: of a row's whole contents, or its removal. */
struct store_change {
    enum store_kind kind;
    uint8_t key[STORE_KEY_SIZE];
    bool removed;
    uint64_t used; /* when, unix time in seconds */
    union {
        struct store_entry entry;
        uint8_t frontier[32];
    };
    uint32_t next; /* in its chain: one more than its index, 0 is none */
};

struct store_pending {
    struct store_change *changes; /* in the order in which their keys came first */
    size_t count;
    size_t capacity;
    uint32_t *chains;
    uint32_t mask;
    uint64_t seed; /* of the hash, so that nobody can aim at a chain */
};

/* `capacity` from 1 to 2^24. Returns 0, or -1 for want of memory. */
int store_pending_init (struct store_pending *pending, size_t capacity, uint64_t seed);
void store_pending_clear (struct store_pending *pending);

/* Which chain of the table a key is in: the same for tables of one capacity and seed. */
uint32_t store_pending_chain (const struct store_pending *pending, enum store_kind kind,
                              const uint8_t key[STORE_KEY_SIZE]);

/* The change of a key in that chain, or NULL. */
struct store_change *store_pending_find (const struct store_pending *pending, uint32_t chain,
                                         enum store_kind kind, const uint8_t key[STORE_KEY_SIZE]);

/* The same, made if there was none: all zero but kind and key. NULL when the table is full. */
struct store_change *store_pending_take (struct store_pending *pending, uint32_t chain,
                                         enum store_kind kind, const uint8_t key[STORE_KEY_SIZE]);

/* Takes all changes out. */
void store_pending_empty (struct store_pending *pending);

#endif
