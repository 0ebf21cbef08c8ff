/*
 * What the command line knows: one row a command, one row an option, whichever the grammar.
 * Constant.
 */
#ifndef NODE_OPTIONS_TABLE_H
#define NODE_OPTIONS_TABLE_H

#include "node/config/options.h"

struct command_row {
    const char *name;  /* without dashes */
    const char *words; /* what its own arguments are called, or "" */
    size_t word_count;
    const char *help;
};

/* What the argument must be. */
enum option_kind {
    OPTION_FLAG, /* there is none */
    OPTION_TEXT, /* anything; whoever uses it judges */
    OPTION_OVERRIDE,
    OPTION_NETWORK_NAME,
    OPTION_SUBTYPE_NAME,
    OPTION_DEVICE_NAME,
    OPTION_HEX,
    OPTION_WHOLE,
    OPTION_REAL,
};

struct option_row {
    const char *name;
    const char *argument; /* what --help calls it, or "" */
    const char *help;
    unsigned commands; /* that it makes sense with, as bits */
    unsigned repeats;  /* and those with which it may be given several times */
    enum option_kind kind;
    double least; /* of a number */
    double most;
    const char *invalid; /* completes "Invalid ..." where it is not what it must be */
};

#define OPTIONS_BIT(command) (1U << (command))
#define OPTIONS_WORDS (~0U << OPTIONS_FIRST_WORD)

extern const struct command_row options_commands[OPTIONS_COMMANDS];
extern const struct option_row options_options[OPTION_IDS];

#endif
