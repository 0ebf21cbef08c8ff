#include "node/config/config_table.h"

#include <string.h>

#include "work/base/cpus.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

static const struct config_section *const sections[] = {
    &config_section_node,     &config_section_experimental, &config_section_opencl,
    &config_section_rpc,      &config_section_access,       &config_section_work,
    &config_section_peers,    &config_section_tls,          &config_section_store,
    &config_section_precache, &config_section_atto,         &config_section_management,
    &config_section_web,      &config_section_log,          &config_section_daemon,
};

static const struct config_variable variables[] = {
    {.name = "ATTO_WORK_DEVICE", .path = "opencl.device"},
    {.name = "ATTO_WORK_QUEUE_SIZE", .path = "work.max_queue", .may_only_raise = true},
};

const struct config_section *
config_section (size_t index)
{
    return index < COUNT (sections) ? sections[index] : NULL;
}

const struct config_variable *
config_variable (size_t index)
{
    return index < COUNT (variables) ? &variables[index] : NULL;
}

const struct config_option *
config_option (size_t index)
{
    for (size_t i = 0; i < COUNT (sections); i++) {
        if (index < sections[i]->count) {
            return &sections[i]->options[index];
        }
        index -= sections[i]->count;
    }
    return NULL;
}

const char *
config_file_name (enum config_file file)
{
    return file == CONFIG_FILE_NODE ? "config-node.toml" : "config-rpc.toml";
}

int
config_file_by_name (const char *name, enum config_file *file)
{
    if (strcmp (name, "node") != 0 && strcmp (name, "rpc") != 0) {
        return -1;
    }
    *file = strcmp (name, "node") == 0 ? CONFIG_FILE_NODE : CONFIG_FILE_RPC;
    return 0;
}

const char *
config_option_path (const struct config_option *option, enum config_file file)
{
    return file == CONFIG_FILE_NODE ? option->path
           : option->in_rpc_file    ? config_path_key (option->path)
                                    : NULL;
}

static bool
is_path (const char *known, const char *path)
{
    return known != NULL && strcmp (known, path) == 0;
}

const struct config_option *
config_option_at (enum config_file file, const char *path)
{
    const struct config_option *option;

    for (size_t i = 0; (option = config_option (i)) != NULL; i++) {
        if (is_path (config_option_path (option, file), path) ||
            (file == CONFIG_FILE_NODE && is_path (option->alias, path))) {
            return option;
        }
    }
    return NULL;
}

const char *
config_option_initial (const struct config_option *option, char text[CONFIG_INITIAL_SIZE])
{
    if (option->initial != NULL || option->absent != NULL) {
        return option->initial;
    }
    (void)snprintf (text, CONFIG_INITIAL_SIZE, "%u", cpus_available ());
    return text;
}

const char *
config_option_default (const struct config_option *option)
{
    return option->initial != NULL  ? option->initial
           : option->absent != NULL ? option->absent
                                    : "every CPU";
}

bool
config_path_in (const char *path, const char *table, size_t length)
{
    const char *const key = config_path_key (path);

    return length == 0 ? key == path
                       : (size_t)(key - path) == length + 1 && strncmp (path, table, length) == 0;
}
