#include "node/config/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/nearest.h"
#include "node/system/data_path.h"

enum id {
    ID_DAEMON,
    ID_CHECK_CONFIG,
    ID_GENERATE_CONFIG,
    ID_LIST_DEVICES,
    ID_DIAGNOSTICS,
    ID_BENCHMARK,
    ID_HASH_KEY,
    ID_MAKE_KEY,
    ID_VERSION,
    ID_HELP,
    ID_DATA_PATH,
    ID_NETWORK,
    ID_CONFIG,
    ID_RPCCONFIG,
    ID_PID_FILE,
    ID_USE_DEFAULTS,
    ID_DEBUG_PROFILE_GENERATE,
    ID_DEBUG_PROFILE_VALIDATE,
    ID_DEBUG_OPENCL,
    ID_DIFFICULTY,
    ID_MULTIPLIER,
    ID_THREADS,
    ID_POW_SLEEP_INTERVAL,
    ID_COUNT,
    ID_PLATFORM,
    ID_DEVICE,
    ID_DURATION,
    ID_SCANNER,
    ID_JSON,
};

enum group { GROUP_COMMANDS, GROUP_SETTINGS, GROUP_DEBUG };

struct entry {
    const char *name;
    const char *argument; /* what --help calls it; NULL when there is none */
    const char *help;
    enum group group;
    enum options_command command; /* the command that this option is, or OPTIONS_NONE */
    unsigned int commands;        /* for the others: the commands they make sense with */
    unsigned int repeats;         /* and those with which it may be given several times */
    bool many;                    /* takes several words, and may be given several times */
};

#define ONLY(command) (1U << (command))
#define EVERY (~0U)
#define EVERY_BUT(command) (~ONLY (command))
#define SEARCHES (ONLY (OPTIONS_DEBUG_PROFILE_GENERATE) | ONLY (OPTIONS_DEBUG_OPENCL))

