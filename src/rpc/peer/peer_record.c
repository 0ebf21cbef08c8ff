#include "rpc/peer/peer_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "work/base/clock.h"

#define FIRST_REST CLOCK_SECOND
#define LONGEST_REST (300 * CLOCK_SECOND)
#define LONGEST_MILD_REST (8 * CLOCK_SECOND)

static const char *const names[PEER_OUTCOMES] = {
    [PEER_FOUND] = "found",
    [PEER_UNRESOLVED] = "unresolved",
    [PEER_REFUSED] = "refused",
    [PEER_UNREACHABLE] = "unreachable",
    [PEER_CONNECT_TIMEOUT] = "connect_timeout",
    [PEER_UNTRUSTED] = "untrusted",
    [PEER_CLOSED] = "closed",
    [PEER_CUT] = "cut",
    [PEER_RESPONSE_TIMEOUT] = "response_timeout",
    [PEER_BAD_STATUS] = "bad_status",
    [PEER_TOO_LARGE] = "too_large",
    [PEER_NOT_HTTP] = "not_http",
    [PEER_EMPTY] = "empty",
    [PEER_NOT_JSON] = "not_json",
    [PEER_ERROR] = "error",
    [PEER_CANCELLED] = "cancelled",
    [PEER_NO_WORK] = "no_work",
    [PEER_BAD_WORK] = "bad_work",
    [PEER_WRONG_WORK] = "wrong_work",
    [PEER_LOOP] = "loop",
    [PEER_SHORTAGE] = "shortage",
};

const char *
peer_outcome_name (enum peer_outcome outcome)
{
    return names[outcome];
}

bool
peer_record_ready (const struct peer_record *record, uint64_t now)
{
    return record->failures == 0 ||
           (now >= record->health.resting_until && !record->health.probing);
}

bool
peer_record_ask (struct peer_record *record, uint64_t now)
{
    bool probe = record->failures > 0 && peer_record_ready (record, now);

    record->health.in_flight++;
    record->health.probing = record->health.probing || probe;
    return probe;
}

static void
leave (struct peer_record *record, bool probe)
{
    record->health.in_flight--;
    if (probe) {
        record->health.probing = false;
    }
}

void
peer_record_drop (struct peer_record *record, bool probe)
{
    leave (record, probe);
    record->health.dropped++;
}

static void
succeed (struct peer_record *record, double seconds)
{
    record->failures = 0;
    record->health.resting_until = 0;
    record->latencies[record->latency_count++ % PEER_LATENCIES] = seconds;
}

static void
rest (struct peer_record *record, uint64_t now, enum peer_outcome outcome)
{
    const bool mild = outcome == PEER_ERROR || outcome == PEER_RESPONSE_TIMEOUT;
    uint64_t longest = mild ? LONGEST_MILD_REST : LONGEST_REST;
    uint64_t pause = FIRST_REST;

    for (unsigned i = 0; i < record->failures && pause < longest; i++) {
        pause *= 2;
    }
    if (pause < longest) {
        record->failures++;
    } else {
        pause = longest;
    }
    record->rested = now;
    record->health.resting_until = now + pause;
}

/* Whether a failure says anything new about the peer. */
static bool
counts (const struct peer_record *record, uint64_t since, enum peer_outcome outcome)
{
    return outcome != PEER_SHORTAGE && outcome != PEER_LOOP && outcome != PEER_CANCELLED &&
           (record->failures == 0 || since >= record->rested);
}

void
peer_record_end (struct peer_record *record, bool probe, uint64_t since, uint64_t now,
                 enum peer_outcome outcome, const char *reason)
{
    leave (record, probe);
    record->health.count[outcome]++;
    if (outcome == PEER_FOUND) {
        succeed (record, clock_seconds (now - since));
        return;
    }
    snprintf (record->health.reason, sizeof record->health.reason, "%s", reason);
    if (counts (record, since, outcome)) {
        rest (record, now, outcome);
    }
}

static int
compare_doubles (const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

/* The nearest-rank quantile of `count` sorted values, at least one; `percent` from 1 to 100. */
static double
quantile (const double *sorted, size_t count, size_t percent)
{
    return sorted[(count * percent + 99) / 100 - 1];
}

void
peer_record_health (const struct peer_record *record, struct peer_health *health)
{
    double sorted[PEER_LATENCIES];
    size_t count = record->latency_count < PEER_LATENCIES ? record->latency_count : PEER_LATENCIES;

    *health = record->health;
    if (count > 0) {
        memcpy (sorted, record->latencies, count * sizeof sorted[0]);
        qsort (sorted, count, sizeof sorted[0], compare_doubles);
        health->p50 = quantile (sorted, count, 50);
        health->p95 = quantile (sorted, count, 95);
    }
}
