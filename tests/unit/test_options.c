/* The command line: every option, and every complaint in its words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/config/options.h"

#define TRY "Try 'workpeer --help'.\n"
#define GPU_SETTINGS \
    "opencl.enable, opencl.platform and opencl.device, in config-node.toml or with --config\n"
#define TRY_OF(command) "Try 'workpeer " command " --help'.\n"

enum { ARGUMENTS_MAX = 32 };

/* One command line, parsed. */
struct parsed {
    struct options options;
    char *argv[ARGUMENTS_MAX + 1];
    char *errors;
    size_t errors_size;
    int result;
};

/* `line` is split at blanks; "''" stands for an empty argument. */
static struct parsed
parse (const char *line)
{
    struct parsed parsed = {.result = 0};
    char *const words = strdup (line);
    char *rest = NULL;
    int argc = 0;
    FILE *const errors = open_memstream (&parsed.errors, &parsed.errors_size);

    assert_non_null (words);
    assert_non_null (errors);
    parsed.argv[argc++] = strdup ("workpeer");
    for (char *word = strtok_r (words, " ", &rest); word != NULL;
         word = strtok_r (NULL, " ", &rest)) {
        assert_true (argc < ARGUMENTS_MAX);
        parsed.argv[argc++] = strdup (strcmp (word, "''") == 0 ? "" : word);
    }
    free (words);
    parsed.result = options_parse (argc, parsed.argv, &parsed.options, errors);
    assert_int_equal (fclose (errors), 0);
    return parsed;
}

static void
parsed_clear (struct parsed *parsed)
{
    options_clear (&parsed->options);
    for (int i = 0; parsed->argv[i] != NULL; i++) {
        free (parsed->argv[i]);
    }
    free (parsed->errors);
}

static struct parsed
accept (const char *line)
{
    const struct parsed parsed = parse (line);

    assert_string_equal (parsed.errors, "");
    assert_int_equal (parsed.result, 0);
    return parsed;
}

static void
refuse (const char *line, const char *complaint)
{
    struct parsed parsed = parse (line);

    assert_string_equal (parsed.errors, complaint);
    assert_int_equal (parsed.result, -1);
    parsed_clear (&parsed);
}

static void
expect_command (const char *line, enum options_command command)
{
    struct parsed parsed = accept (line);

    assert_int_equal (parsed.options.command, command);
    if (command != OPTIONS_HELP && command != OPTIONS_VERSION) {
        assert_non_null (parsed.options.data_path);
    }
    parsed_clear (&parsed);
}

static void
expect_network (const char *line, enum difficulty_network_id network)
{
    struct parsed parsed = accept (line);

    assert_int_equal (parsed.options.network, network);
    parsed_clear (&parsed);
}

static void
expect_data_path (const char *line, const char *path)
{
    struct parsed parsed = accept (line);

    assert_string_equal (parsed.options.data_path, path);
    parsed_clear (&parsed);
}

static void
test_commands (void **state)
{
    (void)state;
    expect_command ("--help", OPTIONS_HELP);
    expect_command ("-h", OPTIONS_HELP);
    expect_command ("--version", OPTIONS_VERSION);
    expect_command ("--daemon", OPTIONS_DAEMON);
    expect_command ("--check_config", OPTIONS_CHECK_CONFIG);
    expect_command ("--generate_config node", OPTIONS_GENERATE_CONFIG);
    expect_command ("--list_devices", OPTIONS_LIST_DEVICES);
    expect_command ("--diagnostics", OPTIONS_DIAGNOSTICS);
    expect_command ("--benchmark", OPTIONS_BENCHMARK);
    expect_command ("--debug_profile_generate", OPTIONS_DEBUG_PROFILE_GENERATE);
    expect_command ("--debug_profile_validate", OPTIONS_DEBUG_PROFILE_VALIDATE);
    expect_command ("--debug_opencl", OPTIONS_DEBUG_OPENCL);
}

static void
test_unambiguous_prefixes (void **state)
{
    (void)state;
    expect_command ("--vers", OPTIONS_VERSION);
    expect_command ("--dae --dat /d", OPTIONS_DAEMON);
    expect_command ("--gen=rpc", OPTIONS_GENERATE_CONFIG);
}

