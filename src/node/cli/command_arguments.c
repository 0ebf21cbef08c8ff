#include "node/cli/command_arguments.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "node/base/nearest.h"

enum { STATUS = 1, GENERATE = 2, VALIDATE = 4, CANCEL = 8, BENCH = 16, EVERY = 31 };
enum { LOCALLY = GENERATE | VALIDATE | BENCH, THRESHOLDS = LOCALLY };

struct option_entry {
    const char *name;
    const char *argument; /* what --help calls it; NULL when there is none */
    unsigned commands;
    const char *help;
};

static const struct option_entry options[COMMAND_OPTIONS] = {
    [COMMAND_URL] = {"url", "URL", EVERY, "the daemon; else as the configuration says"},
    [COMMAND_KEY_FILE] = {"key_file", "FILE", EVERY, "the API key to send; else WORKPEER_KEY"},
    [COMMAND_TIMEOUT] = {"timeout", "S", EVERY, "how long to wait for an answer, in seconds"},
    [COMMAND_LOCAL] = {"local", NULL, LOCALLY, "do it in this process, without a daemon"},
    [COMMAND_JSON] = {"json", NULL, EVERY, "print a JSON object"},
    [COMMAND_WATCH] = {"watch", NULL, STATUS, "go on until Ctrl-C"},
    [COMMAND_INTERVAL] = {"interval", "S", STATUS, "--watch: every S seconds, 1 if not given"},
    [COMMAND_DIFFICULTY] = {"difficulty", "HEX", THRESHOLDS, "the threshold"},
    [COMMAND_MULTIPLIER] = {"multiplier", "X", THRESHOLDS, "or X times the base threshold"},
    [COMMAND_SUBTYPE] = {"subtype", "NAME", THRESHOLDS,
                         "or the one of send, receive, open, change or epoch"},
    [COMMAND_COUNT] = {"count", "N", BENCH, "how many works, 10 if not given"},
    [COMMAND_THREADS] = {"threads", "N", LOCALLY & ~VALIDATE, "--local: CPU threads"},
    [COMMAND_DATA_PATH] = {"data_path", "DIR", EVERY, "the configuration files' directory"},
    [COMMAND_NETWORK] = {"network", "NAME", EVERY, "live, beta, test or dev, not the daemon's own"},
    [COMMAND_CONFIG] = {"config", "KEY=VALUE", EVERY, "override config-node.toml; repeatable"},
    [COMMAND_RPCCONFIG] = {"rpcconfig", "KEY=VALUE", EVERY, "override config-rpc.toml; repeatable"},
    [COMMAND_HELP] = {"help", NULL, EVERY, "print this text (-h too)"},
};

static const struct command_entry entries[] = {
    {"status", "", 0, "show a daemon's devices, rate and queue", command_run_status},
    {"generate", "HASH", 1, "find work for a hash and print it", command_run_generate},
    {"validate", "HASH WORK", 2, "say what a work is worth", command_run_validate},
    {"cancel", "HASH", 1, "end every search for a hash", command_run_cancel},
    {"bench", "", 0, "find works for random hashes and time them", command_run_bench},
};

enum { ENTRY_COUNT = sizeof entries / sizeof entries[0], GETOPT_FIRST = 256 };

_Static_assert(ENTRY_COUNT <= COMMAND_ENTRIES_MAX, "whoever lists them has room");

const struct command_entry *
command_entries (size_t *count)
{
    *count = ENTRY_COUNT;
    return entries;
}

static bool
takes (const struct command_entry *entry, size_t id)
{
    return (options[id].commands & (1U << (entry - entries))) != 0;
}

/* The hint is on a line of its own. */
static int
complain_of_usage (const struct command_entry *entry)
{
    (void)fprintf (stderr, "Try 'workpeer %s --help'.\n", entry->name);
    return COMMAND_USAGE;
}

static int
complain_of_option (const struct command_entry *entry, const char *word)
{
    const int length = (int)strcspn (word, "=");
    char *const name =
        strndup (word + strspn (word, "-"), strcspn (word, "=") - strspn (word, "-"));
    const char *names[COMMAND_OPTIONS];
    size_t count = 0;

    for (size_t i = 0; i < COMMAND_OPTIONS; i++) {
        if (takes (entry, i)) {
            names[count++] = options[i].name;
        }
    }
    const char *const nearest = name != NULL ? nearest_name (name, names, count) : NULL;

    (void)command_complain (COMMAND_USAGE, "'%s' has no option '%.*s'%s%s%s", entry->name, length,
                            word, nearest != NULL ? ": did you mean '--" : "",
                            nearest != NULL ? nearest : "", nearest != NULL ? "'?" : "");
    free (name);
    return complain_of_usage (entry);
}

