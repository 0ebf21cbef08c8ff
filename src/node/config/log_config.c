#include "node/config/log_config.h"

#include <stdio.h>
#include <string.h>

#include "node/base/log.h"
#include "node/base/ownership.h"

int
log_config_apply (const struct config *config, char *error, size_t error_size)
{
    const struct log_settings settings = {
        .level = config->log_level,
        .format = config->log_format,
        .target = config->log_target,
        .file = config->log_file,
    };
    char advice[OWNERSHIP_TEXT_SIZE];
    size_t length;

    if (log_configure (&settings, error, error_size) == 0) {
        return 0;
    }
    length = strlen (error);
    ownership_advise (config->log_file, false, advice);
    (void)snprintf (error + length, error_size - length, "%s", advice);
    return -1;
}
