/*
 * From arguments to exit status.
 */
#include <event2/event.h>
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "build_config.h"
#include "node/base/process.h"
#include "node/cli/command.h"
#include "node/config/config.h"
#include "node/config/options.h"
#include "node/daemon/node.h"
#include "node/daemon/node_tls.h"
#include "node/engine/gpu.h"
#include "node/engine/scanner_choice.h"
#include "node/tools/tools.h"
#include "rpc/base/memory.h"
#include "rpc/base/rpc_log.h"

static int
print_version (void)
{
    printf ("Version %s\nBuild Info %s, libevent %s, jansson %s\n", PACKAGE_VERSION, BUILD_INFO,
            event_get_version (), jansson_version_str ());
    return COMMAND_DONE;
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

/*
 * That OpenCL cannot be used is no error: the daemon starts all the same. Returns whether it can.
 */
static bool
check_opencl (const struct config *config)
{
    const struct gpu_settings settings = {.config = config};
    char error[GPU_TEXT_SIZE];
    struct gpu *gpu;

    if (!config->opencl_enable) {
        return false;
    }
    gpu = gpu_open (&settings, error);
    if (gpu == NULL) {
        fprintf (stderr, "warning: OpenCL is enabled (opencl.enable) but cannot be used: %s\n",
                 error);
    }
    gpu_free (gpu);
    return gpu != NULL;
}

/* Also what only this machine can tell. */
static int
check_config (const struct options *options, const struct config *config)
{
    struct scanner_choice choice;
    char error[NODE_TLS_ERROR_SIZE];
    struct tls *tls;

    if (scanner_choice_make (config->work_scanner, &choice) != 0) {
        fprintf (stderr, "%s\n", choice.reason);
        return COMMAND_FAILED;
    }
    if (node_tls_new (config, &tls, error) != 0) {
        fprintf (stderr, "%s\n", error);
        return COMMAND_FAILED;
    }
    tls_release (tls);
    if (!check_opencl (config) && config->work_threads == 0 && config->work_peers.count == 0 &&
        config->peers_peer.count == 0) {
        fprintf (stderr, "Nothing can find work: node.work_threads is 0, no OpenCL device is used, "
                         "and there is no work peer; expected one of these\n");
        return COMMAND_FAILED;
    }
    printf ("The configuration in %s is good%s\n", options->data_path,
            has_files (options->data_path) ? "" : ": there are no files, so it is the default");
    return COMMAND_DONE;
}

/*
 * Says what loading had to say; a command on the terminal is not the place for warnings. NULL where
 * there are errors.
 */
static const struct config *
load_config (const struct options *options)
{
    const struct config_sources sources = options_sources (options);
    struct config_report report;
    const struct config *const config = config_load (&sources, &report);

    for (size_t i = 0; i < report.count; i++) {
        const struct config_message *const message = &report.messages[i];

        if (message->error || !options_is_word (options->command)) {
            fprintf (stderr, "%s%s\n", message->error ? "" : "warning: ", message->text);
        }
    }
    config_report_clear (&report);
    return config;
}

static int
run_configured (const struct options *options, const struct config *config,
                const struct difficulty_network *network)
{
    switch (options->command) {
    case OPTIONS_CHECK_CONFIG:
        return check_config (options, config);
    case OPTIONS_LIST_DEVICES:
        devices_list (options, config);
        return COMMAND_DONE;
    case OPTIONS_DIAGNOSTICS:
        return devices_diagnose (options, config);
    case OPTIONS_BENCHMARK:
        return bench_run (options, config, network);
    case OPTIONS_DEBUG_PROFILE_GENERATE:
        return profile_generate (options, config, network);
    case OPTIONS_DEBUG_PROFILE_VALIDATE:
        return profile_validate ();
    case OPTIONS_DEBUG_OPENCL:
        return profile_opencl (options, config, network);
    default:
        return command_main (options, config, network);
    }
}

static int
run_with_config (const struct options *options)
{
    const struct config_sources sources = options_sources (options);
    struct difficulty_network network;
    const struct config *config = NULL;
    char error[256];
    int status;

    if (difficulty_network_load (options->network, &network, error, sizeof error) != 0) {
        return command_complain (COMMAND_FAILED, "%s", error);
    }
    if (options->data_path != NULL && (config = load_config (options)) == NULL) {
        return COMMAND_FAILED;
    }
    if (options->command == OPTIONS_DAEMON) {
        return node_run (config, &sources, &network, options_text (options, OPTION_PID_FILE));
    }
    if (config != NULL) {
        gpu_keep_caches (config, options->data_path);
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
        options_help (options, stdout);
        return COMMAND_DONE;
    case OPTIONS_VERSION:
        return print_version ();
    case OPTIONS_GENERATE_CONFIG:
        (void)config_generate (options->generate, options_given (options, OPTION_USE_DEFAULTS),
                               stdout);
        return COMMAND_DONE;
    case OPTIONS_HASH_KEY:
        return command_hash_key ();
    case OPTIONS_MAKE_KEY:
        return command_make_key ();
    default:
        return run_with_config (options);
    }
}

/* Until the daemon has a log. */
static void
on_rpc_log (const char *text)
{
    fprintf (stderr, "workpeer: %s\n", text);
}

int
main (int argc, char **argv)
{
    struct options options;
    int status = COMMAND_USAGE;

    process_open_standard ();
    memory_own_libraries ();
    rpc_log_set_writer (on_rpc_log);
    if (options_parse (argc, argv, &options, stderr) == 0) {
        status = run (&options);
        /* One check for all: a stream's error stays set. What a daemon prints is no result. */
        if (options.command != OPTIONS_DAEMON && (fflush (stdout) != 0 || ferror (stdout))) {
            status = command_complain (COMMAND_FAILED, "standard output cannot be written");
        }
    }
    options_clear (&options);
    return status;
}
