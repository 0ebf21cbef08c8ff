/*
 * A store's file of which nobody knows how it came to be so, in a directory whose store was not
 * closed: whatever the bytes are, the store that is opened there, in this process, is fit for use
 * and serves nothing wrong. The file of a newer format is refused.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "work/scan/value.h"
#include "work/store/store.h"

static const char *
path_of (const char *name)
{
    static char path[512];

    snprintf (path, sizeof path, "%s/store/%s", fuzz_directory (), name);
    return path;
}

static void
write_file (const char *name, const void *data, size_t size)
{
    const int fd = open (path_of (name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    FUZZ_CHECK (fd >= 0);
    FUZZ_CHECK (write (fd, data, size) == (ssize_t)size);
    FUZZ_CHECK (close (fd) == 0);
}

/* The entry of a root that is `number` over and over. */
static bool
has (struct store *store, uint8_t number)
{
    struct store_entry entry;
    uint8_t root[32];

    memset (root, number, sizeof root);
    if (!store_peek (store, STORE_NANO_LIVE, root, &entry)) {
        return false;
    }
    FUZZ_CHECK (value_of (root, entry.work) == entry.value);
    return true;
}

static void
use (struct store *store)
{
    struct store_statistics statistics;
    struct store_account accounts[8];

    (void)store_recent_accounts (store, STORE_NANO_LIVE, accounts, 8);
    for (uint8_t i = 0; i < 32; i++) {
        struct store_entry entry = {.network = STORE_NANO_LIVE, .work = i};

        (void)has (store, i);
        memset (entry.root, i, sizeof entry.root);
        FUZZ_CHECK (store_put (store, &entry) != STORE_DROPPED);
        FUZZ_CHECK (store_frontier (store, STORE_NANO_LIVE, entry.root, entry.root) == 0);
    }
    FUZZ_CHECK (store_sync (store) == 0);
    for (uint8_t i = 0; i < 32; i++) {
        FUZZ_CHECK (has (store, i));
    }
    store_statistics (store, &statistics);
    FUZZ_CHECK (statistics.read_errors == 0 && statistics.write_errors == 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    const struct store_settings settings = {.max_entries = 1000};
    char error[STORE_ERROR_SIZE];

    (void)mkdir (path_of (""), 0700);
    write_file ("store.lock", "1\n", 2);
    write_file ("data.mdb", data, size);
    struct store *const store = store_open (path_of (""), &settings, error, sizeof error);

    if (store == NULL) {
        fprintf (stderr, "%s\n", error);
    }
    FUZZ_CHECK (store != NULL || strstr (error, "made by a newer version") != NULL);
    if (store != NULL) {
        use (store);
    }
    store_close (store);
    return 0;
}
