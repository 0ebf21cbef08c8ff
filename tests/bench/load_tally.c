#include "load_tally.h"

#include <inttypes.h>
#include <jansson.h>

static bool
is_timed (enum load_kind kind)
{
    return kind != LOAD_DOOMED && kind != LOAD_LEAVE && kind != LOAD_HALF;
}

static void
add_row (struct load_row *sum, const struct load_row *row)
{
    sum->sent += row->sent;
    sum->answered += row->answered;
    sum->stored += row->stored;
    sum->refused += row->refused;
    sum->wrong += row->wrong;
    sum->lost += row->lost;
    sum->left += row->left;
    load_histogram_merge (&sum->times, &row->times);
}

void
load_tally_sum (const struct load_tally *tally, struct load_row *sum)
{
    *sum = (struct load_row){0};
    for (enum load_kind kind = 0; kind < LOAD_KINDS; kind++) {
        if (is_timed (kind)) {
            add_row (sum, &tally->rows[kind]);
        }
    }
}

bool
load_tally_is_good (const struct load_tally *tally)
{
    for (enum load_kind kind = 0; kind < LOAD_KINDS; kind++) {
        const struct load_row *const row = &tally->rows[kind];

        if (row->sent != row->answered + row->left) {
            return false;
        }
    }
    return true;
}

/* 0 where nothing was answered. */
static double
rate_of (const struct load_row *row, double seconds)
{
    return row->answered > 0 ? (double)row->answered / seconds : 0;
}

/* For people. */

static double
milliseconds (const struct load_row *row, double part)
{
    return (double)load_histogram_quantile (&row->times, part) / 1e6;
}

static void
print_row (const char *name, const struct load_row *row, double seconds, bool timed, FILE *out)
{
    (void)fprintf (out,
                   "%-9s %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %7" PRIu64 " %6" PRIu64 " %6" PRIu64
                   " %6" PRIu64,
                   name, row->sent, row->answered, row->stored, row->refused, row->wrong, row->lost,
                   row->left);
    if (timed) {
        (void)fprintf (out, " %9.0f %9.2f %9.2f %9.2f %9.2f", rate_of (row, seconds),
                       milliseconds (row, 0.5), milliseconds (row, 0.99), milliseconds (row, 0.999),
                       milliseconds (row, 1));
    }
    (void)fputc ('\n', out);
}

void
load_tally_print (const struct load_tally *tally, FILE *out)
{
    static struct load_row sum; /* large */

    (void)fprintf (out,
                   "%" PRIu64 " connections, %" PRIu64
                   " made again; %.1f s planned, the last answer after %.1f s\n",
                   tally->connections, tally->reconnects, tally->planned, tally->seconds);
    (void)fprintf (out, "kind          sent answered   stored refused  wrong   lost   left"
                        "  answers/s    p50 ms    p99 ms  p99.9 ms    max ms\n");
    for (enum load_kind kind = 0; kind < LOAD_KINDS; kind++) {
        if (tally->rows[kind].sent > 0) {
            print_row (load_kind_name (kind), &tally->rows[kind], tally->seconds, is_timed (kind),
                       out);
        }
    }
    load_tally_sum (tally, &sum);
    print_row ("all timed", &sum, tally->seconds, true, out);
}

/* For programs. */

static json_t *
row_json (const struct load_row *row, double seconds)
{
    return json_pack ("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:f}", "sent",
                      (json_int_t)row->sent, "answered", (json_int_t)row->answered, "stored",
                      (json_int_t)row->stored, "refused", (json_int_t)row->refused, "wrong",
                      (json_int_t)row->wrong, "lost", (json_int_t)row->lost, "left",
                      (json_int_t)row->left, "answers_per_second", rate_of (row, seconds), "p50_ms",
                      milliseconds (row, 0.5), "p99_ms", milliseconds (row, 0.99), "p999_ms",
                      milliseconds (row, 0.999), "max_ms", milliseconds (row, 1));
}

int
load_tally_print_json (const struct load_tally *tally, FILE *out)
{
    static struct load_row sum; /* large */
    json_t *const kinds = json_object ();
    json_t *whole;
    int result;

    for (enum load_kind kind = 0; kind < LOAD_KINDS; kind++) {
        if (tally->rows[kind].sent > 0) {
            (void)json_object_set_new (kinds, load_kind_name (kind),
                                       row_json (&tally->rows[kind], tally->seconds));
        }
    }
    load_tally_sum (tally, &sum);
    whole = json_pack ("{s:I, s:I, s:f, s:f, s:o, s:o}", "connections",
                       (json_int_t)tally->connections, "reconnects", (json_int_t)tally->reconnects,
                       "planned_seconds", tally->planned, "seconds", tally->seconds, "all",
                       row_json (&sum, tally->seconds), "kinds", kinds);
    result = whole != NULL ? json_dumpf (whole, out, JSON_COMPACT) : -1;
    json_decref (whole);
    return result == 0 && fputc ('\n', out) != EOF && fflush (out) == 0 ? 0 : -1;
}
