/* [log], [web] and [daemon]: the process, and who looks after it. */
#include "node/config/config_type.h"

/* clang-format off */

static const char *const levels[] = {"debug", "info", "warn", "error", "off", NULL};
static const char *const formats[] = {"human", "json", NULL};
static const char *const targets[] = {"auto", "stderr", "journal", NULL};

static const struct config_option log_options[] = {
    {.path = "log.level", CONFIG_CHOICE (log.level, levels), .initial = "\"info\"",
     .help = "The least important messages that are logged. \"warning\" is the same as \"warn\"."},
    {.path = "log.format", CONFIG_CHOICE (log.format, formats), .initial = "\"human\"",
     .help = "Lines for people, or one JSON object per line.",
     .more = "workpeer(1) shows both."},
    {.path = "log.target", CONFIG_CHOICE (log.target, targets), .initial = "\"auto\"",
     .help = "Where lines go without log.file: \"stderr\" is standard error; \"journal\" is "
             "standard error with the priorities that the systemd journal reads. \"auto\" detects "
             "the journal.",
     .more = "It uses \"journal\" if JOURNAL_STREAM in the environment says that standard error is "
             "connected to it."},
    {.path = "log.file", CONFIG_TEXT (config_file_path, log.file), .initial = "\"\"",
     .help = "A file to append lines to, instead of standard error. The daemon creates it with "
             "mode 0640, and reopens it at SIGHUP.",
     .more = "The umask applies to that mode. A relative path starts at the directory in which "
             "the daemon was started. With daemon.user, that user creates the file.\n\n"
             "To rotate the log, move the file away and send SIGHUP; see logrotate(8)."},
};

const struct config_section config_section_log = {
    .path = "log", CONFIG_OPTIONS (log_options), .help = "What is logged, where and how."};

static const struct config_option web_options[] = {
    {.path = "web.enable", CONFIG_SWITCH (web_enable), .initial = "true",
     .part = CONFIG_PART_DAEMON,
     .help = "Whether a browser that opens the RPC's or the management port is shown the status "
             "page. On a port that is open to other machines there is none without access.keys "
             "or access.allow.",
     .more = "The page itself tells nothing. What it shows, and its requests, take a key where "
             "[access] asks for one, on the management port too; the page asks its reader for the "
             "key. A client that does not accept `text/html` gets a node's answer instead."},
};

const struct config_section config_section_web = {
    .path = "web", CONFIG_OPTIONS (web_options), .help = "The status page, for people."};

static const struct config_option daemon_options[] = {
    {.path = "daemon.user", CONFIG_TEXT (config_user, daemon_user), .initial = "\"\"",
     .part = CONFIG_PART_DAEMON,
     .help = "The user to switch to if the daemon is started as root. It switches after binding "
             "its ports and before anything else, so log and store belong to this user. The user "
             "keeps its other groups, such as video and render, which GPUs need. \"root\" stays "
             "root.",
     .more = "As root, the daemon reads the configuration, binds its ports, including those below "
             "1024, and writes the file of --pid_file. Then it switches to the user permanently, "
             "and only then opens the log and the store and loads OpenCL's drivers. It keeps no "
             "capability, and no program can give one back; the process dumps no core and that "
             "user cannot trace it. HOME, USER and LOGNAME become the user's.\n\n"
             "The other groups come from the system's user database. To add those that own the "
             "GPU devices: `usermod -aG video,render workpeer`.\n\n"
             "You can give a numeric ID that belongs to no known user. Then daemon.group is "
             "required, and there are no other groups.\n\n"
             "Anyone who can write the configuration, or its directory, decides which user the "
             "daemon switches to at the next start. If the user itself can, set it on the command "
             "line, which takes precedence: `--config daemon.user=NAME`.\n\n"
             "Started as root without this key, the daemon stays root and warns. This includes "
             "containers: root there has full control of everything the container was given. "
             "Started as another user, the daemon requires that it already is the user named "
             "here."},
    {.path = "daemon.group", CONFIG_TEXT (config_group, daemon_group), .initial = "\"\"",
     .part = CONFIG_PART_DAEMON,
     .help = "The group to switch to with that user. By default it is the user's own."},
    {.path = "daemon.confine", CONFIG_SWITCH (daemon_confine), .initial = "true",
     .part = CONFIG_PART_DAEMON,
     .help = "Whether the daemon blocks what it never uses: new privileges, system calls such as "
             "mount, ptrace and bpf, and, if opencl.enable is off at the start, starting programs. "
             "Turn this off for a driver that needs any of these, such as one with a setuid "
             "helper.",
     .more = "No program that the daemon starts has more rights than the daemon. System calls "
             "that neither a work server nor a GPU driver uses fail with EPERM: those that mount, "
             "enter namespaces, trace or read other processes, load modules or another kernel, "
             "set the clock or change the user, and bpf(2), perf_event_open(2), keyctl(2), "
             "userfaultfd(2) and `io_uring`. If opencl.enable is off at the start, the daemon "
             "cannot start programs either. Turning OpenCL on then requires a restart, because "
             "drivers may run their own compilers. These restrictions last until the process "
             "ends.\n\n"
             "At the start the log shows what is in force. If the kernel or a container does not "
             "allow the list of system calls, the daemon logs that and continues.\n\n"
             "NVIDIA's driver uses a setuid helper, nvidia-modprobe(1), to create missing device "
             "files when a GPU is first used. Instead of turning this off, create them beforehand "
             "with `nvidia-modprobe -u -c 0`."},
};

const struct config_section config_section_daemon = {
    .path = "daemon", CONFIG_OPTIONS (daemon_options),
    .help = "The daemon's privileges, which it drops before it serves requests.",
    .more = "Nodes have no such table, and ignore it if they share the file.",
};
