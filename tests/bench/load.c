/*
 * An open-loop load on a work server: arrivals are due when the plan says, whatever the server
 * does, and times count from then. bench_load.py starts the server and calls this.
 *
 *     load --port PORT [OPTION...]
 *
 * Exit status: 0 when every request had its one good answer, 2 when some had not, 1 when the load
 * could not be run.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "load_plan.h"
#include "load_run.h"
#include "load_tally.h"
#include "work/base/hex.h"
#include "work/base/number.h"

/* Descriptors besides the connections'. */
#define SPARE_DESCRIPTORS 16

static const char usage[] =
    "usage: load --port PORT [OPTION...]\n"
    "  --connections N   kept open (10000)\n"
    "  --rate N          arrivals a second, on average (1000)\n"
    "  --seconds N       for how long (10)\n"
    "  --mix KIND=N,...  weights (validate=40,cached=30,fresh=10,status=10,cancel=4,\n"
    "                    leave=2,half=2,pipeline=2)\n"
    "  --cached N        roots that are asked for before, and again (1000)\n"
    "  --easy HEX        the difficulty of work that is to be found (fff0000000000000)\n"
    "  --hard HEX        of work that is cancelled or left (ffffffff00000000)\n"
    "  --patience N      seconds to wait for answers after the last arrival (30)\n"
    "  --seed N          the same seed is the same plan (1)\n"
    "  --json            an object in place of the table\n";

static const char default_mix[] = "validate=40,cached=30,fresh=10,status=10,cancel=4,leave=2,"
                                  "half=2,pipeline=2";

struct options {
    struct load_run_settings run;
    struct load_plan_settings plan;
    bool json;
};

static int
read_count (const char *text, uint64_t most, size_t *value)
{
    uint64_t number;

    if (number_parse_unsigned (text, 1, most, &number) != 0) {
        return -1;
    }
    *value = (size_t)number;
    return 0;
}

static int
read_positive (const char *text, double most, double *value)
{
    double number;

    if (number_parse_double (text, &number) != 0 || !(number > 0) || !(number <= most)) {
        return -1;
    }
    *value = number;
    return 0;
}

static int
read_option (int option, const char *text, struct options *options)
{
    size_t port;

    switch (option) {
    case 'p':
        if (read_count (text, UINT16_MAX, &port) != 0) {
            return -1;
        }
        options->run.port = (uint16_t)port;
        return 0;
    case 'c':
        return read_count (text, 1000000, &options->run.connections);
    case 'r':
        return read_positive (text, 1e6, &options->plan.rate);
    case 't':
        return read_positive (text, 86400, &options->plan.seconds);
    case 'm':
        return load_mix_parse (text, &options->plan.mix);
    case 'k':
        return number_parse_unsigned (text, 1, UINT32_MAX, &options->plan.cached);
    case 'e':
        return hex_parse_u64 (text, &options->run.difficulty.easy);
    case 'h':
        return hex_parse_u64 (text, &options->run.difficulty.hard);
    case 'w':
        return read_positive (text, 86400, &options->run.patience);
    case 's':
        return number_parse_unsigned (text, 0, UINT64_MAX, &options->plan.seed);
    case 'j':
        options->json = true;
        return 0;
    default:
        return -1;
    }
}

static int
read_options (int argc, char **argv, struct options *options)
{
    static const struct option names[] = {
        {"port", required_argument, NULL, 'p'},     {"connections", required_argument, NULL, 'c'},
        {"rate", required_argument, NULL, 'r'},     {"seconds", required_argument, NULL, 't'},
        {"mix", required_argument, NULL, 'm'},      {"cached", required_argument, NULL, 'k'},
        {"easy", required_argument, NULL, 'e'},     {"hard", required_argument, NULL, 'h'},
        {"patience", required_argument, NULL, 'w'}, {"seed", required_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},           {NULL, 0, NULL, 0},
    };
    int option;

    if (load_mix_parse (default_mix, &options->plan.mix) != 0) {
        return -1;
    }
    while ((option = getopt_long (argc, argv, "", names, NULL)) != -1) {
        if (read_option (option, optarg, options) != 0) {
            if (option != '?') {
                fprintf (stderr, "load: \"%s\" is no value for that option\n", optarg);
            }
            return -1;
        }
    }
    return optind == argc && options->run.port != 0 ? 0 : -1;
}

