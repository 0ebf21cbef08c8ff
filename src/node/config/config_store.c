/* [store] and [precache]: what was found before, and what is found ahead of need. */
#include "node/config/config_type.h"
#include "work/store/store.h"

/* clang-format off */

static const char *const on_failures[] = {"continue", "stop", NULL};

static const struct config_option store_options[] = {
    {.path = "store.enable", CONFIG_SWITCH (store_enable), .initial = "true",
     .part = CONFIG_PART_DAEMON,
     .help = "Whether to store work."},
    {.path = "store.path", CONFIG_TEXT (config_file_path, store_path), .initial = "\"\"",
     .part = CONFIG_PART_DAEMON,
     .help = "The store's directory, which is created if it does not exist. By default it is "
             "`work_store` in the data directory. It must be on a disk of this machine, and only "
             "one daemon can use it at a time."},
    {.path = "store.max_entries", CONFIG_WHOLE (store_max_entries, 1, 1e9), .initial = "1000000",
     .unit = "works", .part = CONFIG_PART_DAEMON,
     .help = "How many works to store. When the store is full, new ones replace those that have "
             "not been requested for the longest time."},
    {.path = "store.max_bytes", CONFIG_WHOLE (store_max_bytes, STORE_MIN_BYTES, 1e15),
     .initial = "1073741824", .unit = "bytes", .part = CONFIG_PART_DAEMON,
     .help = "The maximum size of the store's file.",
     .more = "A file that is already larger does not grow."},
    {.path = "store.max_age", CONFIG_WHOLE (store_max_age, 0, 1e9), .initial = "31536000",
     .unit = "seconds", .part = CONFIG_PART_DAEMON,
     .help = "The age at which a work is dropped. 0 means no limit."},
    {.path = "store.keep_all", CONFIG_SWITCH (store_keep_all), .initial = "true",
     .help = "Whether to store all work, or only pre-cached work."},
    {.path = "store.on_failure", CONFIG_CHOICE (store_on_failure, on_failures),
     .initial = "\"continue\"", .part = CONFIG_PART_DAEMON,
     .help = "What the daemon does if the store cannot be opened: \"continue\" goes on without "
             "it, \"stop\" does not start.",
     .more = "Another daemon may have the store open, the disk may not be writable, or the file "
             "may be another program's or a newer version's. The log says why in either case.\n\n"
             "A damaged file is not such a failure: the daemon renames it to `data.mdb.damaged`, "
             "replacing an earlier one, logs an error, and starts a new file. If writing fails "
             "later, while the daemon runs, for example because the disk is full, the daemon logs "
             "that and retries until it succeeds."},
};

const struct config_section config_section_store = {
    .path = "store", CONFIG_OPTIONS (store_options),
    .help = "Work that was found before, kept on disk and returned when it is requested again.",
    .more = "Each work is stored under its network and root, and checked again before it is "
            "returned.",
};

static const char *const subtypes[] = {"send", "receive", NULL};

static const struct config_option precache_options[] = {
    {.path = "precache.enable", CONFIG_SWITCH (precache_enable), .initial = "true",
     .part = CONFIG_PART_FRONTIERS,
     .help = "Whether to follow accounts and find work for their frontiers in advance.",
     .more = "You can turn this off and on again while the daemon runs: it continues where it "
             "stopped."},
    {.path = "precache.accounts", CONFIG_TEXTS (config_accounts, precache_accounts), .initial = "[]",
     .part = CONFIG_PART_ACCOUNTS,
     .help = "Accounts to follow from the start. Other accounts are followed once a request names "
             "them.",
     .more = "The accounts listed here are always followed; others are dropped if there are too "
             "many. If you remove an account from the list, it becomes one of the others at the "
             "next reload."},
    {.path = "precache.node", CONFIG_TEXT (config_url, precache_node), .initial = "\"\"",
     .part = CONFIG_PART_FRONTIERS,
     .help = "The RPC of a node, such as \"http://127.0.0.1:7076\", to ask for the accounts' "
             "frontiers. A node can also report them itself: see [node.httpcallback] in its own "
             "configuration, and `POST /callback`.",
     .more = "Workpeer asks for 200 accounts at a time. The node does not need enable_control for "
             "this."},
    {.path = "precache.poll_interval", CONFIG_NUMBER (precache_poll_interval, 0.1, CONFIG_A_DAY),
     .initial = "30", .unit = "seconds", .part = CONFIG_PART_FRONTIERS,
     .help = "How long to wait between two rounds of asking the node."},
    {.path = "precache.subtype", CONFIG_CHOICE (precache_subtype, subtypes), .initial = "\"send\"",
     .part = CONFIG_PART_PRECACHE,
     .help = "Which kind of block to find work for. Work for a send is good for any block. Work "
             "for a receive is found sooner, but is too weak for a send."},
    {.path = "precache.max_accounts", CONFIG_WHOLE (precache_max_accounts, 1, 1e6),
     .initial = "10000", .unit = "accounts", .part = CONFIG_PART_DAEMON,
     .help = "How many accounts to follow. A new one replaces the one not heard of for the "
             "longest time.",
     .more = "Accounts in precache.accounts, or watched by precache_watch, are never replaced. "
             "Among the others, those that no node has reported go first. The same limit applies "
             "to waiting roots from work_precache without an account."},
};

const struct config_section config_section_precache = {
    .path = "precache", CONFIG_OPTIONS (precache_options),
    .help = "Work for an account's next block, found before anybody asks for it. This needs the "
            "store.",
    .more = "Workpeer follows an account once it is named: by precache.accounts, by the `account` "
            "of a work_generate, by work_precache or by precache_watch; see workpeer-rpc(7). When "
            "a node reports a new frontier of such an account, Workpeer searches for work for it. "
            "Requests that somebody waits for come first. A node reports frontiers through its "
            "callback, `POST /callback`, or when Workpeer asks it (precache.node), or both.\n\n"
            "A reload changes these settings without losing followed accounts, queued searches or "
            "known frontiers.",
};
