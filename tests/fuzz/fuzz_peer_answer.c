/*
 * A work peer's answer: HTTP read in one piece and in many comes to the same, within its bounds;
 * and what is judged to be work is work by the oracle's word.
 *
 * The first byte is how long the pieces are, and whether answers of any status are wanted; the rest
 * is what comes over the connection.
 */
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "rpc/client/http_answer.h"
#include "rpc/peer/peer_internal.h"
#include "work/scan/value.h"

enum { MAX_BODY = 2048 };

static void
add (struct evbuffer *buffer, const void *data, size_t size)
{
    FUZZ_CHECK (evbuffer_add (buffer, data, size) == 0);
}

static struct evbuffer *
new_buffer (void)
{
    struct evbuffer *buffer = evbuffer_new ();

    FUZZ_CHECK (buffer != NULL);
    return buffer;
}

/* Reads the answer `piece` bytes at a time, until it is final or the connection ends. */
static void
read_in_pieces (struct http_answer *answer, bool any_status, const uint8_t *data, size_t size,
                size_t piece)
{
    struct evbuffer *input = new_buffer ();
    enum http_answer_state state = HTTP_ANSWER_STATUS_LINE;

    http_answer_init (answer, MAX_BODY, any_status);
    while (size > 0 && state < HTTP_ANSWER_WHOLE) {
        size_t length = size < piece ? size : piece;

        add (input, data, length);
        data += length;
        size -= length;
        state = http_answer_read (answer, input);
        FUZZ_CHECK (state == answer->state);
        FUZZ_CHECK (evbuffer_get_length (answer->body) <= MAX_BODY);
        FUZZ_CHECK (evbuffer_get_length (input) <= HTTP_ANSWER_MAX_HEAD + piece);
    }
    if (state < HTTP_ANSWER_WHOLE) {
        bool whole = http_answer_end (answer);

        FUZZ_CHECK (whole == (answer->state == HTTP_ANSWER_WHOLE));
    }
    evbuffer_free (input);
}

static void
check_same (struct http_answer *one, struct http_answer *other)
{
    size_t length = evbuffer_get_length (one->body);

    FUZZ_CHECK (one->state == other->state);
    FUZZ_CHECK (one->status == other->status);
    if (one->state == HTTP_ANSWER_WHOLE) {
        FUZZ_CHECK (one->keep_alive == other->keep_alive);
        FUZZ_CHECK (length == evbuffer_get_length (other->body));
        FUZZ_CHECK (strcmp (one->retry_after, other->retry_after) == 0);
        FUZZ_CHECK (length == 0 || memcmp (evbuffer_pullup (one->body, -1),
                                           evbuffer_pullup (other->body, -1), length) == 0);
    }
}

static void
judge (struct evbuffer *body)
{
    struct scan_target target = {.order = DIFFICULTY_AT_LEAST, .threshold = UINT64_C (1) << 63};
    char reason[PEER_REASON_SIZE];
    uint64_t work = 0;
    uint64_t value = 0;
    uint64_t reached = 0;
    enum peer_outcome outcome;

    memset (reason, 'x', sizeof reason);
    outcome = peer_judge (body, &target, &work, &value, reason);
    FUZZ_CHECK (outcome < PEER_OUTCOMES);
    FUZZ_CHECK ((outcome == PEER_FOUND) == (reason[0] == '\0'));
    FUZZ_CHECK (strnlen (reason, sizeof reason) < sizeof reason);
    for (size_t i = 0; reason[i] != '\0'; i++) {
        FUZZ_CHECK (reason[i] >= ' ' && reason[i] <= '~');
    }
    if (outcome == PEER_FOUND) {
        FUZZ_CHECK (value_reaches (&target, work, &reached) && reached == value);
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    struct http_answer whole;
    struct http_answer split;
    struct evbuffer *body = new_buffer ();

    if (size > 0) {
        const bool any_status = data[0] >= 128;

        read_in_pieces (&whole, any_status, data + 1, size - 1, size);
        read_in_pieces (&split, any_status, data + 1, size - 1, data[0] % 32 + 1u);
        check_same (&whole, &split);
        if (whole.state == HTTP_ANSWER_WHOLE) {
            judge (whole.body);
        }
        http_answer_clear (&whole);
        http_answer_clear (&split);
    }
    add (body, data, size); /* for bodies without a head */
    judge (body);
    evbuffer_free (body);
    return 0;
}
