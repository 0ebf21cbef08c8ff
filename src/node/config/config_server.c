/* [rpc], [atto] and [management]: the servers. */
#include "node/config/config_type.h"

#define LOOPBACK "[\"127.0.0.1\", \"::1\"]"
#define PORT "a TCP port number"

/* clang-format off */

static const struct config_option rpc_options[] = {
    {.path = "rpc.address", CONFIG_TEXTS (config_addresses, rpc_address), .initial = LOOPBACK,
     .in_rpc_file = true, .part = CONFIG_PART_DAEMON,
     .help = "The addresses to listen on, at most 16. \"localhost\" means both loopback "
             "addresses.",
     .more = "An IPv6 address may be in brackets; `::ffff:127.0.0.1` means `127.0.0.1`. `::` is every address of the machine, including "
             "its IPv4 addresses unless `0.0.0.0` is in the list too. On a machine without IPv6 "
             "the daemon skips `::1` with a warning. Any other address that it cannot listen on "
             "keeps it from starting."},
    {.path = "rpc.port", CONFIG_WHOLE (rpc_port, 0, UINT16_MAX), .initial = "7000", .unit = PORT,
     .in_rpc_file = true, .part = CONFIG_PART_DAEMON,
     .help = "The port to listen on. With 0 the system chooses a free one, the same for all "
             "addresses."},
    {.path = "rpc.enable_control", CONFIG_SWITCH (rpc_enable_control), .initial = "false",
     .in_rpc_file = true,
     .help = "Whether requests may change this server: edit its work peers and its store, and "
             "stop it. Requests for work never need this. Web pages are always refused.",
     .more = "With this on, every client may stop the server: anybody who can reach the port, "
             "unless [access] requires keys or lists networks."},
    {.path = "rpc.max_json_depth", CONFIG_WHOLE (rpc_max_json_depth, 1, 255), .initial = "20",
     .unit = "brackets", .in_rpc_file = true,
     .help = "How many objects and lists a request may contain. As in nano_node, every { and [ "
             "counts, even inside a string."},
    {.path = "rpc.max_request_size", CONFIG_WHOLE (rpc_max_request_size, 1, 1024.0 * 1024 * 1024),
     .initial = "32768", .unit = "bytes", .in_rpc_file = true,
     .help = "The maximum size of a request's body.",
     .more = "Values above 1048576 are treated as 1048576: no request needs more. Actions that take "
             "lists of accounts or hashes always accept that much."},
    {.path = "rpc.max_header_size", CONFIG_WHOLE (rpc_max_header_size, 1024, 65536),
     .initial = "8192", .unit = "bytes",
     .help = "The maximum size of a request's header, including its first line."},
    {.path = "rpc.max_memory",
     CONFIG_WHOLE (rpc_max_memory, 2.0 * 1024 * 1024, 1024.0 * 1024 * 1024 * 1024),
     .initial = "67108864", .unit = "bytes",
     .help = "How much memory, on each port, pending requests and unread answers may take "
             "together.",
     .more = "Above that, the daemon closes the connections that hold most. This includes "
             "connections that wait for their answer; those that are just being answered come "
             "last."},
    {.path = "rpc.max_connections", CONFIG_WHOLE (rpc_max_connections, 1, 1e6), .initial = "1024",
     .unit = "connections",
     .help = "How many clients may be connected at once.",
     .more = "To make room for another, the daemon closes the connection that has been idle "
             "longest, or else the one that has been sending a request longest. It never closes a "
             "connection that waits for an answer to make room.\n\n"
             "The daemon raises its limit on open files if it can; if not, a warning says how "
             "many connections are possible."},
    {.path = "rpc.max_connections_per_address",
     CONFIG_WHOLE (rpc_max_connections_per_address, 0, 1e6),
     .initial = "512", .unit = "connections",
     .help = "How many of them may come from one address, or from one /64 of IPv6. 0 means no "
             "limit.",
     .more = "To make room for another from that address, the daemon closes one of them in the "
             "same way. If all of them wait for answers, it closes the new one. A connection of "
             "a proxy in access.proxies counts for no address, because it carries requests of many "
             "clients; with access.proxy_protocol it counts for its client's. Behind any other proxy, "
             "all clients have the proxy's address."},
    {.path = "rpc.read_timeout", CONFIG_NUMBER (rpc_read_timeout, 0.01, CONFIG_A_DAY),
     .initial = "30", .unit = "seconds",
     .help = "How long a client may take to send a request, from its first byte to its last."},
    {.path = "rpc.idle_timeout", CONFIG_NUMBER (rpc_idle_timeout, 0.01, CONFIG_A_DAY),
     .initial = "120", .unit = "seconds",
     .help = "How long a connection may stay open between requests."},
};

const struct config_section config_section_rpc = {
    .path = "rpc", CONFIG_OPTIONS (rpc_options),
    .help = "The RPC server. If config-rpc.toml has other values, those in this file are used.",
};

static const struct config_option atto_options[] = {
    {.path = "atto.enable", CONFIG_SWITCH (atto_enable), .initial = "false",
     .part = CONFIG_PART_DAEMON,
     .help = "Whether to serve Atto's requests: `POST /works`."},
    {.path = "atto.address", CONFIG_TEXTS (config_addresses, atto_address), .initial = LOOPBACK,
     .part = CONFIG_PART_DAEMON,
     .help = "The addresses to listen on, for both ports. \"localhost\" means both loopback "
             "addresses."},
    {.path = "atto.port", CONFIG_WHOLE (atto_port, 0, UINT16_MAX), .initial = "8080", .unit = PORT,
     .part = CONFIG_PART_DAEMON,
     .help = "The port of the API. With 0 the system chooses a free one, which the log shows."},
    {.path = "atto.management_port", CONFIG_WHOLE (atto_management_port, 0, UINT16_MAX),
     .initial = "8081", .unit = PORT, .part = CONFIG_PART_DAEMON,
     .help = "The port of `/health`, `/ready` and `/metrics`. With 0 the system chooses a free "
             "one, which the log shows."},
};

const struct config_section config_section_atto = {
    .path = "atto", CONFIG_OPTIONS (atto_options),
    .help = "Atto's work server, in addition to the RPC and on the same devices.",
    .more = "It has the limits of [rpc]. See workpeer-atto(7).",
};

static const struct config_option management_options[] = {
    {.path = "management.address", CONFIG_TEXTS (config_addresses, management_address),
     .initial = LOOPBACK, .part = CONFIG_PART_DAEMON,
     .help = "The addresses to listen on. \"localhost\" means both loopback addresses."},
    {.path = "management.port", CONFIG_WHOLE (management_port, 0, UINT16_MAX),
     CONFIG_SET (management_port_set), .sample = "7001", .absent = "no port", .unit = PORT,
     .part = CONFIG_PART_DAEMON,
     .help = "The port to listen on. With 0 the system chooses a free one. Without this key there "
             "is no such port, and `/metrics` is on the RPC's port. `/health` and `/ready` are on "
             "the RPC's port in any case."},
};

const struct config_section config_section_management = {
    .path = "management", CONFIG_OPTIONS (management_options),
    .help = "A separate port for metrics and probes: `/metrics`, `/health` and `/ready`.",
    .more = "workpeer-rpc(7) describes them. The status page is here too, unless web.enable is "
             "false. The port accepts 32 connections, regardless of "
            "rpc.max_connections, and no requests for work. It stays open during shutdown, so "
            "that `/ready` can report it.",
};
