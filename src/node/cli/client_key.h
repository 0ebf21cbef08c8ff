/*
 * The API key that the commands on the terminal send: from a file or the environment, never from
 * the command line, which every user of the machine can read.
 *
 * One thread.
 */
#ifndef NODE_CLIENT_KEY_H
#define NODE_CLIENT_KEY_H

#include <stdbool.h>
#include <stdio.h>

#include "rpc/access/key_hash.h"

#define CLIENT_KEY_VARIABLE "WORKPEER_KEY"
#define CLIENT_KEY_SIZE (KEY_HASH_MOST_KEY_BYTES + 1)
#define CLIENT_KEY_ERROR_SIZE 512

/*
 * Reads the key from the first line of `file`; where that is NULL from the environment, where an
 * empty one is none. `is_exposed` says whether every user of the machine may read the file. Returns
 * 0, with "" when there is no key, or -1 with the reason in `error` and `key` untouched.
 */
int client_key_read (const char *file, char key[CLIENT_KEY_SIZE], bool *is_exposed,
                     char error[CLIENT_KEY_ERROR_SIZE]);

/* The same from the first line of a stream, which `name` is for people. */
int client_key_take (FILE *stream, const char *name, char key[CLIENT_KEY_SIZE],
                     char error[CLIENT_KEY_ERROR_SIZE]);

#endif
