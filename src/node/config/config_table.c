#include "node/config/config_table.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "work/store/store.h"

#define AT(field) .offset = offsetof (struct config, field), .flag = CONFIG_NO_FLAG
#define AT_WITH_FLAG(field) \
    .offset = offsetof (struct config, field), .flag = offsetof (struct config, field##_set)

#define A_DAY 86400

static const char *const scanners[] = {"auto", "portable",  "avx2", "avx512",
                                       "neon", "neon-sha3", NULL};
static const char *const log_levels[] = {"debug", "info", "warn", "error", "off", NULL};
static const char *const log_formats[] = {"human", "json", NULL};
static const char *const log_targets[] = {"auto", "stderr", "journal", NULL};

static const char *const peer_modes[] = {"serial", "race", "hedge", NULL};
static const char *const peer_locals[] = {"fallback", "beside", "never", NULL};

static const char *const on_failures[] = {"continue", "stop", NULL};
static const char *const subtypes[] = {"send", "receive", NULL};

static const struct config_section sections[] = {
    {"node", "What a node calls by the same names."},
    {"node.experimental", NULL},
    {"opencl", "Work on a GPU or another OpenCL device."},
    {"rpc", "The server that requests come to. Where config-rpc.toml says otherwise, this counts."},
    {"access", "Who may ask, how often and for how much. Without keys and networks, everybody."},
    {"work", "The search for work."},
    {"peers", "How work peers are asked, whose lists are node.work_peers and peers.peer."},
    {"store", "Works that were found before, on disk, for whoever asks for them again."},
    {"precache", "Work for an account's next block, found before anybody asks. It takes a store."},
    {"atto", "Atto's work server, beside the RPC and on the same devices."},
    {"management", "Metrics and probes on a port of their own: /metrics, /health and /ready."},
    {"log", "What is logged, where and how."},
    {"daemon", "The daemon's own rights, which it gives up before it serves anybody."},
};

static const struct config_option options[] = {
    {
        .path = "node.work_threads",
        .type = CONFIG_TYPE_WHOLE,
        .min = 0,
        .max = 65535,
        .sample = "4",
        .unit = "threads",
        .help =
            "Threads that search for work on the CPU; 0 turns work on the CPU off. Without this\n"
            "key there is one for every CPU that the process may use; where OpenCL devices\n"
            "search, these only stand by.",
        AT_WITH_FLAG (work_threads),
    },
    {
        .path = "node.work_peers",
        .type = CONFIG_TYPE_ENDPOINTS,
        .initial = "[]",
        .help =
            "Work peers: other servers of work, each a host name or an address and a port. They "
            "are\n"
            "asked, in this order, for requests that say use_peers; see also [peers].",
        AT (work_peers),
    },
    {
        .path = "node.max_work_generate_multiplier",
        .type = CONFIG_TYPE_NUMBER,
        .min = 1,
        .max = INFINITY,
        .initial = "64",
        .unit = "times the network's base difficulty",
        .help = "The highest difficulty that a request may ask for.",
        AT (max_work_generate_multiplier),
    },
    {
        .path = "node.pow_sleep_interval",
        .type = CONFIG_TYPE_WHOLE,
        .min = 0,
        .max = 1e9,
        .initial = "0",
        .unit = "nanoseconds",
        .help = "How long a CPU thread sleeps for every 256 hashes: less load, slower work. The "
                "sleeps\n"
                "of a batch are taken together, after it.",
        AT (pow_sleep_interval),
    },
    {
        .path = "node.experimental.secondary_work_peers",
        .alias = "node.secondary_work_peers",
        .type = CONFIG_TYPE_ENDPOINTS,
        .initial = "[\"127.0.0.1:8076\"]",
        .help = "The work peers for requests that say secondary_work_peers beside use_peers.\n"
                "The key may stand in [node] as well.",
        AT (secondary_work_peers),
    },
    {
        .path = "opencl.enable",
        .type = CONFIG_TYPE_SWITCH,
        .initial = "false",
        .help =
            "Whether OpenCL devices search for work. The CPU is left alone while one of them\n"
            "works, unless node.work_threads says otherwise. Where none can be used, the log says\n"
            "why and the CPU searches.",
        AT (opencl_enable),
    },
    {
        .path = "opencl.platform",
        .type = CONFIG_TYPE_WHOLE,
        .min = 0,
        .max = UINT32_MAX,
        .initial = "0",
        .unit = "its number, as --list_devices prints it",
        .help = "The OpenCL platform of the device.",
        AT (opencl_platform),
    },
    {
        .path = "opencl.device",
        .type = CONFIG_TYPE_WHOLE,
        .min = 0,
        .max = UINT32_MAX,
        .initial = "0",
        .unit = "its number, as --list_devices prints it",
        .help = "The OpenCL device on that platform.",
        AT (opencl_device),
    },
    {
        .path = "opencl.threads",
        .type = CONFIG_TYPE_WHOLE,
        .min = 1,
        .max = UINT32_MAX,
        .initial = "1048576",
        .unit = "work items",
        .help =
            "The most work items that one launch on a device has. What suits the device is found\n"
            "out at the start.",
        AT (opencl_threads),
    },
    {
        .path = "opencl.select",
        .type = CONFIG_TYPE_STRINGS,
        .initial = "[]",
        .help =
            "The devices to use, in place of platform and device above: \"all\", which is every\n"
            "GPU, or any number of \"platform:device\", parts of names and PCI addresses.\n"
            "--list_devices prints them. Upper and lower case are alike. A device that is named\n"
            "twice is used as two.",
        AT (opencl_select),
    },
    {
        .path = "opencl.batch_time",
        .type = CONFIG_TYPE_NUMBER,
        .min = 0.001,
        .max = 1,
        .initial = "0.01",
        .unit = "seconds",
        .help =
            "How long a device searches before it looks for more urgent work. It holds up to two\n"
            "such batches. Shorter reacts sooner, longer costs a little less.",
        AT (opencl_batch_time),
    },
    {
        .path = "rpc.address",
        .fixed = true,
        .rpc_path = "address",
        .type = CONFIG_TYPE_ADDRESSES,
        .initial = "[\"127.0.0.1\", \"::1\"]",
        .help = "The addresses to listen on. \"localhost\" is both loopback addresses.",
        AT_WITH_FLAG (rpc_address),
    },
    {
        .path = "rpc.port",
        .fixed = true,
        .rpc_path = "port",
        .type = CONFIG_TYPE_WHOLE,
        .min = 0,
        .max = UINT16_MAX,
        .initial = "7000",
        .unit = "a TCP port number",
        .help = "The port to listen on; 0 lets the system choose a free one.",
        AT (rpc_port),
    },
    {
        .path = "rpc.enable_control",
        .rpc_path = "enable_control",
        .type = CONFIG_TYPE_SWITCH,
        .initial = "false",
        .help = "Whether requests may change this server: its work peers, its store, stopping it.\n"
                "Asking for work never needs it. A web page is always refused.",
        AT (rpc_enable_control),
    },
    {
        .path = "rpc.max_json_depth",
        .rpc_path = "max_json_depth",
        .type = CONFIG_TYPE_WHOLE,
        .min = 1,
        .max = 255,
        .initial = "20",
        .unit = "brackets",
        .help =
            "How many objects and lists a request may hold: every { and [ counts, as in nano_node.",
        AT (rpc_max_json_depth),
    },
    {
        .path = "rpc.max_request_size",
        .rpc_path = "max_request_size",
        .type = CONFIG_TYPE_WHOLE,
        .min = 1,
        .max = 1024.0 * 1024 * 1024,
        .initial = "32768",
        .unit = "bytes",
        .help = "How large the body of a request may be.",
        AT (rpc_max_request_size),
    },
    {
        .path = "rpc.max_header_size",
        .type = CONFIG_TYPE_WHOLE,
        .min = 1024,
        .max = 65536,
        .initial = "8192",
        .unit = "bytes",
        .help = "How large the header of a request may be.",
        AT (rpc_max_header_size),
    },
    {
        .path = "rpc.max_memory",
        .type = CONFIG_TYPE_WHOLE,
        .min = 2.0 * 1024 * 1024,
        .max = 1024.0 * 1024 * 1024 * 1024,
        .initial = "67108864",
        .unit = "bytes",
        .help = "How much memory requests that are not answered yet, and answers that clients\n"
                "have not read, may take together.",
        AT (rpc_max_memory),
    },
    {
        .path = "rpc.max_connections",
        .type = CONFIG_TYPE_WHOLE,
        .min = 1,
        .max = 1e6,
        .initial = "1024",
        .unit = "connections",
        .help = "How many clients may be connected at once.",
        AT (rpc_max_connections),
    },
    {
        .path = "rpc.max_connections_per_address",
        .type = CONFIG_TYPE_WHOLE,
        .min = 0,
        .max = 1e6,
        .initial = "512",
        .unit = "connections",
        .help = "How many of them may come from one address, or one /64 of IPv6; 0 is no bound.",
        AT (rpc_max_connections_per_address),
    },
    {
        .path = "rpc.read_timeout",
        .type = CONFIG_TYPE_NUMBER,
        .min = 0.01,
        .max = A_DAY,
        .initial = "30",
        .unit = "seconds",
        .help = "How long a client may take to send a request.",
        AT (rpc_read_timeout),
    },
    {
        .path = "rpc.idle_timeout",
        .type = CONFIG_TYPE_NUMBER,
        .min = 0.01,
        .max = A_DAY,
        .initial = "120",
        .unit = "seconds",
        .help = "How long a connection may stay open between requests.",
        AT (rpc_idle_timeout),
    },
    {
        .path = "access.keys",
        .type = CONFIG_TYPE_KEYS,
        .secret = true,
        .initial = "[]",
        .help = "API keys that clients may have: each a table [[access.keys]] with `hash`, what\n"
                "workpeer --hash_key prints, and if need be a `name` for the log, and `rate`,\n"
                "`burst`, `max_jobs` and `max_multiplier` of its own.",
        AT (access_keys),
    },
    {
        .path = "access.allow",
        .type = CONFIG_TYPE_NETWORKS,
        .initial = "[]",
        .help = "Networks whose clients need no key. Where there are any, others need a good key;\n"
                "where there are no keys, they are refused.",
        AT (access_allow),
    },
    {
        .path = "access.nodes",
        .type = CONFIG_TYPE_NETWORKS,
        .initial = "[]",
        .help = "Networks where nodes are: there the RPC refuses with status 200, since a node\n"
                "waits for ever after any other. Without any: loopback, and those of access.allow.",
        AT (access_nodes),
    },
    {
        .path = "access.rate",
        .type = CONFIG_TYPE_NUMBER,
        .min = 0,
        .max = 1e6,
        .initial = "0",
        .unit = "requests a second",
        .help = "How many requests one key may send, or one address without a key; of IPv6 one\n"
                "/64. 0 is no bound.",
        AT (access_rate),
    },
    {
        .path = "access.burst",
        .type = CONFIG_TYPE_NUMBER,
        .min = 0,
        .max = 1e6,
        .initial = "0",
        .unit = "requests",
        .help = "How many of them may come at once after a pause; 0 is as many as in a second, at\n"
                "least 1.",
        AT (access_burst),
    },
    {
        .path = "access.max_jobs",
        .type = CONFIG_TYPE_WHOLE,
        .min = 0,
        .max = 1e6,
        .initial = "0",
        .unit = "requests",
        .help = "How many requests of one key or address may wait for work at once; 0 is no bound.",
        AT (access_max_jobs),
    },
    {
        .path = "access.max_multiplier",
        .type = CONFIG_TYPE_NUMBER,
        .min = 0,
        .max = 1e12,
        .initial = "0",
        .unit = "times the network's base difficulty",
        .help = "The highest difficulty that one key or address may ask for; 0 is no other bound\n"
                "than node.max_work_generate_multiplier.",
        AT (access_max_multiplier),
    },
    {
        .path = "work.max_queue",
        .type = CONFIG_TYPE_WHOLE,
        .min = 1,
        .max = 1e6,
        .initial = "4096",
        .unit = "roots",
        .help = "How many roots may wait or be searched at once. A request beyond that is refused.",
        AT (work_max_queue),
    },
    {
        .path = "work.request_timeout",
        .type = CONFIG_TYPE_NUMBER,
        .min = 0.01,
        .max = A_DAY,
        .initial = "300",
        .unit = "seconds",
        .help = "How long a request for work may take before it is answered with an error.",
        AT (work_request_timeout),
    },
    {
        .path = "work.batch_time",
        .type = CONFIG_TYPE_NUMBER,
        .min = 0.0005,
        .max = 0.1,
        .initial = "0.005",
        .unit = "seconds",
        .help =
            "How long a CPU thread searches before it looks for more urgent work. Shorter reacts\n"
            "sooner, longer costs a little less.",
        AT (work_batch_time),
    },
    {
        .path = "work.scanner",
        .type = CONFIG_TYPE_CHOICE,
        .choices = scanners,
        .initial = "\"auto\"",
        .help =
            "The CPU instructions to search with. \"auto\" takes the fastest that this CPU has.",
        AT (work_scanner),
    },
    {
        .path = "peers.mode",
        .type = CONFIG_TYPE_CHOICE,
        .choices = peer_modes,
        .initial = "\"serial\"",
        .help = "\"serial\" asks one peer after another until one succeeds. \"race\" asks all at "
                "once.\n"
                "\"hedge\" asks the next one as well when a peer takes longer than it does 95 "
                "times out\n"
                "of 100. Peers whose answers are no longer wanted are told to stop.",
        AT (peers_mode),
    },
    {
        .path = "peers.local",
        .type = CONFIG_TYPE_CHOICE,
        .choices = peer_locals,
        .initial = "\"fallback\"",
        .help = "What this machine's own devices do for a request that goes to peers: begin when "
                "all\n"
                "peers have failed, search beside them from the start, or never.",
        AT (peers_local),
    },
    {
        .path = "peers.stand_in",
        .type = CONFIG_TYPE_SWITCH,
        .initial = "true",
        .help = "Whether a request that does not say use_peers goes to the peers when this machine "
                "has\n"
                "no device to work on, or none that works.",
        AT (peers_stand_in),
    },
    {
        .path = "peers.connect_timeout",
        .type = CONFIG_TYPE_NUMBER,
        .min = 0.01,
        .max = A_DAY,
        .initial = "3",
        .unit = "seconds",
        .help = "How long a connection to one address of a peer may take.",
        AT (peers_connect_timeout),
    },
    {
        .path = "peers.response_timeout",
        .type = CONFIG_TYPE_NUMBER,
        .min = 0.01,
        .max = A_DAY,
        .initial = "60",
        .unit = "seconds",
        .help = "How long one peer may take to find work. Less when the request's own time is "
                "short.",
        AT (peers_response_timeout),
    },
    {
        .path = "peers.peer",
        .type = CONFIG_TYPE_PEERS,
        .initial = "[]",
        .help = "More work peers, asked after those of node.work_peers: each a table "
                "[[peers.peer]]\n"
                "with `url`, \"http://host:port/path\", and, where it wants a key, `key` and the "
                "name of\n"
                "the `header` that carries it: \"api-key\" unless given; \"Authorization\" carries "
                "it as\n"
                "a Bearer token.",
        AT (peers_peer),
    },
    {
        .path = "store.enable",
        .fixed = true,
        .type = CONFIG_TYPE_SWITCH,
        .initial = "true",
        .help = "Whether works are stored.",
        AT (store_enable),
    },
    {
        .path = "store.path",
        .fixed = true,
        .type = CONFIG_TYPE_PATH,
        .initial = "\"\"",
        .help = "The store's directory, on a disk of this machine. Without it work_store in the "
                "data\n"
                "directory. One daemon can use it at a time.",
        AT (store_path),
    },
    {
        .path = "store.max_entries",
        .fixed = true,
        .type = CONFIG_TYPE_WHOLE,
        .min = 1,
        .max = 1e9,
        .initial = "1000000",
        .unit = "works",
        .help = "How many works are stored; the ones not asked for longest make room.",
        AT (store_max_entries),
    },
    {
        .path = "store.max_bytes",
        .fixed = true,
        .type = CONFIG_TYPE_WHOLE,
        .min = STORE_MIN_BYTES,
        .max = 1e15,
        .initial = "1073741824",
        .unit = "bytes",
        .help = "How large the store's file becomes.",
        AT (store_max_bytes),
    },
    {
        .path = "store.max_age",
        .fixed = true,
        .type = CONFIG_TYPE_WHOLE,
        .min = 0,
        .max = 1e9,
        .initial = "31536000",
        .unit = "seconds",
        .help = "How old a work becomes before it is dropped; 0 is no bound.",
        AT (store_max_age),
    },
    {
        .path = "store.keep_all",
        .type = CONFIG_TYPE_SWITCH,
        .initial = "true",
        .help = "Whether every work that is found is stored, or only what was found ahead of need.",
        AT (store_keep_all),
    },
    {
        .path = "store.on_failure",
        .fixed = true,
        .type = CONFIG_TYPE_CHOICE,
        .choices = on_failures,
        .initial = "\"continue\"",
        .help = "Whether the daemon goes on without the store, or does not start, when the store "
                "cannot\n"
                "be opened.",
        AT (store_on_failure),
    },
    {
        .path = "precache.enable",
        .type = CONFIG_TYPE_SWITCH,
        .initial = "true",
        .help = "Whether accounts are followed, and work is found for their frontiers.",
        AT (precache_enable),
    },
    {
        .path = "precache.accounts",
        .type = CONFIG_TYPE_ACCOUNTS,
        .initial = "[]",
        .help = "Accounts to follow from the start. Others are followed once a request names them.",
        AT (precache_accounts),
    },
    {
        .path = "precache.node",
        .type = CONFIG_TYPE_URL,
        .initial = "\"\"",
        .help = "The RPC of a node, \"http://127.0.0.1:7076\", that is asked for the accounts' "
                "frontiers.\n"
                "A node's [node.httpcallback] can tell of them as well: POST /callback.",
        AT (precache_node),
    },
    {
        .path = "precache.poll_interval",
        .type = CONFIG_TYPE_NUMBER,
        .min = 0.1,
        .max = A_DAY,
        .initial = "30",
        .unit = "seconds",
        .help = "How long after one round of asking the node the next one begins.",
        AT (precache_poll_interval),
    },
    {
        .path = "precache.subtype",
        .type = CONFIG_TYPE_CHOICE,
        .choices = subtypes,
        .initial = "\"send\"",
        .help = "Which block is expected next, and so how hard the work has to be. Work for a send "
                "is\n"
                "good for any block; work for a receive is found sooner.",
        AT (precache_subtype),
    },
    {
        .path = "precache.max_accounts",
        .fixed = true,
        .type = CONFIG_TYPE_WHOLE,
        .min = 1,
        .max = 1e6,
        .initial = "10000",
        .unit = "accounts",
        .help = "How many accounts are followed; the one heard of longest ago makes room for "
                "another.",
        AT (precache_max_accounts),
    },
    {
        .path = "atto.enable",
        .fixed = true,
        .type = CONFIG_TYPE_SWITCH,
        .initial = "false",
        .help = "Whether Atto's requests are served: POST /works.",
        AT (atto_enable),
    },
    {
        .path = "atto.address",
        .fixed = true,
        .type = CONFIG_TYPE_ADDRESSES,
        .initial = "[\"127.0.0.1\", \"::1\"]",
        .help = "The addresses to listen on for them. \"localhost\" is both loopback addresses.",
        AT (atto_address),
    },
    {
        .path = "atto.port",
        .fixed = true,
        .type = CONFIG_TYPE_WHOLE,
        .min = 0,
        .max = UINT16_MAX,
        .initial = "8080",
        .unit = "a TCP port number",
        .help = "The port of the API; 0 lets the system choose a free one.",
        AT (atto_port),
    },
    {
        .path = "atto.management_port",
        .fixed = true,
        .type = CONFIG_TYPE_WHOLE,
        .min = 0,
        .max = UINT16_MAX,
        .initial = "8081",
        .unit = "a TCP port number",
        .help = "The port of /health; 0 lets the system choose a free one.",
        AT (atto_management_port),
    },
    {
        .path = "management.address",
        .type = CONFIG_TYPE_ADDRESSES,
        .initial = "[\"127.0.0.1\", \"::1\"]",
        .help = "The addresses to listen on for them. \"localhost\" is both loopback addresses.",
        .fixed = true,
        AT (management_address),
    },
    {
        .path = "management.port",
        .type = CONFIG_TYPE_WHOLE,
        .min = 0,
        .max = UINT16_MAX,
        .sample = "7001",
        .absent = "no port",
        .unit = "a TCP port number",
        .help = "Their port; 0 lets the system choose a free one. Without this key there is none, "
                "and\n"
                "/metrics is on the RPC's port. /health and /ready are there in any case.",
        .fixed = true,
        AT_WITH_FLAG (management_port),
    },
    {
        .path = "log.level",
        .type = CONFIG_TYPE_CHOICE,
        .choices = log_levels,
        .initial = "\"info\"",
        .help = "The least important messages that are logged.",
        AT (log_level),
    },
    {
        .path = "log.format",
        .type = CONFIG_TYPE_CHOICE,
        .choices = log_formats,
        .initial = "\"human\"",
        .help = "Lines for people, or a JSON object in each line.",
        AT (log_format),
    },
    {
        .path = "log.target",
        .type = CONFIG_TYPE_CHOICE,
        .choices = log_targets,
        .initial = "\"auto\"",
        .help = "Where lines go without log.file: \"stderr\", or \"journal\", which is standard "
                "error\n"
                "too, with the priorities that the systemd journal reads. \"auto\" finds out.",
        AT (log_target),
    },
    {
        .path = "log.file",
        .type = CONFIG_TYPE_PATH,
        .initial = "\"\"",
        .help = "A file that lines are appended to, in place of standard error. It is created with "
                "mode\n"
                "0640, and opened again at SIGHUP.",
        AT (log_file),
    },
    {
        .path = "daemon.user",
        .fixed = true,
        .type = CONFIG_TYPE_USER,
        .initial = "\"\"",
        .help =
            "The user to become when the daemon is started as root, once its ports are bound and\n"
            "before anything else: log and store are this user's. The groups that the system\n"
            "gives the user are kept, as video and render, which GPUs need. \"root\" stays root.",
        AT (daemon_user),
    },
    {
        .path = "daemon.group",
        .fixed = true,
        .type = CONFIG_TYPE_GROUP,
        .initial = "\"\"",
        .help = "The group to become with that user; without it the user's own.",
        AT (daemon_group),
    },
    {
        .path = "daemon.confine",
        .fixed = true,
        .type = CONFIG_TYPE_SWITCH,
        .initial = "true",
        .help =
            "Whether the daemon has the kernel refuse it what it never needs: new privileges, and\n"
            "calls like mount, ptrace and bpf; where opencl.enable is off at the start, programs\n"
            "too. Turn it off for a driver that needs such a thing, as a helper that is setuid.",
        AT (daemon_confine),
    },
};

static const struct config_variable variables[] = {
    {
        .name = "ATTO_WORK_DEVICE",
        .path = "opencl.device",
        .flag = offsetof (struct config, opencl_device_from_environment),
    },
    {
        .name = "ATTO_WORK_QUEUE_SIZE",
        .path = "work.max_queue",
        .may_only_raise = true,
        .flag = offsetof (struct config, work_max_queue_from_environment),
    },
};

const struct config_variable *
config_variables (size_t *count)
{
    *count = sizeof variables / sizeof variables[0];
    return variables;
}

const struct config_option *
config_options (size_t *count)
{
    *count = sizeof options / sizeof options[0];
    return options;
}

const struct config_section *
config_sections (size_t *count)
{
    *count = sizeof sections / sizeof sections[0];
    return sections;
}

const char *
config_file_name (enum config_file file)
{
    return file == CONFIG_FILE_NODE ? "config-node.toml" : "config-rpc.toml";
}

int
config_file_by_name (const char *name, enum config_file *file)
{
    if (strcmp (name, "node") == 0) {
        *file = CONFIG_FILE_NODE;
        return 0;
    }
    if (strcmp (name, "rpc") == 0) {
        *file = CONFIG_FILE_RPC;
        return 0;
    }
    return -1;
}

const char *
config_option_path (const struct config_option *option, enum config_file file)
{
    return file == CONFIG_FILE_NODE ? option->path : option->rpc_path;
}

static bool
is_path (const char *known, const char *path)
{
    return known != NULL && strcmp (known, path) == 0;
}

const struct config_option *
config_option_at (enum config_file file, const char *path)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        const struct config_option *const option = &options[i];

        if (is_path (config_option_path (option, file), path) ||
            (file == CONFIG_FILE_NODE && is_path (option->alias, path))) {
            return option;
        }
    }
    return NULL;
}

