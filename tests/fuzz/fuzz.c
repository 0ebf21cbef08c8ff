#include "fuzz.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[4096];

void
fuzz_fail (const char *file, int line, const char *condition)
{
    fprintf (stderr, "%s:%d: this does not hold: %s\n", file, line, condition);
    abort ();
}

char *
fuzz_text (const uint8_t *data, size_t size)
{
    char *text = malloc (size + 1);

    FUZZ_CHECK (text != NULL);
    if (size > 0) {
        memcpy (text, data, size);
    }
    text[size] = '\0';
    return text;
}

char *
fuzz_line (const uint8_t **data, size_t *size)
{
    const uint8_t *end;
    size_t length = *size;
    char *line;

    if (*size == 0) {
        return NULL;
    }
    end = memchr (*data, '\n', *size);
    if (end != NULL) {
        length = (size_t)(end - *data);
    }
    line = fuzz_text (*data, length);
    length += end != NULL;
    *data += length;
    *size -= length;
    return line;
}

static int
remove_entry (const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove (path);
}

static void
remove_directory (void)
{
    (void)nftw (directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

const char *
fuzz_directory (void)
{
    const char *parent = getenv ("TMPDIR");

    if (directory[0] == '\0') {
        snprintf (directory, sizeof directory, "%s/workpeer-fuzz.XXXXXX",
                  parent != NULL && parent[0] == '/' ? parent : "/tmp");
        FUZZ_CHECK (mkdtemp (directory) != NULL);
        FUZZ_CHECK (atexit (remove_directory) == 0);
    }
    return directory;
}
