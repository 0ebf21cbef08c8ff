/*
 * What the tests of the store share: a directory, a clock that the test sets, and entries that can
 * be made again from a number. Functions fail the running test when something goes wrong.
 */
#ifndef SUPPORT_STORE_H
#define SUPPORT_STORE_H

#include "work/store/store.h"

/* A fresh, empty directory; `path` is the store's, within it, not made yet. */
struct support_place {
    char directory[256];
    char path[300];
};

int support_set_up (void **state);    /* *state is a struct support_place */
int support_tear_down (void **state); /* removes it with the store's files */

#define SUPPORT_TEST(name) cmocka_unit_test_setup_teardown (name, support_set_up, support_tear_down)

/* The clock of the stores opened here: unix time, seconds. */
void support_set_time (uint64_t now);
uint64_t support_time (void);

/* Settings of `max_entries`, with that clock and no other bound. */
struct store_settings support_settings (uint64_t max_entries);

/* Opens; fails the test if that does not work. */
struct store *support_open (const char *path, const struct store_settings *settings);

/* Fails to open; `error` has STORE_ERROR_SIZE bytes. */
void support_refused (const char *path, char *error);

void support_sync (struct store *store);

/* 32 bytes made of a number, each number's its own. */
void support_bytes (uint64_t number, uint8_t bytes[32]);

/* A nonce for `number`'s root whose value in `order` beats that of strength below it. */
uint64_t support_nonce (uint64_t number, enum difficulty_order order, unsigned strength);

/* Entry of root `number`; the nonce's strength 0 to 3; found at support_time (). */
struct store_entry support_entry (enum store_network network, uint64_t number, unsigned strength);

/* Whether the store has any work for root `number`. */
bool support_has (struct store *store, enum store_network network, uint64_t number);

void support_assert_same (const struct store_entry *a, const struct store_entry *b);

struct scan_target support_target (const struct store_entry *entry, uint64_t threshold);

/* Whether store_get has it for that threshold; what it has must be the entry. */
bool support_gets (struct store *store, const struct store_entry *entry, uint64_t threshold);

/* Closes and opens. */
struct store *support_reopen (struct store *store, const struct support_place *place,
                              const struct store_settings *settings);

/* Puts entries of NANO_LIVE, strength 0, `from` to below `to`, and syncs. */
void support_put (struct store *store, uint64_t from, uint64_t to);

struct store_statistics support_statistics (struct store *store);

/* The path of one of the store's files; static. */
const char *support_file (const struct support_place *place, const char *name);

#endif
