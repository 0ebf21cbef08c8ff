/*
 * In libFuzzer's place, with any compiler: calls the target with every file of its corpus, or of
 * the files and directories that are named. Exits with 1 when there are none; a find aborts, after
 * the name of the file that it is in.
 *
 * The corpus is tests/fuzz/corpus/NAME below the directory that srcdir names, for a program called
 * fuzz_NAME.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

#define MOST_BYTES (1 << 20)

static int
complain (const char *path)
{
    fprintf (stderr, "%s: %s\n", path, strerror (errno));
    return -1;
}

/* Returns 0, or -1 after having complained. */
static int
replay_file (const char *path, size_t *count)
{
    FILE *file = fopen (path, "rb");
    uint8_t *bytes = malloc (MOST_BYTES);
    size_t size = 0;
    int failed = -1;

    if (file != NULL && bytes != NULL) {
        size = fread (bytes, 1, MOST_BYTES, file);
        failed = ferror (file) || size == MOST_BYTES;
    }
    if (file != NULL) {
        (void)fclose (file);
    }
    if (failed != 0) {
        free (bytes);
        return complain (path);
    }
    /* Of its own size, so that what reads beyond it is seen. */
    uint8_t *input = malloc (size > 0 ? size : 1);

    if (input == NULL) {
        free (bytes);
        return complain (path);
    }
    memcpy (input, bytes, size);
    free (bytes);
    printf ("%s\n", path);
    (void)fflush (stdout);
    (void)LLVMFuzzerTestOneInput (input, size);
    free (input);
    (*count)++;
    return 0;
}

static int
is_entry (const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* In the order of their names, so that a run can be repeated. */
static int
replay_directory (const char *path, size_t *count)
{
    struct dirent **entries;
    int number = scandir (path, &entries, is_entry, alphasort);
    int result = 0;

    if (number < 0) {
        return complain (path);
    }
    for (int i = 0; i < number; i++) {
        char file[4096];

        if (snprintf (file, sizeof file, "%s/%s", path, entries[i]->d_name) >= (int)sizeof file ||
            replay_file (file, count) != 0) {
            result = -1;
        }
        free (entries[i]);
    }
    free (entries);
    return result;
}

static int
replay (const char *path, size_t *count)
{
    struct stat status;

    if (stat (path, &status) != 0) {
        return complain (path);
    }
    return S_ISDIR (status.st_mode) ? replay_directory (path, count) : replay_file (path, count);
}

static int
replay_own (const char *program, size_t *count)
{
    const char *srcdir = getenv ("srcdir");
    const char *name = strstr (program, "fuzz_");
    char path[4096];

    for (const char *next = name; next != NULL; next = strstr (next + 1, "fuzz_")) {
        name = next;
    }
    if (name == NULL ||
        snprintf (path, sizeof path, "%s/tests/fuzz/corpus/%s", srcdir != NULL ? srcdir : ".",
                  name + strlen ("fuzz_")) >= (int)sizeof path) {
        fprintf (stderr, "%s is not called fuzz_NAME: name files\n", program);
        return -1;
    }
    return replay (path, count);
}

int
main (int argc, char **argv)
{
    size_t count = 0;
    int failed = argc < 2 ? replay_own (argv[0], &count) : 0;

    for (int i = 1; i < argc; i++) {
        failed |= replay (argv[i], &count);
    }
    printf ("%zu inputs\n", count);
    return failed != 0 || count == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
