/*
 * workpeer bench: works for random hashes, one after another, as a client sees them.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "node/base/amount.h"
#include "node/cli/command.h"
#include "node/cli/finder.h"
#include "work/base/figures.h"
#include "work/base/number.h"

#define DEFAULT_COUNT 10
#define MOST_WORKS 1000000

struct command_bench {
    struct command *command;
    struct finder *finder;
    uint64_t threshold;
    uint64_t count;
    struct figures seconds;
    double shortest;
    double longest;
};

static int
add_work (struct command_bench *bench, double seconds)
{
    if (figures_add (&bench->seconds, seconds) != 0) {
        return command_complain (COMMAND_FAILED, "out of memory");
    }
    if (bench->seconds.count == 1) {
        bench->shortest = seconds;
        bench->longest = seconds;
    }
    bench->shortest = fmin (bench->shortest, seconds);
    bench->longest = fmax (bench->longest, seconds);
    return COMMAND_DONE;
}

static int
find_one (struct command_bench *bench)
{
    struct scan_target target = {.order = DIFFICULTY_AT_LEAST, .threshold = bench->threshold};
    struct finder_answer answer;
    char before[64];
    int status;

    if (getrandom (target.root, sizeof target.root, 0) != (ssize_t)sizeof target.root) {
        return command_complain (COMMAND_FAILED, "no random numbers: %s", strerror (errno));
    }
    (void)snprintf (before, sizeof before, "%zu/%" PRIu64 " ", bench->seconds.count + 1,
                    bench->count);
    status = finder_run (bench->finder, &target, before, &answer);
    return status == COMMAND_DONE ? add_work (bench, answer.seconds) : status;
}

static void
print_time (const char *name, double seconds)
{
    char text[AMOUNT_SIZE];

    amount_print_seconds (seconds, text);
    (void)printf ("%-10s  %s\n", name, text);
}

static void
print_table (struct command_bench *bench, double expected)
{
    const double mean = bench->seconds.mean;
    char rate[AMOUNT_SIZE];

    (void)printf ("works       %zu of difficulty %016" PRIx64 " (%.4g times %s's base)\n",
                  bench->seconds.count, bench->threshold,
                  difficulty_to_multiplier (bench->threshold, bench->command->network.base),
                  bench->command->network.name);
    if (bench->seconds.count == 0) {
        return;
    }
    print_time ("mean", mean);
    print_time ("median", figures_median (&bench->seconds));
    print_time ("shortest", bench->shortest);
    print_time ("longest", bench->longest);
    amount_print (expected / mean, "H/s", rate);
    (void)printf ("amounts to  %s, give or take %.0f %%\n", rate,
                  100 / sqrt ((double)bench->seconds.count));
}

static int
print_json (struct command_bench *bench, double expected)
{
    char threshold[17];
    const double mean = bench->seconds.mean;
    json_t *tree;
    int failed;

    (void)snprintf (threshold, sizeof threshold, "%016" PRIx64, bench->threshold);
    tree = json_pack ("{s:I, s:s, s:s, s:f, s:f, s:f, s:f, s:f}", "works",
                      (json_int_t)bench->seconds.count, "network", bench->command->network.name,
                      "difficulty", threshold, "mean", mean, "median",
                      figures_median (&bench->seconds), "shortest", bench->shortest, "longest",
                      bench->longest, "hash_rate", mean > 0 ? expected / mean : 0);
    failed = tree == NULL ? -1 : json_dumpf (tree, stdout, JSON_INDENT (4));
    json_decref (tree);
    if (failed != 0) {
        return command_complain (COMMAND_FAILED, "out of memory, or standard output is closed");
    }
    (void)putchar ('\n');
    return COMMAND_DONE;
}

/* What was found until Ctrl-C counts, too. */
static int
report (struct command_bench *bench)
{
    const double expected = difficulty_expected_hashes (DIFFICULTY_AT_LEAST, bench->threshold);

    if (bench->command->arguments.given[COMMAND_JSON]) {
        return print_json (bench, expected);
    }
    print_table (bench, expected);
    return COMMAND_DONE;
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
    struct command_bench bench = {.command = command};
    int status;

    if ((status = read_count (command, &bench.count)) != COMMAND_DONE ||
        (status = command_learn_network (command)) != COMMAND_DONE ||
        (status = command_threshold (command, &bench.threshold)) != COMMAND_DONE) {
        return status;
    }
    bench.finder = finder_new (command);
    if (bench.finder == NULL) {
        return COMMAND_FAILED;
    }
    while (status == COMMAND_DONE && bench.seconds.count < bench.count) {
        status = find_one (&bench);
    }
    finder_free (bench.finder);
    if (status == COMMAND_DONE || status == COMMAND_INTERRUPTED) {
        const int reported = report (&bench);

        status = status == COMMAND_DONE ? reported : status;
    }
    figures_clear (&bench.seconds);
    return status;
}