static int
allow_descriptors (size_t count)
{
    struct rlimit limit;

    if (getrlimit (RLIMIT_NOFILE, &limit) != 0) {
        return -1;
    }
    if (limit.rlim_cur >= count) {
        return 0;
    }
    limit.rlim_cur = count;
    if (limit.rlim_max < count) {
        limit.rlim_max = count;
    }
    return setrlimit (RLIMIT_NOFILE, &limit);
}

/* Has the server find what is to be cached: every root at once, in an order and at a pace of its
 * own. */
static int
fill_cache (struct load_run *run, const struct load_plan_settings *settings, char *error,
            size_t size)
{
    static struct load_tally tally; /* large */
    struct load_plan plan = {.count = (size_t)settings->cached};
    int result;

    plan.arrivals = calloc (plan.count, sizeof *plan.arrivals);
    if (plan.arrivals == NULL) {
        (void)snprintf (error, size, "out of memory");
        return -1;
    }
    for (size_t i = 0; i < plan.count; i++) {
        plan.arrivals[i] = (struct load_arrival){.number = i, .kind = LOAD_CACHED};
    }
    result = load_run_plan (run, &plan, &tally, error, size);
    if (result == 0 && !load_tally_is_good (&tally)) {
        (void)snprintf (error, size,
                        "the %zu works that are to be cached were not all found: %" PRIu64
                        " were, %" PRIu64 " errors, %" PRIu64 " no works, %" PRIu64 " no answers",
                        plan.count, tally.rows[LOAD_CACHED].answered,
                        tally.rows[LOAD_CACHED].refused, tally.rows[LOAD_CACHED].wrong,
                        tally.rows[LOAD_CACHED].lost);
        result = -1;
    }
    load_plan_clear (&plan);
    return result;
}

static int
run_load (const struct options *options, const struct load_plan *plan, struct load_tally *tally,
          char *error, size_t size)
{
    struct load_run *const run = load_run_open (&options->run, error, size);
    int result = run != NULL ? 0 : -1;

    if (result == 0 && options->plan.mix.weights[LOAD_CACHED] > 0) {
        result = fill_cache (run, &options->plan, error, size);
    }
    if (result == 0) {
        result = load_run_plan (run, plan, tally, error, size);
    }
    load_run_close (run);
    return result;
}

/* What has to be there before anything is sent. Returns 0, or -1 after having said what is wrong.
 */
static int
prepare (const struct options *options, struct load_plan *plan)
{
    if (allow_descriptors (options->run.connections + SPARE_DESCRIPTORS) != 0) {
        fprintf (stderr, "load: %zu connections need more descriptors than `ulimit -Hn` allows\n",
                 options->run.connections);
        return -1;
    }
    if (load_plan_init (plan, &options->plan) != 0) {
        fprintf (stderr, "load: out of memory\n");
        return -1;
    }
    return 0;
}

static int
print (const struct options *options, const struct load_tally *tally)
{
    if (!options->json) {
        load_tally_print (tally, stdout);
        return 0;
    }
    if (load_tally_print_json (tally, stdout) != 0) {
        fprintf (stderr, "load: cannot print\n");
        return -1;
    }
    return 0;
}

int
main (int argc, char **argv)
{
    static struct load_tally tally; /* large */
    struct options options = {
        .run = {.connections = 10000,
                .patience = 30,
                .difficulty = {UINT64_C (0xfff0000000000000), UINT64_C (0xffffffff00000000)}},
        .plan = {.rate = 1000, .seconds = 10, .seed = 1, .cached = 1000},
    };
    struct load_plan plan;
    char error[256];
    int failed;

    if (read_options (argc, argv, &options) != 0) {
        (void)fputs (usage, stderr);
        return 1;
    }
    if (prepare (&options, &plan) != 0) {
        return 1;
    }
    tally.planned = options.plan.seconds;
    failed = run_load (&options, &plan, &tally, error, sizeof error);
    load_plan_clear (&plan);
    if (failed != 0) {
        fprintf (stderr, "load: %s\n", error);
        return 1;
    }
    return print (&options, &tally) != 0 ? 1 : load_tally_is_good (&tally) ? 0 : 2;
}
