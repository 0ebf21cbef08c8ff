#include "rpc/base/fault.h"

#include <stdarg.h>
#include <stdio.h>

#include "rpc/base/json.h"

static const char *const names[REASONS] = {
    [REASON_BAD_REQUEST] = "bad_request",
    [REASON_TOO_LARGE] = "too_large",
    [REASON_UNREADABLE] = "unreadable",
    [REASON_UNKNOWN_ACTION] = "unknown_action",
    [REASON_MISSING_FIELD] = "missing_field",
    [REASON_BAD_FIELD] = "bad_field",
    [REASON_ABOVE_LIMIT] = "above_limit",
    [REASON_BELOW_THRESHOLD] = "below_threshold",
    [REASON_NOT_NEEDED] = "not_needed",
    [REASON_NO_KEY] = "no_key",
    [REASON_WRONG_KEY] = "wrong_key",
    [REASON_FORBIDDEN] = "forbidden",
    [REASON_TOO_FAST] = "too_fast",
    [REASON_TOO_MANY_JOBS] = "too_many_jobs",
    [REASON_TIMEOUT] = "timeout",
    [REASON_CANCELLED] = "cancelled",
    [REASON_STOPPING] = "stopping",
    [REASON_NO_SOURCE] = "no_source",
    [REASON_LOOP] = "loop",
    [REASON_QUEUE_FULL] = "queue_full",
    [REASON_NOT_READY] = "not_ready",
    [REASON_NOT_FOUND] = "not_found",
    [REASON_DISABLED] = "disabled",
    [REASON_PRECACHE_FULL] = "precache_full",
    [REASON_BUSY] = "busy",
};

const char *
reason_name (enum reason reason)
{
    return names[reason];
}

bool
fault_set (struct fault *fault, enum reason reason, const char *error, const char *format, ...)
{
    va_list arguments;

    fault->error = error;
    fault->reason = reason;
    va_start (arguments, format);
    (void)vsnprintf (fault->detail, sizeof fault->detail, format, arguments);
    va_end (arguments);
    return false;
}

json_t *
fault_json (const struct fault *fault)
{
    json_t *const object = json_error (fault->error);

    json_put (object, "reason", "%s", reason_name (fault->reason));
    if (fault->detail[0] != '\0') {
        json_put (object, "detail", "%s", fault->detail);
    }
    return object;
}
