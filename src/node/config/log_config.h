/* What the configuration says of the log, put in force. The event-loop thread, or before it. */
#ifndef NODE_LOG_CONFIG_H
#define NODE_LOG_CONFIG_H

#include <stddef.h>

#include "node/config/config.h"

/* As log_configure: 0, or -1 with the reason in `error` and the log as it was. */
int log_config_apply (const struct config *config, char *error, size_t error_size);

#endif
