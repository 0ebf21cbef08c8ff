#include "node/config/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/nearest.h"
#include "node/config/options_table.h"
#include "node/system/data_path.h"
#include "rpc/base/memory.h"
#include "work/base/hex.h"
#include "work/base/number.h"

/* What getopt_long returns: this and a command, or after the commands an option; or as it is. */
enum { GETOPT_WORD = 1, GETOPT_FIRST = 256, NAMES_MAX = OPTIONS_COMMANDS + OPTION_IDS };

/* The arguments as they stand, before it is asked whether they make sense together. */
struct option_reading {
    struct options *options;
    FILE *errors;
    enum options_command word; /* the first word, where it is a command, or OPTIONS_NONE */
    unsigned commands;         /* given, as bits */
    size_t word_count;
    enum option_id open;                /* what further words belong to, or OPTION_IDS */
    const char *stray;                  /* the first word that belongs to nothing */
    struct option known[NAMES_MAX + 1]; /* what getopt_long knows, in the grammar in hand */
    int known_count;
};

/* Complaints. */

static enum options_command
find_word (const char *word)
{
    for (enum options_command i = OPTIONS_FIRST_WORD; i < OPTIONS_COMMANDS; i++) {
        if (strcmp (options_commands[i].name, word) == 0) {
            return i;
        }
    }
    return OPTIONS_NONE;
}

/* Writes the message and the hint, `meant` being the name in it, if any. Returns -1. */
__attribute__ ((format (printf, 3, 4))) static int
complain (const struct option_reading *reading, const char *meant, const char *format, ...)
{
    FILE *const errors = reading->errors;
    va_list arguments;

    /* Nobody is left to tell when this stream fails. */
    (void)fputs ("workpeer: ", errors);
    va_start (arguments, format);
    (void)vfprintf (errors, format, arguments);
    va_end (arguments);
    (void)fputc ('\n', errors);
    if (meant != NULL) {
        (void)fprintf (errors, "Did you mean '%s%s'? ",
                       find_word (meant) != OPTIONS_NONE ? "" : "--", meant);
    }
    (void)fprintf (errors, "Try 'workpeer %s%s--help'.\n",
                   reading->word != OPTIONS_NONE ? options_commands[reading->word].name : "",
                   reading->word != OPTIONS_NONE ? " " : "");
    return -1;
}

static int
complain_missing (const struct option_reading *reading, const char *name)
{
    return complain (reading, NULL, "the required argument for option '--%s' is missing", name);
}

static int
complain_repeated (const struct option_reading *reading, const char *name)
{
    return complain (reading, NULL, "option '--%s' cannot be specified more than once", name);
}

static int
complain_invalid (const struct option_reading *reading, const char *name, const char *argument)
{
    return complain (reading, NULL, "the argument ('%s') for option '--%s' is invalid", argument,
                     name);
}

static void
learn (struct option_reading *reading, const char *name, bool has_argument, int value)
{
    reading->known[reading->known_count++] =
        (struct option){name, has_argument ? required_argument : no_argument, NULL, value};
}

static void
fill_known (struct option_reading *reading)
{
    const bool words = reading->word != OPTIONS_NONE;

    for (int i = 0; i < OPTIONS_FIRST_WORD; i++) {
        if (!words || i == OPTIONS_HELP) {
            learn (reading, options_commands[i].name, options_commands[i].word_count > 0,
                   GETOPT_FIRST + i);
        }
    }
    for (int i = 0; i < OPTION_IDS; i++) {
        if ((options_options[i].commands & (words ? OPTIONS_WORDS : ~OPTIONS_WORDS)) != 0) {
            learn (reading, options_options[i].name, options_options[i].kind != OPTION_FLAG,
                   GETOPT_FIRST + OPTIONS_COMMANDS + i);
        }
    }
}

/*
 * What somebody meant who wrote `word`, dashes and "=value" not counted: a name near to it, or else
 * one that it begins; or NULL. With `words` it may be a command that is the first word.
 */
