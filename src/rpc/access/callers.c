#include "rpc/access/callers.h"

#include <math.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "rpc/base/memory.h"
#include "work/base/clock.h"

enum kind { KIND_ADDRESS, KIND_KEY };

struct caller {
    struct callers_id id;      /* the first: the tree compares these */
    TAILQ_ENTRY (caller) link; /* among those that nobody holds, the longest idle first */
    size_t holds;
    uint64_t jobs;
    double tokens; /* as of `since`; INFINITY is a full bucket of any size */
    uint64_t since;
};

struct callers {
    void *tree; /* tsearch's */
    TAILQ_HEAD (, caller) idle;
    size_t count;
    size_t max;
};

struct callers_id
callers_id_of_address (const struct cidr_address *address)
{
    struct callers_id id = {{KIND_ADDRESS}};
    const size_t size = sizeof address->bytes;

    memcpy (id.bytes + 1, address->bytes, cidr_address_is_v4 (address) ? size : size / 2);
    return id;
}

struct callers_id
callers_id_of_key (const uint8_t bytes[16])
{
    struct callers_id id = {{KIND_KEY}};

    memcpy (id.bytes + 1, bytes, 16);
    return id;
}

static int
compare (const void *a, const void *b)
{
    return memcmp (a, b, sizeof (struct callers_id));
}

struct callers *
callers_new (size_t max)
{
    struct callers *callers = memory_new (1, sizeof *callers);

    TAILQ_INIT (&callers->idle);
    callers->max = max;
    return callers;
}

static void
forget (struct callers *callers, struct caller *caller)
{
    TAILQ_REMOVE (&callers->idle, caller, link);
    (void)tdelete (&caller->id, &callers->tree, compare);
    callers->count--;
    free (caller);
}

void
callers_free (struct callers *callers)
{
    struct caller *caller;

    while ((caller = TAILQ_FIRST (&callers->idle)) != NULL) {
        forget (callers, caller);
    }
    free (callers);
}

size_t
callers_count (const struct callers *callers)
{
    return callers->count;
}

static struct caller *
add (struct callers *callers, const struct callers_id *id)
{
    struct caller *caller = memory_new (1, sizeof *caller);

    caller->id = *id;
    caller->tokens = INFINITY;
    (void)memory_need (tsearch (&caller->id, &callers->tree, compare));
    callers->count++;
    caller->holds = 1;
    return caller;
}

struct caller *
callers_hold (struct callers *callers, const struct callers_id *id)
{
    struct caller *const *const found = tfind (id, &callers->tree, compare);

    if (found == NULL) {
        while (callers->count >= callers->max && !TAILQ_EMPTY (&callers->idle)) {
            forget (callers, TAILQ_FIRST (&callers->idle));
        }
        return add (callers, id);
    }
    if ((*found)->holds == 0) {
        TAILQ_REMOVE (&callers->idle, *found, link);
    }
    (*found)->holds++;
    return *found;
}

void
callers_release (struct callers *callers, struct caller *caller)
{
    if (--caller->holds == 0) {
        TAILQ_INSERT_TAIL (&callers->idle, caller, link);
    }
}

bool
caller_spend (struct caller *caller, double rate, double burst, uint64_t now, double *wait)
{
    const double seconds = now > caller->since ? clock_seconds (now - caller->since) : 0;

    caller->tokens = fmin (caller->tokens + seconds * rate, burst);
    caller->since = now;
    if (caller->tokens >= 1) {
        caller->tokens -= 1;
        return true;
    }
    *wait = (1 - caller->tokens) / rate;
    return false;
}

void
caller_refund (struct caller *caller)
{
    caller->tokens += 1;
}

bool
caller_begin_job (struct caller *caller, uint64_t max)
{
    if (caller->jobs >= max) {
        return false;
    }
    caller->jobs++;
    return true;
}

void
caller_end_job (struct caller *caller)
{
    caller->jobs--;
}
