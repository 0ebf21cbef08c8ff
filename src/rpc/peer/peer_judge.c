#include "rpc/peer/peer_internal.h"

#include <stdio.h>
#include <string.h>

#include "rpc/base/json.h"
#include "rpc/base/text.h"
#include "work/base/hex.h"
#include "work/scan/value.h"

/* Brackets in an answer; the deepest known one has 3. */
#define MAX_DEPTH 100

/* Characters of a peer's own words that are passed on. */
#define MAX_QUOTE 120

/* Another's words, shortened, and nothing in them that a terminal or a log could take amiss. */
static void
quote (const char *text, char quoted[MAX_QUOTE + 4])
{
    text_clean (quoted, MAX_QUOTE + 1, text);
    if (strlen (text) > MAX_QUOTE) {
        strcpy (quoted + MAX_QUOTE, "...");
    }
}

static enum peer_outcome
judge_work (const json_t *field, const struct scan_target *target, uint64_t *work, uint64_t *value,
            char reason[PEER_REASON_SIZE])
{
    const char *text = json_string_value (field);
    char quoted[MAX_QUOTE + 4];
    char reached[HEX_U64_SIZE];

    if (text == NULL || hex_parse_u64 (text, work) != 0) {
        quote (text != NULL ? text : "not a string", quoted);
        snprintf (reason, PEER_REASON_SIZE, "its work is not 1 to 16 hexadecimal digits: %s",
                  quoted);
        return PEER_BAD_WORK;
    }
    if (!value_reaches (target, *work, value)) {
        hex_print_u64 (*value, reached);
        snprintf (reason, PEER_REASON_SIZE,
                  "wrong work: for another root or below the threshold (it reaches %s)", reached);
        return PEER_WRONG_WORK;
    }
    reason[0] = '\0';
    return PEER_FOUND;
}

static enum peer_outcome
judge_fields (const json_t *fields, const struct scan_target *target, uint64_t *work,
              uint64_t *value, char reason[PEER_REASON_SIZE])
{
    const json_t *field = json_object_get (fields, "work");
    char scratch[JSON_SCRATCH_SIZE];
    char quoted[MAX_QUOTE + 4];
    const char *error;

    error = json_text (fields, "error", scratch);
    /* An error has its reason, whatever stands in the place of the work that there is not. */
    if (field != NULL && (error == NULL || error[0] == '\0' || json_string_length (field) > 0)) {
        return judge_work (field, target, work, value, reason);
    }
    if (error == NULL) {
        snprintf (reason, PEER_REASON_SIZE, "its answer has no \"work\"");
        return PEER_NO_WORK;
    }
    quote (error, quoted);
    snprintf (reason, PEER_REASON_SIZE, "it answered with an error: %s", quoted);
    return strcmp (error, "Cancelled") == 0 ? PEER_CANCELLED : PEER_ERROR;
}

enum peer_outcome
peer_judge (struct evbuffer *body, const struct scan_target *target, uint64_t *work,
            uint64_t *value, char reason[PEER_REASON_SIZE])
{
    const char *error;
    enum peer_outcome outcome;
    json_t *fields;

    if (evbuffer_get_length (body) == 0) {
        snprintf (reason, PEER_REASON_SIZE, "its answer is empty");
        return PEER_EMPTY;
    }
    fields = json_parse (body, MAX_DEPTH, &error);
    if (fields == NULL) {
        snprintf (reason, PEER_REASON_SIZE, "its answer is not a JSON object");
        return PEER_NOT_JSON;
    }
    outcome = judge_fields (fields, target, work, value, reason);
    json_decref (fields);
    return outcome;
}
