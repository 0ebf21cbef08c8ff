/*
 * The command line of a command on the terminal, by its table of options.
 */
#ifndef NODE_COMMAND_ARGUMENTS_H
#define NODE_COMMAND_ARGUMENTS_H

#include <stdio.h>

#include "node/cli/command.h"

struct command_entry {
    const char *name;
    const char *words; /* how they are called, or "" */
    size_t word_count;
    const char *help;
    int (*run) (struct command *command);
};

#define COMMAND_ENTRIES_MAX 16

/* All commands, `*count` of them. */
const struct command_entry *command_entries (size_t *count);

/*
 * Reads argv[2] on. Returns COMMAND_DONE, or COMMAND_USAGE after having complained. Not for two
 * threads at once: getopt_long is the process's.
 */
int command_arguments_read (const struct command_entry *entry, int argc, char **argv,
                            struct command_arguments *arguments);

/* Writes what the command does and its options. Returns 0, or -1 when the stream fails. */
int command_arguments_help (const struct command_entry *entry, FILE *stream);

#endif
