#include "support_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cmocka.h>

#include "work/scan/value.h"

static _Atomic uint64_t the_time = 1700000000;

/* TMPDIR, or a file system in memory that has room: these tests write often, and none cuts the
 * power. */
static const char *
base_directory (void)
{
    const char *const given = getenv ("TMPDIR");
    struct statvfs room;

    if (given != NULL && strlen (given) < 200) {
        return given;
    }
    return access ("/dev/shm", W_OK) == 0 && statvfs ("/dev/shm", &room) == 0 &&
                   room.f_bavail * room.f_frsize >= (1U << 30)
               ? "/dev/shm"
               : "/tmp";
}

int
support_set_up (void **state)
{
    struct support_place *place = calloc (1, sizeof *place);

    assert_non_null (place);
    snprintf (place->directory, sizeof place->directory, "%s/workpeer-store-XXXXXX",
              base_directory ());
    assert_non_null (mkdtemp (place->directory));
    snprintf (place->path, sizeof place->path, "%s/store", place->directory);
    support_set_time (1700000000);
    *state = place;
    return 0;
}

const char *
support_file (const struct support_place *place, const char *name)
{
    static char path[512];

    snprintf (path, sizeof path, "%s/%s", place->path, name);
    return path;
}

int
support_tear_down (void **state)
{
    struct support_place *place = *state;

    (void)unlink (support_file (place, "data.mdb"));
    (void)unlink (support_file (place, "data.mdb.damaged"));
    (void)unlink (support_file (place, "lock.mdb"));
    (void)unlink (support_file (place, "store.lock"));
    (void)rmdir (place->path);
    (void)unlink (place->path);
    assert_int_equal (rmdir (place->directory), 0);
    free (place);
    return 0;
}

void
support_set_time (uint64_t now)
{
    atomic_store (&the_time, now);
}

uint64_t
support_time (void)
{
    return atomic_load (&the_time);
}

struct store_settings
support_settings (uint64_t max_entries)
{
    return (struct store_settings){.max_entries = max_entries, .now = support_time};
}

struct store *
support_open (const char *path, const struct store_settings *settings)
{
    char error[STORE_ERROR_SIZE] = "";
    struct store *store = store_open (path, settings, error, sizeof error);

    if (store == NULL) {
        fail_msg ("%s", error);
    }
    return store;
}

void
support_refused (const char *path, char *error)
{
    const struct store_settings settings = support_settings (100);

    error[0] = '\0';
    assert_null (store_open (path, &settings, error, STORE_ERROR_SIZE));
    assert_string_not_equal (error, "");
}

void
support_sync (struct store *store)
{
    if (store_sync (store) != 0) {
        fail_msg ("not written: %s", support_statistics (store).error);
    }
}

void
support_bytes (uint64_t number, uint8_t bytes[32])
{
    static const uint8_t salt[32] = "thirty-two bytes that are a salt";

    for (uint64_t i = 0; i < 4; i++) {
        uint64_t word;
        word = value_of (salt, number * 4 + i);
        memcpy (bytes + 8 * i, &word, 8);
    }
    memcpy (bytes + 24, &number, 8);
}

uint64_t
support_nonce (uint64_t number, enum difficulty_order order, unsigned strength)
{
    uint8_t root[32];
    uint64_t best;
    uint64_t best_nonce = 0;
    uint64_t value;
    unsigned better = 0;

    support_bytes (number, root);
    best = value_of (root, 0);
    for (uint64_t nonce = 1; better < strength; nonce++) {
        value = value_of (root, nonce);
        if (order == DIFFICULTY_AT_LEAST ? value > best : value < best) {
            best = value;
            best_nonce = nonce;
            better++;
        }
    }
    return best_nonce;
}

struct store_entry
support_entry (enum store_network network, uint64_t number, unsigned strength)
{
    struct store_entry entry = {.network = network, .found = support_time ()};

    support_bytes (number, entry.root);
    entry.work = support_nonce (number, store_order (network), strength);
    entry.value = value_of (entry.root, entry.work);
    snprintf (entry.source, sizeof entry.source, "device %u", strength);
    return entry;
}

bool
support_has (struct store *store, enum store_network network, uint64_t number)
{
    struct store_entry entry;
    uint8_t root[32];

    support_bytes (number, root);
    return store_peek (store, network, root, &entry);
}

struct store_statistics
support_statistics (struct store *store)
{
    struct store_statistics statistics;

    store_statistics (store, &statistics);
    return statistics;
}

void
support_assert_same (const struct store_entry *a, const struct store_entry *b)
{
    assert_int_equal (a->network, b->network);
    assert_memory_equal (a->root, b->root, 32);
    assert_true (a->work == b->work && a->value == b->value && a->found == b->found);
    assert_int_equal (a->has_account, b->has_account);
    assert_memory_equal (a->account, b->account, 32);
    assert_string_equal (a->source, b->source);
}

struct scan_target
support_target (const struct store_entry *entry, uint64_t threshold)
{
    struct scan_target target = {.threshold = threshold, .order = store_order (entry->network)};

    memcpy (target.root, entry->root, sizeof target.root);
    return target;
}

bool
support_gets (struct store *store, const struct store_entry *entry, uint64_t threshold)
{
    const struct scan_target target = support_target (entry, threshold);
    struct store_entry found;

    if (!store_get (store, entry->network, &target, &found)) {
        return false;
    }
    support_assert_same (&found, entry);
    return true;
}

struct store *
support_reopen (struct store *store, const struct support_place *place,
                const struct store_settings *settings)
{
    store_close (store);
    return support_open (place->path, settings);
}

void
support_put (struct store *store, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++) {
        const struct store_entry entry = support_entry (STORE_NANO_LIVE, i, 0);
        assert_int_equal (store_put (store, &entry), STORE_PUT);
    }
    support_sync (store);
}
