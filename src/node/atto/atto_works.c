#include "node/atto/atto_works.h"

#include <stdlib.h>
#include <time.h>

#include "node/api/fields.h"
#include "node/base/log.h"
#include "rpc/base/json.h"
#include "rpc/base/memory.h"
#include "rpc/server/request.h"
#include "work/base/number.h"

#define NO_DEVICE "There is no device to search on"

/* How far a timestamp may be ahead of the clock, which is how far a block's may be. */
#define MOST_AHEAD INT64_C (60000)

/* 2024-01-01T00:00Z: before it Atto has no thresholds. */
#define FIRST_TIMESTAMP UINT64_C (1704067200000)

/* What number_parse_unsigned may give for a timestamp: all that JSON's readers agree on. */
#define LAST_TIMESTAMP ((UINT64_C (1) << 53) - 1)

static const enum store_network store_networks[] = {
    [ATTO_LIVE] = STORE_ATTO_LIVE,
    [ATTO_BETA] = STORE_ATTO_BETA,
    [ATTO_DEV] = STORE_ATTO_DEV,
    [ATTO_LOCAL] = STORE_ATTO_LOCAL,
};

/* One request that is waiting for work. Its request's, from the leave callback to the answer. */
struct atto_work {
    struct request *request;
    struct broker_waiter *waiter;
    struct atto_works_request wanted;
};

