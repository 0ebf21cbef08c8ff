/*
 * Threads: this file opens and closes the store, on the owner's thread, and starts and joins the
 * writer's (store_writer.c).
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "work/base/random.h"
#include "work/base/thread.h"
#include "work/store/store_check.h"
#include "work/store/store_internal.h"
#include "work/store/store_lock.h"

#define DEFAULT_PENDING 32768

static uint64_t
system_time (void)
{
    return (uint64_t)time (NULL);
}

static void
free_store (struct store *store)
{
    store_pending_clear (&store->tables[0]);
    store_pending_clear (&store->tables[1]);
    (void)pthread_mutex_destroy (&store->lock);
    (void)pthread_cond_destroy (&store->wake);
    (void)pthread_cond_destroy (&store->done);
    free (store);
}

/* Returns 0 or -1. */
static int
make_tables (struct store *store)
{
    const size_t wanted = store->settings.max_pending;
    const size_t capacity = wanted != 0 ? wanted : DEFAULT_PENDING;
    uint64_t seed;

    random_fill (&seed, sizeof seed);
    store->filling = &store->tables[0];
    return store_pending_init (&store->tables[0], capacity, seed) == 0 &&
                   store_pending_init (&store->tables[1], capacity, seed) == 0
               ? 0
               : -1;
}

/* Returns 0 or -1. */
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

/* NULL for want of memory. */
static struct store *
make_store (const struct store_settings *settings)
{
    struct store *const store = calloc (1, sizeof *store);

    if (store == NULL || make_locks (store) != 0) {
        free (store);
        return NULL;
    }
    store->settings = *settings;
    if (settings->now == NULL) {
        store->settings.now = system_time;
    }
    if (make_tables (store) != 0) {
        free_store (store);
        return NULL;
    }
    return store;
}

/* The names of a store's files. */
struct names {
    char data[PATH_MAX];
    char copy[PATH_MAX];    /* what is to be data */
    char damaged[PATH_MAX]; /* what was */
};

/* Returns 0, or -1 with a message. */
static int
make_names (struct names *names, const char *path, char *error, size_t error_size)
{
    const size_t most = sizeof names->damaged;

    if ((size_t)snprintf (names->data, most, "%s/data.mdb", path) >= most ||
        (size_t)snprintf (names->copy, most, "%s/data.mdb.new", path) >= most ||
        (size_t)snprintf (names->damaged, most, "%s/data.mdb.damaged", path) >= most) {
        snprintf (error, error_size, "the store's path %s is too long", path);
        return -1;
    }
    return 0;
}

/* Whether there is a file at all, and something in it. */
static bool
is_there (const char *name)
{
    struct stat status;

    return stat (name, &status) == 0 && status.st_size > 0;
}

/* Gives a file that cannot be used another name, and says so. Returns 0, or -1 with a message. */
static int
put_aside (const struct names *names, enum store_past past, const char *reason, char *error,
           size_t error_size)
{
    if (past == STORE_PAST_NONE) {
        snprintf (error, error_size,
                  "%s is another program's file, or a damaged store (%s): move it away, or choose "
                  "another directory",
                  names->data, reason);
        return -1;
    }
    if (rename (names->data, names->damaged) != 0) {
        snprintf (error, error_size, "the store %s is damaged (%s), and cannot be renamed: %s",
                  names->data, reason, strerror (errno));
        return -1;
    }
    snprintf (
        error, error_size,
        "the store %s is damaged (%s): the file was renamed to %s, and a new store was started",
        names->data, reason, names->damaged);
    return 0;
}

/*
 * Sees to it that LMDB can be let at the file. One that was left open may be damaged where only
 * writing shows it, and that be why: it is written anew, row by row. Returns 0, with a message if
 * the file was put aside, or -1 with one.
 */
