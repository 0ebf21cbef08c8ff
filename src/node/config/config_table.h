/*
 * The options table: all that is known of a setting, in one place. Reading, --check_config, the
 * example file and the manual page go by it; README.md says how to add a setting.
 *
 * Constant data; any thread.
 */
#ifndef NODE_CONFIG_TABLE_H
#define NODE_CONFIG_TABLE_H

#include "node/config/config_type.h"

/* Section `index` in the order of the files, or NULL past the last. */
const struct config_section *config_section (size_t index);

/* The same of all options. */
const struct config_option *config_option (size_t index);

/* The option's path in `file`, or NULL when it is not there. */
const char *config_option_path (const struct config_option *option, enum config_file file);

/* The option that `path` names in `file`, be it by an alias, or NULL. */
const struct config_option *config_option_at (enum config_file file, const char *path);

/*
 * The option's default as --config takes it, or NULL when there is none. It may be written to
 * `text`.
 */
#define CONFIG_INITIAL_SIZE 24
const char *config_option_initial (const struct config_option *option,
                                   char text[CONFIG_INITIAL_SIZE]);

/* The same for people: "every CPU". */
const char *config_option_default (const struct config_option *option);

/*
 * What the environment gives to options that nobody else gives, where atto.enable is on: the names
 * that Atto's own work server has them by.
 *
 * ATTO_WORK_QUEUE_SIZE says how many requests that server works on at once, and any number of
 * others wait. Here requests share the devices, and those that wait are bounded: so it can only
 * raise that bound.
 */
struct config_variable {
    const char *name;    /* of the variable */
    const char *path;    /* of the option, a whole number */
    bool may_only_raise; /* a value below the default is read, and the default stays */
};

/* Variable `index`, which is bit `index` of config->from_environment; NULL past the last. */
const struct config_variable *config_variable (size_t index);

/* The file's name: "config-node.toml" or "config-rpc.toml". */
const char *config_file_name (enum config_file file);

/* Whether `path` is `length` bytes of table and a key directly in that table. */
bool config_path_in (const char *path, const char *table, size_t length);

#endif
