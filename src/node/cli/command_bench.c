/*
 * workpeer bench: works for random hashes, one after another, as a client sees them.
 */
#include <stdio.h>
#include <string.h>

#include "node/cli/command.h"
#include "node/cli/finder.h"
#include "node/tools/bench_works.h"

#define DEFAULT_COUNT 10

static int
find_one (struct finder *finder, struct bench_works *works, double count)
{
    struct scan_target target;
    struct finder_answer answer;
    char before[64];
    int status;

    bench_works_next (works, &target);
    (void)snprintf (before, sizeof before, "%zu/%.0f ", works->seconds.count + 1, count);
    status = finder_run (finder, &target, before, &answer);
    if (status == COMMAND_DONE) {
        bench_works_add (works, answer.seconds);
    }
    return status;
}

/* What was found until Ctrl-C counts, too. */
static int
find_all (struct command *command, struct bench_works *works)
{
    const double count = options_number (command->options, OPTION_COUNT, DEFAULT_COUNT);
    struct finder *const finder = finder_new (command);
    int status = finder != NULL ? COMMAND_DONE : COMMAND_FAILED;

    while (status == COMMAND_DONE && (double)works->seconds.count < count) {
        status = find_one (finder, works, count);
    }
    finder_free (finder);
    if (status == COMMAND_DONE || status == COMMAND_INTERRUPTED) {
        if (options_given (command->options, OPTION_JSON)) {
            command_print_json (bench_works_json (works));
        } else {
            bench_works_print (works);
        }
    }
    return status;
}

int
command_run_bench (struct command *command)
{
    struct bench_works works = {.network = &command->network};
    int status = command_learn_network (command);

    if (status == COMMAND_DONE) {
        works.threshold = options_threshold (command->options, &command->network);
        status = find_all (command, &works);
    }
    sample_clear (&works.seconds);
    return status;
}
