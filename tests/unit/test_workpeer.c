/* The library as a program that embeds it sees it: workpeer.h and nothing else. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vectors.h"
#include "work/pool/workpeer.h"

#define EASY UINT64_C (0xfff0000000000000)
#define OUT_OF_REACH UINT64_MAX
#define PATIENCE 30000 /* milliseconds */

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

struct heard {
    unsigned count;
    struct workpeer_answer last;
};

static void
on_done (void *data, const struct workpeer_answer *answer)
{
    struct heard *heard = data;

    heard->count++;
    heard->last = *answer;
}

static struct workpeer *
open_peer (unsigned max_jobs)
{
    const struct workpeer_settings settings = {
        .threads = 1, .max_jobs = max_jobs, .scanner = "portable"};
    enum workpeer_error error = WORKPEER_DOWN;
    struct workpeer *peer = workpeer_new (&settings, &error);

    assert_non_null (peer);
    assert_int_equal (error, WORKPEER_OK);
    return peer;
}

static struct workpeer_request
request_for (uint64_t threshold, struct heard *heard)
{
    struct workpeer_request request = {.threshold = threshold, .done = on_done, .data = heard};

    memcpy (request.root, value_vectors[0].root, sizeof request.root);
    return request;
}

static void
wait_for_answer (struct workpeer *peer, const struct heard *heard)
{
    while (heard->count == 0) {
        assert_int_equal (workpeer_wait (peer, PATIENCE), 0);
    }
}

static void
test_found (void **state)
{
    struct workpeer *const peer = open_peer (0);
    struct heard heard = {0};
    const struct workpeer_request request = request_for (EASY, &heard);
    uint64_t ticket;

    (void)state;
    assert_string_equal (workpeer_scanner (peer), "portable");
    assert_int_equal (workpeer_submit (peer, &request, &ticket), WORKPEER_OK);
    wait_for_answer (peer, &heard);
    assert_int_equal (heard.last.outcome, WORKPEER_FOUND);
    assert_int_equal (heard.last.ticket, ticket);
    assert_true (heard.last.value >= EASY);
    assert_true (heard.last.seconds >= 0);
    assert_int_equal (workpeer_value (request.root, heard.last.work), heard.last.value);
    workpeer_free (peer);
    assert_int_equal (heard.count, 1);
}

/* With a loop of one's own: the descriptor says when, and dispatch calls back. */
static void
test_dispatched (void **state)
{
    struct workpeer *const peer = open_peer (0);
    struct pollfd ready = {.fd = workpeer_fd (peer), .events = POLLIN};
    struct heard heard = {0};
    const struct workpeer_request request = request_for (EASY, &heard);

    (void)state;
    assert_int_equal (workpeer_wait (peer, 0), -1);
    assert_int_equal (workpeer_submit (peer, &request, NULL), WORKPEER_OK);
    assert_int_equal (poll (&ready, 1, PATIENCE), 1);
    assert_int_equal (heard.count, 0);
    workpeer_dispatch (peer);
    assert_int_equal (heard.count, 1);
    workpeer_free (peer);
}

static void
test_cancelled (void **state)
{
    struct workpeer *const peer = open_peer (0);
    struct heard heard = {0};
    struct heard at_the_end = {0};
    const struct workpeer_request request = request_for (OUT_OF_REACH, &heard);
    const struct workpeer_request other = request_for (OUT_OF_REACH, &at_the_end);
    uint64_t ticket;

    (void)state;
    assert_int_equal (workpeer_submit (peer, &request, &ticket), WORKPEER_OK);
    assert_int_equal (workpeer_submit (peer, &other, NULL), WORKPEER_OK);
    workpeer_cancel (peer, ticket);
    wait_for_answer (peer, &heard);
    assert_int_equal (heard.last.outcome, WORKPEER_CANCELLED);
    assert_int_equal (heard.last.ticket, ticket);
    workpeer_cancel (peer, ticket); /* names nothing any more */
    assert_int_equal (at_the_end.count, 0);
    workpeer_free (peer);
    assert_int_equal (heard.count, 1);
    assert_int_equal (at_the_end.count, 1);
    assert_int_equal (at_the_end.last.outcome, WORKPEER_CANCELLED);
}

static void
test_refused (void **state)
{
    struct workpeer *const peer = open_peer (1);
    const struct workpeer_settings unknown = {.threads = 1, .scanner = "abacus"};
    struct heard heard = {0};
    struct heard never = {0};
    const struct workpeer_request request = request_for (OUT_OF_REACH, &heard);
    const struct workpeer_request more = request_for (EASY, &never);
    struct workpeer_request deaf = more;
    enum workpeer_error error = WORKPEER_OK;

    (void)state;
    assert_null (workpeer_new (&unknown, &error));
    assert_int_equal (error, WORKPEER_INVALID);
    assert_null (workpeer_new (&unknown, NULL));
    deaf.done = NULL;
    assert_int_equal (workpeer_submit (peer, &deaf, NULL), WORKPEER_INVALID);
    assert_int_equal (workpeer_submit (peer, &request, NULL), WORKPEER_OK);
    assert_int_equal (workpeer_submit (peer, &more, NULL), WORKPEER_FULL);
    workpeer_free (peer);
    workpeer_free (NULL);
    assert_int_equal (heard.count, 1);
    assert_int_equal (never.count, 0);
}

static void
test_arithmetic (void **state)
{
    const uint64_t base = UINT64_C (0xfffffff800000000);

    (void)state;
    for (size_t i = 0; i < COUNT (value_vectors); i++) {
        assert_int_equal (workpeer_value (value_vectors[i].root, value_vectors[i].nonce),
                          value_vectors[i].value);
    }
    assert_int_equal (workpeer_from_multiplier (1, base), base);
    assert_int_equal (workpeer_from_multiplier (2, base), UINT64_C (0xfffffffc00000000));
    assert_true (workpeer_to_multiplier (UINT64_C (0xfffffffc00000000), base) > 1.999999);
    assert_true (workpeer_to_multiplier (UINT64_C (0xfffffffc00000000), base) < 2.000001);
    assert_true (workpeer_expected_hashes (base) > 536870911.9);
    assert_true (workpeer_expected_hashes (base) < 536870912.1);
}

/* Each error has a message of its own; what is none has one, too. */
static void
test_messages (void **state)
{
    static const enum workpeer_error errors[] = {WORKPEER_OK,        WORKPEER_FULL,
                                                 WORKPEER_DOWN,      WORKPEER_INVALID,
                                                 WORKPEER_NO_MEMORY, (enum workpeer_error)1};

    (void)state;
    for (size_t i = 0; i < COUNT (errors); i++) {
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal (workpeer_error_text (errors[i]),
                                     workpeer_error_text (errors[k]));
        }
    }
    assert_true (strspn (workpeer_version (), "0123456789.") >= strlen ("0.1.0"));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_found),      cmocka_unit_test (test_dispatched),
        cmocka_unit_test (test_cancelled),  cmocka_unit_test (test_refused),
        cmocka_unit_test (test_arithmetic), cmocka_unit_test (test_messages),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
