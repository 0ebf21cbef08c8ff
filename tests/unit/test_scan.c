/*
 * The scanners, each one that this CPU can run, against known answers and against the oracle.
 *
 * Random inputs come from a fixed seed; a failure prints the whole input of the scan that failed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <string.h>

#include "vectors.h"
#include "work/base/difficulty.h"
#include "work/scan/scan.h"
#include "work/scan/value.h"

#define SEED UINT64_C (0x776f726b70656572)

/* What a scan must leave alone when it finds nothing. */
#define UNTOUCHED UINT64_C (0x5ca1ab1e0ddba115)

/* One nonce in 64 reaches this, whichever way it is compared. */
#define ONE_IN_64_AT_LEAST UINT64_C (0xfc00000000000000)
#define ONE_IN_64_AT_MOST UINT64_C (0x03ffffffffffffff)

struct range {
    uint64_t first;
    uint64_t count;
};

struct answer {
    bool found;
    uint64_t nonce; /* UNTOUCHED when nothing was found */
};

/* splitmix64: each test starts its own from SEED. */
static uint64_t
random_u64 (uint64_t *state)
{
    uint64_t z = (*state += UINT64_C (0x9e3779b97f4a7c15));

    z = (z ^ z >> 30) * UINT64_C (0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C (0x94d049bb133111eb);
    return z ^ z >> 31;
}

static struct scan_target
random_target (uint64_t *state, uint64_t threshold, enum difficulty_order order)
{
    struct scan_target target = {.threshold = threshold, .order = order};

    for (size_t i = 0; i < sizeof target.root; i++)
        target.root[i] = (uint8_t)random_u64 (state);
    return target;
}

static struct answer
scan_range (const struct scanner *scanner, const struct scan_target *target, struct range range)
{
    struct answer answer = {false, UNTOUCHED};
    struct scan_midstate midstate;

    scan_prepare (&midstate, target);
    answer.found = scanner->scan (&midstate, range.first, range.count, &answer.nonce);
    return answer;
}

/* The same by the oracle and difficulty's comparison, one nonce after another. */
static struct answer
search_range (const struct scan_target *target, struct range range)
{
    struct answer answer = {false, UNTOUCHED};

    for (uint64_t i = 0; i < range.count; i++) {
        uint64_t value;

        value = value_of (target->root, range.first + i);
        if (difficulty_reached (target->order, value, target->threshold)) {
            answer.found = true;
            answer.nonce = range.first + i;
            break;
        }
    }
    return answer;
}

static void
assert_answer (const struct scanner *scanner, const struct scan_target *target, struct range range,
               struct answer expected)
{
    struct answer answer = scan_range (scanner, target, range);

    if (answer.found == expected.found && answer.nonce == expected.nonce)
        return;

    print_error ("seed %016" PRIx64 ", scanner %s, root ", SEED, scanner->name);
    for (size_t i = 0; i < sizeof target->root; i++)
        print_error ("%02X", target->root[i]);
    print_error (", %s %016" PRIx64 ", first %016" PRIx64 ", count %" PRIu64 "\n",
                 target->order == DIFFICULTY_AT_MOST ? "at most" : "at least", target->threshold,
                 range.first, range.count);
    fail_msg ("expected %s %016" PRIx64 ", got %s %016" PRIx64, expected.found ? "hit" : "none",
              expected.nonce, answer.found ? "hit" : "none", answer.nonce);
}

static void
assert_hit (const struct scanner *scanner, const struct scan_target *target, struct range range,
            uint64_t nonce)
{
    assert_answer (scanner, target, range, (struct answer){true, nonce});
}

static void
assert_none (const struct scanner *scanner, const struct scan_target *target, struct range range)
{
    assert_answer (scanner, target, range, (struct answer){false, UNTOUCHED});
}

static void
assert_like_oracle (const struct scanner *scanner, const struct scan_target *target,
                    struct range range)
{
    assert_answer (scanner, target, range, search_range (target, range));
}

/* Runs `check` for every scanner that this CPU can run. */
static void
for_each_usable (void (*check) (const struct scanner *scanner))
{
    size_t count;
    const struct scanner *const *scanners = scan_all (&count);

    for (size_t i = 0; i < count; i++) {
        if (scanners[i]->usable ())
            check (scanners[i]);
    }
}

/* A value is exactly `value` when it, and nothing beyond it, is reached from either side. */
static void
check_value_vectors (const struct scanner *scanner)
{
    for (size_t i = 0; i < VALUE_VECTOR_COUNT; i++) {
        const struct value_vector *vector = &value_vectors[i];
        struct scan_target target = {.threshold = vector->value, .order = DIFFICULTY_AT_LEAST};
        struct range alone = {vector->nonce, 1};

        memcpy (target.root, vector->root, sizeof target.root);
        assert_hit (scanner, &target, alone, vector->nonce);
        target.threshold = vector->value + 1;
        assert_none (scanner, &target, alone);

        target.order = DIFFICULTY_AT_MOST;
        target.threshold = vector->value;
        assert_hit (scanner, &target, alone, vector->nonce);
        target.threshold = vector->value - 1;
        assert_none (scanner, &target, alone);
    }
}

static void
test_value_vectors (void **state)
{
    (void)state;
    for_each_usable (check_value_vectors);
}

/* The same in every lane, where a single nonce would go to the scalar tail. */
static void
check_value_vectors_in_lanes (const struct scanner *scanner)
{
    for (size_t i = 0; i < VALUE_VECTOR_COUNT; i++) {
        const struct value_vector *vector = &value_vectors[i];
        struct scan_target target = {.threshold = vector->value, .order = DIFFICULTY_AT_LEAST};

        memcpy (target.root, vector->root, sizeof target.root);
        for (unsigned lane = 0; lane < scanner->lanes; lane++) {
            struct range range = {vector->nonce - lane, scanner->lanes};

            target.order = DIFFICULTY_AT_LEAST;
            assert_like_oracle (scanner, &target, range);
            target.order = DIFFICULTY_AT_MOST;
            assert_like_oracle (scanner, &target, range);
        }
    }
}

static void
test_value_vectors_in_lanes (void **state)
{
    (void)state;
    for_each_usable (check_value_vectors_in_lanes);
}

static void
check_first_vectors (const struct scanner *scanner)
{
    for (size_t i = 0; i < FIRST_VECTOR_COUNT; i++) {
        const struct first_vector *vector = &first_vectors[i];
        struct scan_target target = {.threshold = vector->threshold, .order = DIFFICULTY_AT_LEAST};
        uint64_t before = vector->first - vector->start;

        memcpy (target.root, vector->root, sizeof target.root);
        assert_none (scanner, &target, (struct range){vector->start, before});
        assert_hit (scanner, &target, (struct range){vector->start, before + 1}, vector->first);
        assert_hit (scanner, &target, (struct range){vector->start, UINT64_MAX}, vector->first);

        target.threshold = vector->value;
        assert_hit (scanner, &target, (struct range){vector->first, 1}, vector->first);
        target.threshold = vector->value + 1;
        assert_none (scanner, &target, (struct range){vector->first, 1});
    }
}

static void
test_first_vectors (void **state)
{
    (void)state;
    for_each_usable (check_first_vectors);
}

struct atto_vector {
    uint8_t root[32];
    uint8_t work[8]; /* as hashed: the nonce little-endian */
    uint64_t threshold;
    uint64_t value; /* the digest, little-endian */
};

#define ATTO_TARGET                                                                               \
    {                                                                                             \
        0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, \
            0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89,   \
            0xab, 0xcd, 0xef                                                                      \
    }

/* Each is the first from 0. */
static const struct atto_vector atto_vectors[] = {
    {{0},
     {0x2d, 0x7e, 0, 0, 0, 0, 0, 0},
     UINT64_C (429496729550000),
     UINT64_C (0x0000c8c8dd6dca22)},
    {ATTO_TARGET,
     {0x2f, 0x32, 0, 0, 0, 0, 0, 0},
     UINT64_C (429496729550000),
     UINT64_C (0x00012f4b6c1e6383)},
    {ATTO_TARGET,
     {0xe0, 0x9f, 0x24, 0x03, 0, 0, 0, 0},
     UINT64_C (429496729550),
     UINT64_C (0x000000265f33abde)},
};

#define ATTO_VECTOR_COUNT (sizeof atto_vectors / sizeof atto_vectors[0])

static uint64_t
atto_nonce (const struct atto_vector *vector)
{
    uint64_t nonce = 0;

    for (unsigned i = 8; i > 0; i--)
        nonce = nonce << 8 | vector->work[i - 1];
    return nonce;
}

static struct scan_target
atto_target (const struct atto_vector *vector)
{
    struct scan_target target = {.threshold = vector->threshold, .order = DIFFICULTY_AT_MOST};

    memcpy (target.root, vector->root, sizeof target.root);
    return target;
}

static void
check_atto_vectors (const struct scanner *scanner)
{
    const uint64_t most = UINT64_C (1) << 16;

    for (size_t i = 0; i < ATTO_VECTOR_COUNT; i++) {
        const struct atto_vector *vector = &atto_vectors[i];
        struct scan_target target = atto_target (vector);
        uint64_t nonce = atto_nonce (vector);
        uint64_t before = nonce < most ? nonce : most;

        assert_hit (scanner, &target, (struct range){nonce - before, before + 1}, nonce);
        assert_none (scanner, &target, (struct range){nonce - before, before});

        target.threshold = vector->value;
        assert_hit (scanner, &target, (struct range){nonce, 1}, nonce);
        target.threshold = vector->value - 1;
        assert_none (scanner, &target, (struct range){nonce, 1});
    }
}

static void
test_atto_vectors (void **state)
{
    (void)state;
    for_each_usable (check_atto_vectors);
}

/* The widest that this CPU can run. */
static const struct scanner *
widest (void)
{
    size_t count;
    const struct scanner *const *scanners = scan_all (&count);

    while (!(*scanners)->usable ())
        scanners++;
    return *scanners;
}

/* Tens of millions of nonces: for one scanner only. */
static void
test_atto_vectors_from_zero (void **state)
{
    (void)state;
    for (size_t i = 0; i < ATTO_VECTOR_COUNT; i++) {
        struct scan_target target = atto_target (&atto_vectors[i]);

        assert_hit (widest (), &target, (struct range){0, UINT64_MAX},
                    atto_nonce (&atto_vectors[i]));
    }
}

static void
check_random (const struct scanner *scanner)
{
    uint64_t random = SEED;

    for (unsigned i = 0; i < 400; i++) {
        enum difficulty_order order = i % 2 != 0 ? DIFFICULTY_AT_MOST : DIFFICULTY_AT_LEAST;
        unsigned shift = (unsigned)(random_u64 (&random) % 11);
        uint64_t near_zero = random_u64 (&random) >> shift;
        struct scan_target target =
            random_target (&random, order == DIFFICULTY_AT_MOST ? near_zero : ~near_zero, order);
        struct range range = {random_u64 (&random), random_u64 (&random) % 500};

        assert_like_oracle (scanner, &target, range);
    }
}

static void
test_random (void **state)
{
    (void)state;
    for_each_usable (check_random);
}

/* Counts about the lanes, each over ranges that end at, contain or begin at 2^64 or lie elsewhere.
 */
static void
check_counts (const struct scanner *scanner)
{
    const uint64_t lanes = scanner->lanes;
    const uint64_t counts[] = {
        0,
        1,
        2,
        3,
        lanes - 1,
        lanes,
        lanes + 1,
        2 * lanes - 1,
        2 * lanes,
        2 * lanes + 1,
        5 * lanes + 3,
        101,
        255,
    };
    uint64_t random = SEED;

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        const uint64_t count = counts[i];
        const uint64_t firsts[] = {
            0,          UINT64_MAX - count + 1, UINT64_MAX - count / 2,
            UINT64_MAX, UINT64_MAX - lanes,     random_u64 (&random),
        };

        for (size_t j = 0; j < sizeof firsts / sizeof firsts[0]; j++) {
            struct range range = {firsts[j], count};
            struct scan_target at_least =
                random_target (&random, ONE_IN_64_AT_LEAST, DIFFICULTY_AT_LEAST);
            struct scan_target at_most =
                random_target (&random, ONE_IN_64_AT_MOST, DIFFICULTY_AT_MOST);

            assert_like_oracle (scanner, &at_least, range);
            assert_like_oracle (scanner, &at_most, range);
        }
    }
}

