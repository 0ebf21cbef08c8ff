/*
 * Threads: this file opens and closes the store, on the owner's thread, and starts and joins the
 * writer's (store_writer.c).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "work/base/thread.h"
#include "work/store/store_internal.h"
#include "work/store/store_lock.h"

#define DEFAULT_PENDING 32768
#define MAX_PENDING (1 << 24)

uint64_t
store_now (const struct store *store)
{
    return store->settings.now != NULL ? store->settings.now () : (uint64_t)time (NULL);
}

/* Returns 0, or -1 with a message. */
static int
check_settings (const struct store_settings *settings, char *error, size_t error_size)
{
    if (settings->max_entries < 1) {
        snprintf (error, error_size, "a store is for at least one entry");
        return -1;
    }
    if (settings->max_bytes != 0 && settings->max_bytes < STORE_MIN_BYTES) {
        snprintf (error, error_size, "a store's bound is at least %" PRIu64 " bytes, or 0 for none",
                  STORE_MIN_BYTES);
        return -1;
    }
    if (settings->max_pending > MAX_PENDING) {
        snprintf (error, error_size, "at most %d changes may wait for a store's writer",
                  MAX_PENDING);
        return -1;
    }
    return 0;
}

static uint64_t
least (uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void
set_bounds (struct store *store, const struct store_settings *settings)
{
    const uint64_t bytes = settings->max_bytes;
    const uint64_t room = bytes != 0 ? bytes / STORE_ENTRY_BYTES : UINT64_MAX;
    const uint64_t accounts =
        settings->max_accounts != 0 ? settings->max_accounts : settings->max_entries;

    store->settings = *settings;
    store->max_entries = least (settings->max_entries, room);
    store->max_accounts = least (accounts, room);
}

/* Returns 0, or -1 with nothing made. */
static int
make_tables (struct store *store)
{
    const size_t wanted = store->settings.max_pending;
    const size_t capacity = wanted != 0 ? wanted : DEFAULT_PENDING;
    uint64_t seed;

    if (getrandom (&seed, sizeof seed, 0) != (ssize_t)sizeof seed ||
        store_pending_init (&store->tables[0], capacity, seed) != 0) {
        return -1;
    }
    if (store_pending_init (&store->tables[1], capacity, seed) != 0) {
        store_pending_clear (&store->tables[0]);
        return -1;
    }
    store->filling = &store->tables[0];
    return 0;
}

static void
free_tables (struct store *store)
{
    store_pending_clear (&store->tables[0]);
    store_pending_clear (&store->tables[1]);
}

/* Returns 0, or -1 with nothing made. */
static int
make_locks (struct store *store)
{
    if (thread_lock_init (&store->lock, &store->wake) != 0) {
        return -1;
    }
    if (pthread_cond_init (&store->done, NULL) != 0) {
        (void)pthread_mutex_destroy (&store->lock);
        (void)pthread_cond_destroy (&store->wake);
        return -1;
    }
    return 0;
}

static void
free_locks (struct store *store)
{
    (void)pthread_mutex_destroy (&store->lock);
    (void)pthread_cond_destroy (&store->wake);
    (void)pthread_cond_destroy (&store->done);
}

/* Opens the file and starts the writer. Returns 0, or -1 with a message. */
static int
open_file (struct store *store, const char *path, char *error, size_t error_size)
{
    const struct store_settings *const settings = &store->settings;

    if (store_file_open (&store->file, path, settings->first_map, settings->max_bytes, error,
                         error_size) != 0) {
        return -1;
    }
    int failed = store_writer_init (store);

    if (failed != 0) {
        snprintf (error, error_size, "cannot read the store in %s: %s", path,
                  store_file_error (&store->file, failed));
        store_file_close (&store->file);
        return -1;
    }
    failed = thread_start (&store->thread, store_writer_run, store);
    if (failed != 0) {
        snprintf (error, error_size, "cannot start the store's thread: %s", strerror (failed));
        store_file_close (&store->file);
        return -1;
    }
    return 0;
}

struct store *
store_open (const char *path, const struct store_settings *settings, char *error, size_t error_size)
{
    if (check_settings (settings, error, error_size) != 0) {
        return NULL;
    }
    struct store *const store = calloc (1, sizeof *store);

    if (store == NULL) {
        snprintf (error, error_size, "out of memory");
        return NULL;
    }
    set_bounds (store, settings);
    if (make_tables (store) != 0) {
        snprintf (error, error_size, "out of memory");
        goto no_tables;
    }
    if (make_locks (store) != 0) {
        snprintf (error, error_size, "out of memory");
        goto no_locks;
    }
    store->lock_fd = store_lock (path, error, error_size);
    if (store->lock_fd < 0) {
        goto no_directory;
    }
    if (open_file (store, path, error, error_size) == 0) {
        return store;
    }
    (void)close (store->lock_fd);
no_directory:
    free_locks (store);
no_locks:
    free_tables (store);
no_tables:
    free (store);
    return NULL;
}

void
store_close (struct store *store)
{
    if (store == NULL) {
        return;
    }
    pthread_mutex_lock (&store->lock);
    store->stopping = true;
    pthread_cond_signal (&store->wake);
    pthread_mutex_unlock (&store->lock);
    (void)pthread_join (store->thread, NULL);
    store_file_close (&store->file);
    (void)close (store->lock_fd);
    free_locks (store);
    free_tables (store);
    free (store);
}

int
store_sync (struct store *store)
{
    int result = 0;

    pthread_mutex_lock (&store->lock);
    const uint64_t errors = store->written.errors;

    while (result == 0 && (store->writing != NULL || store->filling->count > 0)) {
        store->hurry = true;
        pthread_cond_signal (&store->wake);
        pthread_cond_wait (&store->done, &store->lock);
        result = store->written.errors != errors ? -1 : 0;
    }
    pthread_mutex_unlock (&store->lock);
    return result;
}