const char *
config_path_key (const char *path)
{
    const char *const dot = strrchr (path, '.');

    return dot != NULL ? dot + 1 : path;
}

bool
config_path_in (const char *path, const char *table, size_t length)
{
    const char *const key = config_path_key (path);

    if (length == 0) {
        return key == path;
    }
    return (size_t)(key - path) == length + 1 && strncmp (path, table, length) == 0;
}

/* Writes `one of "a", "b" or "c"`, or as much of it as fits. */
static void
list_choices (const char *const *choices, char *text, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; choices[i] != NULL && used < size; i++) {
        const char *const before = i == 0 ? "one of " : choices[i + 1] == NULL ? " or " : ", ";
        const int written = snprintf (text + used, size - used, "%s\"%s\"", before, choices[i]);

        used += written > 0 ? (size_t)written : 0;
    }
}

void
config_option_expected (const struct config_option *option, char text[CONFIG_EXPECTED_SIZE])
{
    const size_t size = CONFIG_EXPECTED_SIZE;

    switch (option->type) {
    case CONFIG_TYPE_WHOLE:
        snprintf (text, size, "a whole number from %.0f to %.0f", option->min, option->max);
        break;
    case CONFIG_TYPE_NUMBER:
        if (isinf (option->max)) {
            snprintf (text, size, "a finite number of at least %.15g", option->min);
        } else {
            snprintf (text, size, "a number from %.15g to %.15g", option->min, option->max);
        }
        break;
    case CONFIG_TYPE_SWITCH:
        snprintf (text, size, "true or false");
        break;
    case CONFIG_TYPE_CHOICE:
        list_choices (option->choices, text, size);
        break;
    case CONFIG_TYPE_PATH:
        snprintf (text, size, "a path of 1 to %d bytes, or \"\" for none", PATH_MAX - 1);
        break;
    case CONFIG_TYPE_USER:
        snprintf (text, size, "a user of this system, by name or number, or \"\" for none");
        break;
    case CONFIG_TYPE_GROUP:
        snprintf (text, size, "a group of this system, by name or number, or \"\" for none");
        break;
    case CONFIG_TYPE_ENDPOINTS:
        snprintf (text, size, "a list of \"host:port\"");
        break;
    case CONFIG_TYPE_ADDRESSES:
        snprintf (text, size,
                  "an IPv4 address, an IPv6 address or \"localhost\", or a list of these");
        break;
    case CONFIG_TYPE_ACCOUNTS:
        snprintf (text, size, "an account, or a list of accounts");
        break;
    case CONFIG_TYPE_URL:
        snprintf (text, size, "\"http://host:port/path\", or \"\" for none");
        break;
    case CONFIG_TYPE_PEERS:
        snprintf (text, size, "a list of tables with a url, or of \"http://host:port/path\"");
        break;
    case CONFIG_TYPE_STRINGS:
        snprintf (text, size, "a string, or a list of strings");
        break;
    case CONFIG_TYPE_NETWORKS:
        snprintf (text, size, "a network, as \"10.0.0.0/8\" or \"::1\", or a list of networks");
        break;
    case CONFIG_TYPE_KEYS:
        snprintf (text, size, "a list of tables with a hash, or of \"blake2b:SALT:HASH\"");
        break;
    }
}
