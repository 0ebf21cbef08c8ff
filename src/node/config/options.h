/*
 * The command line: nano_node's options where it has them, with its spelling (underscores, full
 * names or unambiguous prefixes), "--option value" and "--option=value" both.
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
    OPTIONS_NONE,
    OPTIONS_HELP,
    OPTIONS_VERSION,
    OPTIONS_DAEMON,
    OPTIONS_CHECK_CONFIG,
    OPTIONS_GENERATE_CONFIG,
    OPTIONS_LIST_DEVICES,
    OPTIONS_DIAGNOSTICS,
    OPTIONS_BENCHMARK,
    OPTIONS_HASH_KEY,
    OPTIONS_MAKE_KEY,
    OPTIONS_DEBUG_PROFILE_GENERATE,
    OPTIONS_DEBUG_PROFILE_VALIDATE,
    OPTIONS_DEBUG_OPENCL,
};

struct options {
    enum options_command command;
    enum config_file generate; /* what --generate_config asks for */
    bool use_defaults;         /* --use_defaults */
    char *data_path;           /* --data_path, or the default; NULL only for help and version */
    const char *pid_file;      /* --pid_file, or NULL */
    enum difficulty_network_id network;
    const char **overrides; /* --config, in order */
    size_t override_count;
    const char **rpc_overrides; /* --rpcconfig, in order */
    size_t rpc_override_count;

    /* For the commands that measure: texts as given, or NULL; whoever uses them validates them. */
    const char *difficulty;
    const char *multiplier;
    const char *threads;
    const char *pow_sleep_interval;
    const char *count;
    const char *platform;
    const char *device;
    const char *duration;
    const char *scanner;
    const char **difficulties; /* every --difficulty, in order */
    size_t difficulty_count;
    bool json;
    bool measure; /* --list_devices with --benchmark */
};

/*
 * Reads argv. Returns 0, or -1 after having written one line that says what is wrong, and a hint,
 * to `errors`. Strings in `options` point into argv, data_path excepted; clear it in either case.
 *
 * Exactly one command must be given, with options that make sense with it; but --help, and after it
 * --version, win over everything that can be read at all. --difficulty may be repeated with
 * --benchmark. --config and --rpcconfig may be repeated, and further words after one are more of
 * its overrides, each at least "k=v"; what keys and values mean is for config_load.
 *
 * data_path without --data_path is $XDG_DATA_HOME/workpeer, else .local/share/workpeer under $HOME,
 * else under the user's home directory; variables that hold no absolute path are passed over.
 *
 * Not for two threads at once: getopt_long and the environment are the process's.
 */
int options_parse (int argc, char **argv, struct options *options, FILE *errors);

/* Frees what options_parse allocated and leaves no command. */
void options_clear (struct options *options);

/* Writes every option with its argument and meaning. Returns 0, or -1 when the stream fails. */
int options_help (FILE *stream);

#endif
