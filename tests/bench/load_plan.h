/*
 * What a load is to be: every arrival, of which kind and when it is due, fixed before the first is
 * sent. Whatever the server does, it changes nothing about when the next request is due; that makes
 * the load an open loop.
 */
#ifndef BENCH_LOAD_PLAN_H
#define BENCH_LOAD_PLAN_H

#include <stddef.h>
#include <stdint.h>

enum load_kind {
    LOAD_VALIDATE, /* work_validate of a known work */
    LOAD_CACHED,   /* work_generate for a root that was asked for before */
    LOAD_FRESH,    /* work_generate for a new root, easy to find */
    LOAD_STATUS,
    LOAD_CANCEL,   /* work_cancel of a doomed request */
    LOAD_LEAVE,    /* a hard work_generate, whose client leaves before any answer */
    LOAD_HALF,     /* half of a request, and its client leaves */
    LOAD_PIPELINE, /* several work_validate in one piece; over with the last answer */
    LOAD_DOOMED,   /* a hard work_generate, to be cancelled: comes with LOAD_CANCEL */
    LOAD_KINDS,
};

/* What can stand in a mix: all but LOAD_DOOMED. */
#define LOAD_MIX_KINDS LOAD_DOOMED

/*
 * How long after its doomed request a cancel is due, in nanoseconds. On a server that is more than
 * that behind, it may overtake one on a connection that was just made, and waits to be accepted:
 * the request is then lost.
 */
#define LOAD_CANCEL_AFTER UINT64_C (50000000)

struct load_arrival {
    uint64_t due;    /* nanoseconds after the start */
    uint64_t number; /* of its root; a cancel's is its doomed request's */
    enum load_kind kind;
};

struct load_mix {
    double weights[LOAD_MIX_KINDS]; /* any scale */
};

struct load_plan_settings {
    struct load_mix mix;
    double rate;     /* arrivals a second, on average; gaps are exponential, as of many clients */
    double seconds;  /* how long */
    uint64_t seed;   /* the same settings and seed are the same plan */
    uint64_t cached; /* how many roots LOAD_CACHED takes, numbered from 0; at least 1 */
};

struct load_plan {
    struct load_arrival *arrivals; /* by `due` */
    size_t count;
};

/* "cached" and the like. Static. */
const char *load_kind_name (enum load_kind kind);

/*
 * Reads "validate=40,cached=30": kinds and their weights, in any order; who is not named has none.
 * Returns 0, or -1 with `mix` untouched.
 */
int load_mix_parse (const char *text, struct load_mix *mix);

/* To be cleared. Returns 0, or -1 for want of memory. */
int load_plan_init (struct load_plan *plan, const struct load_plan_settings *settings);
void load_plan_clear (struct load_plan *plan);

/* The root of that number, the same in every run. */
void load_plan_root (uint64_t number, uint8_t root[32]);

#endif
