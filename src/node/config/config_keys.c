#include "node/config/config_keys.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/nearest.h"
#include "node/config/config_table.h"
#include "rpc/base/memory.h"

/* So near to a name of ours, a name in a node's table is that one mistyped. */
enum { NODE_EDITS = 2 };

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

/* A node's keys with the name of an option in another table of ours. */
static const char *const node_keys[] = {"rpc.enable"};

/* Tables of config-rpc.toml that only nodes have. */
static const char *const rpc_tables[] = {"logging", "process"};

/* Whether `path` is `table` or below it. */
static bool
is_below (const char *path, const char *table)
{
    const size_t length = strlen (table);

    return strncmp (path, table, length) == 0 && (path[length] == '.' || path[length] == '\0');
}

bool
config_keys_is_table (enum config_file file, const char *path)
{
    const struct config_section *section;

    for (size_t i = 0; file == CONFIG_FILE_NODE && (section = config_section (i)) != NULL; i++) {
        if (is_below (section->path, path)) {
            return true;
        }
    }
    return false;
}

/* The names directly in one table: their keys, each the tail of a whole path. */
struct candidates {
    const char *table;
    size_t table_length;
    const char *keys[128];
    size_t count;
};

static void
add_candidate (struct candidates *candidates, const char *path)
{
    if (path != NULL && candidates->count < COUNT (candidates->keys) &&
        config_path_in (path, candidates->table, candidates->table_length)) {
        candidates->keys[candidates->count++] = config_path_key (path);
    }
}

static void
collect_candidates (enum config_file file, struct candidates *candidates)
{
    const struct config_option *option;
    const struct config_section *section;

    for (size_t i = 0; (option = config_option (i)) != NULL; i++) {
        add_candidate (candidates, config_option_path (option, file));
    }
    for (size_t i = 0; file == CONFIG_FILE_RPC && i < COUNT (rpc_tables); i++) {
        add_candidate (candidates, rpc_tables[i]);
    }
    for (size_t i = 0; file == CONFIG_FILE_NODE && (section = config_section (i)) != NULL; i++) {
        add_candidate (candidates, section->path);
    }
    for (size_t i = 0; file == CONFIG_FILE_NODE && (option = config_option (i)) != NULL; i++) {
        add_candidate (candidates, option->alias);
    }
}

const char *
config_keys_table (const char *path)
{
    const struct config_section *section;

    for (size_t i = 0; (section = config_section (i)) != NULL; i++) {
        if (strcmp (config_path_key (section->path), config_path_key (path)) == 0) {
            return section->path;
        }
    }
    return NULL;
}

/* An option or a table of this very key, wherever it is: it was put in the wrong place. */
static const char *
same_key_elsewhere (enum config_file file, const char *key)
{
    const char *const table = file == CONFIG_FILE_NODE ? config_keys_table (key) : NULL;
    const struct config_option *option;

    if (table != NULL) {
        return table;
    }
    for (size_t i = 0; (option = config_option (i)) != NULL; i++) {
        const char *const path = config_option_path (option, file);

        if (path != NULL && strcmp (config_path_key (path), key) == 0) {
            return path;
        }
    }
    return NULL;
}

static const char *
nearest (enum config_file file, const char *path, size_t most_edits)
{
    const char *const key = config_path_key (path);
    struct candidates candidates = {
        .table = path,
        .table_length = key > path ? (size_t)(key - path) - 1 : 0,
    };

    collect_candidates (file, &candidates);

    const char *const name = nearest_within (key, candidates.keys, candidates.count, most_edits);

    return name != NULL ? name - (key - path) : same_key_elsewhere (file, key);
}

const char *
config_keys_nearest (enum config_file file, const char *path)
{
    return nearest (file, path, SIZE_MAX);
}

static bool
is_in_our_table (const char *path)
{
    const struct config_section *section;

    for (size_t i = 0; (section = config_section (i)) != NULL; i++) {
        if (config_path_in (path, section->path, strlen (section->path))) {
            return true;
        }
    }
    return false;
}

/* What is in a table that is not ours goes by the table's name. */
static bool
resembles_ours (const char *path)
{
    char *const name = memory_text (path);
    char *dot;

    while (!is_in_our_table (name) && (dot = strrchr (name, '.')) != NULL) {
        *dot = '\0';
    }
    const bool resembles = nearest (CONFIG_FILE_NODE, name, NODE_EDITS) != NULL;

    free (name);
    return resembles;
}

bool
config_keys_is_foreign (enum config_file file, const char *path)
{
    for (size_t i = 0; file == CONFIG_FILE_RPC && i < COUNT (rpc_tables); i++) {
        if (is_below (path, rpc_tables[i])) {
            return true;
        }
    }
    for (size_t i = 0; file == CONFIG_FILE_NODE && i < COUNT (node_keys); i++) {
        if (strcmp (path, node_keys[i]) == 0) {
            return true;
        }
    }
    return file == CONFIG_FILE_NODE && (is_below (path, "node") || is_below (path, "rpc")) &&
           !resembles_ours (path);
}
