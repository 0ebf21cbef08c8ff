/*
 * The record of a work peer's health: how its asks ended, how long its answers took, and whether it
 * rests.
 *
 * A peer that fails rests: 1 s, and twice as long each time that it fails again, up to 5 minutes.
 * Failures of what was asked before a rest began do not prolong it, so that a hundred calls that
 * fail together count as one. After its rest the next ask is a probe, and as long as that is under
 * way the peer is not ready for others. A success ends all that. An "error" in an answer, and one
 * that comes too late, are signs of a living peer: its rests stop growing at 8 s. A shortage of
 * this process's own means, a loop, and that somebody else has cancelled work for the same root are
 * not the peer's fault.
 *
 * Times are clock_now's. Event-loop thread.
 */
#ifndef RPC_PEER_RECORD_H
#define RPC_PEER_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEER_REASON_SIZE 256
#define PEER_LATENCIES 128 /* the last answers, that the quantiles are of */

enum peer_outcome {
    PEER_FOUND,
    /* Failures: */
    PEER_UNRESOLVED, /* the name */
    PEER_REFUSED,    /* the connection: nobody listens there */
    PEER_UNREACHABLE,
    PEER_CONNECT_TIMEOUT,
    PEER_UNTRUSTED, /* by TLS's rules: its certificate, name, version */
    PEER_CLOSED,    /* or reset, before the first byte of an answer */
    PEER_CUT,       /* closed or reset within the answer */
    PEER_RESPONSE_TIMEOUT,
    PEER_BAD_STATUS, /* not 200 */
    PEER_TOO_LARGE,  /* the answer */
    PEER_NOT_HTTP,
    PEER_EMPTY,      /* the answer's body */
    PEER_NOT_JSON,   /* a JSON object, that is */
    PEER_ERROR,      /* an answer with an "error" and no "work" */
    PEER_CANCELLED,  /* an "error" that says somebody has cancelled the root */
    PEER_NO_WORK,    /* an answer with neither */
    PEER_BAD_WORK,   /* not 1 to 16 hexadecimal digits in a string */
    PEER_WRONG_WORK, /* for another root, or below the threshold */
    PEER_LOOP,       /* not asked: the request has come through HOPS_MAX daemons */
    PEER_SHORTAGE,   /* not asked to the end: this process lacks descriptors */
    PEER_OUTCOMES,
};

/* A short name for status and metrics: "found", "connect_timeout". Static. */
const char *peer_outcome_name (enum peer_outcome outcome);

/* A copy of the record for others to read. */
struct peer_health {
    uint64_t count[PEER_OUTCOMES]; /* asks that ended so; count[PEER_FOUND] are the successes */
    uint64_t dropped;              /* asks that the caller dropped */
    uint64_t cancels;              /* work_cancels that left */
    size_t in_flight;
    double p50; /* seconds, of the last successes; 0 before the first */
    double p95;
    uint64_t resting_until; /* 0 when the last judgement was a success, or there was none; it may
                               be over */
    bool probing;           /* one ask is under way to see whether it is well again */
    char reason[PEER_REASON_SIZE]; /* of the last failure; "" when there was none */
};

/* Starts as {0}. */
struct peer_record {
    struct peer_health health;        /* save for p50 and p95 */
    unsigned failures;                /* rests in a row */
    uint64_t rested;                  /* when the present rest began */
    double latencies[PEER_LATENCIES]; /* a ring */
    size_t latency_count;             /* ever */
};

/* Whether the peer neither rests at `now` nor is being probed. */
bool peer_record_ready (const struct peer_record *record, uint64_t now);

/* An ask begins. True: it is the probe, and how it ends must be told with that. */
bool peer_record_ask (struct peer_record *record, uint64_t now);

/* It ended without a judgement. */
void peer_record_drop (struct peer_record *record, bool probe);

/*
 * It ended. `since` is when it began; `reason` is kept unless the outcome is PEER_FOUND.
 */
void peer_record_end (struct peer_record *record, bool probe, uint64_t since, uint64_t now,
                      enum peer_outcome outcome, const char *reason);

void peer_record_health (const struct peer_record *record, struct peer_health *health);

#endif