/* What getopt_long, having returned '?' on `word`, did not like. */
static int
complain_refused (const struct command_entry *entry, const char *word)
{
    if (optopt >= GETOPT_FIRST) {
        (void)command_complain (COMMAND_USAGE, "option '--%s' does not take an argument",
                                options[optopt - GETOPT_FIRST].name);
        return complain_of_usage (entry);
    }
    return complain_of_option (entry, word);
}

static int
take_override (const struct command_entry *entry, struct command_arguments *arguments, size_t id,
               const char *value)
{
    const bool rpc = id == COMMAND_RPCCONFIG;
    size_t *const count = rpc ? &arguments->rpc_override_count : &arguments->override_count;

    if (*count == COMMAND_OVERRIDES_MAX) {
        (void)command_complain (COMMAND_USAGE, "more than %d times '--%s'", COMMAND_OVERRIDES_MAX,
                                options[id].name);
        return complain_of_usage (entry);
    }
    (rpc ? arguments->rpc_overrides : arguments->overrides)[(*count)++] = value;
    return COMMAND_DONE;
}

static int
take_option (const struct command_entry *entry, struct command_arguments *arguments, size_t id,
             const char *value)
{
    if (id == COMMAND_CONFIG || id == COMMAND_RPCCONFIG) {
        return take_override (entry, arguments, id, value);
    }
    if (arguments->given[id]) {
        (void)command_complain (COMMAND_USAGE, "option '--%s' is given twice", options[id].name);
        return complain_of_usage (entry);
    }
    arguments->given[id] = true;
    arguments->value[id] = value;
    return COMMAND_DONE;
}

static size_t
fill_getopt_table (const struct command_entry *entry, struct option known[COMMAND_OPTIONS + 1])
{
    size_t count = 0;

    for (int i = 0; i < COMMAND_OPTIONS; i++) {
        if (takes (entry, (size_t)i)) {
            known[count++] = (struct option){
                .name = options[i].name,
                .has_arg = options[i].argument == NULL ? no_argument : required_argument,
                .val = GETOPT_FIRST + i,
            };
        }
    }
    known[count] = (struct option){.name = NULL};
    return count;
}

static int
take_words (const struct command_entry *entry, int argc, char **argv,
            struct command_arguments *arguments)
{
    const size_t count = (size_t)(argc - optind);

    if (arguments->given[COMMAND_HELP]) {
        return COMMAND_DONE;
    }
    if (count != entry->word_count) {
        (void)command_complain (COMMAND_USAGE, "'%s' takes %s, not %zu words", entry->name,
                                entry->word_count > 0 ? entry->words : "no words", count);
        return complain_of_usage (entry);
    }
    for (size_t i = 0; i < count; i++) {
        arguments->words[i] = argv[optind + (int)i];
    }
    arguments->word_count = count;
    return COMMAND_DONE;
}

int
command_arguments_read (const struct command_entry *entry, int argc, char **argv,
                        struct command_arguments *arguments)
{
    struct option known[COMMAND_OPTIONS + 1];
    int status = COMMAND_DONE;

    *arguments = (struct command_arguments){.word_count = 0};
    (void)fill_getopt_table (entry, known);
    argc--; /* the command stands where getopt_long looks for the program */
    argv++;
    opterr = 0;
    optind = 0; /* makes getopt_long start afresh */
    while (status == COMMAND_DONE) {
        const int value = getopt_long (argc, argv, ":h", known, NULL);

        if (value == -1) {
            return take_words (entry, argc, argv, arguments);
        }
        if (value == ':') {
            (void)command_complain (COMMAND_USAGE, "option '--%s' wants an argument",
                                    options[optopt - GETOPT_FIRST].name);
            status = complain_of_usage (entry);
        } else if (value == '?') {
            const char letter[] = {'-', (char)optopt, '\0'};

            status = complain_refused (entry, optopt == 0 ? argv[optind - 1] : letter);
        } else {
            const size_t id = value == 'h' ? COMMAND_HELP : (size_t)(value - GETOPT_FIRST);

            status = take_option (entry, arguments, id, optarg);
        }
    }
    return status;
}

int
command_arguments_help (const struct command_entry *entry, FILE *stream)
{
    (void)fprintf (stream, "Usage: workpeer %s [OPTION]...%s%s\n\nOptions:\n", entry->name,
                   *entry->words != '\0' ? " " : "", entry->words);
    for (size_t i = 0; i < COMMAND_OPTIONS; i++) {
        char left[64];

        if (!takes (entry, i)) {
            continue;
        }
        (void)snprintf (left, sizeof left, "--%s%s%s", options[i].name,
                        options[i].argument != NULL ? " " : "",
                        options[i].argument != NULL ? options[i].argument : "");
        (void)fprintf (stream, "  %-22s  %s\n", left, options[i].help);
    }
    (void)fputs ("\nExit status: 0 done, 1 failed, 2 wrong usage, 3 the work is not valid,\n"
                 "4 no daemon answers, 130 interrupted.\n",
                 stream);
    return fflush (stream) == 0 && ferror (stream) == 0 ? 0 : -1;
}