static const char *
find_meant (const struct option_reading *reading, const char *word, bool words)
{
    const char *const begin = word + strspn (word, "-");
    const char *names[NAMES_MAX];
    char name[128];
    size_t count = 0;

    (void)snprintf (name, sizeof name, "%.*s", (int)strcspn (begin, "="), begin);
    for (int i = OPTIONS_FIRST_WORD; words && i < OPTIONS_COMMANDS; i++) {
        names[count++] = options_commands[i].name;
    }
    for (int i = 0; i < reading->known_count; i++) {
        names[count++] = reading->known[i].name;
    }
    const char *meant = nearest_name (name, names, count);

    for (size_t i = 0; i < count && meant == NULL && words && *name != '\0'; i++) {
        meant = strncmp (names[i], name, strlen (name)) == 0 ? names[i] : NULL;
    }
    return meant;
}

/* Says which names "--name=value" abbreviates. Returns 0 where there are none. */
static int
complain_ambiguous (const struct option_reading *reading, const char *word, int length)
{
    const char *const name = word + strlen ("--");
    const char *last = NULL;
    char matches[1024] = "";
    size_t taken = 0;

    for (int i = 0; i < reading->known_count && taken < sizeof matches; i++) {
        if (strncmp (reading->known[i].name, name, (size_t)length - strlen ("--")) == 0) {
            taken += last == NULL ? 0
                                  : (size_t)snprintf (matches + taken, sizeof matches - taken,
                                                      "%s'--%s'", taken > 0 ? ", " : "", last);
            last = reading->known[i].name;
        }
    }
    return last == NULL ? 0
                        : complain (reading, NULL,
                                    "option '%.*s' is ambiguous and matches %s and "
                                    "'--%s'",
                                    length, word, matches, last);
}

/* The name behind what getopt_long gave for an option. */
static const char *
name_of (int value)
{
    const int i = value - GETOPT_FIRST;

    return i < OPTIONS_COMMANDS ? options_commands[i].name
                                : options_options[i - OPTIONS_COMMANDS].name;
}

/* A command of the terminal that came too late. */
static int
complain_late (struct option_reading *reading, enum options_command command)
{
    reading->word = command;
    return complain (reading, NULL, "'%s' must be the first word", options_commands[command].name);
}

/*
 * The settings that do here what an option of nano-work-server does, whose command lines are in
 * many operators' scripts; or NULL.
 */
static const char *
settings_instead (const char *word, size_t length)
{
    static const struct {
        const char *name;
        const char *letter;
        const char *settings;
    } others[] = {
        {"--gpu", "-g", "opencl.enable, opencl.platform and opencl.device"},
        {"--cpu-threads", "-c", "node.work_threads"},
        {"--listen-address", "-l", "rpc.address and rpc.port"},
    };

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if ((strlen (others[i].name) == length && strncmp (word, others[i].name, length) == 0) ||
            strncmp (word, others[i].letter, strlen (others[i].letter)) == 0) {
            return others[i].settings;
        }
    }
    return NULL;
}

/* Says what getopt_long, having returned '?' on words[0], did not like. */
static int
complain_refused (struct option_reading *reading, char **words)
{
    const char *const word = words[0];
    const int length = (int)strcspn (word, "=");

    if (optopt >= GETOPT_FIRST) {
        return complain (reading, NULL, "option '--%s' does not take any arguments",
                         name_of (optopt));
    }
    if (optopt == 0 && complain_ambiguous (reading, word, length) != 0) {
        return -1;
    }
    for (words++; reading->word == OPTIONS_NONE && *words != NULL; words++) {
        if (find_word (*words) != OPTIONS_NONE) {
            return complain_late (reading, find_word (*words));
        }
    }
    const char *const settings = settings_instead (word, (size_t)length);

    if (settings != NULL && reading->word == OPTIONS_NONE) {
        return complain (reading, NULL,
                         "unrecognised option '%.*s'; use %s, in config-node.toml or "
                         "with --config",
                         length, word, settings);
    }
    return complain (reading, find_meant (reading, word, false), "unrecognised option '%.*s'",
                     length, word);
}

/* Reading. */

static int
take_value (const struct option_reading *reading, enum option_id id, const char *value)
{
    struct option_values *const given = &reading->options->given[id];
    const char *const equals = strchr (value, '=');

    if (options_options[id].kind == OPTION_OVERRIDE &&
        (equals == NULL || equals == value || equals[1] == '\0')) {
        return complain_invalid (reading, options_options[id].name, value);
    }
    given->items = memory_resize (given->items, given->count + 1, sizeof *given->items);
    given->items[given->count++] = value;
    return 0;
}

