/*
 * Names in a configuration file that are no options of ours: which of them are a node's, and which
 * option somebody meant who wrote another name. Constant data; any thread.
 */
#ifndef NODE_CONFIG_KEYS_H
#define NODE_CONFIG_KEYS_H

#include <stdbool.h>

#include "node/config/config.h"

/* Whether `path` is a table of `file` in which options of the options table stand, near or far. */
bool config_keys_is_table (enum config_file file, const char *path);

/*
 * Whether `path`, which is no option, is the node's own: it is where nodes keep settings, and no
 * name of ours is within two edits of it or is the same in another table.
 */
bool config_keys_is_foreign (enum config_file file, const char *path);

/*
 * The path, of an option or a table, that `path` was most likely meant to be, or NULL: an
 * option of the very same key in another table, or else the nearest name in the same table; of a
 * table the other way round. Static.
 */
const char *config_keys_nearest (enum config_file file, const char *path, bool is_table);

/* The path in config-node.toml of our table that has the last name of `path`, or NULL. */
const char *config_keys_table (const char *path);

#endif
