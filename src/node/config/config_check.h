/*
 * What no setting can tell alone: settings that contradict each other.
 *
 * For config_load. One thread at a time.
 */
#ifndef NODE_CONFIG_CHECK_H
#define NODE_CONFIG_CHECK_H

#include "node/config/config.h"

/*
 * Leaves out of `config` the work peers that are the daemon itself, each with a warning, and
 * reports listeners of ours that cannot all have their port.
 */
void config_check (struct config *config, struct config_report *report);

#endif
