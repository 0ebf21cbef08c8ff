/* The load generator's parts that judge: histogram, plan, requests and answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load_histogram.h"
#include "load_plan.h"
#include "load_request.h"
#include "load_tally.h"
#include "seed.h"
#include "work/base/clock.h"
#include "work/base/hex.h"
#include "work/scan/value.h"

/* The histogram. */

static void
assert_quantile (const struct load_histogram *histogram, double part, uint64_t exact)
{
    const uint64_t told = load_histogram_quantile (histogram, part);

    assert_true (told >= exact);
    assert_true ((double)(told - exact) * LOAD_HISTOGRAM_PARTS <= (double)exact);
}

static void
test_empty (void **state)
{
    static const struct load_histogram histogram;

    (void)state;
    assert_int_equal (load_histogram_quantile (&histogram, 0), 0);
    assert_int_equal (load_histogram_quantile (&histogram, 1), 0);
}

/* Each value alone: at both sides of every power of two, and the largest. */
static void
test_one_value (void **state)
{
    static struct load_histogram histogram;

    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        for (int side = -1; side <= 1; side++) {
            const uint64_t value = (UINT64_C (1) << bit) + (uint64_t)side;

            memset (&histogram, 0, sizeof histogram);
            load_histogram_add (&histogram, value);
            load_histogram_add (&histogram, UINT64_MAX);
            assert_quantile (&histogram, 0.5, value);
            assert_true (load_histogram_quantile (&histogram, 1) == UINT64_MAX);
        }
    }
}

static int
compare (const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a;
    const uint64_t right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

/* Against the sorted values themselves, over many magnitudes; in two halves, merged. */
static void
test_quantiles (void **state)
{
    enum { COUNT = 20000 };
    static const double parts[] = {0, 0.001, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999, 1};
    static struct load_histogram halves[2];
    static uint64_t values[COUNT];

    struct seed seed = seed_new ();

    (void)state;
    memset (halves, 0, sizeof halves);
    for (size_t i = 0; i < COUNT; i++) {
        const uint64_t high = seed_below (&seed, 1u << 31);

        values[i] = (high << 33 | seed_below (&seed, 1u << 31)) >> seed_below (&seed, 64);
        load_histogram_add (&halves[i % 2], values[i]);
    }
    load_histogram_merge (&halves[0], &halves[1]);
    qsort (values, COUNT, sizeof *values, compare);
    assert_int_equal (halves[0].count, COUNT);
    assert_true (halves[0].largest == values[COUNT - 1]);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const double rank = parts[i] * COUNT;
        const size_t index = rank <= 1 ? 0 : (size_t)(rank + 0.999999) - 1;

        assert_quantile (&halves[0], parts[i], values[index]);
    }
}

/* The plan. */

static void
test_mix (void **state)
{
    static const char *const bad[] = {"",         "validate",    "validate=",      "nonsense=1",
                                      "doomed=1", "validate=-1", "validate=1,",    "validate=0",
                                      "=1",       "validate=1x", "validate=1e999", "validate=1 "};
    struct load_mix mix = {{7}};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal (load_mix_parse (bad[i], &mix), -1);
        assert_true (mix.weights[0] == 7);
    }
    assert_int_equal (load_mix_parse ("fresh=2,cached=0.5", &mix), 0);
    for (enum load_kind kind = 0; kind < LOAD_MIX_KINDS; kind++) {
        const double wanted = kind == LOAD_FRESH ? 2 : kind == LOAD_CACHED ? 0.5 : 0;

        assert_true (mix.weights[kind] == wanted);
    }
}

static void
make_plan (struct load_plan *plan, const char *mix, uint64_t seed)
{
    struct load_plan_settings settings = {.rate = 1000, .seconds = 20, .seed = seed, .cached = 10};

    assert_int_equal (load_mix_parse (mix, &settings.mix), 0);
    assert_int_equal (load_plan_init (plan, &settings), 0);
}

