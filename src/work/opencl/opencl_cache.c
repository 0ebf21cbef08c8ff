/*
 * A file is eight bytes that say what it is, the digest of what follows, and that: the device's
 * binary.
 */
#include "work/opencl/opencl_cache.h"

#include <blake2.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
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

static void
fill_header (unsigned char header[HEADER_SIZE], const unsigned char *data, size_t size)
{
    memcpy (header, MAGIC, MAGIC_SIZE);
    (void)blake2b (header + MAGIC_SIZE, data, NULL, OPENCL_CACHE_DIGEST, size, 0);
}

/* The data of a file whose header is right, or NULL. */
static unsigned char *
read_checked (FILE *file, size_t size)
{
    unsigned char found[HEADER_SIZE];
    unsigned char right[HEADER_SIZE];
    unsigned char *const data = malloc (size);

    if (data != NULL && fread (found, 1, sizeof found, file) == sizeof found &&
        fread (data, 1, size, file) == size) {
        fill_header (right, data, size);
        if (memcmp (found, right, sizeof right) == 0) {
            return data;
        }
    }
    free (data);
    return NULL;
}

unsigned char *
opencl_cache_read (const char *directory, const uint8_t key[OPENCL_CACHE_DIGEST], size_t *size)
{
    char path[PATH_MAX];
    struct stat status;
    unsigned char *data = NULL;
    FILE *file;

    if (path_of (directory, key, "", path) != 0 || stat (path, &status) != 0 ||
        !S_ISREG (status.st_mode) || status.st_size <= (off_t)HEADER_SIZE ||
        (size_t)status.st_size > SIZE_MOST) {
        return NULL;
    }
    file = fopen (path, "re");
    if (file != NULL) {
        *size = (size_t)status.st_size - HEADER_SIZE; /* read_checked sees that it still is */
        data = read_checked (file, *size);
        (void)fclose (file);
    }
    return data;
}

/* Writes the whole file and closes it. Returns 0, or -1 with errno. */
static int
write_file (int fd, const unsigned char *data, size_t size)
{
    unsigned char header[HEADER_SIZE];
    FILE *const file = fdopen (fd, "w");
    bool good;

    if (file == NULL) {
        (void)close (fd);
        return -1;
    }
    fill_header (header, data, size);
    good = fwrite (header, 1, sizeof header, file) == sizeof header &&
           fwrite (data, 1, size, file) == size;
    return fclose (file) == 0 && good ? 0 : -1;
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
    if (write_file (fd, data, size) == 0 && rename (other, path) == 0) {
        return 0;
    }
    failed = errno;
    (void)unlink (other);
    errno = failed;
    return -1;
}