/* A word that is neither an option nor the first argument of one. */
static int
take_word (struct option_reading *reading, const char *word)
{
    const bool words = reading->word != OPTIONS_NONE;

    if (reading->open != OPTION_IDS && (!words || strchr (word, '=') != NULL) &&
        find_word (word) == OPTIONS_NONE) {
        return take_value (reading, reading->open, word);
    }
    if (words && reading->word_count < options_commands[reading->word].word_count) {
        reading->options->words[reading->word_count++] = word;
    } else if (reading->stray == NULL) {
        reading->stray = word;
    }
    return 0;
}

static int
take_command (struct option_reading *reading, enum options_command command, const char *argument)
{
    if ((reading->commands & OPTIONS_BIT (command)) != 0 && command != OPTIONS_HELP) {
        return complain_repeated (reading, options_commands[command].name);
    }
    reading->commands |= OPTIONS_BIT (command);
    if (argument != NULL) {
        reading->options->words[0] = argument;
    }
    return 0;
}

/* `value` is what getopt_long returned, `apart` whether the argument is a word of its own. */
static int
take_option (struct option_reading *reading, int value, const char *argument, bool apart)
{
    const int i = value - GETOPT_FIRST;

    /* getopt_long takes the next word whatever it is; "--pid_file --daemon" is a slip. */
    if (argument != NULL && apart && strncmp (argument, "--", strlen ("--")) == 0) {
        return complain_missing (reading, name_of (value));
    }
    if (argument != NULL && *argument == '\0') {
        return complain_invalid (reading, name_of (value), argument);
    }
    reading->open = OPTION_IDS;
    if (i < OPTIONS_COMMANDS) {
        return take_command (reading, (enum options_command)i, argument);
    }
    const enum option_id id = (enum option_id) (i - OPTIONS_COMMANDS);

    if (options_options[id].kind == OPTION_OVERRIDE) {
        reading->open = id;
    }
    return take_value (reading, id, argument != NULL ? argument : "");
}

static int
read_arguments (struct option_reading *reading, int argc, char **argv)
{
    int result = 0;
    int at = 1;
    int value;

    opterr = 0;
    optind = 0; /* makes getopt_long start afresh */
    /* "-": words come in their place, unsorted. ":": a missing argument is told apart. */
    while (result == 0 && (value = getopt_long (argc, argv, "-:h", reading->known, NULL)) != -1) {
        if (value == '?') {
            result = complain_refused (reading, argv + at);
        } else if (value == ':') {
            result = complain_missing (reading, name_of (optopt));
        } else if (value == GETOPT_WORD) {
            result = take_word (reading, optarg);
        } else {
            result = take_option (reading, value == 'h' ? GETOPT_FIRST + OPTIONS_HELP : value,
                                  optarg, optind - at > 1);
        }
        at = optind;
    }
    reading->open = OPTION_IDS;
    for (; result == 0 && optind < argc; optind++) { /* after "--" */
        result = take_word (reading, argv[optind]);
    }
    return result;
}

/* Whether it makes sense. */

static int
complain_stray (struct option_reading *reading)
{
    const bool words = reading->word == OPTIONS_NONE && reading->commands == 0;
    const enum options_command late = words ? find_word (reading->stray) : OPTIONS_NONE;

    return late != OPTIONS_NONE ? complain_late (reading, late)
                                : complain (reading, find_meant (reading, reading->stray, words),
                                            "unexpected argument '%s'", reading->stray);
}

/* The one command among what was given. */
static int
find_command (struct option_reading *reading)
{
    struct options *const options = reading->options;

    if (reading->word != OPTIONS_NONE) {
        options->command = reading->word;
        if (reading->word_count < options_commands[reading->word].word_count) {
            return complain (reading, NULL, "'%s' takes %s", options_commands[reading->word].name,
                             options_commands[reading->word].words);
        }
        return 0;
    }
    if ((reading->commands & OPTIONS_BIT (OPTIONS_LIST_DEVICES)) != 0) {
        options->measure = (reading->commands & OPTIONS_BIT (OPTIONS_BENCHMARK)) != 0;
        reading->commands &= ~OPTIONS_BIT (OPTIONS_BENCHMARK);
    }
    for (enum options_command i = 0; i < OPTIONS_FIRST_WORD; i++) {
        if ((reading->commands & OPTIONS_BIT (i)) == 0) {
            continue;
        }
        if (options->command != OPTIONS_NONE) {
            return complain (reading, NULL, "options '--%s' and '--%s' cannot be used together",
                             options_commands[options->command].name, options_commands[i].name);
        }
        options->command = i;
    }
    return options->command != OPTIONS_NONE ? 0 : complain (reading, NULL, "no command given");
}

