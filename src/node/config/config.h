/*
 * The configuration: config-node.toml, config-rpc.toml and --config overrides in, one validated
 * structure out. A configuration never changes after config_load; a reload loads another.
 *
 * Reading, --check_config, --generate_config and the manual page all go by one table of all keys
 * (config_table.h).
 *
 * Reads files: not for the event loop while requests are served. One thread at a time.
 */
#ifndef NODE_CONFIG_H
#define NODE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "node/base/log.h"
#include "node/base/text_list.h"
#include "rpc/access/access.h"
#include "rpc/base/endpoint.h"
#include "rpc/base/url.h"

struct config_endpoints {
    struct endpoint *items;
    size_t count;
};

/* The choices that some settings are, each in the order of its names in the table. */

/* How peers are asked. */
enum config_peers_mode {
    CONFIG_PEERS_SERIAL, /* one after another */
    CONFIG_PEERS_RACE,   /* all at once */
    CONFIG_PEERS_HEDGE,  /* the next one too when one is slow */
};

const char *config_peers_mode_name (enum config_peers_mode mode);

/* What the devices here do for a request that goes to peers. */
enum config_peers_local {
    CONFIG_PEERS_LOCAL_FALLBACK, /* begin when the peers have failed */
    CONFIG_PEERS_LOCAL_BESIDE,   /* search at the same time */
    CONFIG_PEERS_LOCAL_NEVER,
};

enum config_on_failure { CONFIG_ON_FAILURE_CONTINUE, CONFIG_ON_FAILURE_STOP };
enum config_subtype { CONFIG_SUBTYPE_SEND, CONFIG_SUBTYPE_RECEIVE };

/* A work peer that takes more than a host and a port to ask. */
struct config_peer {
    struct url url;
    char *header; /* the name of the header that `key` goes into, or NULL without a key */
    char *key;    /* secret; the header's whole value, or NULL */
};

struct config_peers {
    struct config_peer *items;
    size_t count;
};

#define CONFIG_ACCESS_MOST_KEYS 256

/*
 * The API keys that clients may have. A limit that a key does not have of its own is that of
 * [access]: it is CONFIG_ACCESS_AS_OTHERS, or CONFIG_ACCESS_JOBS_AS_OTHERS.
 */
#define CONFIG_ACCESS_AS_OTHERS (-1.0)
#define CONFIG_ACCESS_JOBS_AS_OTHERS UINT64_MAX

struct config_access_keys {
    struct access_key *items;
    size_t count;
};

struct config {
    /* [node] */
    uint64_t work_threads;
    bool work_threads_set; /* whether anybody said so, or it is the default */
    struct config_endpoints work_peers;
    struct config_endpoints secondary_work_peers;
    double max_work_generate_multiplier;
    uint64_t pow_sleep_interval; /* nanoseconds */

    /* [opencl] */
    bool opencl_enable;
    uint64_t opencl_platform;
    uint64_t opencl_device;
    uint64_t opencl_threads;
    struct text_list opencl_select; /* of the user's words; empty: platform and device */
    double opencl_batch_time;       /* seconds */

    /* [rpc] of config-node.toml, or config-rpc.toml */
    struct text_list rpc_address; /* canonical address literals, each once, at least one */
    uint64_t rpc_port;
    bool rpc_enable_control;
    uint64_t rpc_max_json_depth;
    uint64_t rpc_max_request_size; /* bytes */
    uint64_t rpc_max_header_size;  /* bytes */
    uint64_t rpc_max_memory;       /* bytes */
    uint64_t rpc_max_connections;
    uint64_t rpc_max_connections_per_address; /* 0: no bound */
    double rpc_read_timeout;                  /* seconds */
    double rpc_idle_timeout;                  /* seconds */

    /* [access]; 0 is no bound */
    struct config_access_keys access_keys;
    struct text_list access_allow;   /* networks that cidr_parse reads */
    struct text_list access_nodes;   /* the same */
    struct text_list access_proxies; /* the same */
    bool access_proxy_protocol;
    double access_rate;  /* requests a second */
    double access_burst; /* requests */
    uint64_t access_max_jobs;
    double access_max_multiplier;

    /* [work] */
    uint64_t work_max_queue;
    double work_request_timeout; /* seconds */
    double work_batch_time;      /* seconds */
    char *work_scanner;          /* "auto" or a scanner's name */

    /* [atto] */
    bool atto_enable;
    struct text_list atto_address; /* as rpc_address */
    uint64_t atto_port;
    uint64_t atto_management_port;