int64_t
atto_works_now (void)
{
    struct timespec now = {0};

    (void)clock_gettime (CLOCK_REALTIME, &now); /* a valid clock, and our own memory */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const char *
read_network (const json_t *fields, enum atto_network *network)
{
    char scratch[JSON_SCRATCH_SIZE];
    const char *text = json_text (fields, "network", scratch);

    return text != NULL && atto_network_by_name (text, network) == 0
               ? NULL
               : "The network must be LIVE, BETA, DEV or LOCAL";
}

static const char *
read_timestamp (const json_t *fields, int64_t now, int64_t *timestamp)
{
    char scratch[JSON_SCRATCH_SIZE];
    const char *text = json_text (fields, "timestamp", scratch);
    uint64_t read;

    if (text == NULL || number_parse_unsigned (text, FIRST_TIMESTAMP, LAST_TIMESTAMP, &read) != 0) {
        return "The timestamp must be a whole number of milliseconds, of 2024 or later";
    }
    if ((int64_t)read - MOST_AHEAD > now) {
        return "The timestamp is more than a minute ahead of this server's clock";
    }
    *timestamp = (int64_t)read;
    return NULL;
}

static const char *
read_target (const json_t *fields, uint8_t target[32])
{
    char scratch[JSON_SCRATCH_SIZE];
    const char *text = json_text (fields, "target", scratch);

    return text != NULL && atto_parse_target (text, target) == 0
               ? NULL
               : "The target must be 64 hexadecimal digits";
}

static const char *
read_fields (const struct atto_works *works, const json_t *fields,
             struct atto_works_request *wanted)
{
    struct atto_works_request read = {.target = {.order = DIFFICULTY_AT_MOST}};
    int64_t timestamp = 0;
    const char *error;

    if ((error = read_network (fields, &read.network)) != NULL ||
        (error = read_timestamp (fields, works->now (), &timestamp)) != NULL ||
        (error = read_target (fields, read.target.root)) != NULL) {
        return error;
    }
    read.year = atto_year (timestamp);
    if (atto_threshold (read.network, read.year, &read.target.threshold) != 0) {
        return "There is no threshold for timestamps after 2063";
    }
    *wanted = read;
    return NULL;
}

const char *
atto_works_read (const struct atto_works *works, struct evbuffer *body,
                 struct atto_works_request *wanted)
{
    const char *error = NULL;
    json_t *fields = json_parse (body, works->max_json_depth, &error);

    if (fields != NULL) {
        error = read_fields (works, fields, wanted);
    }
    json_decref (fields);
    return error;
}

static void
reply_work (struct request *request, uint64_t nonce)
{
    char text[HEX_U64_SIZE];

    atto_print_work (nonce, text);
    request_reply_json (request, 200, json_pack ("{s:s}", "work", text));
}

static void
on_done (void *data, const struct broker_answer *answer)
{
    struct atto_work *work = data;
    const char *network = atto_network_name (work->wanted.network);
    const double milliseconds = answer->seconds * 1e3;
    char target[HEX_ROOT_SIZE];

    hex_print_root (work->wanted.target.root, target);
    switch (answer->outcome) {
    case BROKER_FOUND:
        log_info ("Atto work for %s on %s, for %d, complete: %.0f ms", target, network,
                  work->wanted.year, milliseconds);
        reply_work (work->request, answer->work);
        break;
    case BROKER_CANCELLED:
        log_info ("Atto work for %s on %s was cancelled after %.0f ms", target, network,
                  milliseconds);
        request_went (work->request, REQUEST_CANCELLED);
        request_reply_error (work->request, 503, FIELDS_CANCELLED);
        break;
    case BROKER_EXPIRED:
        log_warn ("Atto work for %s on %s gave up at its deadline, after %.0f s "
                  "(work.request_timeout)",
                  target, network, answer->seconds);
        request_reply_error (work->request, 503, "No work was found in time");
        break;
    default:
        log_warn ("Atto work for %s on %s failed after %.0f ms: no device is left that works",
                  target, network, milliseconds);
        request_reply_error (work->request, 503, NO_DEVICE);
        break;
    }
    free (work);
}

static void
on_leave (void *data)
{
    struct atto_work *work = data;
    char target[HEX_ROOT_SIZE];

    hex_print_root (work->wanted.target.root, target);
    log_debug ("Atto work for %s has lost a client", target);
    broker_leave (work->waiter);
    free (work);
}

static void
refuse (struct request *request, enum broker_result result)
{
    request_went (request, REQUEST_REFUSED);
    if (result == BROKER_FULL) {
        request_add_header (request, "Retry-After", "1");
        request_reply_error (request, 503, FIELDS_FULL);
    } else {
        request_reply_error (request, 503, NO_DEVICE);
    }
}

static void
start (const struct atto_works *works, struct request *request,
       const struct atto_works_request *wanted, const struct broker_question *question)
{
    struct atto_work *work = memory_new (1, sizeof *work);
    enum broker_result result;

    work->request = request;
    work->wanted = *wanted;
    result = broker_generate (works->broker, question, on_done, work, &work->waiter);
    if (result != BROKER_ACCEPTED) {
        free (work);
        refuse (request, result);
        return;
    }
    request_on_leave (request, on_leave, work);
}

/* False: the client has been told what is wrong. */
static bool
read_question (const struct atto_works *works, struct request *request,
               struct atto_works_request *wanted, struct broker_question *question)
{
    const char *error = atto_works_read (works, request_body (request), wanted);

    if (error != NULL) {
        request_reply_error (request, 400, error);
        return false;
    }
    *question = (struct broker_question){
        .target = wanted->target,
        .network = store_networks[wanted->network],
        .local_only = true, /* work peers are Nano's */
    };
    return true;
}

static void
post_works (void *context, struct request *request)
{
    const struct atto_works *works = context;
    struct atto_works_request wanted;
    struct broker_question question;
    struct broker_answer answer;

    if (!read_question (works, request, &wanted, &question)) {
        return;
    }
    if (broker_recall (works->broker, &question, &answer)) {
        reply_work (request, answer.work);
        return;
    }
    if (request_begin_job (request)) {
        start (works, request, &wanted, &question);
    }
}

/* The broker has stored what was found. */
static void
on_ahead_done (void *data, const struct broker_answer *answer)
{
    struct atto_works *works = data;

    (void)answer;
    works->ahead--;
}

/* Has work found behind all that somebody waits for, unless the store has it. */
static enum broker_result
find_ahead (struct atto_works *works, const struct broker_question *question)
{
    struct broker_answer answer;
    struct broker_waiter *waiter;
    enum broker_result result;

    if (broker_recall (works->broker, question, &answer)) {
        return BROKER_ACCEPTED;
    }
    if (works->ahead == ATTO_WORKS_AHEAD) {
        return BROKER_FULL;
    }
    result = broker_generate (works->broker, question, on_ahead_done, works, &waiter);
    works->ahead += result == BROKER_ACCEPTED;
    return result;
}

static void
post_precache (void *context, struct request *request)
{
    struct atto_works *works = context;
    struct atto_works_request wanted;
    struct broker_question question;
    enum broker_result result;

    if (!read_question (works, request, &wanted, &question)) {
        return;
    }
    if (!works->has_store) {
        request_reply_error (request, 503, "There is no store to keep works in");
        return;
    }
    question.ahead = true;
    result = find_ahead (works, &question);
    if (result != BROKER_ACCEPTED) {
        refuse (request, result);
        return;
    }
    request_reply_json (request, 202, json_object ());
}

const struct route atto_works_routes[] = {
    {ROUTE_POST, "/works", true, post_works, ACCESS_RIGHT_WORK},
    {ROUTE_POST, "/works/precache", true, post_precache, ACCESS_RIGHT_WORK},
    {ROUTE_OTHER, NULL, false, NULL, ACCESS_RIGHT_NONE},
};
