/*
 * --hash_key and --make_key.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "node/cli/client_key.h"
#include "node/cli/command.h"
#include "rpc/access/key_hash.h"

/* What nobody should use less of; a hash of a short one is found by trying. */
#define FEWEST_CHARACTERS 20

static int
print_hash (const char *key)
{
    struct key_hash hash;
    char text[KEY_HASH_TEXT_SIZE];

    if (key_hash_new (key, strlen (key), &hash) != 0) {
        return command_complain (COMMAND_FAILED, "the system has no random numbers");
    }
    key_hash_print (&hash, text);
    (void)printf ("%s\n", text);
    return COMMAND_DONE;
}

/* Asks for it where there is somebody to ask, and shows nothing of it. */
static int
read_key (char key[CLIENT_KEY_SIZE], char error[CLIENT_KEY_ERROR_SIZE])
{
    struct termios before;
    struct termios silent;
    int result;

    if (tcgetattr (STDIN_FILENO, &before) != 0) {
        return client_key_take (stdin, "standard input", key, error);
    }
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    if (tcsetattr (STDIN_FILENO, TCSAFLUSH, &silent) != 0) {
        (void)snprintf (error, CLIENT_KEY_ERROR_SIZE, "%s", strerror (errno));
        return -1;
    }
    (void)fputs ("Key: ", stderr);
    result = client_key_take (stdin, "standard input", key, error);
    (void)tcsetattr (STDIN_FILENO, TCSAFLUSH, &before);
    (void)fputc ('\n', stderr);
    return result;
}

int
command_hash_key (void)
{
    char key[CLIENT_KEY_SIZE];
    char error[CLIENT_KEY_ERROR_SIZE];
    int status;

    if (read_key (key, error) != 0) {
        return command_complain (COMMAND_FAILED, "%s", error);
    }
    if (strlen (key) < FEWEST_CHARACTERS) {
        (void)fputs ("warning: so short a key may be guessed from its hash; --make_key makes one "
                     "that cannot\n",
                     stderr);
    }
    status = print_hash (key);
    explicit_bzero (key, sizeof key);
    return status;
}

int
command_make_key (void)
{
    char key[KEY_HASH_NEW_KEY_SIZE];

    if (key_hash_new_key (key) != 0) {
        return command_complain (COMMAND_FAILED, "the system has no random numbers");
    }
    (void)printf ("%s\n", key);
    return print_hash (key);
}
