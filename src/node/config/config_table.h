/*
 * The options table: all that is known of a setting, in one place. Reading, generating and the
 * tests of the example file and the manual page go by it; a new setting is a field in struct config
 * and a row here.
 *
 * Constant data; any thread.
 */
#ifndef NODE_CONFIG_TABLE_H
#define NODE_CONFIG_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "node/config/config.h"

/* What a value is, and so of which type the field in struct config is. */
enum config_type {
    CONFIG_TYPE_WHOLE,     /* uint64_t */
    CONFIG_TYPE_NUMBER,    /* double */
    CONFIG_TYPE_SWITCH,    /* bool */
    CONFIG_TYPE_CHOICE,    /* char *, one of `choices` */
    CONFIG_TYPE_PATH,      /* char *, "" for none */
    CONFIG_TYPE_USER,      /* char *, whom system_user_find knows; "" for none */
    CONFIG_TYPE_GROUP,     /* char *, the same of groups */
    CONFIG_TYPE_URL,       /* char *, as url_parse reads it; "" for none */
    CONFIG_TYPE_ENDPOINTS, /* struct config_endpoints */
    CONFIG_TYPE_ADDRESSES, /* struct text_list, address literals */
    CONFIG_TYPE_ACCOUNTS,  /* struct text_list, account numbers */
    CONFIG_TYPE_PEERS,     /* struct config_peers */
    CONFIG_TYPE_STRINGS,   /* struct text_list, none of them empty */
    CONFIG_TYPE_NETWORKS,  /* struct text_list, as cidr_parse reads them */
    CONFIG_TYPE_KEYS,      /* struct config_access_keys */
};

struct config_option {
    const char *path;     /* "table.key" in config-node.toml */
    const char *alias;    /* another path that it may have there, or NULL */
    const char *rpc_path; /* its path in config-rpc.toml, or NULL */
    enum config_type type;
    double min;                 /* of wholes and numbers; wholes are exact below 2^53 */
    double max;                 /* INFINITY means no bound, yet the value must be finite */
    const char *const *choices; /* of choices; ends with NULL */
    /*
     * As --config takes it. NULL means every CPU (config_default_threads); the generated file then
     * shows `sample`.
     */
    const char *initial;
    const char *sample;
    const char *absent; /* not NULL: without `initial` the field is 0; this says what that means */
    const char *unit;   /* what its numbers count, or NULL */
    const char *help;   /* its meaning: lines of at most 86 characters, without a last newline */
    bool secret;        /* never to be shown */
    bool fixed;         /* another value takes a restart */
    size_t offset;      /* of its field in struct config */
    size_t flag;        /* of the bool that says whether anybody gave it, or CONFIG_NO_FLAG */
};

#define CONFIG_NO_FLAG ((size_t)-1)

/* A table of config-node.toml that holds such options. */
struct config_section {
    const char *path;
    const char *help; /* as in struct config_option, or NULL */
};

/* All options, those of one table together, in the order of config_sections; `*count` of them. */
const struct config_option *config_options (size_t *count);

const struct config_section *config_sections (size_t *count);

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
    size_t flag;         /* of the bool in struct config that says whether it gave the value */
};

/* All variables; `*count` of them. */
const struct config_variable *config_variables (size_t *count);

/* The file's name: "config-node.toml" or "config-rpc.toml". */
const char *config_file_name (enum config_file file);

/* The option's path in `file`, or NULL when it is not there. */
const char *config_option_path (const struct config_option *option, enum config_file file);

/* The option that `path` names in `file`, be it by an alias, or NULL. */
const struct config_option *config_option_at (enum config_file file, const char *path);

/* The part of a dotted path after the last dot. Points into `path`. */
const char *config_path_key (const char *path);

/* Whether `path` is `length` bytes of table and a key directly in that table. */
bool config_path_in (const char *path, const char *table, size_t length);

#define CONFIG_EXPECTED_SIZE 256

/* Writes what the option takes, to be read after "expected": "a whole number from 0 to 65535". */
void config_option_expected (const struct config_option *option, char text[CONFIG_EXPECTED_SIZE]);

#endif
