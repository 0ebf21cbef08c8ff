/*
 * The command line, in two grammars with one table of commands and one of options
 * (options_table.c). nano_node's: an option is the command, with its spelling (underscores, full
 * names or unambiguous prefixes, "--option value" and "--option=value" both): "workpeer --daemon
 * --config rpc.port=1". The terminal's: the first word is the command, which asks a daemon or with
 * --local does the same in this process: "workpeer generate HASH --local".
 */
#ifndef NODE_OPTIONS_H
#define NODE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "node/config/config.h"
#include "work/base/difficulty.h"

enum options_command {
    /* An option is the command. */
    OPTIONS_DAEMON,
    OPTIONS_CHECK_CONFIG,
    OPTIONS_GENERATE_CONFIG,
    OPTIONS_LIST_DEVICES,
    OPTIONS_DIAGNOSTICS,
    OPTIONS_BENCHMARK,
    OPTIONS_HASH_KEY,
    OPTIONS_MAKE_KEY,
    OPTIONS_VERSION,
    OPTIONS_HELP,
    OPTIONS_DEBUG_PROFILE_GENERATE,
    OPTIONS_DEBUG_PROFILE_VALIDATE,
    OPTIONS_DEBUG_OPENCL,
    /* The first word is. */
    OPTIONS_STATUS,
    OPTIONS_HEALTH,
    OPTIONS_GENERATE,
    OPTIONS_VALIDATE,
    OPTIONS_CANCEL,
    OPTIONS_BENCH,

    OPTIONS_COMMANDS,
    OPTIONS_NONE = OPTIONS_COMMANDS,
    OPTIONS_FIRST_WORD = OPTIONS_STATUS,
};

enum option_id {
    OPTION_DATA_PATH,
    OPTION_NETWORK,
    OPTION_CONFIG,
    OPTION_RPCCONFIG,
    OPTION_PID_FILE,
    OPTION_USE_DEFAULTS,
    OPTION_DIFFICULTY,
    OPTION_MULTIPLIER,
    OPTION_THREADS,
    OPTION_POW_SLEEP_INTERVAL,
    OPTION_COUNT,
    OPTION_PLATFORM,
    OPTION_DEVICE,
    OPTION_DURATION,
    OPTION_SCANNER,
    OPTION_JSON,
    OPTION_SUBTYPE,
    OPTION_URL,
    OPTION_KEY_FILE,
    OPTION_TIMEOUT,
    OPTION_LOCAL,
    OPTION_WATCH,
    OPTION_INTERVAL,
    OPTION_IDS,
};

#define OPTIONS_WORDS_MAX 2

/* What an option was given, in order; "" where it takes no argument. */
struct option_values {
    const char **items;
    size_t count;
};

struct options {
    enum options_command command;
    enum options_command topic; /* --help: of the command that is the first word, or OPTIONS_NONE */
    bool measure;               /* --list_devices with --benchmark */
    const char *words[OPTIONS_WORDS_MAX]; /* the command's own arguments */
    struct option_values given[OPTION_IDS];
    enum config_file generate; /* what --generate_config asks for */
    enum difficulty_network_id network;
    char *data_path; /* --data_path, or the default; NULL for help, version and with --url */
};

/*
 * Reads argv. Returns 0, or -1 after having written one line that says what is wrong, and a hint,
 * to `errors`. Texts in `options` point into argv, data_path excepted; clear it in either case.
 *
 * Exactly one command must be given, with options that make sense with it and whose arguments are
 * what the table expects; but --help, and after it --version, win over everything that can be read
 * at all. --config and --rpcconfig may be repeated, and further words after one, each "k=v", are
 * more of its overrides; what keys and values mean is for config_load.
 *
 * data_path without --data_path is that of data_path.h.
 *
 * Not for two threads at once: getopt_long and the environment are the process's.
 */
int options_parse (int argc, char **argv, struct options *options, FILE *errors);

/* Frees what options_parse allocated and leaves no command. */
void options_clear (struct options *options);

bool options_given (const struct options *options, enum option_id id);

/* What it was given last, or NULL. */
const char *options_text (const struct options *options, enum option_id id);

/* The same of an option that takes a number; `otherwise` where it was not given. */
double options_number (const struct options *options, enum option_id id, double otherwise);

/* What --multiplier, --difficulty or --subtype ask for in that network; else its base. */
uint64_t options_threshold (const struct options *options,
                            const struct difficulty_network *network);

/* Where the configuration is from: points into `options`. */
struct config_sources options_sources (const struct options *options);

/* Whether it is one of the terminal's. */
bool options_is_word (enum options_command command);

/* Writes what --help shows: all commands, or one of the terminal's with all its options. */
void options_help (const struct options *options, FILE *stream);

#endif
