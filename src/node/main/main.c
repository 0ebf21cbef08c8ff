/*
 * From arguments to exit status.
 */
#include <event2/event.h>
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build_config.h"
#include "node/cli/command.h"
#include "node/cli/key_command.h"
#include "node/config/config.h"
#include "node/config/options.h"
#include "node/daemon/node.h"
#include "node/engine/gpu.h"
#include "node/engine/scanner_choice.h"
#include "node/tools/bench.h"
#include "node/tools/devices.h"
#include "node/tools/profile.h"
#include "rpc/base/memory.h"
#include "rpc/base/trouble.h"

static int
print_version (void)
{
    printf ("Version %s\nBuild Info %s, libevent %s, jansson %s\n", PACKAGE_VERSION, BUILD_INFO,
            event_get_version (), jansson_version_str ());
    return fflush (stdout) == 0 ? 0 : 1;
}

static int
print_help (void)
{
    if (options_help (stdout) != 0) {
        return 1;
    }
    command_help (stdout);
    return fflush (stdout) == 0 ? 0 : 1;
}

/* Says what loading had to say: errors plainly, warnings as such. */
static void
print_report (const struct config_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct config_message *message = &report->messages[i];
        fprintf (stderr, "%s%s\n", message->error ? "" : "warning: ", message->text);
    }
}

static struct config_sources
sources_of (const struct options *options)
{
    return (struct config_sources){
        .data_path = options->data_path,
        .overrides = options->overrides,
        .override_count = options->override_count,
        .rpc_overrides = options->rpc_overrides,
        .rpc_override_count = options->rpc_override_count,
    };
}

static const struct config *
load_config (const struct config_sources *sources)
{
    struct config_report report;
    const struct config *config = config_load (sources, &report);

    print_report (&report);
    config_report_clear (&report);
    return config;
}

/* A directory without files is a good configuration, or a mistyped one. */
static bool
has_files (const char *data_path)
{
    static const char *const names[] = {"config-node.toml", "config-rpc.toml"};
    char path[PATH_MAX];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        int length = snprintf (path, sizeof path, "%s/%s", data_path, names[i]);
        if (length > 0 && (size_t)length < sizeof path && access (path, F_OK) == 0) {
            return true;
        }
    }
    return false;
}

/* That OpenCL cannot be used is no error: the daemon starts all the same. */
static void
check_opencl (const struct config *config)
{
    const struct gpu_settings settings = {.config = config};
    char error[GPU_TEXT_SIZE];
    struct gpu *gpu;

    if (!config->opencl_enable) {
        return;
    }
    gpu = gpu_open (&settings, error);
    if (gpu == NULL) {
        fprintf (stderr, "warning: OpenCL is enabled (opencl.enable) and cannot be used: %s\n",
                 error);
    }
    gpu_free (gpu);
}

/* Also what only this machine can tell. */
static int
check_config (const struct options *options, const struct config *config)
{
    struct scanner_choice choice;

    if (scanner_choice_make (config->work_scanner, &choice) != 0) {
        fprintf (stderr, "%s\n", choice.reason);
        return 1;
    }
    check_opencl (config);
    printf ("The configuration in %s is good%s\n", options->data_path,
            has_files (options->data_path) ? "" : ": there are no files, so it is the default");
    return fflush (stdout) == 0 ? 0 : 1;
}

static int
run_configured (const struct options *options, const struct config *config,
                const struct difficulty_network *network)
{
    switch (options->command) {
    case OPTIONS_CHECK_CONFIG:
        return check_config (options, config);
    case OPTIONS_LIST_DEVICES:
        return devices_list (options, config);
    case OPTIONS_DIAGNOSTICS:
        return devices_diagnose (options, config);
    case OPTIONS_BENCHMARK:
        return bench_run (options, config, network);
    case OPTIONS_DEBUG_PROFILE_GENERATE:
        return profile_generate (options, config, network);
    case OPTIONS_DEBUG_PROFILE_VALIDATE:
        return profile_validate ();
    default:
        return profile_opencl (options, config, network);
    }
}

static int
run_with_config (const struct options *options)
{
    const struct config_sources sources = sources_of (options);
    struct difficulty_network network;
    const struct config *config;
    char error[256];
    int status;

    if (difficulty_network_load (options->network, &network, error, sizeof error) != 0) {
        fprintf (stderr, "workpeer: %s\n", error);
        return 1;
    }
    config = load_config (&sources);
    if (config == NULL) {
        return 1;
    }
    if (options->command == OPTIONS_DAEMON) {
        return node_run (config, &sources, &network, options->pid_file);
    }
    status = run_configured (options, config, &network);
    config_free (config);
    return status;
}

static int
run (const struct options *options)
{
    switch (options->command) {
    case OPTIONS_HELP:
        return print_help ();
    case OPTIONS_VERSION:
        return print_version ();
    case OPTIONS_GENERATE_CONFIG:
        return config_generate (options->generate, options->use_defaults, stdout) == 0 ? 0 : 1;
    case OPTIONS_HASH_KEY:
        return key_command_hash ();
    case OPTIONS_MAKE_KEY:
        return key_command_make ();
    default:
        return run_with_config (options);
    }
}

/* Whether the first word is a slip for a command's name; says so. */
static bool
is_slip (const char *word)
{
    const char *const meant = *word != '-' ? command_nearest (word) : NULL;

    if (meant != NULL) {
        fprintf (stderr, "workpeer: '%s' is no command: did you mean '%s'?\n", word, meant);
    }
    return meant != NULL;
}

/* Until the daemon has a log. */
static void
on_trouble (const char *text)
{
    fprintf (stderr, "workpeer: %s\n", text);
}

int
main (int argc, char **argv)
{
    struct options options;
    int status = 1;

    memory_own_libraries ();
    trouble_set (on_trouble);
    if (argc > 1 && command_is (argv[1])) {
        return command_main (argc, argv);
    }
    if (argc > 1 && is_slip (argv[1])) {
        return COMMAND_USAGE;
    }
    if (options_parse (argc, argv, &options, stderr) == 0) {
        status = run (&options);
    }
    options_clear (&options);
    return status;
}
