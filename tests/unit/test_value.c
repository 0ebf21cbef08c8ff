#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vectors.h"
#include "work/scan/value.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

static struct scan_target
target_of (const uint8_t root[32], uint64_t threshold, enum difficulty_order order)
{
    struct scan_target target = {.threshold = threshold, .order = order};

    memcpy (target.root, root, sizeof target.root);
    return target;
}

static void
known_values (void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT (value_vectors); i++) {
        uint64_t value = ~value_vectors[i].value;
        value = value_of (value_vectors[i].root, value_vectors[i].nonce);
        assert_int_equal (value, value_vectors[i].value);
    }
}

/* The other table also says what no nonce before `first` reaches. */
static void
known_first_nonces (void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT (first_vectors); i++) {
        const struct first_vector *vector = &first_vectors[i];
        const struct scan_target target =
            target_of (vector->root, vector->threshold, DIFFICULTY_AT_LEAST);
        uint64_t value = 0;
        for (uint64_t nonce = vector->start; nonce != vector->first; nonce++) {
            assert_false (value_reaches (&target, nonce, NULL));
        }
        assert_true (value_reaches (&target, vector->first, &value));
        assert_int_equal (value, vector->value);
    }
}

static void
reaches_at_and_around_the_value (void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT (value_vectors); i++) {
        const struct value_vector *vector = &value_vectors[i];
        struct scan_target target = target_of (vector->root, vector->value, DIFFICULTY_AT_LEAST);
        assert_true (value_reaches (&target, vector->nonce, NULL));
        target.threshold = vector->value - 1;
        assert_true (value_reaches (&target, vector->nonce, NULL));
        target.threshold = vector->value + 1;
        assert_false (value_reaches (&target, vector->nonce, NULL));

        target = target_of (vector->root, vector->value, DIFFICULTY_AT_MOST);
        assert_true (value_reaches (&target, vector->nonce, NULL));
        target.threshold = vector->value + 1;
        assert_true (value_reaches (&target, vector->nonce, NULL));
        target.threshold = vector->value - 1;
        assert_false (value_reaches (&target, vector->nonce, NULL));
    }
}

static void
reaches_reports_the_value_of_a_no_too (void **state)
{
    const struct value_vector *vector = &value_vectors[0];
    const struct scan_target target =
        target_of (vector->root, vector->value + 1, DIFFICULTY_AT_LEAST);
    uint64_t value = 0;

    (void)state;
    assert_false (value_reaches (&target, vector->nonce, &value));
    assert_int_equal (value, vector->value);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (known_values),
        cmocka_unit_test (known_first_nonces),
        cmocka_unit_test (reaches_at_and_around_the_value),
        cmocka_unit_test (reaches_reports_the_value_of_a_no_too),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
