/* [node], [node.experimental], [opencl] and [work]: with what is searched, and for whom. */
#include <math.h>

#include "node/config/config_type.h"

/* clang-format off */

static const struct config_option node_options[] = {
    {.path = "node.work_threads", CONFIG_WHOLE (work_threads, 0, 65535), CONFIG_SET (work_threads_set),
     .sample = "4", .unit = "threads", .part = CONFIG_PART_ENGINE,
     .help = "How many threads search for work on the CPU; 0 turns work on the CPU off. Without "
             "this key there is one for every CPU that the process may use, but while an OpenCL "
             "device works, these threads are only a reserve.",
     .more = "Which CPUs the process may use depends on its affinity and its cgroup. It never "
             "starts more threads than that."},
    {.path = "node.work_peers", .type = &config_endpoints,
     CONFIG_FIELD (struct config_endpoints, work_peers), .initial = "[]",
     .help = "Work peers: other work servers, each a host name or an address and a port. Workpeer "
             "asks them, in this order, for requests with use_peers; see also [peers].",
     .more = "WORK PEERS, below, lists the forms of an address."},
    {.path = "node.max_work_generate_multiplier",
     CONFIG_NUMBER (max_work_generate_multiplier, 1, INFINITY),
     .initial = "64", .unit = "times the network's base difficulty",
     .help = "The highest difficulty that a request may ask for."},
    {.path = "node.pow_sleep_interval", CONFIG_WHOLE (pow_sleep_interval, 0, 1e9),
     .initial = "0", .unit = "nanoseconds", .part = CONFIG_PART_ENGINE,
     .help = "How long a CPU thread sleeps for every 256 hashes. A longer sleep means less load "
             "and slower work. A thread takes the sleeps of a batch together, after it."},
};

const struct config_section config_section_node = {
    .path = "node", CONFIG_OPTIONS (node_options),
    .help = "Settings that nodes have, too, under the same names.",
};

static const struct config_option experimental_options[] = {
    {.path = "node.experimental.secondary_work_peers", .alias = "node.secondary_work_peers",
     .type = &config_endpoints, CONFIG_FIELD (struct config_endpoints, secondary_work_peers),
     .initial = "[\"127.0.0.1:8076\"]",
     .help = "The work peers for requests with both secondary_work_peers and use_peers. The key "
             "may also be in [node]; if both exist and differ, this one is used."},
};

const struct config_section config_section_experimental = {
    .path = "node.experimental", CONFIG_OPTIONS (experimental_options)};

static const struct config_option opencl_options[] = {
    {.path = "opencl.enable", CONFIG_SWITCH (opencl_enable), .initial = "false",
     .part = CONFIG_PART_ENGINE,
     .help = "Whether OpenCL devices search for work. While one of them works, the CPU does not, "
             "unless node.work_threads is set. If none can be used, the log says why and the CPU "
             "searches.",
     .more = "The CPU's threads are a reserve for when no OpenCL device works. If "
             "node.work_threads is set, that many threads search at all times; with 0, none ever "
             "do.\n\n"
             "No device can be used if the build has no OpenCL, if the machine has no OpenCL "
             "library or driver, if a driver crashes or hangs while it is loaded, or if no device "
             "matches the names here. If a device fails later, the daemon pauses it, for a second "
             "at first and for longer each time, and then tries it again. Meanwhile other devices "
             "take over its work.\n\n"
             "Turning this on requires a restart unless daemon.confine is off; turning it off "
             "does not.\n\n"
             "Compiled kernels are kept in the directory `opencl` of the data directory. You can "
             "delete it at any time."},
    {.path = "opencl.platform", CONFIG_WHOLE (opencl_platform, 0, UINT32_MAX), .initial = "0",
     .unit = "its number, as --list_devices prints it", .part = CONFIG_PART_ENGINE,
     .help = "The OpenCL platform of the device."},
    {.path = "opencl.device", CONFIG_WHOLE (opencl_device, 0, UINT32_MAX), .initial = "0",
     .unit = "its number, as --list_devices prints it", .part = CONFIG_PART_ENGINE,
     .help = "The OpenCL device on that platform."},
    {.path = "opencl.threads", CONFIG_WHOLE (opencl_threads, 1, UINT32_MAX), .initial = "1048576",
     .unit = "work items", .part = CONFIG_PART_ENGINE,
     .help = "The maximum number of work items in one launch on a device. The daemon measures "
             "what suits the device when it opens it."},
    {.path = "opencl.select", CONFIG_TEXTS (config_words, opencl_select), .initial = "[]",
     .part = CONFIG_PART_ENGINE,
     .help = "The devices to use, instead of the one that platform and device name. Each string "
             "is \"all\", which is every usable device except CPUs, or \"platform:device\", a PCI "
             "address or a part of a name. --list_devices prints them. Case does not matter. A "
             "device that is named twice is opened twice.",
     .more = "In full:\n"
             "- `all`: every usable device that is not a CPU, each once even if several platforms "
             "list it;\n"
             "- `0:1`: the numbers of a platform and of a device on it, as --list_devices prints "
             "them;\n"
             "- `65:00.0`: a PCI address, with or without its domain;\n"
             "- `GeForce`: anything else is a part of the name of a device, its board, its vendor "
             "or its platform, and so may mean several devices.\n\n"
             "Opening a GPU twice gains nothing. If a string matches no device, the log has an "
             "error and the CPU searches."},
    {.path = "opencl.batch_time", CONFIG_NUMBER (opencl_batch_time, 0.001, 1), .initial = "0.01",
     .unit = "seconds", .part = CONFIG_PART_ENGINE,
     .help = "How long a device searches before it looks for more urgent work. It holds up to two "
             "such batches. A shorter time reacts sooner, a longer one is a little more "
             "efficient.",
     .more = "With two batches the device is never idle in between. A cancelled search stops "
             "within one batch."},
};

const struct config_section config_section_opencl = {
    .path = "opencl", CONFIG_OPTIONS (opencl_options),
    .help = "Work on a GPU or another OpenCL device.",
};

static const char *const scanners[] = {"auto", "portable",  "avx2", "avx512",
                                       "neon", "neon-sha3", NULL};

static const struct config_option work_options[] = {
    {.path = "work.max_queue", CONFIG_WHOLE (work_max_queue, 1, 1e6), .initial = "4096",
     .unit = "roots", .part = CONFIG_PART_ENGINE,
     .help = "How many searches may run or wait at once. Requests beyond that are refused.",
     .more = "Requests for the same root share one search."},
    {.path = "work.request_timeout", CONFIG_NUMBER (work_request_timeout, 0.01, CONFIG_A_DAY),
     .initial = "300", .unit = "seconds",
     .help = "How long a request for work may take before it gets an error."},
    {.path = "work.batch_time", CONFIG_NUMBER (work_batch_time, 0.0005, 0.1), .initial = "0.005",
     .unit = "seconds", .part = CONFIG_PART_ENGINE,
     .help = "How long a CPU thread searches before it looks for more urgent work. A shorter time "
             "reacts sooner, a longer one is a little more efficient."},
    {.path = "work.scanner", CONFIG_NAME (work_scanner, scanners), .initial = "\"auto\"",
     .part = CONFIG_PART_ENGINE,
     .help = "The CPU instructions to search with. \"auto\" uses the fastest that this CPU has.",
     .more = "With \"auto\", the daemon times each for a few milliseconds at the start and logs "
             "the results. If you name instructions that this CPU or this build does not have, the "
             "daemon does not start; --list_devices lists those it has."},
};

const struct config_section config_section_work = {
    .path = "work", CONFIG_OPTIONS (work_options), .help = "The search for work."};