/* Whether blocks of that subtype receive; or -1 where there is no such. */
static int
is_receiving (const char *subtype)
{
    static const char *const names[] = {"send", "change", "receive", "open", "epoch"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp (subtype, names[i]) == 0) {
            return i >= 2;
        }
    }
    return -1;
}

/* For --debug_opencl a number; for --benchmark "cpu", "all" or two numbers. */
static bool
is_device (const char *text, enum options_command command)
{
    static const char digits[] = "0123456789";
    const char *const colon = text + strspn (text, digits);
    uint64_t number;

    if (command == OPTIONS_DEBUG_OPENCL) {
        return number_parse_unsigned (text, 0, UINT32_MAX, &number) == 0;
    }
    return strcmp (text, "cpu") == 0 || strcmp (text, "all") == 0 ||
           (colon > text && colon[0] == ':' && colon[1] != '\0' &&
            colon[1 + strspn (colon + 1, digits)] == '\0');
}

static bool
is_good (const struct option_row *row, enum options_command command, const char *text)
{
    enum difficulty_network_id network;
    uint64_t whole;
    double real;

    switch (row->kind) {
    case OPTION_NETWORK_NAME:
        return difficulty_network_by_name (text, &network) == 0;
    case OPTION_SUBTYPE_NAME:
        return is_receiving (text) >= 0;
    case OPTION_DEVICE_NAME:
        return is_device (text, command);
    case OPTION_HEX:
        return hex_parse_u64 (text, &whole) == 0;
    case OPTION_WHOLE:
        return number_parse_unsigned (text, (uint64_t)row->least, (uint64_t)row->most, &whole) == 0;
    case OPTION_REAL:
        return number_parse_double (text, &real) == 0 && real >= row->least && real <= row->most;
    default:
        return true;
    }
}

static int
check_option (const struct option_reading *reading, enum option_id id)
{
    const enum options_command command = reading->options->command;
    const struct option_row *const row = &options_options[id];
    const struct option_values *const given = &reading->options->given[id];

    if (given->count > 0 && (row->commands & OPTIONS_BIT (command)) == 0) {
        return complain (reading, NULL, "option '--%s' makes no sense with '%s%s'", row->name,
                         options_is_word (command) ? "" : "--", options_commands[command].name);
    }
    if (given->count > 1 && (row->repeats & OPTIONS_BIT (command)) == 0) {
        return complain_repeated (reading, row->name);
    }
    for (size_t i = 0; i < given->count; i++) {
        if (!is_good (row, command, given->items[i])) {
            return complain (reading, NULL, "Invalid %s", row->invalid);
        }
    }
    return 0;
}

/* Of the terminal's commands: what excludes or needs what. */
static int
check_together (const struct option_reading *reading)
{
    static const enum option_id apart[][2] = {
        {OPTION_LOCAL, OPTION_URL},
        {OPTION_LOCAL, OPTION_KEY_FILE},
        {OPTION_DIFFICULTY, OPTION_MULTIPLIER},
        {OPTION_DIFFICULTY, OPTION_SUBTYPE},
        {OPTION_MULTIPLIER, OPTION_SUBTYPE},
    };
    const struct options *const options = reading->options;

    for (size_t i = 0; i < sizeof apart / sizeof apart[0]; i++) {
        if (options_given (options, apart[i][0]) && options_given (options, apart[i][1])) {
            return complain (reading, NULL, "options '--%s' and '--%s' cannot be used together",
                             options_options[apart[i][0]].name, options_options[apart[i][1]].name);
        }
    }
    if (options_given (options, OPTION_INTERVAL) && !options_given (options, OPTION_WATCH)) {
        return complain (reading, NULL, "option '--interval' makes no sense without '--watch'");
    }
    return 0;
}

