/*
 * A fault: the error that an RPC request is answered with. nano_node's text, or one in its manner,
 * is for people, and for clients that know it; `reason` is one word for programs, and `detail`,
 * where it is not empty, says what would help: the field, the limit, the setting.
 *
 * fault.c has the one table of reasons; workpeer-rpc(7) says of each whether to try again. Pure.
 */
#ifndef RPC_FAULT_H
#define RPC_FAULT_H

#include <jansson.h>
#include <stdbool.h>

enum reason {
    /* The request as such. */
    REASON_BAD_REQUEST,
    REASON_TOO_LARGE,
    REASON_UNREADABLE,
    REASON_UNKNOWN_ACTION,
    REASON_MISSING_FIELD,
    REASON_BAD_FIELD,
    REASON_ABOVE_LIMIT,
    REASON_BELOW_THRESHOLD,
    REASON_NOT_NEEDED,
    /* Access. */
    REASON_NO_KEY,
    REASON_WRONG_KEY,
    REASON_FORBIDDEN,
    REASON_TOO_FAST,
    REASON_TOO_MANY_JOBS,
    /* The search. */
    REASON_TIMEOUT,
    REASON_CANCELLED,
    REASON_STOPPING,
    REASON_NO_SOURCE,
    REASON_LOOP,
    REASON_QUEUE_FULL,
    /* The store and pre-caching. */
    REASON_NOT_READY,
    REASON_NOT_FOUND,
    REASON_DISABLED,
    REASON_PRECACHE_FULL,
    REASON_BUSY,
    REASONS,
};

const char *reason_name (enum reason reason);

struct fault {
    const char *error; /* static */
    enum reason reason;
    char detail[256]; /* or "" */
};

/* Fills `fault` in, with a printf-formatted detail. Returns false: a check that calls it has
 * failed. */
bool fault_set (struct fault *fault, enum reason reason, const char *error, const char *format, ...)
    __attribute__ ((format (printf, 4, 5)));

/* {"error": ..., "reason": ..., "detail": ...}, the last where there is one. The caller's. */
json_t *fault_json (const struct fault *fault);

#endif
