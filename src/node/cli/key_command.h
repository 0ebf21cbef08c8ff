/*
 * The commands about API keys: --hash_key and --make_key. What they print is for [[access.keys]].
 */
#ifndef NODE_KEY_COMMAND_H
#define NODE_KEY_COMMAND_H

/*
 * Reads a key, one line, from standard input, on a terminal without echo, and prints its hash.
 * Returns the exit status.
 */
int key_command_hash (void);

/* Prints a new key on one line and its hash on the next. Returns the exit status. */
int key_command_make (void);

#endif
