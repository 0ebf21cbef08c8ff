/*
 * A thousand jobs, one after another, on an OpenCL device in a pool: each found, and nothing left
 * behind. By hand under valgrind, whose word on leaks is better but which is slow, with a smaller
 * number of jobs as its argument: tests/checks/opencl_valgrind.sh.
 */
#include <malloc.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support_opencl.h"
#include "work/base/number.h"
#include "work/pool/pool.h"
#include "work/scan/value.h"

/* A 64th of the live network's difficulty for receiving: 2^17 hashes on average. */
#define THRESHOLD UINT64_C (0xffff800000000000)

/* Jobs until everything that is allocated once has been, and the bytes that may come later. */
#define WARM_UP 100
#define GROWTH_MOST 65536

static uint64_t job_count = 1000;

struct call {
    unsigned count;
    struct pool_answer answer;
};

static void
on_done (void *data, const struct pool_answer *answer)
{
    struct call *const call = data;

    call->count++;
    call->answer = *answer;
}

static void
run_job (struct pool *pool, uint64_t number)
{
    struct call call = {0};
    struct pollfd ready = {.fd = pool_fd (pool), .events = POLLIN};
    struct pool_request request = {
        .target = {.threshold = THRESHOLD},
        .class = POOL_ASKED,
        .done = on_done,
        .data = &call,
    };
    uint64_t ticket;

    memcpy (request.target.root, &number, sizeof number);
    assert_int_equal (pool_submit (pool, &request, &ticket), POOL_ACCEPTED);
    while (call.count == 0) {
        (void)poll (&ready, 1, 1000);
        pool_drain (pool);
    }
    assert_int_equal (call.answer.outcome, POOL_FOUND);
    assert_true (value_reaches (&request.target, call.answer.nonce, NULL));
}

static void
test_jobs (void **state)
{
    const struct pool_settings settings = {.max_jobs = 4, .batch_seconds = 0.01};
    struct pool *const pool = pool_new (&settings);
    size_t before = 0;
    size_t after;

    (void)state;
    assert_non_null (pool);
    assert_int_equal (pool_add (pool, support_opencl_new (support_opencl_api (), 0.01, 0, NULL)),
                      0);
    assert_int_equal (pool_start (pool), 0);
    for (uint64_t i = 0; i < job_count; i++) {
        run_job (pool, i);
        if (i == WARM_UP) {
            before = mallinfo2 ().uordblks;
        }
    }
    after = mallinfo2 ().uordblks;
    printf ("%zu bytes after %d jobs, %zu after %zu\n", before, WARM_UP, after, (size_t)job_count);
    assert_true (job_count <= WARM_UP || after < before + GROWTH_MOST);
    pool_stop (pool);
    pool_free (pool);
}

int
main (int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test (test_jobs)};

    if (argc > 1 && number_parse_unsigned (argv[1], 1, 1000000, &job_count) != 0) {
        fprintf (stderr, "%s: expected a number of jobs\n", argv[1]);
        return 1;
    }
    return support_opencl_find () ? cmocka_run_group_tests (tests, NULL, NULL) : 77;
}
