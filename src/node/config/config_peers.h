/* The option peers.peer: reading and freeing its list. For config_value.c only. */
#ifndef NODE_CONFIG_PEERS_H
#define NODE_CONFIG_PEERS_H

#include <stdbool.h>

#include "node/config/config.h"
#include "node/config/config_report.h"
#include "node/config/toml.h"

/*
 * Reads the list that starts at `entry`: of tables, or of strings with nothing but a URL. Returns
 * 0, or -1 with `peers` untouched, after having reported all that is wrong with it. No key appears
 * in a report.
 */
int config_peers_read (const struct toml_entry *entry, const struct config_context *context,
                       struct config_peers *peers);

bool config_peers_same (const struct config_peers *a, const struct config_peers *b);

/* Frees what `peers` owns; it is then empty. */
void config_peers_clear (struct config_peers *peers);

#endif
