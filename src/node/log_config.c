#include "node/log_config.h"

#include "node/log.h"

/* What config_load has checked has a name. */
int
log_config_apply (const struct config *config, char *error, size_t error_size)
{
    struct log_settings settings = {.file = config->log_file};

    (void)log_level_by_name (config->log_level, &settings.level);
    (void)log_format_by_name (config->log_format, &settings.format);
    (void)log_target_by_name (config->log_target, &settings.target);
    return log_configure (&settings, error, error_size);
}
