/*
 * workpeer bench: works for random hashes, one after another, as a client sees them.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "node/cli/command.h"
#include "node/cli/finder.h"
#include "node/tools/bench_works.h"
#include "work/base/number.h"

#define DEFAULT_COUNT 10
#define MOST_WORKS 1000000

static int
find_one (struct finder *finder, struct bench_works *works, uint64_t count)
{
    struct scan_target target;
    struct finder_answer answer;
    char before[64];
    int status;

    if (bench_works_next (works, &target) != 0) {
        return command_complain (COMMAND_FAILED, "no random numbers: %s", strerror (errno));
    }
    (void)snprintf (before, sizeof before, "%zu/%" PRIu64 " ", works->seconds.count + 1, count);
    status = finder_run (finder, &target, before, &answer);
    if (status == COMMAND_DONE) {
        bench_works_add (works, answer.seconds);
    }
    return status;
}

/* What was found until Ctrl-C counts, too. */
static int
report (const struct command *command, struct bench_works *works)
{
    if (!command->arguments.given[COMMAND_JSON]) {
        bench_works_print (works);
    } else if (bench_works_print_json (works) != 0) {
        return command_complain (COMMAND_FAILED, "standard output is closed");
    }
    return COMMAND_DONE;
}

static int
find_all (struct command *command, struct bench_works *works, uint64_t count)
{
    struct finder *const finder = finder_new (command);
    int status = finder != NULL ? COMMAND_DONE : COMMAND_FAILED;

    while (status == COMMAND_DONE && works->seconds.count < count) {
        status = find_one (finder, works, count);
    }
    finder_free (finder);
    if (status == COMMAND_DONE || status == COMMAND_INTERRUPTED) {
        const int reported = report (command, works);

        status = status == COMMAND_DONE ? reported : status;
    }
    return status;
}

static int
read_count (const struct command *command, uint64_t *count)
{
    const char *const text = command->arguments.value[COMMAND_COUNT];

    *count = DEFAULT_COUNT;
    if (text != NULL && number_parse_unsigned (text, 1, MOST_WORKS, count) != 0) {
        return command_complain (COMMAND_USAGE, "--count is '%s', expected 1 to %d", text,
                                 MOST_WORKS);
    }
    return COMMAND_DONE;
}

int
command_run_bench (struct command *command)
{
    struct bench_works works = {.network = &command->network};
    uint64_t count;
    int status;

    if ((status = read_count (command, &count)) == COMMAND_DONE &&
        (status = command_learn_network (command)) == COMMAND_DONE &&
        (status = command_threshold (command, &works.threshold)) == COMMAND_DONE) {
        status = find_all (command, &works, count);
    }
    bench_works_clear (&works);
    return status;
}
