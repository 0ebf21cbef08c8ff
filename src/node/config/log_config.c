#include "node/config/log_config.h"

#include <stdio.h>
#include <string.h>

#include "node/base/log.h"
#include "node/base/ownership.h"

/* What config_load has checked has a name. */
int
log_config_apply (const struct config *config, char *error, size_t error_size)
{
    struct log_settings settings = {.file = config->log_file};
    char advice[OWNERSHIP_TEXT_SIZE];
    size_t length;

    (void)log_level_by_name (config->log_level, &settings.level);
    (void)log_format_by_name (config->log_format, &settings.format);
    (void)log_target_by_name (config->log_target, &settings.target);
    if (log_configure (&settings, error, error_size) == 0) {
        return 0;
    }
    length = strlen (error);
    ownership_advise (config->log_file, false, advice);
    (void)snprintf (error + length, error_size - length, "%s", advice);
    return -1;
}