static void
test_counts (void **state)
{
    (void)state;
    for_each_usable (check_counts);
}

/*
 * Ranges that begin with a hit, end with one, or stop just short of it or begin just after it. With
 * one hit in 64 the longer ranges hold several.
 */
static void
check_edges (const struct scanner *scanner)
{
    uint64_t random = SEED;

    for (unsigned i = 0; i < 20; i++) {
        enum difficulty_order order = i % 2 != 0 ? DIFFICULTY_AT_MOST : DIFFICULTY_AT_LEAST;
        struct scan_target target = random_target (
            &random, order == DIFFICULTY_AT_MOST ? ONE_IN_64_AT_MOST : ONE_IN_64_AT_LEAST, order);
        uint64_t start = random_u64 (&random);
        struct answer hit = search_range (&target, (struct range){start, UINT64_MAX});
        uint64_t before = hit.nonce - start;

        assert_none (scanner, &target, (struct range){hit.nonce, 0});
        for (uint64_t count = 1; count <= 4 * scanner->lanes + 3; count++) {
            assert_hit (scanner, &target, (struct range){hit.nonce, count}, hit.nonce);
            assert_like_oracle (scanner, &target, (struct range){hit.nonce + 1, count});
            if (count > before)
                continue;
            assert_none (scanner, &target, (struct range){hit.nonce - count, count});
            assert_hit (scanner, &target, (struct range){hit.nonce - count, count + 1}, hit.nonce);
        }
    }
}

