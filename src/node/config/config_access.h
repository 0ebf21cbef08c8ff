/* The option access.keys: reading and freeing its list. For config_value.c only. */
#ifndef NODE_CONFIG_ACCESS_H
#define NODE_CONFIG_ACCESS_H

#include <stdbool.h>

#include "node/config/config.h"
#include "node/config/config_report.h"
#include "node/config/toml.h"

/*
 * Reads the list that starts at `entry`: of tables, or of strings with nothing but a hash. Returns
 * 0, or -1 with `keys` untouched, after having reported all that is wrong with it. No hash appears
 * in a report, nor a key that stands where its hash belongs.
 */
int config_access_read (const struct toml_entry *entry, const struct config_context *context,
                        struct config_access_keys *keys);

bool config_access_same (const struct config_access_keys *a, const struct config_access_keys *b);

#endif
