/*
 * Which names a configuration file may hold besides this program's own options: those of nano_node
 * V28, so that a node's files are accepted as they are; and which name somebody meant who wrote
 * another.
 *
 * Constant data; any thread.
 */
#ifndef NODE_CONFIG_KEYS_H
#define NODE_CONFIG_KEYS_H

#include <stdbool.h>

#include "node/config/config.h"

/* Whether `path` is a table of `file` in which options of the options table stand, near or far. */
bool config_keys_is_table (enum config_file file, const char *path);

/*
 * Whether `path` is a node's own key or table in `file`, or below a table that is all the node's.
 */
bool config_keys_is_foreign (enum config_file file, const char *path);

/*
 * The path, of an option, a node's key or a table, that `path` was most likely meant to be, or
 * NULL: the nearest name in the same table, or else an option of the very same key in another
 * table. Static.
 */
const char *config_keys_nearest (enum config_file file, const char *path);

#endif