/* clang-format off */
static const struct entry table[] = {
    [ID_DAEMON] = {
        .name = "daemon", .group = GROUP_COMMANDS, .command = OPTIONS_DAEMON,
        .help = "run in the foreground until SIGTERM or SIGINT",
    },
    [ID_CHECK_CONFIG] = {
        .name = "check_config", .group = GROUP_COMMANDS, .command = OPTIONS_CHECK_CONFIG,
        .help = "read the configuration, list every error, exit",
    },
    [ID_GENERATE_CONFIG] = {
        .name = "generate_config", .argument = "FILE", .group = GROUP_COMMANDS,
        .command = OPTIONS_GENERATE_CONFIG,
        .help = "print a documented file; FILE is node or rpc",
    },
    [ID_LIST_DEVICES] = {
        .name = "list_devices", .group = GROUP_COMMANDS, .command = OPTIONS_LIST_DEVICES,
        .help = "list what can search; --benchmark: how fast, too",
    },
    [ID_DIAGNOSTICS] = {
        .name = "diagnostics", .group = GROUP_COMMANDS, .command = OPTIONS_DIAGNOSTICS,
        .help = "test every device and report",
    },
    [ID_BENCHMARK] = {
        .name = "benchmark", .group = GROUP_COMMANDS, .command = OPTIONS_BENCHMARK,
        .help = "measure hashes a second, and what they cost",
    },
    [ID_HASH_KEY] = {
        .name = "hash_key", .group = GROUP_COMMANDS, .command = OPTIONS_HASH_KEY,
        .help = "read an API key, print its hash for access.keys",
    },
    [ID_MAKE_KEY] = {
        .name = "make_key", .group = GROUP_COMMANDS, .command = OPTIONS_MAKE_KEY,
        .help = "print a new API key, and its hash",
    },
    [ID_VERSION] = {
        .name = "version", .group = GROUP_COMMANDS, .command = OPTIONS_VERSION,
        .help = "print the version",
    },
    [ID_HELP] = {
        .name = "help", .group = GROUP_COMMANDS, .command = OPTIONS_HELP,
        .help = "print this text (-h too)",
    },
    [ID_DATA_PATH] = {
        .name = "data_path", .argument = "DIR", .group = GROUP_SETTINGS, .commands = EVERY,
        .help = "the configuration files' directory",
    },
    [ID_NETWORK] = {
        .name = "network", .argument = "NAME", .group = GROUP_SETTINGS, .commands = EVERY,
        .help = "live (the default), beta, test or dev",
    },
    [ID_CONFIG] = {
        .name = "config", .argument = "KEY=VALUE", .group = GROUP_SETTINGS, .many = true,
        .commands = EVERY_BUT (OPTIONS_GENERATE_CONFIG),
        .help = "override config-node.toml; any number of them",
    },
    [ID_RPCCONFIG] = {
        .name = "rpcconfig", .argument = "KEY=VALUE", .group = GROUP_SETTINGS, .many = true,
        .commands = EVERY_BUT (OPTIONS_GENERATE_CONFIG),
        .help = "override config-rpc.toml; any number of them",
    },
    [ID_PID_FILE] = {
        .name = "pid_file", .argument = "FILE", .group = GROUP_SETTINGS,
        .commands = ONLY (OPTIONS_DAEMON),
        .help = "--daemon: write the process id to FILE",
    },
    [ID_USE_DEFAULTS] = {
        .name = "use_defaults", .group = GROUP_SETTINGS,
        .commands = ONLY (OPTIONS_GENERATE_CONFIG),
        .help = "--generate_config: defaults not commented out",
    },
    [ID_DEBUG_PROFILE_GENERATE] = {
        .name = "debug_profile_generate", .group = GROUP_DEBUG,
        .command = OPTIONS_DEBUG_PROFILE_GENERATE,
        .help = "time the generation of work",
    },
    [ID_DEBUG_PROFILE_VALIDATE] = {
        .name = "debug_profile_validate", .group = GROUP_DEBUG,
        .command = OPTIONS_DEBUG_PROFILE_VALIDATE,
        .help = "time the validation of work",
    },
    [ID_DEBUG_OPENCL] = {
        .name = "debug_opencl", .group = GROUP_DEBUG, .command = OPTIONS_DEBUG_OPENCL,
        .help = "time the generation of work by OpenCL",
    },
    [ID_DIFFICULTY] = {
        .name = "difficulty", .argument = "HEX", .group = GROUP_DEBUG,
        .commands = SEARCHES | ONLY (OPTIONS_BENCHMARK), .repeats = ONLY (OPTIONS_BENCHMARK),
        .help = "the difficulty; --benchmark: any number of them",
    },
    [ID_MULTIPLIER] = {
        .name = "multiplier", .argument = "X", .group = GROUP_DEBUG, .commands = SEARCHES,
        .help = "X times the base difficulty, over --difficulty",
    },
    [ID_THREADS] = {
        .name = "threads", .argument = "N", .group = GROUP_DEBUG,
        .commands = SEARCHES | ONLY (OPTIONS_BENCHMARK),
        .help = "CPU threads, or OpenCL work items",
    },
    [ID_POW_SLEEP_INTERVAL] = {
        .name = "pow_sleep_interval", .argument = "NS", .group = GROUP_DEBUG,
        .commands = ONLY (OPTIONS_DEBUG_PROFILE_GENERATE),
        .help = "nanoseconds to sleep for every 256 hashes",
    },
    [ID_COUNT] = {
        .name = "count", .argument = "N", .group = GROUP_DEBUG, .commands = SEARCHES,
        .help = "stop after N works",
    },
    [ID_PLATFORM] = {
        .name = "platform", .argument = "P", .group = GROUP_DEBUG,
        .commands = ONLY (OPTIONS_DEBUG_OPENCL),
        .help = "--debug_opencl: the OpenCL platform's number",
    },
    [ID_DEVICE] = {
        .name = "device", .argument = "D", .group = GROUP_DEBUG,
        .commands = ONLY (OPTIONS_DEBUG_OPENCL) | ONLY (OPTIONS_BENCHMARK),
        .help = "its device's number; --benchmark: cpu, P:D or all",
    },
    [ID_DURATION] = {
        .name = "duration", .argument = "S", .group = GROUP_DEBUG,
        .commands = ONLY (OPTIONS_BENCHMARK),
        .help = "--benchmark: seconds in all, 10 if not given",
    },
    [ID_SCANNER] = {
        .name = "scanner", .argument = "NAME", .group = GROUP_DEBUG,
        .commands = ONLY (OPTIONS_BENCHMARK),
        .help = "--benchmark: this scanner, or all",
    },
    [ID_JSON] = {
        .name = "json", .group = GROUP_DEBUG, .commands = ONLY (OPTIONS_BENCHMARK),
        .help = "--benchmark: print a JSON object",
    },
};
/* clang-format on */

enum { TABLE_SIZE = sizeof table / sizeof table[0] };

/* What getopt_long returns: this and the id for an option, the others as they are. */
enum { GETOPT_WORD = 1, GETOPT_FIRST = 256 };

