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
             "its IPv4 addresses unless `0.0.0.0` is in the list too. A machine without IPv6 "
             "skips `::1` with a warning; every other address must be one that can be listened "
             "on."},
    {.path = "rpc.port", CONFIG_WHOLE (rpc_port, 0, UINT16_MAX), .initial = "7000", .unit = PORT,
     .in_rpc_file = true, .part = CONFIG_PART_DAEMON,
     .help = "The port to listen on. With 0 the system chooses a free one, the same for all "
             "addresses."},
    {.path = "rpc.enable_control", CONFIG_SWITCH (rpc_enable_control), .initial = "false",
     .in_rpc_file = true,
     .help = "Whether requests may change this server: its work peers, its store, stopping it. "
             "Asking for work never needs this. A web page is always refused.",
     .more = "With this on, whoever may send requests may stop the server: anybody who can reach "
             "the port, unless [access] asks for keys or lists networks."},
    {.path = "rpc.max_json_depth", CONFIG_WHOLE (rpc_max_json_depth, 1, 255), .initial = "20",
     .unit = "brackets", .in_rpc_file = true,
     .help = "How many objects and lists a request may hold. As in nano_node, every { and [ "
             "counts, even within a string."},
    {.path = "rpc.max_request_size", CONFIG_WHOLE (rpc_max_request_size, 1, 1024.0 * 1024 * 1024),
     .initial = "32768", .unit = "bytes", .in_rpc_file = true,
     .help = "How large the body of a request may be.",
     .more = "More than 1048576 counts as that: no request needs more."},
    {.path = "rpc.max_header_size", CONFIG_WHOLE (rpc_max_header_size, 1024, 65536),
     .initial = "8192", .unit = "bytes",
     .help = "How large the header of a request may be, including its first line."},
    {.path = "rpc.max_memory",
     CONFIG_WHOLE (rpc_max_memory, 2.0 * 1024 * 1024, 1024.0 * 1024 * 1024 * 1024),
     .initial = "67108864", .unit = "bytes",
     .help = "How much memory, on each port, requests that are not answered yet and answers that "
             "clients have not read may take together.",
     .more = "Above that, the connections that hold most are closed until it is less. That "
             "includes connections that wait for their answer; those that are just being answered "
             "come last."},
    {.path = "rpc.max_connections", CONFIG_WHOLE (rpc_max_connections, 1, 1e6), .initial = "1024",
     .unit = "connections",
     .help = "How many clients may be connected at once.",
     .more = "One more makes room for itself: the connection that has been idle longest is "
             "closed, or else the one that has been sending a request longest. A connection that "
             "waits for an answer is never closed for another.\n\n"
             "The limit on open files is raised if possible; if not, a warning says how many "
             "connections there is room for."},
    {.path = "rpc.max_connections_per_address",
     CONFIG_WHOLE (rpc_max_connections_per_address, 0, 1e6),
     .initial = "512", .unit = "connections",
     .help = "How many of them may come from one address, or from one /64 of IPv6. 0 means no "
             "limit.",
     .more = "One more makes room among these in the same way; if all of them wait for answers, "
             "it is closed itself. A connection of a proxy in access.proxies counts for no address, "
             "since it carries requests of many clients; with access.proxy_protocol it counts for "
             "its client's. Behind any other proxy, all clients have the proxy's address."},
    {.path = "rpc.read_timeout", CONFIG_NUMBER (rpc_read_timeout, 0.01, CONFIG_A_DAY),
     .initial = "30", .unit = "seconds",
     .help = "How long a client may take to send a request, from its first byte to its last."},
    {.path = "rpc.idle_timeout", CONFIG_NUMBER (rpc_idle_timeout, 0.01, CONFIG_A_DAY),
     .initial = "120", .unit = "seconds",
     .help = "How long a connection may stay open between requests."},
};

const struct config_section config_section_rpc = {
    .path = "rpc", CONFIG_OPTIONS (rpc_options),
    .help = "The server that requests are sent to. If config-rpc.toml says otherwise, this file "
            "counts.",
};

static const struct config_option atto_options[] = {
    {.path = "atto.enable", CONFIG_SWITCH (atto_enable), .initial = "false",
     .part = CONFIG_PART_DAEMON,
     .help = "Whether Atto's requests are served: `POST /works`."},
    {.path = "atto.address", CONFIG_TEXTS (config_addresses, atto_address), .initial = LOOPBACK,
     .part = CONFIG_PART_DAEMON,
     .help = "The addresses to listen on, for both ports. \"localhost\" means both loopback "
             "addresses."},
    {.path = "atto.port", CONFIG_WHOLE (atto_port, 0, UINT16_MAX), .initial = "8080", .unit = PORT,
     .part = CONFIG_PART_DAEMON,
     .help = "The port of the API. With 0 the system chooses a free one, which the log names."},
    {.path = "atto.management_port", CONFIG_WHOLE (atto_management_port, 0, UINT16_MAX),
     .initial = "8081", .unit = PORT, .part = CONFIG_PART_DAEMON,
     .help = "The port of `/health`, `/ready` and `/metrics`. With 0 the system chooses a free "
             "one, which the log names."},
};

const struct config_section config_section_atto = {
    .path = "atto", CONFIG_OPTIONS (atto_options),
    .help = "Atto's work server, beside the RPC and on the same devices.",
    .more = "Its limits are those of [rpc]. See workpeer-atto(7).",
};

static const struct config_option management_options[] = {
    {.path = "management.address", CONFIG_TEXTS (config_addresses, management_address),
     .initial = LOOPBACK, .part = CONFIG_PART_DAEMON,
     .help = "The addresses to listen on. \"localhost\" means both loopback addresses."},
    {.path = "management.port", CONFIG_WHOLE (management_port, 0, UINT16_MAX),
     CONFIG_SET (management_port_set), .sample = "7001", .absent = "no port", .unit = PORT,
     .part = CONFIG_PART_DAEMON,
     .help = "The port to listen on. With 0 the system chooses a free one. Without this key there "
             "is no such port, and `/metrics` is on the RPC's port. `/health` and `/ready` are "
             "there in any case."},
};

const struct config_section config_section_management = {
    .path = "management", CONFIG_OPTIONS (management_options),
    .help = "Metrics and probes on a port of their own: `/metrics`, `/health` and `/ready`.",
    .more = "workpeer-rpc(7) describes them. The port takes 32 connections, whatever "
            "rpc.max_connections says, and no requests for work. It stays open while the daemon "
            "stops, so that `/ready` can say so.",
};