static int
take_data_path (const struct option_reading *reading)
{
    struct options *const options = reading->options;
    const char *error = NULL;

    if (!options_given (options, OPTION_URL)) {
        options->data_path = options_given (options, OPTION_DATA_PATH)
                                 ? memory_text (options_text (options, OPTION_DATA_PATH))
                                 : data_path_default (&error);
    }
    return error == NULL ? 0 : complain (reading, NULL, "%s", error);
}

static int
check (struct option_reading *reading)
{
    struct options *const options = reading->options;

    if (reading->stray != NULL) {
        return complain_stray (reading);
    }
    if (find_command (reading) != 0) {
        return -1;
    }
    for (enum option_id i = 0; i < OPTION_IDS; i++) {
        if (check_option (reading, i) != 0) {
            return -1;
        }
    }
    if (options_given (options, OPTION_NETWORK)) {
        (void)difficulty_network_by_name (options_text (options, OPTION_NETWORK),
                                          &options->network);
    }
    if (options->command == OPTIONS_GENERATE_CONFIG &&
        config_file_by_name (options->words[0], &options->generate) != 0) {
        return complain (reading, NULL, "Invalid configuration type %s. Must be node or rpc.",
                         options->words[0]);
    }
    return options_is_word (options->command) && check_together (reading) != 0
               ? -1
               : take_data_path (reading);
}

int
options_parse (int argc, char **argv, struct options *options, FILE *errors)
{
    struct option_reading reading = {
        .options = options,
        .errors = errors,
        .word = argc > 1 ? find_word (argv[1]) : OPTIONS_NONE,
        .open = OPTION_IDS,
    };
    const int shift = reading.word != OPTIONS_NONE ? 1 : 0; /* it stands in the program's place */

    *options = (struct options){
        .command = OPTIONS_NONE, .topic = reading.word, .network = DIFFICULTY_LIVE};
    fill_known (&reading);
    if (read_arguments (&reading, argc - shift, argv + shift) != 0) {
        return -1;
    }
    if ((reading.commands & (OPTIONS_BIT (OPTIONS_HELP) | OPTIONS_BIT (OPTIONS_VERSION))) != 0) {
        options->command =
            (reading.commands & OPTIONS_BIT (OPTIONS_HELP)) != 0 ? OPTIONS_HELP : OPTIONS_VERSION;
        return 0;
    }
    return check (&reading);
}

void
options_clear (struct options *options)
{
    for (size_t i = 0; i < OPTION_IDS; i++) {
        free (options->given[i].items);
    }
    free (options->data_path);
    *options = (struct options){.command = OPTIONS_NONE, .topic = OPTIONS_NONE};
}

/* What was given. */

bool
options_given (const struct options *options, enum option_id id)
{
    return options->given[id].count > 0;
}

const char *
options_text (const struct options *options, enum option_id id)
{
    const struct option_values *const given = &options->given[id];

    return given->count > 0 ? given->items[given->count - 1] : NULL;
}

double
options_number (const struct options *options, enum option_id id, double otherwise)
{
    const char *const text = options_text (options, id);

    if (text != NULL) {
        (void)number_parse_double (text, &otherwise);
    }
    return otherwise;
}

uint64_t
options_threshold (const struct options *options, const struct difficulty_network *network)
{
    const char *const difficulty = options_text (options, OPTION_DIFFICULTY);
    const char *const subtype = options_text (options, OPTION_SUBTYPE);
    uint64_t threshold = network->base;

    if (options_given (options, OPTION_MULTIPLIER)) {
        return difficulty_from_multiplier (options_number (options, OPTION_MULTIPLIER, 1),
                                           network->base);
    }
    if (difficulty != NULL) {
        (void)hex_parse_u64 (difficulty, &threshold);
    }
    return subtype != NULL && is_receiving (subtype) > 0 ? network->epoch_2_receive : threshold;
}

struct config_sources
options_sources (const struct options *options)
{
    const struct option_values *const overrides = &options->given[OPTION_CONFIG];
    const struct option_values *const rpc_overrides = &options->given[OPTION_RPCCONFIG];

    return (struct config_sources){
        .data_path = options->data_path,
        .overrides = overrides->items,
        .override_count = overrides->count,
        .rpc_overrides = rpc_overrides->items,
        .rpc_override_count = rpc_overrides->count,
    };
}
