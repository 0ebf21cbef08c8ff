#include "node/tools/bench_works.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "node/base/readable.h"
#include "rpc/base/memory.h"
#include "work/base/hex.h"
#include "work/base/random.h"

void
bench_works_next (const struct bench_works *works, struct scan_target *target)
{
    *target = (struct scan_target){.threshold = works->threshold, .order = DIFFICULTY_AT_LEAST};
    random_fill (target->root, sizeof target->root);
}

void
bench_works_add (struct bench_works *works, double seconds)
{
    memory_require (sample_add (&works->seconds, seconds) == 0);
}

/* Hashes a second that the mean time amounts to; 0 where no time was measured. */
static double
hash_rate (const struct bench_works *works)
{
    const double mean = works->seconds.mean;

    return mean > 0 ? difficulty_expected_hashes (DIFFICULTY_AT_LEAST, works->threshold) / mean : 0;
}

void
bench_works_summarize (struct bench_works *works)
{
    const double count = (double)works->seconds.count;
    const double mean = works->seconds.mean;

    if (works->seconds.count == 0) {
        fprintf (stderr, "No work was found.\n");
        return;
    }
    fprintf (stderr, "Works: %zu\n", works->seconds.count);
    fprintf (stderr, "Mean: %.0f us, median: %.0f us, standard error of the mean: %.0f us\n",
             mean * 1e6, sample_median (&works->seconds) * 1e6,
             sample_deviation (&works->seconds) * 1e6 / sqrt (count));
    fprintf (stderr, "Works a second: %.3f, which amounts to %.2f million hashes a second\n",
             1 / mean, hash_rate (works) / 1e6);
}

static void
print_time (const char *name, double seconds)
{
    char text[READABLE_SIZE];

    readable_seconds (seconds, text);
    (void)printf ("%-10s  %s\n", name, text);
}

void
bench_works_print (struct bench_works *works)
{
    const size_t count = works->seconds.count;
    char rate[READABLE_SIZE];

    (void)printf ("works       %zu of difficulty %016" PRIx64 " (%.4g times %s's base)\n", count,
                  works->threshold,
                  difficulty_to_multiplier (works->threshold, works->network->base),
                  works->network->name);
    if (count == 0) {
        return;
    }
    print_time ("mean", works->seconds.mean);
    print_time ("median", sample_median (&works->seconds)); /* they are sorted from here on */
    print_time ("shortest", works->seconds.values[0]);
    print_time ("longest", works->seconds.values[count - 1]);
    readable_amount (hash_rate (works), "H/s", rate);
    (void)printf ("amounts to  %s, give or take %.0f %%\n", rate, 100 / sqrt ((double)count));
}

json_t *
bench_works_json (struct bench_works *works)
{
    const size_t count = works->seconds.count;
    const double median = sample_median (&works->seconds); /* they are sorted from here on */
    char threshold[HEX_U64_SIZE];

    hex_print_u64 (works->threshold, threshold);
    return json_pack (
        "{s:I, s:s, s:s, s:f, s:f, s:f, s:f, s:f}", "works", (json_int_t)count, "network",
        works->network->name, "difficulty", threshold, "mean", works->seconds.mean, "median",
        median, "shortest", count > 0 ? works->seconds.values[0] : 0, "longest",
        count > 0 ? works->seconds.values[count - 1] : 0, "hash_rate", hash_rate (works));
}
