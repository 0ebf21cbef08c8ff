/* [log], [web] and [daemon]: the process, and who looks after it. */
#include "node/config/config_type.h"

/* clang-format off */

static const char *const levels[] = {"debug", "info", "warn", "error", "off", NULL};
static const char *const formats[] = {"human", "json", NULL};
static const char *const targets[] = {"auto", "stderr", "journal", NULL};

static const struct config_option log_options[] = {
    {.path = "log.level", CONFIG_CHOICE (log.level, levels), .initial = "\"info\"",
     .help = "The least important messages that are logged."},
    {.path = "log.format", CONFIG_CHOICE (log.format, formats), .initial = "\"human\"",
     .help = "Lines for people, or a JSON object in each line.",
     .more = "workpeer(1) shows both."},
    {.path = "log.target", CONFIG_CHOICE (log.target, targets), .initial = "\"auto\"",
     .help = "Where lines go without log.file: \"stderr\" is standard error; \"journal\" is "
             "standard error too, with the priorities that the systemd journal reads. \"auto\" "
             "finds out which.",
     .more = "It is \"journal\" if the environment's JOURNAL_STREAM says that standard error "
             "leads there."},
    {.path = "log.file", CONFIG_TEXT (config_file_path, log.file), .initial = "\"\"",
     .help = "A file that lines are appended to, instead of standard error. It is created with "
             "mode 0640, and opened again at SIGHUP.",
     .more = "The umask applies to that mode. A relative path starts at the directory that the "
             "daemon was started in. With daemon.user, that user creates the file.\n\n"
             "Because it is opened again at SIGHUP, the file can be moved away and a new one "
             "begun; see logrotate(8)."},
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
     .help = "The user to become when the daemon is started as root, once its ports are bound and "
             "before anything else, so that log and store belong to this user. The user's other "
             "groups are kept, such as video and render, which GPUs need. \"root\" stays root.",
     .more = "As root, the daemon reads the configuration, binds its ports, including those below "
             "1024, and writes the file of --pid_file. Then it becomes the user, for good, and "
             "only then opens the log and the store and loads OpenCL's drivers. No capability is "
             "left, and no program can give one back; the process leaves no core and cannot be "
             "traced by that user. HOME, USER and LOGNAME become the user's.\n\n"
             "The user's other groups are those in the system's user database. To add those that "
             "the devices of GPUs belong to: `usermod -aG video,render workpeer`.\n\n"
             "A number need not be that of a known user; then daemon.group is needed, and there "
             "are no other groups.\n\n"
             "Whoever can write the configuration, or the directory that it is in, decides who "
             "the daemon becomes at the next start. If that is the user itself, say it on the "
             "command line, which wins: `--config daemon.user=NAME`.\n\n"
             "Started as root without this key, the daemon stays root and warns, in a container "
             "too: root there is root over everything that the container was given. Started as "
             "anybody else, the daemon must be this user already, and changes nothing."},
    {.path = "daemon.group", CONFIG_TEXT (config_group, daemon_group), .initial = "\"\"",
     .part = CONFIG_PART_DAEMON,
     .help = "The group to become with that user. By default it is the user's own."},
    {.path = "daemon.confine", CONFIG_SWITCH (daemon_confine), .initial = "true",
     .part = CONFIG_PART_DAEMON,
     .help = "Whether the daemon has the kernel refuse it what it never needs: new privileges, "
             "system calls such as mount, ptrace and bpf, and, if opencl.enable is off at the "
             "start, starting programs. Turn this off for a driver that needs any of it, such as "
             "a helper that is setuid.",
     .more = "No program that the daemon starts has more rights than the daemon. System calls "
             "that neither a work server nor a GPU driver has a use for fail with EPERM: those "
             "that mount, enter namespaces, trace or read other processes, load modules or "
             "another kernel, set the clock or change the user, and those that reach bpf(2), "
             "perf_event_open(2), keyctl(2), userfaultfd(2) or `io_uring`. If opencl.enable is "
             "off at the start, programs cannot be started either; turning it on then takes a "
             "restart, because drivers may compile with programs of their own. All this holds "
             "until the process ends.\n\n"
             "The log says at the start what is in force. If the kernel or a container refuses "
             "the list of system calls, the log says so and the daemon goes on.\n\n"
             "A driver whose helper is setuid is that of nvidia-modprobe(1), which creates "
             "missing device files when a GPU is first used. Rather than turn this off, have them "
             "created beforehand, by `nvidia-modprobe -u -c 0`."},
};

const struct config_section config_section_daemon = {
    .path = "daemon", CONFIG_OPTIONS (daemon_options),
    .help = "The daemon's own rights, which it gives up before it serves anybody.",
    .more = "A node has no such table and runs as whoever starts it. So the table says nothing to a "
            "node that shares the file.",
};