/* Twenty thousand expected: six standard deviations are 850. */
static void
test_plan (void **state)
{
    struct load_plan plan;
    size_t counts[LOAD_KINDS] = {0};

    (void)state;
    make_plan (&plan, "validate=1,cached=1,cancel=2", 5);
    for (size_t i = 0; i < plan.count; i++) {
        const struct load_arrival *const arrival = &plan.arrivals[i];

        counts[arrival->kind]++;
        assert_true (i == 0 || arrival->due >= plan.arrivals[i - 1].due);
        assert_true (arrival->due < 20 * CLOCK_SECOND + LOAD_CANCEL_AFTER);
        assert_true (arrival->kind != LOAD_CACHED || arrival->number < 10);
    }
    const size_t arrivals = plan.count - counts[LOAD_DOOMED];

    assert_in_range (arrivals, 19150, 20850);
    assert_int_equal (counts[LOAD_DOOMED], counts[LOAD_CANCEL]);
    assert_in_range (counts[LOAD_CANCEL], arrivals / 2 - 425, arrivals / 2 + 425);
    assert_in_range (counts[LOAD_CACHED], arrivals / 4 - 370, arrivals / 4 + 370);
    assert_int_equal (counts[LOAD_VALIDATE] + counts[LOAD_CACHED] + counts[LOAD_CANCEL], arrivals);
    load_plan_clear (&plan);
}

/* Every cancel has its doomed request, of the same root, that long before it. */
static void
test_cancels (void **state)
{
    struct load_plan plan;

    (void)state;
    make_plan (&plan, "cancel=1", 6);
    for (size_t i = 0; i < plan.count; i++) {
        const struct load_arrival *const cancel = &plan.arrivals[i];
        size_t j = i;

        if (cancel->kind != LOAD_CANCEL) {
            continue;
        }
        while (plan.arrivals[j].kind != LOAD_DOOMED || plan.arrivals[j].number != cancel->number) {
            assert_true (j > 0);
            j--;
        }
        assert_true (cancel->due - plan.arrivals[j].due == LOAD_CANCEL_AFTER);
    }
    load_plan_clear (&plan);
}

static void
test_seeds (void **state)
{
    struct load_plan one;
    struct load_plan same;
    struct load_plan other;

    (void)state;
    make_plan (&one, "fresh=1", 1);
    make_plan (&same, "fresh=1", 1);
    make_plan (&other, "fresh=1", 2);
    assert_int_equal (one.count, same.count);
    assert_memory_equal (one.arrivals, same.arrivals, one.count * sizeof *one.arrivals);
    assert_true (one.arrivals[0].due != other.arrivals[0].due);
    assert_true (one.arrivals[0].number != other.arrivals[0].number);
    load_plan_clear (&one);
    load_plan_clear (&same);
    load_plan_clear (&other);
}

/* Requests and answers. */

static const struct load_difficulty easy = {UINT64_C (0xf000000000000000), UINT64_MAX};

static void
test_requests (void **state)
{
    char text[LOAD_REQUEST_SIZE];
    char whole[LOAD_REQUEST_SIZE];

    (void)state;
    for (enum load_kind kind = 0; kind < LOAD_KINDS; kind++) {
        const struct load_arrival arrival = {.number = 3, .kind = kind};
        const size_t length = load_request_print (&arrival, &easy, text);

        assert_in_range (length, 1, sizeof text - 1);
        assert_int_equal (strncmp (text, "POST / HTTP/1.1\r\n", 17), 0);
    }
    const struct load_arrival fresh = {.number = 3, .kind = LOAD_FRESH};
    const struct load_arrival half = {.number = 3, .kind = LOAD_HALF};
    const size_t length = load_request_print (&fresh, &easy, whole);

    assert_int_equal (load_request_print (&half, &easy, text), length / 2);
    assert_memory_equal (text, whole, length / 2);
    assert_int_equal (load_request_answers (LOAD_HALF), 0);
    assert_int_equal (load_request_answers (LOAD_LEAVE), 0);
    assert_int_equal (load_request_answers (LOAD_PIPELINE), LOAD_PIPELINE_DEPTH);
    assert_int_equal (load_request_answers (LOAD_FRESH), 1);
}

static ptrdiff_t
length_of (const char *text)
{
    size_t head;

    return load_answer_length (text, strlen (text), &head);
}

static void
test_answer_length (void **state)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nX: y\r\n\r\n{}HTTP";
    size_t head = 0;

    (void)state;
    assert_int_equal (load_answer_length (answer, sizeof answer - 1, &head), sizeof answer - 5);
    assert_int_equal (head, sizeof answer - 7);
    for (size_t length = 0; length < sizeof answer - 5; length++) {
        assert_int_equal (load_answer_length (answer, length, &head), 0);
    }
    assert_int_equal (length_of ("HTTP/1.1 400 Bad\r\nContent-Length: 2\r\n\r\n{}"), -1);
    assert_int_equal (length_of ("HTTP/1.1 200 OK\r\nX-Content-Length: 2\r\n\r\n{}"), -1);
    assert_int_equal (length_of ("nonsense\r\n\r\n"), -1);
}