static void
test_generate_config (void **state)
{
    struct parsed parsed = accept ("--generate_config rpc --use_defaults");

    (void)state;
    assert_int_equal (parsed.options.generate, CONFIG_FILE_RPC);
    assert_true (options_given (&parsed.options, OPTION_USE_DEFAULTS));
    parsed_clear (&parsed);

    parsed = accept ("--generate_config=node");
    assert_int_equal (parsed.options.generate, CONFIG_FILE_NODE);
    assert_false (options_given (&parsed.options, OPTION_USE_DEFAULTS));
    parsed_clear (&parsed);

    refuse ("--generate_config log",
            "workpeer: Invalid configuration type log. Must be node or rpc.\n" TRY);
}

static void
test_networks (void **state)
{
    (void)state;
    expect_network ("--daemon", DIFFICULTY_LIVE);
    expect_network ("--daemon --network live", DIFFICULTY_LIVE);
    expect_network ("--daemon --network=beta", DIFFICULTY_BETA);
    expect_network ("--network test --daemon", DIFFICULTY_TEST);
    expect_network ("--daemon --network dev", DIFFICULTY_DEV);
    expect_network ("--daemon --network banano", DIFFICULTY_BANANO);
    refuse ("--daemon --network main",
            "workpeer: Invalid network. Valid values are live, test, beta, dev and banano.\n" TRY);
}

static void
test_overrides (void **state)
{
    struct parsed parsed = accept ("--config node.work_threads=1 log.level=off --daemon"
                                   " --config=opencl.enable=true opencl.device=2"
                                   " --rpcconfig port=7001 address=::1");

    (void)state;
    const struct config_sources sources = options_sources (&parsed.options);

    assert_int_equal (sources.override_count, 4);
    assert_string_equal (sources.overrides[0], "node.work_threads=1");
    assert_string_equal (sources.overrides[1], "log.level=off");
    assert_string_equal (sources.overrides[2], "opencl.enable=true");
    assert_string_equal (sources.overrides[3], "opencl.device=2");
    assert_int_equal (sources.rpc_override_count, 2);
    assert_string_equal (sources.rpc_overrides[0], "port=7001");
    assert_string_equal (sources.rpc_overrides[1], "address=::1");
    assert_string_equal (sources.data_path, parsed.options.data_path);
    parsed_clear (&parsed);
}

static void
test_bad_overrides (void **state)
{
    static const char *const bad[] = {"node.x", "=1", "node.x=", "="};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char line[64];
        char complaint[128];

        (void)snprintf (line, sizeof line, "--daemon --config %s", bad[i]);
        (void)snprintf (complaint, sizeof complaint,
                        "workpeer: the argument ('%s') for option '--config' is invalid\n" TRY,
                        bad[i]);
        refuse (line, complaint);
    }
    refuse ("--daemon --rpcconfig port=1 stray",
            "workpeer: the argument ('stray') for option '--rpcconfig' is invalid\n" TRY);
    refuse ("--config a=1 --daemon b=2", "workpeer: unexpected argument 'b=2'\n" TRY);
}

static void
expect_text (const struct parsed *parsed, enum option_id id, const char *text)
{
    const char *const given = options_text (&parsed->options, id);

    assert_int_equal (options_given (&parsed->options, id), text != NULL);
    if (text == NULL) {
        assert_null (given);
    } else {
        assert_string_equal (given, text);
    }
}

static void
test_values (void **state)
{
    struct parsed parsed = accept ("--debug_opencl --difficulty ff --multiplier .5 --threads 4"
                                   " --count 9 --platform 1 --device 2");

    (void)state;
    expect_text (&parsed, OPTION_DIFFICULTY, "ff");
    expect_text (&parsed, OPTION_MULTIPLIER, ".5");
    expect_text (&parsed, OPTION_DEVICE, "2");
    expect_text (&parsed, OPTION_POW_SLEEP_INTERVAL, NULL);
    assert_true (options_number (&parsed.options, OPTION_THREADS, 7) == 4);
    assert_true (options_number (&parsed.options, OPTION_COUNT, 7) == 9);
    assert_true (options_number (&parsed.options, OPTION_PLATFORM, 7) == 1);
    assert_true (options_number (&parsed.options, OPTION_POW_SLEEP_INTERVAL, 7) == 7);
    parsed_clear (&parsed);

    parsed = accept ("--debug_profile_generate --pow_sleep_interval 100");
    expect_text (&parsed, OPTION_POW_SLEEP_INTERVAL, "100");
    expect_text (&parsed, OPTION_COUNT, NULL);
    parsed_clear (&parsed);

    parsed = accept ("--daemon --pid_file /run/workpeer.pid");
    expect_text (&parsed, OPTION_PID_FILE, "/run/workpeer.pid");
    parsed_clear (&parsed);
}