/* The arguments as they stand, before it is asked whether they make sense together. */
struct option_reading {
    bool given[TABLE_SIZE];
    bool repeated[TABLE_SIZE];
    const char *value[TABLE_SIZE];
    const char *stray;        /* the first word that belongs to no option */
    const struct entry *open; /* the option that further words belong to */
};

/* Writes the message and the hint, `meant` being the option in it, if any. Returns -1. */
__attribute__ ((format (printf, 3, 4))) static int
complain (FILE *errors, const char *meant, const char *format, ...)
{
    va_list arguments;

    /* Nobody is left to tell when this stream fails. */
    (void)fputs ("workpeer: ", errors);
    va_start (arguments, format);
    (void)vfprintf (errors, format, arguments);
    va_end (arguments);
    (void)fputc ('\n', errors);
    if (meant != NULL) {
        (void)fprintf (errors, "Did you mean '--%s'? ", meant);
    }
    (void)fputs ("Try 'workpeer --help'.\n", errors);
    return -1;
}

static int
complain_missing (FILE *errors, const struct entry *entry)
{
    return complain (errors, NULL, "the required argument for option '--%s' is missing",
                     entry->name);
}

static int
complain_repeated (FILE *errors, const struct entry *entry)
{
    return complain (errors, NULL, "option '--%s' cannot be specified more than once", entry->name);
}

static int
complain_invalid (FILE *errors, const struct entry *entry, const char *argument)
{
    return complain (errors, NULL, "the argument ('%s') for option '--%s' is invalid", argument,
                     entry->name);
}

/* The length of an option's name in a word like "name=value". */
static int
name_length (const char *word)
{
    return (int)strcspn (word, "=");
}

/* The option whose name is nearest to `word`, dashes and "=value" not counted, or NULL. */
static const char *
nearest_option (const char *word)
{
    const char *const begin = word + strspn (word, "-");
    char *const name = strndup (begin, strcspn (begin, "="));
    const char *names[TABLE_SIZE];

    if (name == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < TABLE_SIZE; i++) {
        names[i] = table[i].name;
    }
    const char *const nearest = nearest_name (name, names, TABLE_SIZE);

    free (name);
    return nearest;
}

/* The first option after `from` (NULL: of all) whose name "--name=value" abbreviates, or NULL. */
static const struct entry *
next_match (const char *word, const struct entry *from)
{
    const size_t length = (size_t)name_length (word) - strlen ("--");

    for (from = from == NULL ? table : from + 1; from < table + TABLE_SIZE; from++) {
        if (strncmp (from->name, word + strlen ("--"), length) == 0) {
            return from;
        }
    }
    return NULL;
}

static int
complain_ambiguous (FILE *errors, const char *word)
{
    char matches[1024] = "";
    size_t length = 0;
    const struct entry *entry = next_match (word, NULL);

    while (entry != NULL && length < sizeof matches) {
        const struct entry *const next = next_match (word, entry);
        const char *const before = length == 0 ? "" : next == NULL ? " and " : ", ";
        const int added =
            snprintf (matches + length, sizeof matches - length, "%s'--%s'", before, entry->name);

        if (added < 0) {
            break;
        }
        length += (size_t)added;
        entry = next;
    }
    return complain (errors, NULL, "option '%.*s' is ambiguous and matches %s", name_length (word),
                     word, matches);
}

/* Says what getopt_long, having returned '?' on `word`, did not like. */
static int
complain_refused (FILE *errors, const char *word)
{
    if (optopt >= GETOPT_FIRST) {
        return complain (errors, NULL, "option '--%s' does not take any arguments",
                         table[optopt - GETOPT_FIRST].name);
    }
    if (optopt == 0 && next_match (word, NULL) != NULL) {
        return complain_ambiguous (errors, word);
    }
    return complain (errors, nearest_option (word), "unrecognised option '%.*s'",
                     name_length (word), word);
}

static int
take_override (struct options *options, const struct entry *entry, const char *argument,
               FILE *errors)
{
    const char *const equals = strchr (argument, '=');

    if (equals == NULL || equals == argument || equals[1] == '\0') {
        return complain_invalid (errors, entry, argument);
    }
    if (entry == &table[ID_RPCCONFIG]) {
        options->rpc_overrides[options->rpc_override_count++] = argument;
    } else {
        options->overrides[options->override_count++] = argument;
    }
    return 0;
}

