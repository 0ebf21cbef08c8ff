/*
 * What is posted to Atto's /works and /works/precache: both understand the same bodies; work that
 * is answered is work for what the body asked for, by the oracle's word; all else is an error with
 * a status that says whose.
 */
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "node/atto/atto_works.h"
#include "support_node.h"
#include "work/scan/value.h"

static int64_t
now (void)
{
    return NODE_NOW;
}

/* Reads it as the route does. */
static const char *
read_body (const uint8_t *data, size_t size, struct atto_works_request *wanted)
{
    const struct atto_works works = {.max_json_depth = 20, .now = now};
    struct evbuffer *body = evbuffer_new ();
    const char *error;

    FUZZ_CHECK (body != NULL && evbuffer_add (body, data, size) == 0);
    error = atto_works_read (&works, body, wanted);
    evbuffer_free (body);
    return error;
}

/* Searching takes longer than all else: only one target is searched for, where that is easy. */
static bool
is_easy (const struct atto_works_request *wanted)
{
    static const uint8_t bytes[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};

    for (size_t i = 0; i < sizeof wanted->target.root; i++) {
        if (wanted->target.root[i] != bytes[i % sizeof bytes]) {
            return false;
        }
    }
    return difficulty_expected_hashes (wanted->target.order, wanted->target.threshold) < 65536;
}

static void
check_work (const struct client_answer *answer, const struct atto_works_request *wanted)
{
    json_t *body = node_check_json (answer, false);
    const char *text = json_string_value (json_object_get (body, "work"));
    uint64_t nonce = 0;

    if (answer->status == 200) {
        FUZZ_CHECK (text != NULL && strlen (text) == 16);
        /* Its eight bytes are the nonce's, the lowest first. */
        for (int i = 7; i >= 0; i--) {
            const char byte[3] = {text[2 * i], text[2 * i + 1], '\0'};

            nonce = nonce << 8 | strtoul (byte, NULL, 16);
        }
        FUZZ_CHECK (value_reaches (&wanted->target, nonce, NULL));
    } else {
        FUZZ_CHECK (answer->status == 503);
    }
    json_decref (body);
}

static void
check_refused (const struct client_answer *answer, const char *error)
{
    json_t *body = node_check_json (answer, false);
    const char *text = json_string_value (json_object_get (body, "error"));

    FUZZ_CHECK (answer->status == 400 && text != NULL && strcmp (text, error) == 0);
    json_decref (body);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    struct atto_works_request wanted = {.year = 7};
    const char *error = read_body (data, size, &wanted);
    struct client_answer answer;

    if (error != NULL) {
        FUZZ_CHECK (wanted.year == 7);
        node_post ("/works", data, size, &answer);
        check_refused (&answer, error);
        node_post ("/works/precache", data, size, &answer);
        check_refused (&answer, error);
        return 0;
    }
    FUZZ_CHECK (wanted.year >= 2024 && wanted.year <= 2063);
    if (is_easy (&wanted)) {
        node_post ("/works/precache", data, size, &answer);
        FUZZ_CHECK (answer.status == 202 || answer.status == 503);
        json_decref (node_check_json (&answer, false));
        node_post ("/works", data, size, &answer);
        check_work (&answer, &wanted);
    }
    return 0;
}