static void
test_bad_values (void **state)
{
    static const struct {
        const char *line;
        const char *complaint; /* what it begins with */
    } bad[] = {
        {"--debug_opencl --difficulty zz", "difficulty: "},
        {"--benchmark --difficulty ff --difficulty fffffffffffffffff", "difficulty: "},
        {"--debug_opencl --multiplier 0", "multiplier: "},
        {"--debug_opencl --multiplier=1e999", "multiplier: "},
        {"--debug_opencl --multiplier nan", "multiplier: "},
        {"--debug_opencl --threads 0", "threads count: "},
        {"--debug_opencl --threads 4294967296", "threads count: "},
        {"--debug_opencl --count 0", "count: "},
        {"--debug_opencl --count 1.5", "count: "},
        {"--debug_opencl --platform -1", "platform id: "},
        {"--debug_opencl --device 0:1", "device: "},
        {"--debug_opencl --device 4294967296", "device: "},
        {"--benchmark --device 1", "device: "},
        {"--benchmark --device :1", "device: "},
        {"--benchmark --device 0:", "device: "},
        {"--benchmark --device 0:1x", "device: "},
        {"--benchmark --duration 0", "duration: "},
        {"--benchmark --duration 86400.1", "duration: "},
        {"--debug_profile_generate --pow_sleep_interval 1000000001", "pow_sleep_interval: "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct parsed parsed = parse (bad[i].line);
        char begin[64];

        (void)snprintf (begin, sizeof begin, "workpeer: Invalid %s", bad[i].complaint);
        assert_int_equal (parsed.result, -1);
        assert_memory_equal (parsed.errors, begin, strlen (begin));
        parsed_clear (&parsed);
    }
}

static void
test_benchmark (void **state)
{
    struct parsed parsed =
        accept ("--difficulty f0 --benchmark --duration 0.5 --device 0:1 --threads 2"
                " --scanner all --difficulty 1 --json");

    (void)state;
    assert_true (options_number (&parsed.options, OPTION_DURATION, 10) == 0.5);
    expect_text (&parsed, OPTION_DEVICE, "0:1");
    expect_text (&parsed, OPTION_THREADS, "2");
    expect_text (&parsed, OPTION_SCANNER, "all");
    assert_int_equal (parsed.options.given[OPTION_DIFFICULTY].count, 2);
    assert_string_equal (parsed.options.given[OPTION_DIFFICULTY].items[0], "f0");
    assert_string_equal (parsed.options.given[OPTION_DIFFICULTY].items[1], "1");
    expect_text (&parsed, OPTION_JSON, "");
    parsed_clear (&parsed);

    parsed = accept ("--benchmark");
    expect_text (&parsed, OPTION_DURATION, NULL);
    expect_text (&parsed, OPTION_SCANNER, NULL);
    expect_text (&parsed, OPTION_DIFFICULTY, NULL);
    expect_text (&parsed, OPTION_JSON, NULL);
    parsed_clear (&parsed);
}

static void
expect_threshold (const char *line, uint64_t threshold)
{
    struct parsed parsed = accept (line);
    struct difficulty_network live;
    char error[256];

    assert_int_equal (difficulty_network_load (DIFFICULTY_LIVE, &live, error, sizeof error), 0);
    assert_true (options_threshold (&parsed.options, &live) == threshold);
    parsed_clear (&parsed);
}

static void
test_thresholds (void **state)
{
    (void)state;
    expect_threshold ("bench", 0xfffffff800000000);
    expect_threshold ("bench --difficulty 0xff", 0xff);
    expect_threshold ("bench --multiplier 2", 0xfffffffc00000000);
    expect_threshold ("bench --subtype send", 0xfffffff800000000);
    expect_threshold ("bench --subtype change", 0xfffffff800000000);
    expect_threshold ("bench --subtype receive", 0xfffffe0000000000);
    expect_threshold ("bench --subtype open", 0xfffffe0000000000);
    expect_threshold ("bench --subtype epoch", 0xfffffe0000000000);
    /* As in the node. */
    expect_threshold ("--debug_profile_generate --difficulty ff --multiplier 2",
                      0xfffffffc00000000);
}

/* The first word is the command; its own arguments and options come in any order. */
static void
test_words (void **state)
{
    struct parsed parsed = accept ("validate --json --config a=1 b=2 HASH --network dev -- --url");

    (void)state;
    assert_int_equal (parsed.options.command, OPTIONS_VALIDATE);
    assert_string_equal (parsed.options.words[0], "HASH");
    assert_string_equal (parsed.options.words[1], "--url");
    assert_int_equal (parsed.options.network, DIFFICULTY_DEV);
    assert_int_equal (options_sources (&parsed.options).override_count, 2);
    assert_non_null (parsed.options.data_path);
    expect_text (&parsed, OPTION_JSON, "");
    expect_text (&parsed, OPTION_URL, NULL);
    parsed_clear (&parsed);

    parsed = accept ("status --url x --watch --interval 2"); /* no configuration is needed */
    assert_null (parsed.options.data_path);
    parsed_clear (&parsed);
    expect_command ("generate HASH", OPTIONS_GENERATE);
    expect_command ("cancel HASH", OPTIONS_CANCEL);
    expect_command ("bench", OPTIONS_BENCH);

    parsed = accept ("cancel stray --help --url x words");
    assert_int_equal (parsed.options.command, OPTIONS_HELP);
    assert_int_equal (parsed.options.topic, OPTIONS_CANCEL);
    parsed_clear (&parsed);
}

/* One complaint and its hint, in either grammar. */
static void
test_wrong_words (void **state)
{
    (void)state;
    refuse ("gen", "workpeer: unexpected argument 'gen'\nDid you mean 'generate'? " TRY);
    refuse ("statsu", "workpeer: unexpected argument 'statsu'\nDid you mean 'status'? " TRY);
    refuse ("help", "workpeer: unexpected argument 'help'\nDid you mean '--help'? " TRY);
    refuse ("version", "workpeer: unexpected argument 'version'\nDid you mean '--version'? " TRY);
    refuse ("--url x status", "workpeer: 'status' must be the first word\n" TRY_OF ("status"));
    refuse ("--json status", "workpeer: 'status' must be the first word\n" TRY_OF ("status"));
    refuse ("--config a=1 bench", "workpeer: 'bench' must be the first word\n" TRY_OF ("bench"));
    refuse ("status --urll=x", "workpeer: unrecognised option '--urll'\n"
                               "Did you mean '--url'? " TRY_OF ("status"));
    refuse ("status -x", "workpeer: unrecognised option '-x'\n" TRY_OF ("status"));
    refuse ("status --daemon", "workpeer: unrecognised option '--daemon'\n" TRY_OF ("status"));
    refuse ("status word", "workpeer: unexpected argument 'word'\n" TRY_OF ("status"));
    refuse ("status --local",
            "workpeer: option '--local' makes no sense with 'status'\n" TRY_OF ("status"));
    refuse ("status --json --json",
            "workpeer: option '--json' cannot be specified more than once\n" TRY_OF ("status"));
    refuse ("status --interval 2",
            "workpeer: option '--interval' makes no sense without '--watch'\n" TRY_OF ("status"));
    refuse ("generate", "workpeer: 'generate' takes HASH\n" TRY_OF ("generate"));
    refuse ("validate HASH", "workpeer: 'validate' takes HASH WORK\n" TRY_OF ("validate"));
    refuse ("cancel a b", "workpeer: unexpected argument 'b'\n" TRY_OF ("cancel"));
    refuse ("bench --count",
            "workpeer: the required argument for option '--count' is missing\n" TRY_OF ("bench"));
    refuse ("bench --local --url x",
            "workpeer: options '--local' and '--url' cannot be used together\n" TRY_OF ("bench"));
    refuse ("bench --subtype send --multiplier 1",
            "workpeer: options '--multiplier' and '--subtype' cannot be used together\n" TRY_OF (
                "bench"));
}

static void
test_data_path (void **state)
{
    (void)state;
    assert_int_equal (setenv ("HOME", "/home/somebody", 1), 0);
    assert_int_equal (setenv ("XDG_DATA_HOME", "/xdg", 1), 0);
    expect_data_path ("--daemon", "/xdg/workpeer");
    expect_data_path ("--daemon --data_path here/and/there", "here/and/there");

    assert_int_equal (setenv ("XDG_DATA_HOME", "relative", 1), 0);
    expect_data_path ("--daemon", "/home/somebody/.local/share/workpeer");
    assert_int_equal (setenv ("XDG_DATA_HOME", "", 1), 0);
    expect_data_path ("--daemon", "/home/somebody/.local/share/workpeer");
    assert_int_equal (unsetenv ("XDG_DATA_HOME"), 0);
    expect_data_path ("--daemon", "/home/somebody/.local/share/workpeer");
}

/* Whose home it is, and whether there is one, depends on the machine: only the ends are known. */
static void
test_data_path_without_home (void **state)
{
    static const char ending[] = "/.local/share/workpeer";

    (void)state;
    assert_int_equal (unsetenv ("XDG_DATA_HOME"), 0);
    assert_int_equal (unsetenv ("HOME"), 0);
    struct parsed parsed = parse ("--daemon");

    if (parsed.result == 0) {
        const char *const path = parsed.options.data_path;

        assert_int_equal (path[0], '/');
        assert_true (strlen (path) >= strlen (ending));
        assert_string_equal (path + strlen (path) - strlen (ending), ending);
    } else {
        assert_string_equal (parsed.errors,
                             "workpeer: no home directory is known, give --data_path DIR\n" TRY);
    }
    parsed_clear (&parsed);
    assert_int_equal (setenv ("HOME", "/home/somebody", 1), 0);
}

static void
test_unknown_options (void **state)
{
    (void)state;
    refuse ("--foo", "workpeer: unrecognised option '--foo'\n" TRY);
    refuse ("--daemon --foo=bar", "workpeer: unrecognised option '--foo'\n" TRY);
    refuse ("--deamon", "workpeer: unrecognised option '--deamon'\nDid you mean '--daemon'? " TRY);
    refuse ("--daemon --data-path=/d",
            "workpeer: unrecognised option '--data-path'\nDid you mean '--data_path'? " TRY);
    refuse ("-daemon", "workpeer: unrecognised option '-daemon'\nDid you mean '--daemon'? " TRY);
    refuse ("-hx", "workpeer: unrecognised option '-hx'\n" TRY);
    refuse ("--gpu 0:0", "workpeer: unrecognised option '--gpu'; use " GPU_SETTINGS TRY);
    refuse ("-g0:0", "workpeer: unrecognised option '-g0:0'; use " GPU_SETTINGS TRY);
    refuse ("--daemon --cpu-threads=4",
            "workpeer: unrecognised option '--cpu-threads'; use node.work_threads, in "
            "config-node.toml or with --config\n" TRY);
    refuse ("-l 127.0.0.1:7000",
            "workpeer: unrecognised option '-l'; use rpc.address and rpc.port, in "
            "config-node.toml or with --config\n" TRY);
    refuse ("--gpus", "workpeer: unrecognised option '--gpus'\n" TRY);
    refuse ("status -l", "workpeer: unrecognised option '-l'\n" TRY_OF ("status"));
}

static void
test_ambiguous_options (void **state)
{
    (void)state;
    refuse ("--debug_p",
            "workpeer: option '--debug_p' is ambiguous and matches '--debug_profile_generate' and "
            "'--debug_profile_validate'\n" TRY);
    refuse ("--de=1", "workpeer: option '--de' is ambiguous and matches "
                      "'--debug_profile_generate', '--debug_profile_validate', '--debug_opencl' "
                      "and '--device'\n" TRY);
    struct parsed parsed = parse ("--=");

    assert_int_equal (parsed.result, -1);
    parsed_clear (&parsed);
}

static void
test_missing_arguments (void **state)
{
    (void)state;
    refuse ("--daemon --network",
            "workpeer: the required argument for option '--network' is missing\n" TRY);
    refuse ("--pid_file --daemon",
            "workpeer: the required argument for option '--pid_file' is missing\n" TRY);
    refuse ("--config --daemon",
            "workpeer: the required argument for option '--config' is missing\n" TRY);
    refuse ("--daemon --data_path ''",
            "workpeer: the argument ('') for option '--data_path' is invalid\n" TRY);
    refuse ("--daemon --pid_file=",
            "workpeer: the argument ('') for option '--pid_file' is invalid\n" TRY);
    refuse ("--daemon=yes", "workpeer: option '--daemon' does not take any arguments\n" TRY);
}

static void
test_repeated_options (void **state)
{
    (void)state;
    refuse ("--daemon --network live --network dev",
            "workpeer: option '--network' cannot be specified more than once\n" TRY);
    refuse ("--difficulty 1 --debug_profile_generate --difficulty 2",
            "workpeer: option '--difficulty' cannot be specified more than once\n" TRY);
    refuse ("--benchmark --duration 1 --duration 2",
            "workpeer: option '--duration' cannot be specified more than once\n" TRY);
    refuse ("--daemon --daem",
            "workpeer: option '--daemon' cannot be specified more than once\n" TRY);
}

static void
test_exactly_one_command (void **state)
{
    (void)state;
    refuse ("", "workpeer: no command given\n" TRY);
    refuse ("--network dev", "workpeer: no command given\n" TRY);
    refuse ("--check_config --daemon",
            "workpeer: options '--daemon' and '--check_config' cannot be used together\n" TRY);
}

/* Together they list, and say how fast each is. */
static void
test_list_and_benchmark (void **state)
{
    struct parsed parsed = accept ("--list_devices");

    (void)state;
    assert_false (parsed.options.measure);
    parsed_clear (&parsed);
    parsed = accept ("--benchmark");
    assert_int_equal (parsed.options.command, OPTIONS_BENCHMARK);
    assert_false (parsed.options.measure);
    parsed_clear (&parsed);
    parsed = accept ("--benchmark --list_devices");
    assert_int_equal (parsed.options.command, OPTIONS_LIST_DEVICES);
    assert_true (parsed.options.measure);
    parsed_clear (&parsed);
    refuse ("--list_devices --benchmark --json",
            "workpeer: option '--json' makes no sense with '--list_devices'\n" TRY);
    refuse ("--list_devices --benchmark --daemon",
            "workpeer: options '--daemon' and '--list_devices' cannot be used together\n" TRY);
}

static void
test_stray_arguments (void **state)
{
    (void)state;
    refuse ("--daemon 7000", "workpeer: unexpected argument '7000'\n" TRY);
    refuse ("daemon", "workpeer: unexpected argument 'daemon'\nDid you mean '--daemon'? " TRY);
    refuse ("--daemon -- --count", "workpeer: unexpected argument '--count'\n"
                                   "Did you mean '--count'? " TRY);
    refuse ("--daemon -", "workpeer: unexpected argument '-'\n" TRY);
    expect_command ("--daemon --", OPTIONS_DAEMON);
}

static void
test_options_that_make_no_sense (void **state)
{
    (void)state;
    refuse ("--daemon --count 3",
            "workpeer: option '--count' makes no sense with '--daemon'\n" TRY);
    refuse ("--check_config --pid_file p",
            "workpeer: option '--pid_file' makes no sense with '--check_config'\n" TRY);
    refuse ("--daemon --use_defaults",
            "workpeer: option '--use_defaults' makes no sense with '--daemon'\n" TRY);
    refuse ("--generate_config node --config a=1",
            "workpeer: option '--config' makes no sense with '--generate_config'\n" TRY);
    refuse ("--daemon --json", "workpeer: option '--json' makes no sense with '--daemon'\n" TRY);
    refuse ("--benchmark --count 1",
            "workpeer: option '--count' makes no sense with '--benchmark'\n" TRY);
    refuse ("--debug_profile_generate --device 1",
            "workpeer: option '--device' makes no sense with '--debug_profile_generate'\n" TRY);
    refuse ("--debug_profile_validate --count 1",
            "workpeer: option '--count' makes no sense with '--debug_profile_validate'\n" TRY);
}

static void
test_help_and_version_win (void **state)
{
    (void)state;
    expect_command ("--daemon --check_config --help --count 3 stray", OPTIONS_HELP);
    expect_command ("--version --network nowhere", OPTIONS_VERSION);
    expect_command ("--version --help", OPTIONS_HELP);
    expect_command ("--help --network a --network b", OPTIONS_HELP);
    refuse ("--help --foo", "workpeer: unrecognised option '--foo'\n" TRY);
}

static void
test_no_arguments_at_all (void **state)
{
    char *argv[] = {NULL};
    struct options options;
    FILE *const errors = fopen ("/dev/null", "w");

    (void)state;
    assert_non_null (errors);
    assert_int_equal (options_parse (0, argv, &options, errors), -1);
    options_clear (&options);
    options_clear (&options); /* a second time does no harm */
    assert_int_equal (fclose (errors), 0);
}

static char *
help (enum options_command topic)
{
    const struct options options = {.topic = topic};
    char *text = NULL;
    size_t size = 0;
    FILE *const stream = open_memstream (&text, &size);

    assert_non_null (stream);
    options_help (&options, stream);
    assert_int_equal (fclose (stream), 0);
    return text;
}

static void
test_help (void **state)
{
    static const char *const known[] = {
        "--daemon ",
        "--check_config ",
        "--generate_config FILE ",
        "--list_devices ",
        "--diagnostics ",
        "--benchmark ",
        "--version ",
        "--help ",
        "--data_path DIR ",
        "--network NAME ",
        "--config KEY=VALUE ",
        "--rpcconfig KEY=VALUE ",
        "--pid_file FILE ",
        "--use_defaults ",
        "--debug_profile_generate ",
        "--debug_profile_validate ",
        "--debug_opencl ",
        "--difficulty HEX ",
        "--multiplier X ",
        "--threads N ",
        "--pow_sleep_interval NS ",
        "--count N ",
        "--platform P ",
        "--device D ",
        "--duration S ",
        "--scanner NAME ",
        "--json ",
        "  status ",
        "  generate HASH ",
        "  validate HASH WORK ",
        "  cancel HASH ",
        "  bench ",
    };
    char *text = help (OPTIONS_NONE);

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_non_null (strstr (text, known[i]));
    }
    for (const char *line = text; *line != '\0'; line += strcspn (line, "\n") + 1) {
        assert_true (strcspn (line, "\n") <= 80);
    }
    assert_null (strstr (text, "--url"));
    free (text);

    text = help (OPTIONS_BENCH);
    assert_memory_equal (text, "Usage: workpeer bench [OPTION]...\n", 34);
    assert_non_null (strstr (text, "\n  --url URL "));
    assert_non_null (strstr (text, "\n  --count N "));
    assert_non_null (strstr (text, "\n  --help "));
    assert_null (strstr (text, "--watch "));
    free (text);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_commands),
        cmocka_unit_test (test_unambiguous_prefixes),
        cmocka_unit_test (test_generate_config),
        cmocka_unit_test (test_networks),
        cmocka_unit_test (test_overrides),
        cmocka_unit_test (test_bad_overrides),
        cmocka_unit_test (test_values),
        cmocka_unit_test (test_bad_values),
        cmocka_unit_test (test_thresholds),
        cmocka_unit_test (test_words),
        cmocka_unit_test (test_wrong_words),
        cmocka_unit_test (test_benchmark),
        cmocka_unit_test (test_data_path),
        cmocka_unit_test (test_data_path_without_home),
        cmocka_unit_test (test_unknown_options),
        cmocka_unit_test (test_ambiguous_options),
        cmocka_unit_test (test_missing_arguments),
        cmocka_unit_test (test_repeated_options),
        cmocka_unit_test (test_list_and_benchmark),
        cmocka_unit_test (test_exactly_one_command),
        cmocka_unit_test (test_stray_arguments),
        cmocka_unit_test (test_options_that_make_no_sense),
        cmocka_unit_test (test_help_and_version_win),
        cmocka_unit_test (test_no_arguments_at_all),
        cmocka_unit_test (test_help),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
