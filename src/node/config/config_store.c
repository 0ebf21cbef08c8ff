/* [store] and [precache]: what was found before, and what is found ahead of need. */
#include "node/config/config_type.h"
#include "work/store/store.h"

/* clang-format off */

static const char *const on_failures[] = {"continue", "stop", NULL};

static const struct config_option store_options[] = {
    {.path = "store.enable", CONFIG_SWITCH (store_enable), .initial = "true",
     .part = CONFIG_PART_DAEMON,
     .help = "Whether works are stored."},
    {.path = "store.path", CONFIG_TEXT (config_file_path, store_path), .initial = "\"\"",
     .part = CONFIG_PART_DAEMON,
     .help = "The store's directory, which is created if it does not exist. By default it is "
             "`work_store` in the data directory. It must be on a disk of this machine, and only "
             "one daemon can use it at a time."},
    {.path = "store.max_entries", CONFIG_WHOLE (store_max_entries, 1, 1e9), .initial = "1000000",
     .unit = "works", .part = CONFIG_PART_DAEMON,
     .help = "How many works are stored. Those that have not been asked for longest make room for "
             "new ones."},
    {.path = "store.max_bytes", CONFIG_WHOLE (store_max_bytes, STORE_MIN_BYTES, 1e15),
     .initial = "1073741824", .unit = "bytes", .part = CONFIG_PART_DAEMON,
     .help = "How large the store's file may become.",
     .more = "A file that is larger already does not grow."},
    {.path = "store.max_age", CONFIG_WHOLE (store_max_age, 0, 1e9), .initial = "31536000",
     .unit = "seconds", .part = CONFIG_PART_DAEMON,
     .help = "How old a work may become before it is dropped. 0 means no limit."},
    {.path = "store.keep_all", CONFIG_SWITCH (store_keep_all), .initial = "true",
     .help = "Whether every work that is found is stored, or only what was found ahead of need."},
    {.path = "store.on_failure", CONFIG_CHOICE (store_on_failure, on_failures),
     .initial = "\"continue\"", .part = CONFIG_PART_DAEMON,
     .help = "What the daemon does if the store cannot be opened: \"continue\" goes on without "
             "it, \"stop\" does not start.",
     .more = "Another daemon may have the store open, the disk may not be writable, or the file "
             "may be another program's or a newer version's. The log says why in either case.\n\n"
             "A damaged file is no such failure: it is renamed `data.mdb.damaged`, replacing an "
             "earlier one, the log says so as an error, and the store begins anew. If the store "
             "cannot be written later, while the daemon runs, because the disk is full for "
             "instance, the log says so too, and writing is tried again until it works."},
};

const struct config_section config_section_store = {
    .path = "store", CONFIG_OPTIONS (store_options),
    .help = "Works that were found before, on disk, for whoever asks for them again.",
    .more = "Each is stored under its network and root, and checked again before it is sent.",
};

static const char *const subtypes[] = {"send", "receive", NULL};

static const struct config_option precache_options[] = {
    {.path = "precache.enable", CONFIG_SWITCH (precache_enable), .initial = "true",
     .part = CONFIG_PART_FRONTIERS,
     .help = "Whether accounts are followed, and work is found for their frontiers.",
     .more = "Turned off and on again while the daemon runs, it goes on where it was."},
    {.path = "precache.accounts", CONFIG_TEXTS (config_accounts, precache_accounts), .initial = "[]",
     .part = CONFIG_PART_ACCOUNTS,
     .help = "Accounts to follow from the start. Other accounts are followed once a request names "
             "them.",
     .more = "The accounts listed here are always followed; others make room when there are too "
             "many. An account that is no longer listed when the file is read again is followed "
             "like any other."},
    {.path = "precache.node", CONFIG_TEXT (config_url, precache_node), .initial = "\"\"",
     .part = CONFIG_PART_FRONTIERS,
     .help = "The RPC of a node, such as \"http://127.0.0.1:7076\", that is asked for the "
             "accounts' frontiers. A node can also report them itself: see [node.httpcallback] in "
             "its own configuration, and `POST /callback`.",
     .more = "The node is asked for 200 accounts at a time. It does not need its enable_control "
             "for that."},
    {.path = "precache.poll_interval", CONFIG_NUMBER (precache_poll_interval, 0.1, CONFIG_A_DAY),
     .initial = "30", .unit = "seconds", .part = CONFIG_PART_FRONTIERS,
     .help = "How long after one round of asking the node the next one begins."},
    {.path = "precache.subtype", CONFIG_CHOICE (precache_subtype, subtypes), .initial = "\"send\"",
     .part = CONFIG_PART_PRECACHE,
     .help = "Which block is expected next, and so how hard the work has to be. Work for a send "
             "is good for any block. Work for a receive is found sooner, but is no help to "
             "whoever asks for work for a send."},
    {.path = "precache.max_accounts", CONFIG_WHOLE (precache_max_accounts, 1, 1e6),
     .initial = "10000", .unit = "accounts", .part = CONFIG_PART_DAEMON,
     .help = "How many accounts are followed. The one heard of longest ago makes room for "
             "another.",
     .more = "Accounts in precache.accounts, or watched by precache_watch, never make room. Among "
             "the others, those that only requests have named, and no node has reported, go "
             "first. The same number of roots may wait that work_precache asked for without an "
             "account."},
};

const struct config_section config_section_precache = {
    .path = "precache", CONFIG_OPTIONS (precache_options),
    .help = "Work for an account's next block, found before anybody asks for it. This needs the "
            "store.",
    .more = "Accounts are followed once they are named: by precache.accounts, by the `account` of "
            "a work_generate, by work_precache or by precache_watch; see workpeer-rpc(7). When a "
            "node reports a new frontier of such an account, work for it is searched for, after "
            "everything that somebody waits for. A node reports it by its callback, `POST "
            "/callback`, or when it is asked, as precache.node says, or both.\n\n"
            "When these settings are read again at SIGHUP, everything that is followed, queued and "
            "known stays.",
};
