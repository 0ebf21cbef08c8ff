#include "node/cli/client_key.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rpc/base/header.h"

bool
client_key_is_good (const char *key)
{
    return header_is_value (key) && strchr (key, ' ') == NULL;
}

/* A key that was edited by hand ends in whatever the editor puts there. */
static void
cut_line_end (char *line)
{
    line[strcspn (line, "\r\n")] = '\0';
}

static int
read_file (const char *path, char *line, int size, bool *is_exposed, const char **reason)
{
    FILE *const file = fopen (path, "re");
    struct stat status;

    if (file == NULL) {
        *reason = strerror (errno);
        return -1;
    }
    *is_exposed = fstat (fileno (file), &status) == 0 && S_ISREG (status.st_mode) &&
                  (status.st_mode & S_IROTH) != 0;
    errno = 0;
    if (fgets (line, size, file) == NULL) {
        *reason = errno != 0 ? strerror (errno) : "it is empty";
        (void)fclose (file);
        return -1;
    }
    (void)fclose (file);
    return 0;
}

static int
read_environment (char key[CLIENT_KEY_SIZE], char error[CLIENT_KEY_ERROR_SIZE])
{
    const char *const value = getenv (CLIENT_KEY_VARIABLE);

    key[0] = '\0';
    if (value == NULL || *value == '\0') {
        return 0;
    }
    if (strlen (value) >= CLIENT_KEY_SIZE || !client_key_is_good (value)) {
        (void)snprintf (error, CLIENT_KEY_ERROR_SIZE,
                        "the environment's " CLIENT_KEY_VARIABLE " is no key, expected 1 to %d "
                        "visible ASCII characters without blanks",
                        KEY_HASH_MOST_KEY_BYTES);
        return -1;
    }
    (void)snprintf (key, CLIENT_KEY_SIZE, "%s", value);
    return 0;
}

int
client_key_read (const char *file, char key[CLIENT_KEY_SIZE], bool *is_exposed,
                 char error[CLIENT_KEY_ERROR_SIZE])
{
    char line[CLIENT_KEY_SIZE + 2]; /* and the line's end, of two characters */
    const char *reason = NULL;

    *is_exposed = false;
    if (file == NULL) {
        return read_environment (key, error);
    }
    if (read_file (file, line, sizeof line, is_exposed, &reason) != 0) {
        (void)snprintf (error, CLIENT_KEY_ERROR_SIZE, "cannot read the key in %.200s: %s", file,
                        reason);
        return -1;
    }
    cut_line_end (line);
    if (strlen (line) >= CLIENT_KEY_SIZE || !client_key_is_good (line)) {
        (void)snprintf (error, CLIENT_KEY_ERROR_SIZE,
                        "there is no key in the first line of %.200s, expected 1 to %d visible "
                        "ASCII characters without blanks",
                        file, KEY_HASH_MOST_KEY_BYTES);
    } else {
        (void)snprintf (key, CLIENT_KEY_SIZE, "%s", line);
        reason = "";
    }
    explicit_bzero (line, sizeof line);
    return reason != NULL ? 0 : -1;
}