/* A word that is neither an option nor the first argument of one. */
static int
take_word (struct options *options, struct option_reading *reading, const char *word, FILE *errors)
{
    if (reading->open != NULL) {
        return take_override (options, reading->open, word, errors);
    }
    if (reading->stray == NULL) {
        reading->stray = word;
    }
    return 0;
}

/* `argument` is NULL for an option that takes none; `apart` says that it was a word of its own. */
static int
take_option (struct options *options, struct option_reading *reading, size_t id,
             const char *argument, bool apart, FILE *errors)
{
    const struct entry *const entry = &table[id];

    if (reading->given[id] && !entry->many && entry->repeats == 0) {
        return complain_repeated (errors, entry);
    }
    reading->repeated[id] = reading->given[id];
    reading->given[id] = true;
    reading->open = entry->many ? entry : NULL;
    if (argument == NULL) {
        return 0;
    }
    /* getopt_long takes the next word whatever it is; "--pid_file --daemon" is a slip. */
    if (apart && strncmp (argument, "--", strlen ("--")) == 0) {
        return complain_missing (errors, entry);
    }
    if (*argument == '\0') {
        return complain_invalid (errors, entry, argument);
    }
    reading->value[id] = argument;
    if (id == ID_DIFFICULTY) {
        options->difficulties[options->difficulty_count++] = argument;
    }
    return entry->many ? take_override (options, entry, argument, errors) : 0;
}

static void
fill_getopt_table (struct option known[TABLE_SIZE + 1])
{
    for (int i = 0; i < TABLE_SIZE; i++) {
        known[i] = (struct option){
            .name = table[i].name,
            .has_arg = table[i].argument == NULL ? no_argument : required_argument,
            .val = GETOPT_FIRST + i,
        };
    }
    known[TABLE_SIZE] = (struct option){.name = NULL};
}

static int
read_arguments (int argc, char **argv, struct options *options, struct option_reading *reading,
                FILE *errors)
{
    struct option known[TABLE_SIZE + 1];
    int result = 0;
    int at = 1;

    fill_getopt_table (known);
    opterr = 0;
    optind = 0; /* makes getopt_long start afresh */
    while (result == 0) {
        /* "-": words come in their place, unsorted. ":": a missing argument is told apart. */
        const int value = getopt_long (argc, argv, "-:h", known, NULL);

        if (value == -1) {
            break;
        }
        if (value == '?') {
            result = complain_refused (errors, argv[at]);
        } else if (value == ':') {
            result = complain_missing (errors, &table[optopt - GETOPT_FIRST]);
        } else if (value == GETOPT_WORD) {
            result = take_word (options, reading, optarg, errors);
        } else {
            const size_t id = value == 'h' ? ID_HELP : (size_t)(value - GETOPT_FIRST);

            result = take_option (options, reading, id, optarg, optind - at > 1, errors);
        }
        at = optind;
    }
    if (result == 0 && optind < argc && reading->stray == NULL) {
        reading->stray = argv[optind]; /* after "--" */
    }
    return result;
}

/* The one command among what was given, or NULL after a complaint. */
static const struct entry *
find_command (const struct option_reading *reading, FILE *errors)
{
    const struct entry *command = NULL;

    if (reading->stray != NULL) {
        (void)complain (errors, nearest_option (reading->stray), "unexpected argument '%s'",
                        reading->stray);
        return NULL;
    }
    for (size_t i = 0; i < TABLE_SIZE; i++) {
        if (!reading->given[i] || table[i].command == OPTIONS_NONE ||
            (i == ID_BENCHMARK && reading->given[ID_LIST_DEVICES])) {
            continue;
        }
        if (command != NULL) {
            (void)complain (errors, NULL, "options '--%s' and '--%s' cannot be used together",
                            command->name, table[i].name);
            return NULL;
        }
        command = &table[i];
    }
    if (command == NULL) {
        (void)complain (errors, NULL, "no command given");
    }
    return command;
}

static int
check_companions (const struct option_reading *reading, const struct entry *command, FILE *errors)
{
    for (size_t i = 0; i < TABLE_SIZE; i++) {
        if (reading->given[i] && table[i].command == OPTIONS_NONE &&
            (table[i].commands & ONLY (command->command)) == 0) {
            return complain (errors, NULL, "option '--%s' makes no sense with '--%s'",
                             table[i].name, command->name);
        }
        if (reading->repeated[i] && !table[i].many &&
            (table[i].repeats & ONLY (command->command)) == 0) {
            return complain_repeated (errors, &table[i]);
        }
    }
    return 0;
}