    /* [peers] */
    enum config_peers_mode peers_mode;
    enum config_peers_local peers_local;
    double peers_connect_timeout;  /* seconds */
    double peers_response_timeout; /* seconds */
    bool peers_stand_in;
    struct config_peers peers_peer;
    char *tls_authorities; /* a file, or "" for the system's */

    /* [store] */
    bool store_enable;
    char *store_path; /* "" is below the data directory */
    uint64_t store_max_entries;
    uint64_t store_max_bytes;
    uint64_t store_max_age; /* seconds; 0: no bound */
    bool store_keep_all;
    enum config_on_failure store_on_failure;

    /* [precache] */
    bool precache_enable;
    struct text_list precache_accounts; /* account numbers */
    char *precache_node;                /* a URL, or "" */
    double precache_poll_interval;      /* seconds */
    enum config_subtype precache_subtype;
    uint64_t precache_max_accounts;

    /* [management] */
    struct text_list management_address; /* as rpc_address */
    uint64_t management_port;            /* if management_port_set */
    bool management_port_set;

    /* [web] */
    bool web_enable;

    /* [log] */
    struct log_settings log;

    /* [daemon] */
    char *daemon_user;  /* a name or a number, or "" */
    char *daemon_group; /* likewise */
    bool daemon_confine;

    unsigned from_environment; /* which variables gave a value: see struct config_variable */
};

/*
 * Where the settings come from. All strings are the caller's and are only read.
 *
 * An override wins over both files, and the last of several for one key over the ones before it.
 * Where both files say the same of the server and differ, or an override of each kind,
 * config-node.toml's side wins and a warning says so. What loses must be valid all the same.
 */
struct config_sources {
    const char *data_path; /* directory of both files; it or either may be missing; or NULL */
    const char *const *overrides; /* "key=value" for config-node.toml, in order */
    size_t override_count;
    const char *const *rpc_overrides; /* "key=value" for config-rpc.toml, in order */
    size_t rpc_override_count;

    /*
     * For a reload: the configuration in force, which keeps what only a restart changes; or NULL.
     * A warning names each setting that would have changed.
     */
    const struct config *present;
    bool keep_opencl_off; /* whatever is read; a warning says so */
};

/* What loading had to say, in order. Each is one line without a newline. */
struct config_message {
    bool error; /* or a warning */
    char *text; /* errors: "FILE:LINE:COLUMN: what, and what was expected" */
};

struct config_report {
    struct config_message *messages;
    size_t count;
    size_t errors; /* how many of them are errors */
};

/*
 * Reads and validates. Every error found is in `report`, not only the first. Returns a
 * configuration that the caller frees with config_free, or NULL when `report->errors` is not 0 (an
 * unreadable file is an error too). `report` is initialised here and must be cleared by the caller
 * in either case.
 */
const struct config *config_load (const struct config_sources *sources,
                                  struct config_report *report);

/* NULL is fine. */
void config_free (const struct config *config);

void config_report_clear (struct config_report *report);

/* What another value of a setting starts anew. Each setting has one such part. */
enum config_part {
    CONFIG_PART_NONE,      /* nothing: the value counts from the reload on */
    CONFIG_PART_ENGINE,    /* the devices and their pool */
    CONFIG_PART_PRECACHE,  /* how work is found ahead of need */
    CONFIG_PART_ACCOUNTS,  /* for which accounts */
    CONFIG_PART_FRONTIERS, /* asking a node for their frontiers */
    CONFIG_PART_DAEMON,    /* all: only a restart changes it */
};

/* Whether any setting of `part` differs. */
bool config_differs (const struct config *a, const struct config *b, enum config_part part);

/* The files that can be generated. */
enum config_file { CONFIG_FILE_NODE, CONFIG_FILE_RPC };

/* The file called `name` ("node" or "rpc"). Returns 0, or -1. */
int config_file_by_name (const char *name, enum config_file *file);

/*
 * Writes a documented file to `stream`: every key with meaning, type, range and default, commented
 * out (`use_defaults` false; this is config-node.toml.example) or with its default in force (true).
 * Returns 0, or -1 when the stream fails.
 */
int config_generate (enum config_file file, bool use_defaults, FILE *stream);

/*
 * Calls `show` for every setting whose value in `config` is not that in `defaults`, in the table's
 * order, with its path and its value as a file would have it; a secret's value is "(hidden)", and a
 * long one is cut.
 */
void config_show_changes (const struct config *config, const struct config *defaults,
                          void (*show) (void *data, const char *path, const char *value),
                          void *data);

/* The same for every setting whose value the environment gave, with the variable's name. */
void config_show_environment (const struct config *config,
                              void (*show) (const char *variable, const char *path,
                                            const char *value));

#endif