static void
test_edges (void **state)
{
    (void)state;
    for_each_usable (check_edges);
}

/* Half of all nonces are hits: the first must be returned, whichever lanes the others are in. */
static void
check_several_hits (const struct scanner *scanner)
{
    uint64_t random = SEED;

    for (unsigned i = 0; i < 2000; i++) {
        struct scan_target target =
            random_target (&random, UINT64_C (1) << 63, DIFFICULTY_AT_LEAST);
        struct range range = {random_u64 (&random), 1 + i % (3 * scanner->lanes)};

        assert_like_oracle (scanner, &target, range);
    }
}

static void
test_several_hits (void **state)
{
    (void)state;
    for_each_usable (check_several_hits);
}

/* Thresholds that everything, or nothing, reaches. */
static void
check_extreme_thresholds (const struct scanner *scanner)
{
    uint64_t random = SEED;
    struct scan_target all_up = random_target (&random, 0, DIFFICULTY_AT_LEAST);
    struct scan_target all_down = random_target (&random, UINT64_MAX, DIFFICULTY_AT_MOST);
    struct scan_target none_up = random_target (&random, UINT64_MAX, DIFFICULTY_AT_LEAST);
    struct scan_target none_down = random_target (&random, 0, DIFFICULTY_AT_MOST);
    uint64_t first = UINT64_MAX - 5;

    for (uint64_t count = 1; count <= 2 * scanner->lanes + 1; count++) {
        assert_hit (scanner, &all_up, (struct range){first, count}, first);
        assert_hit (scanner, &all_down, (struct range){first, count}, first);
        assert_none (scanner, &none_up, (struct range){first, count});
        assert_none (scanner, &none_down, (struct range){first, count});
    }
    assert_hit (scanner, &all_up, (struct range){first, UINT64_MAX}, first);
    assert_hit (scanner, &all_down, (struct range){first, UINT64_MAX}, first);
    assert_none (scanner, &all_up, (struct range){first, 0});
    assert_none (scanner, &none_up, (struct range){first, 100001});
    assert_none (scanner, &none_down, (struct range){first, 100001});
}

