/*
 * The API key that the commands on the terminal send: from a file or the environment, never from
 * the command line, which every user of the machine can read.
 *
 * One thread.
 */
#ifndef NODE_CLIENT_KEY_H
#define NODE_CLIENT_KEY_H

#include <stdbool.h>

#include "rpc/access/key_hash.h"

#define CLIENT_KEY_VARIABLE "WORKPEER_KEY"
#define CLIENT_KEY_SIZE (KEY_HASH_MOST_KEY_BYTES + 1)
#define CLIENT_KEY_ERROR_SIZE 512

/* Whether `key` can stand in a header: visible ASCII without blanks, and not nothing. */
bool client_key_is_good (const char *key);

/*
 * Reads the key from the first line of `file`; where that is NULL from the environment, where an
 * empty one is none. `is_exposed` says whether every user of the machine may read the file. Returns
 * 0, with "" when there is no key, or -1 with the reason in `error`.
 */
int client_key_read (const char *file, char key[CLIENT_KEY_SIZE], bool *is_exposed,
                     char error[CLIENT_KEY_ERROR_SIZE]);

#endif
