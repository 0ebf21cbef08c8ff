#include "load_plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "work/base/clock.h"
#include "work/base/number.h"

static const char *const kind_names[LOAD_KINDS] = {
    [LOAD_VALIDATE] = "validate", [LOAD_CACHED] = "cached",     [LOAD_FRESH] = "fresh",
    [LOAD_STATUS] = "status",     [LOAD_CANCEL] = "cancel",     [LOAD_LEAVE] = "leave",
    [LOAD_HALF] = "half",         [LOAD_PIPELINE] = "pipeline", [LOAD_DOOMED] = "doomed",
};

const char *
load_kind_name (enum load_kind kind)
{
    return kind_names[kind];
}

/* The mix. */

/* Reads one "kind=weight". */
static int
parse_part (char *part, struct load_mix *mix)
{
    char *const equals = strchr (part, '=');
    double weight;

    if (equals == NULL) {
        return -1;
    }
    *equals = '\0';
    if (number_parse_double (equals + 1, &weight) != 0 || !(weight >= 0) || !isfinite (weight)) {
        return -1;
    }
    for (size_t i = 0; i < LOAD_MIX_KINDS; i++) {
        if (strcmp (part, kind_names[i]) == 0) {
            mix->weights[i] = weight;
            return 0;
        }
    }
    return -1;
}

int
load_mix_parse (const char *text, struct load_mix *mix)
{
    struct load_mix read = {{0}};
    char copy[256];
    char *rest = copy;
    char *part;
    double sum = 0;

    if ((size_t)snprintf (copy, sizeof copy, "%s", text) >= sizeof copy) {
        return -1;
    }
    while ((part = strsep (&rest, ",")) != NULL) {
        if (parse_part (part, &read) != 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < LOAD_MIX_KINDS; i++) {
        sum += read.weights[i];
    }
    if (!(sum > 0)) {
        return -1;
    }
    *mix = read;
    return 0;
}

/* Chance. */

/* splitmix64's output function */
static uint64_t
mix_bits (uint64_t number)
{
    number += UINT64_C (0x9e3779b97f4a7c15);
    number = (number ^ number >> 30) * UINT64_C (0xbf58476d1ce4e5b9);
    number = (number ^ number >> 27) * UINT64_C (0x94d049bb133111eb);
    return number ^ number >> 31;
}

/* From 0 up to 1, 1 not among them. */
static double
draw (uint64_t *state)
{
    *state += UINT64_C (0x9e3779b97f4a7c15);
    return (double)(mix_bits (*state) >> 11) * 0x1p-53;
}

static enum load_kind
draw_kind (const struct load_mix *mix, uint64_t *state)
{
    enum load_kind last = LOAD_VALIDATE;
    double sum = 0;
    double at;

    for (size_t i = 0; i < LOAD_MIX_KINDS; i++) {
        sum += mix->weights[i];
    }
    at = draw (state) * sum;
    for (enum load_kind kind = 0; kind < LOAD_MIX_KINDS; kind++) {
        if (mix->weights[kind] > 0) {
            last = kind;
            if (at < mix->weights[kind]) {
                break;
            }
        }
        at -= mix->weights[kind];
    }
    return last;
}

void
load_plan_root (uint64_t number, uint8_t root[32])
{
    for (uint64_t i = 0; i < 4; i++) {
        const uint64_t word = mix_bits (number * 4 + i);

        memcpy (root + 8 * i, &word, 8);
    }
}

/* The plan. */

static int
compare (const void *a, const void *b)
{
    const struct load_arrival *const left = a;
    const struct load_arrival *const right = b;

    return (left->due > right->due) - (left->due < right->due);
}

static int
add (struct load_plan *plan, size_t *room, uint64_t due, enum load_kind kind, uint64_t number)
{
    if (plan->count == *room) {
        const size_t more = *room > 0 ? 2 * *room : 1024;
        struct load_arrival *const arrivals =
            realloc (plan->arrivals, more * sizeof *plan->arrivals);

        if (arrivals == NULL) {
            return -1;
        }
        plan->arrivals = arrivals;
        *room = more;
    }
    plan->arrivals[plan->count++] = (struct load_arrival){due, number, kind};
    return 0;
}

/* Roots differ between seeds, so that nothing that one run has stored is another's fresh root. */
static uint64_t
number_of (const struct load_plan_settings *settings, enum load_kind kind, size_t index,
           uint64_t *state)
{
    return kind == LOAD_CACHED ? (uint64_t)(draw (state) * (double)settings->cached)
                               : mix_bits (settings->seed) + index;
}

int
load_plan_init (struct load_plan *plan, const struct load_plan_settings *settings)
{
    const double end = settings->seconds * (double)CLOCK_SECOND;
    uint64_t state = mix_bits (~settings->seed);
    size_t room = 0;
    double due = 0;
    int failed = 0;

    *plan = (struct load_plan){.arrivals = NULL};
    for (;;) {
        due += -log (1 - draw (&state)) / settings->rate * (double)CLOCK_SECOND;
        if (failed != 0 || due >= end) {
            break;
        }
        const enum load_kind kind = draw_kind (&settings->mix, &state);
        const uint64_t number = number_of (settings, kind, plan->count, &state);
        uint64_t at = (uint64_t)due;

        if (kind == LOAD_CANCEL) {
            failed = add (plan, &room, at, LOAD_DOOMED, number);
            at += LOAD_CANCEL_AFTER;
        }
        failed = failed != 0 ? failed : add (plan, &room, at, kind, number);
    }
    if (failed != 0) {
        load_plan_clear (plan);
        return -1;
    }
    if (plan->count > 0) {
        qsort (plan->arrivals, plan->count, sizeof *plan->arrivals, compare);
    }
    return 0;
}

void
load_plan_clear (struct load_plan *plan)
{
    free (plan->arrivals);
    *plan = (struct load_plan){.arrivals = NULL};
}
