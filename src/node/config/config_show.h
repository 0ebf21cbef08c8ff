/*
 * A setting's value as text, for people. Pure; any thread.
 */
#ifndef NODE_CONFIG_SHOW_H
#define NODE_CONFIG_SHOW_H

#include "node/config/config.h"
#include "node/config/config_table.h"

#define CONFIG_SHOW_SIZE 512

/*
 * Writes the option's value in `config` as a file would have it, escapes included. A list or text
 * that is longer than there is room for ends with "...", and a secret is "(hidden)".
 */
void config_show_value (const struct config *config, const struct config_option *option,
                        char text[CONFIG_SHOW_SIZE]);

#endif
