#include "node/cli/key_command.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "node/cli/client_key.h"
#include "rpc/access/key_hash.h"

/* What nobody should use less of; a hash of a short one is found by trying. */
#define FEWEST_CHARACTERS 20

static int
fail (const char *error)
{
    fprintf (stderr, "workpeer: %s\n", error);
    return 1;
}

static int
print_hash (const char *key)
{
    struct key_hash hash;
    char text[KEY_HASH_TEXT_SIZE];

    if (key_hash_new (key, strlen (key), &hash) != 0) {
        return fail ("the system has no random numbers");
    }
    key_hash_print (&hash, text);
    return printf ("%s\n", text) > 0 && fflush (stdout) == 0 ? 0 : 1;
}

/* Reads a line without its end. Returns its length, or -1 with what is wrong in `error`. */
static ssize_t
read_line (char *line, size_t size, const char **error)
{
    size_t length;

    errno = 0;
    if (fgets (line, (int)size, stdin) == NULL) {
        *error = errno != 0 ? strerror (errno) : "there is no key on standard input";
        return -1;
    }
    length = strlen (line);
    if (length > 0 && line[length - 1] == '\n') {
        line[--length] = '\0';
    } else if (length == size - 1) {
        *error = "the key is longer than 1024 characters";
        return -1;
    }
    return (ssize_t)length;
}

/* Asks for the line where there is somebody to ask, and shows nothing of it. */
static ssize_t
read_secret_line (char *line, size_t size, const char **error)
{
    struct termios before;
    struct termios silent;
    const bool is_terminal = tcgetattr (STDIN_FILENO, &before) == 0;
    ssize_t length;

    if (!is_terminal) {
        return read_line (line, size, error);
    }
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    if (tcsetattr (STDIN_FILENO, TCSAFLUSH, &silent) != 0) {
        *error = strerror (errno);
        return -1;
    }
    fprintf (stderr, "Key: ");
    length = read_line (line, size, error);
    (void)tcsetattr (STDIN_FILENO, TCSAFLUSH, &before);
    fprintf (stderr, "\n");
    return length;
}

int
key_command_hash (void)
{
    char key[KEY_HASH_MOST_KEY_BYTES + 2];
    const char *error;
    const ssize_t length = read_secret_line (key, sizeof key, &error);
    int status;

    if (length < 0) {
        return fail (error);
    }
    if (!client_key_is_good (key)) {
        return fail ("that key cannot stand in a header, expected 1 to 1024 visible ASCII "
                     "characters without blanks");
    }
    if (length < FEWEST_CHARACTERS) {
        fprintf (stderr, "warning: so short a key may be guessed from its hash; --make_key makes "
                         "one that cannot\n");
    }
    status = print_hash (key);
    explicit_bzero (key, sizeof key);
    return status;
}

int
key_command_make (void)
{
    char key[KEY_HASH_NEW_KEY_SIZE];

    if (key_hash_new_key (key) != 0) {
        return fail ("the system has no random numbers");
    }
    return printf ("%s\n", key) > 0 ? print_hash (key) : 1;
}
