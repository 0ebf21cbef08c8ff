/* The choice of a scanner: by given rates, and that the trial's own choice follows its rates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "work/pool/trial.h"

static const struct scanner wide = {.name = "wide"};
static const struct scanner middle = {.name = "middle"};
static const struct scanner portable = {.name = "portable"};

static const char *
choose (double wide_rate, double middle_rate, double portable_rate)
{
    const struct trial_rate rates[] = {
        {&wide, wide_rate}, {&middle, middle_rate}, {&portable, portable_rate}};

    return trial_choose (rates, 3)->name;
}

static void
test_the_fastest_wins (void **state)
{
    (void)state;
    assert_string_equal (choose (3, 2, 1), "wide");
    assert_string_equal (choose (1.9, 2, 1), "middle");
    assert_string_equal (choose (0.5, 0.9, 1), "portable");
    assert_string_equal (choose (2, 0, 1), "wide");
    assert_string_equal (choose (1, 1, 1), "wide");
    assert_string_equal (choose (0, 2, 2), "middle");
}

/* Whatever the rates are, what is chosen is never slower than portable C. */
static void
test_never_slower_than_portable (void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        const unsigned hundreds = i / 100;
        const double rates[] = {i % 10, i / 10 % 10, hundreds};
        const char *const chosen = choose (rates[0], rates[1], rates[2]);
        const double rate = strcmp (chosen, "wide") == 0     ? rates[0]
                            : strcmp (chosen, "middle") == 0 ? rates[1]
                                                             : rates[2];

        assert_true (rate >= rates[2]);
    }
}

static void
test_only_one (void **state)
{
    const struct trial_rate rate = {&portable, 0};
    const struct trial trial = {.rates = {rate}, .count = 1, .chosen = &portable};
    char text[TRIAL_TEXT_SIZE];

    (void)state;
    assert_ptr_equal (trial_choose (&rate, 1), &portable);
    trial_reason (&trial, text);
    assert_string_equal (text, "the only one that this CPU can run");
}

static void
test_reason (void **state)
{
    const struct trial trial = {
        .rates = {{&wide, 46.04e6}, {&middle, 23.66e6}}, .count = 2, .chosen = &wide};
    char text[TRIAL_TEXT_SIZE];

    (void)state;
    trial_reason (&trial, text);
    assert_string_equal (text,
                         "fastest in a trial, in million hashes a second: wide 46.0, middle 23.7");
}

/* However much there is to say, it stays within its bounds. */
static void
test_long_reason (void **state)
{
    struct trial trial = {.count = TRIAL_MOST, .chosen = &portable};
    char text[TRIAL_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < TRIAL_MOST; i++) {
        trial.rates[i] = (struct trial_rate){&portable, 1e300};
    }
    trial_reason (&trial, text);
    assert_true (strlen (text) < sizeof text);
}

static void
test_the_real_one (void **state)
{
    struct trial trial;
    size_t portables = 0;

    (void)state;
    trial_run (&trial);
    assert_true (trial.count >= 1);
    assert_ptr_equal (trial.chosen, trial_choose (trial.rates, trial.count));
    for (size_t i = 0; i < trial.count; i++) {
        assert_true (trial.rates[i].scanner->usable ());
        assert_true (trial.count == 1 || trial.rates[i].rate > 0);
        portables += strcmp (trial.rates[i].scanner->name, "portable") == 0;
    }
    assert_int_equal (portables, 1);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_the_fastest_wins),
        cmocka_unit_test (test_never_slower_than_portable),
        cmocka_unit_test (test_only_one),
        cmocka_unit_test (test_reason),
        cmocka_unit_test (test_long_reason),
        cmocka_unit_test (test_the_real_one),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