static enum load_verdict
judge (enum load_kind kind, const char *body)
{
    const struct load_arrival arrival = {.number = 3, .kind = kind};

    return load_answer_judge (&arrival, &easy, body, strlen (body));
}

static void
test_judging (void **state)
{
    (void)state;
    assert_int_equal (judge (LOAD_VALIDATE, "{\"difficulty\":\"ffffffd21c3933f4\"}"), LOAD_GOOD);
    assert_int_equal (judge (LOAD_VALIDATE, "{\"difficulty\":\"ffffffd21c3933f5\"}"), LOAD_WRONG);
    assert_int_equal (judge (LOAD_PIPELINE, "{}"), LOAD_WRONG);
    assert_int_equal (judge (LOAD_STATUS, "{\"generating\":\"1\"}"), LOAD_GOOD);
    assert_int_equal (judge (LOAD_STATUS, "{}"), LOAD_WRONG);
    assert_int_equal (judge (LOAD_CANCEL, "{}"), LOAD_GOOD);
    assert_int_equal (judge (LOAD_CANCEL, "{\"error\":\"x\"}"), LOAD_REFUSED);
    assert_int_equal (judge (LOAD_DOOMED, "{\"error\":\"Cancelled\"}"), LOAD_GOOD);
    assert_int_equal (judge (LOAD_FRESH, "{\"error\":\"Cancelled\"}"), LOAD_REFUSED);
    assert_int_equal (judge (LOAD_FRESH, "{"), LOAD_WRONG);
    assert_int_equal (judge (LOAD_FRESH, "[]"), LOAD_WRONG);
    assert_int_equal (judge (LOAD_FRESH, "{\"work\":\"xyz\"}"), LOAD_WRONG);
}

/* Work that reaches the threshold, and work that does not. */
static void
test_work (void **state)
{
    bool good_seen = false;
    bool weak_seen = false;
    uint8_t root[32];
    char body[128];
    uint64_t value;

    (void)state;
    load_plan_root (3, root);
    for (uint64_t nonce = 0; nonce < 1000; nonce++) {
        value = value_of (root, nonce);
        const bool good = value >= easy.easy;

        (void)snprintf (body, sizeof body, "{\"work\":\"%016llx\"}", (unsigned long long)nonce);
        assert_int_equal (judge (LOAD_FRESH, body), good ? LOAD_GOOD : LOAD_WRONG);
        assert_int_equal (judge (LOAD_DOOMED, body), LOAD_WRONG);
        (void)snprintf (body, sizeof body, "{\"work\":\"%016llx\",\"source\":\"cache\"}",
                        (unsigned long long)nonce);
        assert_int_equal (judge (LOAD_CACHED, body), good ? LOAD_GOOD_STORED : LOAD_WRONG);
        good_seen = good_seen || good;
        weak_seen = weak_seen || !good;
    }
    assert_true (good_seen && weak_seen);
}

/* The tally. */

static void
test_tally (void **state)
{
    static struct load_tally tally;
    static struct load_row sum;

    (void)state;
    memset (&tally, 0, sizeof tally);
    tally.rows[LOAD_FRESH].sent = 2;
    tally.rows[LOAD_FRESH].answered = 2;
    load_histogram_add (&tally.rows[LOAD_FRESH].times, 5);
    tally.rows[LOAD_LEAVE].sent = 1;
    tally.rows[LOAD_LEAVE].left = 1;
    assert_true (load_tally_is_good (&tally));
    load_tally_sum (&tally, &sum);
    assert_int_equal (sum.sent, 2);
    assert_int_equal (sum.times.count, 1);
    tally.rows[LOAD_STATUS].sent = 1;
    tally.rows[LOAD_STATUS].wrong = 1;
    assert_false (load_tally_is_good (&tally));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_empty),         cmocka_unit_test (test_one_value),
        cmocka_unit_test (test_quantiles),     cmocka_unit_test (test_mix),
        cmocka_unit_test (test_plan),          cmocka_unit_test (test_cancels),
        cmocka_unit_test (test_seeds),         cmocka_unit_test (test_requests),
        cmocka_unit_test (test_answer_length), cmocka_unit_test (test_judging),
        cmocka_unit_test (test_work),          cmocka_unit_test (test_tally),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
