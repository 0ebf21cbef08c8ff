#include "node/config/options_table.h"

#include <float.h>

#define ALL (~0U)
#define WITH(command) OPTIONS_BIT (OPTIONS_##command)
#define SEARCHES (WITH (DEBUG_PROFILE_GENERATE) | WITH (DEBUG_OPENCL))
#define THRESHOLDS (WITH (GENERATE) | WITH (VALIDATE) | WITH (BENCH))
#define HEX_DIGITS "expected 1 to 16 hexadecimal digits"

/* clang-format off */
const struct command_row options_commands[OPTIONS_COMMANDS] = {
    [OPTIONS_DAEMON] = {"daemon", "", 0, "run in the foreground until SIGTERM or SIGINT"},
    [OPTIONS_CHECK_CONFIG] = {"check_config", "", 0, "read the configuration, list every error, exit"},
    [OPTIONS_GENERATE_CONFIG] = {"generate_config", "FILE", 1, "print a documented file; FILE is node or rpc"},
    [OPTIONS_LIST_DEVICES] = {"list_devices", "", 0, "list what can search; --benchmark: how fast, too"},
    [OPTIONS_DIAGNOSTICS] = {"diagnostics", "", 0, "test every device and report"},
    [OPTIONS_BENCHMARK] = {"benchmark", "", 0, "measure hashes a second, and what they cost"},
    [OPTIONS_HASH_KEY] = {"hash_key", "", 0, "read an API key, print its hash for access.keys"},
    [OPTIONS_MAKE_KEY] = {"make_key", "", 0, "print a new API key, and its hash"},
    [OPTIONS_VERSION] = {"version", "", 0, "print the version"},
    [OPTIONS_HELP] = {"help", "", 0, "print this text (-h too)"},
    [OPTIONS_DEBUG_PROFILE_GENERATE] = {"debug_profile_generate", "", 0, "time the generation of work"},
    [OPTIONS_DEBUG_PROFILE_VALIDATE] = {"debug_profile_validate", "", 0, "time the validation of work"},
    [OPTIONS_DEBUG_OPENCL] = {"debug_opencl", "", 0, "time the generation of work by OpenCL"},
    [OPTIONS_STATUS] = {"status", "", 0, "show a daemon's devices, rate and queue"},
    [OPTIONS_HEALTH] = {"health", "", 0, "say whether a daemon can find work; needs no key"},
    [OPTIONS_GENERATE] = {"generate", "HASH", 1, "find work for a hash and print it"},
    [OPTIONS_VALIDATE] = {"validate", "HASH WORK", 2, "say what a work is worth"},
    [OPTIONS_CANCEL] = {"cancel", "HASH", 1, "end every search for a hash"},
    [OPTIONS_BENCH] = {"bench", "", 0, "find works for random hashes and time them"},
};

const struct option_row options_options[OPTION_IDS] = {
    [OPTION_DATA_PATH] = {"data_path", "DIR", "the configuration files' directory", ALL, .kind = OPTION_TEXT},
    [OPTION_NETWORK] = {"network", "NAME", "live, beta, test, dev or banano; or the daemon's", ALL,
        .kind = OPTION_NETWORK_NAME, .invalid = "network. Valid values are live, test, beta, dev and banano."},
    [OPTION_CONFIG] = {"config", "KEY=VALUE", "override config-node.toml; any number of them",
        ~WITH (GENERATE_CONFIG), ALL, OPTION_OVERRIDE},
    [OPTION_RPCCONFIG] = {"rpcconfig", "KEY=VALUE", "override config-rpc.toml; any number of them",
        ~WITH (GENERATE_CONFIG), ALL, OPTION_OVERRIDE},
    [OPTION_PID_FILE] = {"pid_file", "FILE", "--daemon: write the process id to FILE", WITH (DAEMON),
        .kind = OPTION_TEXT},
    [OPTION_USE_DEFAULTS] = {"use_defaults", "", "--generate_config: defaults not commented out",
        WITH (GENERATE_CONFIG)},
    [OPTION_DIFFICULTY] = {"difficulty", "HEX", "the difficulty; --benchmark: any number of them",
        SEARCHES | WITH (BENCHMARK) | THRESHOLDS, WITH (BENCHMARK), OPTION_HEX,
        .invalid = "difficulty: " HEX_DIGITS},
    [OPTION_MULTIPLIER] = {"multiplier", "X", "or X times the base difficulty", SEARCHES | THRESHOLDS,
        .kind = OPTION_REAL, .least = DBL_TRUE_MIN, .most = DBL_MAX,
        .invalid = "multiplier: expected a number above 0"},
    [OPTION_THREADS] = {"threads", "N", "CPU threads, or OpenCL work items",
        SEARCHES | WITH (BENCHMARK) | WITH (GENERATE) | WITH (BENCH), .kind = OPTION_WHOLE,
        .least = 1, .most = UINT32_MAX, .invalid = "threads count: expected a whole number from 1"},
    [OPTION_POW_SLEEP_INTERVAL] = {"pow_sleep_interval", "NS", "nanoseconds to sleep for every 256 hashes",
        WITH (DEBUG_PROFILE_GENERATE), .kind = OPTION_WHOLE, .most = 1e9,
        .invalid = "pow_sleep_interval: expected 0 to 1000000000 nanoseconds"},
    [OPTION_COUNT] = {"count", "N", "stop after N works; bench: 10 if not given", SEARCHES | WITH (BENCH),
        .kind = OPTION_WHOLE, .least = 1, .most = UINT32_MAX,
        .invalid = "count: expected a whole number from 1 to 4294967295"},
    [OPTION_PLATFORM] = {"platform", "P", "--debug_opencl: the OpenCL platform's number", WITH (DEBUG_OPENCL),
        .kind = OPTION_WHOLE, .most = UINT32_MAX, .invalid = "platform id: expected a number of --list_devices"},
    [OPTION_DEVICE] = {"device", "D", "its device's number; --benchmark: cpu, P:D or all",
        WITH (DEBUG_OPENCL) | WITH (BENCHMARK), .kind = OPTION_DEVICE_NAME,
        .invalid = "device: expected cpu, all or PLATFORM:DEVICE, or with --debug_opencl a device id"},
    [OPTION_DURATION] = {"duration", "S", "--benchmark: seconds in all, 10 if not given", WITH (BENCHMARK),
        .kind = OPTION_REAL, .least = DBL_TRUE_MIN, .most = 86400,
        .invalid = "duration: expected seconds, above 0 and up to 86400"},
    [OPTION_SCANNER] = {"scanner", "NAME", "--benchmark: this scanner, or all", WITH (BENCHMARK),
        .kind = OPTION_TEXT},
    [OPTION_JSON] = {"json", "", "print a JSON object", WITH (BENCHMARK) | OPTIONS_WORDS},
    [OPTION_SUBTYPE] = {"subtype", "NAME", "or that of send, receive, open, change or epoch", THRESHOLDS,
        .kind = OPTION_SUBTYPE_NAME, .invalid = "subtype: expected send, receive, open, change or epoch"},
    [OPTION_URL] = {"url", "URL", "the daemon; else as the configuration says", OPTIONS_WORDS,
        .kind = OPTION_TEXT},
    [OPTION_KEY_FILE] = {"key_file", "FILE", "the API key to send; else WORKPEER_KEY", OPTIONS_WORDS,
        .kind = OPTION_TEXT},
    [OPTION_TIMEOUT] = {"timeout", "S", "how long to wait for an answer, in seconds", OPTIONS_WORDS,
        .kind = OPTION_REAL, .least = DBL_TRUE_MIN, .most = 604800,
        .invalid = "timeout: expected seconds, above 0 and up to 604800"},
    [OPTION_LOCAL] = {"local", "", "do it in this process, without a daemon", THRESHOLDS},
    [OPTION_WATCH] = {"watch", "", "go on until Ctrl-C", WITH (STATUS)},
    [OPTION_INTERVAL] = {"interval", "S", "--watch: every S seconds, 1 if not given", WITH (STATUS),
        .kind = OPTION_REAL, .least = 0.1, .most = 86400,
        .invalid = "interval: expected 0.1 to 86400 seconds"},
};
/* clang-format on */

