/*
 * A file is eight bytes that say what it is, the digest of what follows, and that: the device's
 * binary.
 */
#include "work/opencl/opencl_cache.h"

#include <blake2.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "work/base/directory.h"

#define MAGIC "WPKERN01"
#define MAGIC_SIZE (sizeof MAGIC - 1)
#define HEADER_SIZE (MAGIC_SIZE + OPENCL_CACHE_DIGEST)

/* Binaries are some hundred kilobytes; nothing is read that is out of all proportion. */
#define SIZE_MOST ((size_t)64 << 20)

void
opencl_cache_key (const char *const *texts, size_t count, uint8_t key[OPENCL_CACHE_DIGEST])
{
    blake2b_state state;

    /* These refuse nothing but a length of 0 or above 64. */
    (void)blake2b_init (&state, OPENCL_CACHE_DIGEST);
    for (size_t i = 0; i < count; i++) {
        (void)blake2b_update (&state, (const uint8_t *)texts[i], strlen (texts[i]) + 1);
    }
    (void)blake2b_final (&state, key, OPENCL_CACHE_DIGEST);
}

static int
path_of (const char *directory, const uint8_t key[OPENCL_CACHE_DIGEST], const char *ending,
         char path[PATH_MAX])
{
    char name[2 * 16 + 1];
    int length;

    for (size_t i = 0; i < 16; i++) { /* half of it is name enough */
        (void)snprintf (name + 2 * i, 3, "%02x", key[i]);
    }
    length = snprintf (path, PATH_MAX, "%s/kernel-%s%s", directory, name, ending);
    if (length < 0 || length >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return 0;
}

/* Reads exactly `size` bytes. */
static int
read_all (int fd, unsigned char *data, size_t size)
{
    while (size > 0) {
        const ssize_t count = read (fd, data, size);

        if (count == 0 || (count < 0 && errno != EINTR)) {
            return -1;
        }
        if (count > 0) {
            data += count;
            size -= (size_t)count;
        }
    }
    return 0;
}

static int
write_all (int fd, const unsigned char *data, size_t size)
{
    while (size > 0) {
        const ssize_t count = write (fd, data, size);

        if (count < 0 && errno != EINTR) {
            return -1;
        }
        if (count > 0) {
            data += count;
            size -= (size_t)count;
        }
    }
    return 0;
}

static void
fill_header (unsigned char header[HEADER_SIZE], const unsigned char *data, size_t size)
{
    memcpy (header, MAGIC, MAGIC_SIZE);
    (void)blake2b (header + MAGIC_SIZE, data, NULL, OPENCL_CACHE_DIGEST, size, 0);
}

/* The data of an open file whose header is right, or NULL. */
static unsigned char *
read_checked (int fd, size_t size)
{
    unsigned char found[HEADER_SIZE];
    unsigned char right[HEADER_SIZE];
    unsigned char *const data = malloc (size);

    if (data == NULL || read_all (fd, found, sizeof found) != 0 || read_all (fd, data, size) != 0) {
        free (data);
        return NULL;
    }
    fill_header (right, data, size);
    if (memcmp (found, right, sizeof right) != 0) {
        free (data);
        return NULL;
    }
    return data;
}

unsigned char *
opencl_cache_read (const char *directory, const uint8_t key[OPENCL_CACHE_DIGEST], size_t *size)
{
    char path[PATH_MAX];
    struct stat status;
    unsigned char *data = NULL;
    int fd;

    if (path_of (directory, key, "", path) != 0) {
        return NULL;
    }
    fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return NULL;
    }
    if (fstat (fd, &status) == 0 && S_ISREG (status.st_mode) &&
        status.st_size > (off_t)HEADER_SIZE && (size_t)status.st_size <= SIZE_MOST) {
        *size = (size_t)status.st_size - HEADER_SIZE;
        data = read_checked (fd, *size);
    }
    (void)close (fd);
    return data;
}

static int
write_file (int fd, const unsigned char *data, size_t size)
{
    unsigned char header[HEADER_SIZE];

    fill_header (header, data, size);
    return write_all (fd, header, sizeof header) == 0 && write_all (fd, data, size) == 0 ? 0 : -1;
}

int
opencl_cache_write (const char *directory, const uint8_t key[OPENCL_CACHE_DIGEST],
                    const unsigned char *data, size_t size)
{
    char path[PATH_MAX];
    char other[PATH_MAX];
    int failed;
    int fd;

    if (path_of (directory, key, "", path) != 0 ||
        path_of (directory, key, ".XXXXXX", other) != 0) {
        return -1;
    }
    (void)directory_make (directory); /* what cannot be made shows when a file is opened */
    fd = mkostemp (other, O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    failed = write_file (fd, data, size);
    failed |= close (fd);
    if (failed == 0 && rename (other, path) == 0) {
        return 0;
    }
    failed = errno;
    (void)unlink (other);
    errno = failed;
    return -1;
}
