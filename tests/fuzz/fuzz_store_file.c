/*
 * The look at an LMDB file before LMDB maps it: whatever the bytes are, it comes to a verdict with
 * a message, the same each time, and a file without its last page is never better than with it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "work/store/store.h"
#include "work/store/store_check.h"

struct verdict {
    int result;
    bool empty;
    char error[STORE_ERROR_SIZE];
};

static struct verdict
judge (int fd, const char *path, size_t size)
{
    struct verdict verdict = {0};

    FUZZ_CHECK (ftruncate (fd, (off_t)size) == 0);
    verdict.result = store_check (path, &verdict.empty, verdict.error, sizeof verdict.error);
    FUZZ_CHECK (verdict.result == 0 || verdict.result == -1);
    FUZZ_CHECK ((verdict.result == 0) == (verdict.error[0] == '\0'));
    FUZZ_CHECK (strnlen (verdict.error, sizeof verdict.error) < sizeof verdict.error - 1);
    FUZZ_CHECK (!verdict.empty || verdict.result == 0);
    return verdict;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    int fd = memfd_create ("fuzz", MFD_CLOEXEC);
    struct verdict whole;
    struct verdict cut;
    char path[64];

    FUZZ_CHECK (fd >= 0);
    FUZZ_CHECK (write (fd, data, size) == (ssize_t)size);
    snprintf (path, sizeof path, "/proc/self/fd/%d", fd);
    whole = judge (fd, path, size);
    cut = judge (fd, path, size);
    FUZZ_CHECK (whole.result == cut.result && strcmp (whole.error, cut.error) == 0);
    if (size > 1) {
        cut = judge (fd, path, size - 1);
        FUZZ_CHECK (whole.result == 0 || cut.result != 0 || cut.empty);
    }
    FUZZ_CHECK (close (fd) == 0);
    return 0;
}