static int
prepare_file (const struct names *names, enum store_past past, char *error, size_t error_size)
{
    char reason[128] = "";
    enum store_check result = STORE_CHECK_UNSURE;

    if (past == STORE_PAST_OPEN) {
        result = store_check (names->data, names->copy, reason, sizeof reason);
        if (result == STORE_CHECK_GOOD && rename (names->copy, names->data) != 0) {
            (void)unlink (names->copy);
        }
    }
    if (result == STORE_CHECK_UNSURE) { /* no room for another, perhaps */
        result = store_check (names->data, NULL, reason, sizeof reason);
    }
    if (result == STORE_CHECK_EMPTY) {
        (void)unlink (names->data); /* it may end before its headers do */
    }
    return result == STORE_CHECK_DAMAGED ? put_aside (names, past, reason, error, error_size) : 0;
}

static uint64_t
least (uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Bounds the rows by what there is room for. */
static void
set_bounds (struct store *store)
{
    const struct store_settings *const settings = &store->settings;
    const uint64_t bytes = settings->max_bytes != 0 ? settings->max_bytes : UINT64_MAX;
    const uint64_t room = least (bytes, store->file.map_bytes) / STORE_ENTRY_BYTES;
    const uint64_t accounts =
        settings->max_accounts != 0 ? settings->max_accounts : settings->max_entries;

    store->max_rows[STORE_KIND_ENTRY] = least (settings->max_entries, room);
    store->max_rows[STORE_KIND_ACCOUNT] = least (accounts, room);
}

/* Opens the file and starts the writer. Returns 0, or -1 with a message. */
static int
start (struct store *store, const char *path, char *error, size_t error_size)
{
    if (store_file_open (&store->file, path, store->settings.max_bytes, error, error_size) != 0) {
        return -1;
    }
    set_bounds (store);
    int failed = store_writer_init (store);

    if (failed != 0) {
        snprintf (error, error_size, "cannot read the store in %s: %s", path,
                  store_file_error (&store->file, failed));
    } else {
        failed = thread_start (&store->thread, store_writer_run, store);
        if (failed != 0) {
            snprintf (error, error_size, "cannot start the store's thread: %s", strerror (failed));
        }
    }
    if (failed != 0) {
        store_file_close (&store->file);
    }
    return failed != 0 ? -1 : 0;
}

/* Returns 0, or -1 with a message. */
static int
open_file (struct store *store, const char *path, char *error, size_t error_size)
{
    struct names names;
    enum store_past past;

    if (make_names (&names, path, error, error_size) != 0) {
        return -1;
    }
    store->lock_fd = store_lock (path, &past, error, error_size);
    if (store->lock_fd < 0) {
        return -1;
    }
    if (prepare_file (&names, past, error, error_size) == 0) {
        const bool fresh = !is_there (names.data);

        if (start (store, path, error, error_size) == 0) {
            return 0;
        }
        if (fresh) {
            (void)unlink (names.data); /* half a header would be in the way next time */
        }
    }
    store_unlock (store->lock_fd, past == STORE_PAST_NONE ? STORE_PAST_NONE : STORE_PAST_OPEN);
    return -1;
}

struct store *
store_open (const char *path, const struct store_settings *settings, char *error, size_t error_size)
{
    struct store *const store = make_store (settings);

    if (store == NULL) {
        snprintf (error, error_size, "out of memory");
        return NULL;
    }
    error[0] = '\0';
    if (open_file (store, path, error, error_size) != 0) {
        free_store (store);
        return NULL;
    }
    return store;
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
    store_unlock (store->lock_fd, store->written.failing || store->statistics.read_errors > 0
                                      ? STORE_PAST_OPEN
                                      : STORE_PAST_CLOSED);
    free_store (store);
}

int
store_sync (struct store *store)
{
    int result = 0;

    pthread_mutex_lock (&store->lock);
    const uint64_t errors = store->written.write_errors;

    while (result == 0 && (store->writing != NULL || store->filling->count > 0)) {
        store->hurry = true;
        pthread_cond_signal (&store->wake);
        pthread_cond_wait (&store->done, &store->lock);
        result = store->written.write_errors != errors ? -1 : 0;
    }
    pthread_mutex_unlock (&store->lock);
    return result;
}