static int
take_values (const struct option_reading *reading, struct options *options, FILE *errors)
{
    const char *const file = reading->value[ID_GENERATE_CONFIG];
    const char *const network = reading->value[ID_NETWORK];

    if (file != NULL && config_file_by_name (file, &options->generate) != 0) {
        return complain (errors, NULL, "Invalid configuration type %s. Must be node or rpc.", file);
    }
    if (network != NULL && difficulty_network_by_name (network, &options->network) != 0) {
        return complain (errors, NULL,
                         "Invalid network. Valid values are live, test, beta and dev.");
    }
    options->use_defaults = reading->given[ID_USE_DEFAULTS];
    options->pid_file = reading->value[ID_PID_FILE];
    options->difficulty = reading->value[ID_DIFFICULTY];
    options->multiplier = reading->value[ID_MULTIPLIER];
    options->threads = reading->value[ID_THREADS];
    options->pow_sleep_interval = reading->value[ID_POW_SLEEP_INTERVAL];
    options->count = reading->value[ID_COUNT];
    options->platform = reading->value[ID_PLATFORM];
    options->device = reading->value[ID_DEVICE];
    options->duration = reading->value[ID_DURATION];
    options->scanner = reading->value[ID_SCANNER];
    options->json = reading->given[ID_JSON];
    options->measure = reading->given[ID_LIST_DEVICES] && reading->given[ID_BENCHMARK];
    return 0;
}

static int
take_data_path (const char *given, char **path, FILE *errors)
{
    const char *error;

    *path = given != NULL ? strdup (given) : data_path_default (&error);
    if (*path == NULL) {
        return complain (errors, NULL, "%s", given != NULL ? "out of memory" : error);
    }
    return 0;
}

int
options_parse (int argc, char **argv, struct options *options, FILE *errors)
{
    const size_t words_max = (size_t)argc + 1; /* never 0, which calloc may answer with NULL */
    struct option_reading reading = {.stray = NULL};

    *options = (struct options){
        .network = DIFFICULTY_LIVE,
        .overrides = calloc (words_max, sizeof *options->overrides),
        .rpc_overrides = calloc (words_max, sizeof *options->rpc_overrides),
        .difficulties = calloc (words_max, sizeof *options->difficulties),
    };
    if (options->overrides == NULL || options->rpc_overrides == NULL ||
        options->difficulties == NULL) {
        return complain (errors, NULL, "out of memory");
    }
    if (read_arguments (argc, argv, options, &reading, errors) != 0) {
        return -1;
    }
    if (reading.given[ID_HELP] || reading.given[ID_VERSION]) {
        options->command = reading.given[ID_HELP] ? OPTIONS_HELP : OPTIONS_VERSION;
        return 0;
    }
    const struct entry *const command = find_command (&reading, errors);

    if (command == NULL || check_companions (&reading, command, errors) != 0 ||
        take_values (&reading, options, errors) != 0 ||
        take_data_path (reading.value[ID_DATA_PATH], &options->data_path, errors) != 0) {
        return -1;
    }
    options->command = command->command;
    return 0;
}

void
options_clear (struct options *options)
{
    free (options->data_path);
    free (options->overrides);
    free (options->rpc_overrides);
    free (options->difficulties);
    *options = (struct options){.command = OPTIONS_NONE};
}

static void
print_group (FILE *stream, enum group group, const char *title)
{
    (void)fprintf (stream, "\n%s:\n", title);
    for (size_t i = 0; i < TABLE_SIZE; i++) {
        char left[64];

        if (table[i].group != group) {
            continue;
        }
        (void)snprintf (left, sizeof left, "--%s%s%s", table[i].name,
                        table[i].argument == NULL ? "" : " ",
                        table[i].argument == NULL ? "" : table[i].argument);
        (void)fprintf (stream, "  %-26s  %s\n", left, table[i].help);
    }
}

int
options_help (FILE *stream)
{
    (void)fputs ("Usage: workpeer COMMAND [OPTION]...\n"
                 "Finds proof of work for Nano nodes and wallets, as a node's work peer.\n",
                 stream);
    print_group (stream, GROUP_COMMANDS, "Commands");
    print_group (stream, GROUP_SETTINGS, "Settings");
    print_group (stream, GROUP_DEBUG, "Measuring, commands and their options");
    /* One check for all of it: a stream's error stays set. */
    return fflush (stream) == 0 && ferror (stream) == 0 ? 0 : -1;
}