static void
test_extreme_thresholds (void **state)
{
    (void)state;
    for_each_usable (check_extreme_thresholds);
}

/* Longer ranges than the oracle has time for: every scanner must agree with the portable one. */
static void
check_like_portable (const struct scanner *scanner)
{
    const struct scanner *portable = scan_named ("portable");
    uint64_t random = SEED;

    for (unsigned i = 0; i < 100; i++) {
        enum difficulty_order order = i % 2 != 0 ? DIFFICULTY_AT_MOST : DIFFICULTY_AT_LEAST;
        uint64_t near_zero = random_u64 (&random) >> 14;
        struct scan_target target =
            random_target (&random, order == DIFFICULTY_AT_MOST ? near_zero : ~near_zero, order);
        struct range range = {random_u64 (&random), random_u64 (&random) % 50000};

        assert_answer (scanner, &target, range, scan_range (portable, &target, range));
    }
}

static void
test_like_portable (void **state)
{
    (void)state;
    for_each_usable (check_like_portable);
}

static void
test_choice (void **state)
{
    size_t count;
    const struct scanner *const *scanners = scan_all (&count);

    (void)state;
    assert_true (count >= 1);
    assert_string_equal (scanners[count - 1]->name, "portable");
    assert_true (scanners[count - 1]->usable ());

    for (size_t i = 0; i < count; i++) {
        bool usable = scanners[i]->usable ();

        assert_true (scanners[i]->lanes >= 1);
        assert_ptr_equal (scan_named (scanners[i]->name), usable ? scanners[i] : NULL);
        print_message ("%s: %s\n", scanners[i]->name, usable ? "tested" : "not on this CPU");
    }
    assert_null (scan_named ("abacus"));
    assert_null (scan_named (""));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_choice),
        cmocka_unit_test (test_value_vectors),
        cmocka_unit_test (test_value_vectors_in_lanes),
        cmocka_unit_test (test_first_vectors),
        cmocka_unit_test (test_atto_vectors),
        cmocka_unit_test (test_atto_vectors_from_zero),
        cmocka_unit_test (test_random),
        cmocka_unit_test (test_counts),
        cmocka_unit_test (test_edges),
        cmocka_unit_test (test_several_hits),
        cmocka_unit_test (test_extreme_thresholds),
        cmocka_unit_test (test_like_portable),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