bool
options_is_word (enum options_command command)
{
    return command >= OPTIONS_FIRST_WORD && command < OPTIONS_COMMANDS;
}

/* "  --name ARGUMENT   help"; the shells' completions read it. */
static void
print_row (FILE *stream, const char *dashes, const char *name, const char *argument,
           const char *help)
{
    char left[64];

    (void)snprintf (left, sizeof left, "%s%s%s%s", dashes, name, *argument != '\0' ? " " : "",
                    argument);
    (void)fprintf (stream, "  %-26s  %s\n", left, help);
}

static void
print_commands (FILE *stream, enum options_command first, enum options_command last)
{
    for (enum options_command i = first; i <= last; i++) {
        const struct command_row *const row = &options_commands[i];

        print_row (stream, options_is_word (i) ? "" : "--", row->name, row->words, row->help);
    }
}

static void
print_options (FILE *stream, enum option_id first, enum option_id last, unsigned commands)
{
    for (enum option_id i = first; i <= last; i++) {
        const struct option_row *const row = &options_options[i];

        if ((row->commands & commands) != 0) {
            print_row (stream, "--", row->name, row->argument, row->help);
        }
    }
}

static void
print_overview (FILE *stream)
{
    (void)fputs ("Usage: workpeer COMMAND [OPTION]...\n"
                 "Finds proof of work for Nano nodes and wallets, as a node's work peer.\n"
                 "\nCommands:\n",
                 stream);
    print_commands (stream, OPTIONS_DAEMON, OPTIONS_HELP);
    (void)fputs ("\nSettings:\n", stream);
    print_options (stream, OPTION_DATA_PATH, OPTION_USE_DEFAULTS, ALL);
    (void)fputs ("\nMeasuring, commands and their options:\n", stream);
    print_commands (stream, OPTIONS_DEBUG_PROFILE_GENERATE, OPTIONS_DEBUG_OPENCL);
    print_options (stream, OPTION_DIFFICULTY, OPTION_JSON, ALL);
    (void)fputs ("\nAsking a daemon that runs, each with its own --help:\n", stream);
    print_commands (stream, OPTIONS_FIRST_WORD, OPTIONS_BENCH);
}

void
options_help (const struct options *options, FILE *stream)
{
    const struct command_row *const row = &options_commands[options->topic];

    if (options->topic == OPTIONS_NONE) {
        print_overview (stream);
        return;
    }
    (void)fprintf (stream, "Usage: workpeer %s [OPTION]...%s%s\n\nOptions:\n", row->name,
                   *row->words != '\0' ? " " : "", row->words);
    print_options (stream, 0, OPTION_IDS - 1, OPTIONS_BIT (options->topic));
    print_commands (stream, OPTIONS_HELP, OPTIONS_HELP);
    (void)fputs ("\nExit status: 0 done, 1 failed, 2 wrong usage, 3 the work is not valid,\n"
                 "4 no daemon answers, 130 interrupted.\n",
                 stream);
}
