#include "node/cli/client_key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rpc/base/header.h"

#define EXPECTED "expected 1 to %d visible ASCII characters without blanks"

/* Takes `text` for the key if it can stand in a header. */
static int
take (const char *text, char key[CLIENT_KEY_SIZE])
{
    if (strlen (text) >= CLIENT_KEY_SIZE || !header_is_value (text) || strchr (text, ' ') != NULL) {
        return -1;
    }
    (void)snprintf (key, CLIENT_KEY_SIZE, "%s", text);
    return 0;
}

static int
fail (const char *name, const char *reason, char error[CLIENT_KEY_ERROR_SIZE])
{
    (void)snprintf (error, CLIENT_KEY_ERROR_SIZE, "cannot read the key in %.200s: %s", name,
                    reason);
    return -1;
}

int
client_key_take (FILE *stream, const char *name, char key[CLIENT_KEY_SIZE],
                 char error[CLIENT_KEY_ERROR_SIZE])
{
    char line[CLIENT_KEY_SIZE + 2]; /* and the line's end, of two characters */
    int result;

    errno = 0;
    if (fgets (line, sizeof line, stream) == NULL) {
        return fail (name, errno != 0 ? strerror (errno) : "it is empty", error);
    }
    line[strcspn (line, "\r\n")] = '\0'; /* whatever an editor puts there */
    result = take (line, key);
    if (result != 0) {
        (void)snprintf (error, CLIENT_KEY_ERROR_SIZE,
                        "there is no key in the first line of %.200s, " EXPECTED, name,
                        KEY_HASH_MOST_KEY_BYTES);
    }
    explicit_bzero (line, sizeof line);
    return result;
}

static int
read_environment (char key[CLIENT_KEY_SIZE], char error[CLIENT_KEY_ERROR_SIZE])
{
    const char *const value = getenv (CLIENT_KEY_VARIABLE);

    if (value == NULL || *value == '\0') {
        key[0] = '\0';
        return 0;
    }
    if (take (value, key) != 0) {
        (void)snprintf (error, CLIENT_KEY_ERROR_SIZE,
                        "the environment's " CLIENT_KEY_VARIABLE " is no key, " EXPECTED,
                        KEY_HASH_MOST_KEY_BYTES);
        return -1;
    }
    return 0;
}

int
client_key_read (const char *file, char key[CLIENT_KEY_SIZE], bool *is_exposed,
                 char error[CLIENT_KEY_ERROR_SIZE])
{
    FILE *const stream = file != NULL ? fopen (file, "re") : NULL;
    struct stat status;
    int result;

    *is_exposed = false;
    if (file == NULL) {
        return read_environment (key, error);
    }
    if (stream == NULL) {
        return fail (file, strerror (errno), error);
    }
    *is_exposed = fstat (fileno (stream), &status) == 0 && S_ISREG (status.st_mode) &&
                  (status.st_mode & S_IROTH) != 0;
    result = client_key_take (stream, file, key, error);
    (void)fclose (stream);
    return result;
}
