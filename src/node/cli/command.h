/*
 * The commands on the terminal, "workpeer status" and its kin: they ask a daemon that runs, or with
 * --local do the same in this process. Each has options of its own, and exits as enum
 * command_status says.
 *
 * One thread.
 */
#ifndef NODE_COMMAND_H
#define NODE_COMMAND_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "node/cli/client.h"
#include "node/config/config.h"
#include "work/base/difficulty.h"

/* Exit statuses; scripts rely on them. */
enum command_status {
    COMMAND_DONE = 0,
    COMMAND_FAILED = 1,
    COMMAND_USAGE = 2,
    COMMAND_INVALID = 3,     /* validate: the work does not reach the threshold */
    COMMAND_UNREACHABLE = 4, /* no daemon answered */
    COMMAND_INTERRUPTED = 130,
};

enum command_option {
    COMMAND_URL,
    COMMAND_KEY_FILE,
    COMMAND_TIMEOUT,
    COMMAND_LOCAL,
    COMMAND_JSON,
    COMMAND_WATCH,
    COMMAND_INTERVAL,
    COMMAND_DIFFICULTY,
    COMMAND_MULTIPLIER,
    COMMAND_SUBTYPE,
    COMMAND_COUNT,
    COMMAND_THREADS,
    COMMAND_DATA_PATH,
    COMMAND_NETWORK,
    COMMAND_CONFIG,
    COMMAND_RPCCONFIG,
    COMMAND_HELP,
    COMMAND_OPTIONS,
};

#define COMMAND_WORDS_MAX 2
#define COMMAND_OVERRIDES_MAX 64

/* The command line, taken apart. Strings point into argv. */
struct command_arguments {
    bool given[COMMAND_OPTIONS];
    const char *value[COMMAND_OPTIONS];
    const char *words[COMMAND_WORDS_MAX];
    size_t word_count;
    const char *overrides[COMMAND_OVERRIDES_MAX]; /* --config */
    size_t override_count;
    const char *rpc_overrides[COMMAND_OVERRIDES_MAX];
    size_t rpc_override_count;
};

/* What a command runs with. */
struct command {
    struct command_arguments arguments;
    struct event_base *base;
    struct event *on_interrupt;
    bool interrupted;            /* SIGINT or SIGTERM came; the loop was broken out of */
    struct client *client;       /* NULL with --local */
    const struct config *config; /* NULL where --url says all */
    char *data_path;             /* where that is from; NULL likewise */
    struct difficulty_network network;
    bool network_given;
    double timeout; /* seconds; 0 is none */
};

/* Whether `word` is the name of a command. */
bool command_is (const char *word);

/* The command whose name is nearest to `word`, which is none; or NULL. Static. */
const char *command_nearest (const char *word);

/* Runs the command that argv[1] names. Returns the exit status. */
int command_main (int argc, char **argv);

/* Writes the commands' names and what they do. */
void command_help (FILE *stream);

/* Writes "workpeer: " and the message to standard error. Returns `status`. */
int command_complain (int status, const char *format, ...) __attribute__ ((format (printf, 2, 3)));

/*
 * Asks and waits, at most `timeout` seconds (0: for ever). Returns COMMAND_DONE with the answer's
 * object in `*body`, which the caller owns, or another status after having complained.
 */
int command_ask (struct command *command, json_t *request, double timeout, json_t **body);

/*
 * Learns from the daemon which network it is on, unless --network was given or it does not tell.
 * Returns COMMAND_DONE, or another status after having complained.
 */
int command_learn_network (struct command *command);

/*
 * The threshold that --difficulty, --multiplier or --subtype ask for, in that network; else its
 * base. Returns COMMAND_DONE, or COMMAND_USAGE after having complained.
 */
int command_threshold (const struct command *command, uint64_t *threshold);

/* The commands. command_status.c, command_work.c, command_bench.c */
int command_run_status (struct command *command);
int command_run_generate (struct command *command);
int command_run_validate (struct command *command);
int command_run_cancel (struct command *command);
int command_run_bench (struct command *command);

#endif
