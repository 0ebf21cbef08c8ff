/*
 * The commands on the terminal, "workpeer status" and its kin: they ask a daemon that runs, or with
 * --local do the same in this process.
 *
 * One thread.
 */
#ifndef NODE_COMMAND_H
#define NODE_COMMAND_H

#include <event2/event.h>
#include <jansson.h>
#include <stdbool.h>

#include "node/cli/client.h"
#include "node/config/options.h"
#include "work/base/difficulty.h"

/* Exit statuses; scripts rely on them. */
enum command_status {
    COMMAND_DONE = 0,
    COMMAND_FAILED = 1,
    COMMAND_USAGE = 2,
    COMMAND_INVALID = 3,     /* validate: the work does not reach the threshold */
    COMMAND_UNREACHABLE = 4, /* no daemon answered, or nothing was found in time */
    COMMAND_INTERRUPTED = 130,
};

/* What a command runs with. */
struct command {
    const struct options *options;
    struct event_base *base;
    struct event *on_interrupt;
    struct event *on_terminate;
    bool interrupted;            /* SIGINT or SIGTERM came; the loop was broken out of */
    struct client *client;       /* NULL with --local */
    const struct config *config; /* NULL where --url says all */
    struct difficulty_network network;
    double timeout;   /* seconds that an answer may take */
    bool is_watching; /* --watch: a complaint has its time */
    bool on_screen;   /* and a screen of its own */
};

/*
 * Runs one of the terminal's commands. `config` may be NULL with --url, `network` is --network's,
 * or live. Returns the exit status.
 */
int command_main (const struct options *options, const struct config *config,
                  const struct difficulty_network *network);

/* Writes "workpeer: " and the message to standard error. Returns `status`. */
int command_complain (int status, const char *format, ...) __attribute__ ((format (printf, 2, 3)));

/* Prints the tree, which is freed. */
void command_print_json (json_t *tree);

/*
 * Asks as client_ask does, and waits for the answer. Returns COMMAND_DONE with its object in
 * `*body`, which the caller owns, or another status after having complained.
 */
int command_ask (struct command *command, json_t *request, json_t **body);

/*
 * Learns from the daemon which network it is on, unless --network was given or it does not tell.
 * Returns COMMAND_DONE, or another status after having complained.
 */
int command_learn_network (struct command *command);

/* The commands. command_status.c, command_work.c, command_bench.c */
int command_run_status (struct command *command);
int command_run_health (struct command *command);
int command_run_generate (struct command *command);
int command_run_validate (struct command *command);
int command_run_cancel (struct command *command);
int command_run_bench (struct command *command);

/* --hash_key, --make_key: what they print is for access.keys. key_command.c */
int command_hash_key (void);
int command_make_key (void);

#endif
