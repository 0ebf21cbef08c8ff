#include "load_request.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "work/base/hex.h"
#include "work/scan/value.h"

/* A known work, and its value. */
#define KNOWN_ROOT "718CC2121C3E641059BC1C2CFC45666C99E8AE922F7A807B7D07B62C995D79E2"
#define KNOWN_WORK "2bf29ef00786a6bc"
#define KNOWN_VALUE UINT64_C (0xffffffd21c3933f4)

/* Asking. */

static bool
is_hard (enum load_kind kind)
{
    return kind == LOAD_DOOMED || kind == LOAD_LEAVE;
}

static void
print_body (const struct load_arrival *arrival, const struct load_difficulty *difficulty,
            char *text, size_t size)
{
    char root[HEX_ROOT_SIZE];
    char threshold[HEX_U64_SIZE];
    uint8_t bytes[32];

    load_plan_root (arrival->number, bytes);
    hex_print_root (bytes, root);
    hex_print_u64 (is_hard (arrival->kind) ? difficulty->hard : difficulty->easy, threshold);
    switch (arrival->kind) {
    case LOAD_VALIDATE:
    case LOAD_PIPELINE:
        (void)snprintf (text, size,
                        "{\"action\":\"work_validate\",\"hash\":\"" KNOWN_ROOT
                        "\",\"work\":\"" KNOWN_WORK "\"}");
        break;
    case LOAD_STATUS:
        (void)snprintf (text, size, "{\"action\":\"status\"}");
        break;
    case LOAD_CANCEL:
        (void)snprintf (text, size, "{\"action\":\"work_cancel\",\"hash\":\"%s\"}", root);
        break;
    default:
        (void)snprintf (text, size,
                        "{\"action\":\"work_generate\",\"hash\":\"%s\",\"difficulty\":\"%s\"}",
                        root, threshold);
        break;
    }
}

size_t
load_request_print (const struct load_arrival *arrival, const struct load_difficulty *difficulty,
                    char text[LOAD_REQUEST_SIZE])
{
    const unsigned copies = arrival->kind == LOAD_PIPELINE ? LOAD_PIPELINE_DEPTH : 1;
    char body[256];
    size_t length = 0;

    print_body (arrival, difficulty, body, sizeof body);
    for (unsigned i = 0; i < copies; i++) {
        length += (size_t)snprintf (text + length, LOAD_REQUEST_SIZE - length,
                                    "POST / HTTP/1.1\r\nHost: localhost\r\n"
                                    "Content-Type: application/json\r\n"
                                    "Content-Length: %zu\r\n\r\n%s",
                                    strlen (body), body);
    }
    return arrival->kind == LOAD_HALF ? length / 2 : length;
}

unsigned
load_request_answers (enum load_kind kind)
{
    switch (kind) {
    case LOAD_LEAVE:
    case LOAD_HALF:
        return 0;
    case LOAD_PIPELINE:
        return LOAD_PIPELINE_DEPTH;
    default:
        return 1;
    }
}

/* Answers. */

/* What stands after `name` in a head, which ends with an empty line; NULL when it is not there. */
static const char *
find_header (const char *head, const char *end, const char *name)
{
    const char *line = head;

    while (line < end) {
        if (strncasecmp (line, name, strlen (name)) == 0) {
            return line + strlen (name);
        }
        line = (const char *)memmem (line, (size_t)(end - line), "\r\n", 2) + 2;
    }
    return NULL;
}

ptrdiff_t
load_answer_length (const char *text, size_t length, size_t *head)
{
    static const char status[] = "HTTP/1.1 200 ";
    const char *const end = memmem (text, length, "\r\n\r\n", 4);
    const char *declared;

    if (end == NULL) {
        return 0;
    }
    *head = (size_t)(end - text) + 4;
    declared = find_header (text, end + 2, "Content-Length:");
    if (declared == NULL || strncmp (text, status, sizeof status - 1) != 0) {
        return -1;
    }
    const size_t whole = *head + strtoul (declared, NULL, 10);

    return length < whole ? 0 : (ptrdiff_t)whole;
}

static bool
has_text (const json_t *answer, const char *name, const char *wanted)
{
    const char *const value = json_string_value (json_object_get (answer, name));

    return value != NULL && strcmp (value, wanted) == 0;
}

static bool
has_number (const json_t *answer, const char *name, uint64_t *value)
{
    const char *const text = json_string_value (json_object_get (answer, name));

    return text != NULL && hex_parse_u64 (text, value) == 0;
}

static enum load_verdict
judge_work (const struct load_arrival *arrival, uint64_t threshold, const json_t *answer)
{
    uint8_t root[32];
    uint64_t work;

    load_plan_root (arrival->number, root);
    if (!has_number (answer, "work", &work) || value_of (root, work) < threshold) {
        return LOAD_WRONG;
    }
    return has_text (answer, "source", "cache") ? LOAD_GOOD_STORED : LOAD_GOOD;
}

static enum load_verdict
judge_object (const struct load_arrival *arrival, const struct load_difficulty *difficulty,
              const json_t *answer)
{
    const bool failed = json_object_get (answer, "error") != NULL;
    uint64_t value = 0;

    if (arrival->kind == LOAD_DOOMED && has_text (answer, "error", "Cancelled")) {
        return LOAD_GOOD;
    }
    if (failed) {
        return LOAD_REFUSED;
    }
    switch (arrival->kind) {
    case LOAD_VALIDATE:
    case LOAD_PIPELINE:
        return has_number (answer, "difficulty", &value) && value == KNOWN_VALUE ? LOAD_GOOD
                                                                                 : LOAD_WRONG;
    case LOAD_STATUS:
        return json_object_get (answer, "generating") != NULL ? LOAD_GOOD : LOAD_WRONG;
    case LOAD_CANCEL:
        return LOAD_GOOD;
    default:
        return judge_work (arrival, is_hard (arrival->kind) ? difficulty->hard : difficulty->easy,
                           answer);
    }
}

enum load_verdict
load_answer_judge (const struct load_arrival *arrival, const struct load_difficulty *difficulty,
                   const char *body, size_t length)
{
    json_t *const answer = json_loadb (body, length, 0, NULL);
    const enum load_verdict verdict =
        json_is_object (answer) ? judge_object (arrival, difficulty, answer) : LOAD_WRONG;

    json_decref (answer);
    return verdict;
}
