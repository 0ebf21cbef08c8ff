#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "work/base/hex.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])
#define UNTOUCHED 0x5a5a5a5a5a5a5a5a

static const uint8_t genesis[32] = {
    0xe8, 0x92, 0x08, 0xdd, 0x03, 0x8f, 0xbb, 0x26, 0x99, 0x87, 0x68, 0x96, 0x21, 0xd5, 0x22, 0x92,
    0xae, 0x9c, 0x35, 0x94, 0x1a, 0x74, 0x84, 0x75, 0x6e, 0xcc, 0xed, 0x92, 0xa6, 0x50, 0x93, 0xba,
};
static const char genesis_upper[] =
    "E89208DD038FBB269987689621D52292AE9C35941A7484756ECCED92A65093BA";
static const char genesis_lower[] =
    "e89208dd038fbb269987689621d52292ae9c35941a7484756ecced92a65093ba";

static void
u64_reads_what_the_node_reads (void **state)
{
    static const struct {
        const char *text;
        uint64_t value;
    } rows[] = {
        {"0", 0},
        {"1", 1},
        {"f", 15},
        {"F", 15},
        {"0000000000000000", 0},
        {"0123456789abcdef", 0x0123456789abcdef},
        {"FEDCBA9876543210", 0xfedcba9876543210},
        {"ffffffffffffffff", UINT64_MAX},
        {"fFfFfFf800000000", 0xfffffff800000000},
        {"800000000000000", 0x800000000000000},
        {"0x1", 1},
        {"0X1f", 0x1f},
        {"0xffffffffffffff", 0xffffffffffffff}, /* 16 characters with the prefix */
    };

    (void)state;
    for (size_t i = 0; i < COUNT (rows); i++) {
        uint64_t value = UNTOUCHED;
        assert_int_equal (hex_parse_u64 (rows[i].text, &value), 0);
        assert_int_equal (value, rows[i].value);
    }
}

static void
u64_refuses_the_rest (void **state)
{
    static const char *const bad[] = {
        "",
        "g",
        "G",
        "00000000000000000",
        "10000000000000000",
        "0xfffffffffffffff",
        "0x",
        "0X",
        "x1",
        "0x0x1",
        "1x0",
        " 1",
        "1 ",
        "\t1",
        "1\n",
        "-1",
        "+1",
        "/",
        ":",
        "@",
        "`",
        "0xg",
        "1.0",
        "1e-1",
        "\xff",
        "1\xc3\xa9",
    };
    uint64_t value = UNTOUCHED;

    (void)state;
    for (size_t i = 0; i < COUNT (bad); i++) {
        assert_int_equal (hex_parse_u64 (bad[i], &value), -1);
        assert_int_equal (value, UNTOUCHED);
    }
}

static void
root_reads_all_digits (void **state)
{
    uint8_t root[32];

    (void)state;
    memset (root, 0x5a, sizeof root);
    assert_int_equal (hex_parse_root (genesis_upper, root), 0);
    assert_memory_equal (root, genesis, sizeof root);
    memset (root, 0x5a, sizeof root);
    assert_int_equal (hex_parse_root (genesis_lower, root), 0);
    assert_memory_equal (root, genesis, sizeof root);
}

static void
root_pads_on_the_left (void **state)
{
    uint8_t expected[32] = {0};
    uint8_t root[32];

    (void)state;
    memset (root, 0x5a, sizeof root);
    assert_int_equal (hex_parse_root ("0", root), 0);
    assert_memory_equal (root, expected, sizeof root);

    memset (root, 0x5a, sizeof root);
    expected[30] = 0x01;
    expected[31] = 0x23;
    assert_int_equal (hex_parse_root ("123", root), 0);
    assert_memory_equal (root, expected, sizeof root);

    memset (root, 0x5a, sizeof root);
    assert_int_equal (hex_parse_root ("0x123", root), 0);
    assert_memory_equal (root, expected, sizeof root);

    memset (root, 0x5a, sizeof root);
    memcpy (expected, genesis, sizeof expected);
    expected[0] = 0x08;
    assert_int_equal (hex_parse_root (genesis_upper + 1, root), 0);
    assert_memory_equal (root, expected, sizeof root);
}

static void
root_refuses_the_rest (void **state)
{
    uint8_t before[32];
    uint8_t root[32];
    char text[80];

    (void)state;
    memset (before, 0x5a, sizeof before);
    memset (root, 0x5a, sizeof root);
    static const char *const bad[] = {"",   "0x", "0X1", "0x0x1", "-1",
                                      "+1", " 1", "1 ",  "g",     "12:4"};
    for (size_t i = 0; i < COUNT (bad); i++) {
        assert_int_equal (hex_parse_root (bad[i], root), -1);
        assert_memory_equal (root, before, sizeof root);
    }

    /* 65 digits, even when the first is a zero. */
    text[0] = '0';
    memcpy (text + 1, genesis_upper, sizeof genesis_upper);
    assert_int_equal (hex_parse_root (text, root), -1);

    /* 63 digits and the prefix. */
    memcpy (text, "0x", 2);
    memcpy (text + 2, genesis_upper + 1, sizeof genesis_upper - 1);
    assert_int_equal (hex_parse_root (text, root), -1);

    /* One wrong character at any place; the second is a prefix only after a zero. */
    for (size_t i = 0; i < 64; i++) {
        memcpy (text, genesis_upper, sizeof genesis_upper);
        text[i] = 'x';
        assert_int_equal (hex_parse_root (text, root), -1);
    }
    assert_memory_equal (root, before, sizeof root);
}

static void
bytes_stay_inside_their_size (void **state)
{
    uint8_t bytes[4] = {0x5a, 0x5a, 0x5a, 0x5a};

    (void)state;
    assert_int_equal (hex_parse_bytes ("12345", bytes + 1, 2), -1);
    assert_memory_equal (bytes, "\x5a\x5a\x5a\x5a", sizeof bytes);
    assert_int_equal (hex_parse_bytes ("123", bytes + 1, 2), 0);
    assert_memory_equal (bytes, "\x5a\x01\x23\x5a", sizeof bytes);
    assert_int_equal (hex_parse_bytes ("F0e1", bytes + 1, 2), 0);
    assert_memory_equal (bytes, "\x5a\xf0\xe1\x5a", sizeof bytes);
}

static void
u64_prints_lower_case (void **state)
{
    char text[HEX_U64_SIZE];

    (void)state;
    hex_print_u64 (0, text);
    assert_string_equal (text, "0000000000000000");
    hex_print_u64 (0x0123456789ABCDEF, text);
    assert_string_equal (text, "0123456789abcdef");
    hex_print_u64 (UINT64_MAX, text);
    assert_string_equal (text, "ffffffffffffffff");
}

static void
root_prints_upper_case (void **state)
{
    static const uint8_t one[32] = {[31] = 1};
    char text[HEX_ROOT_SIZE];

    (void)state;
    hex_print_root (genesis, text);
    assert_string_equal (text, genesis_upper);
    hex_print_root (one, text);
    assert_string_equal (text, "0000000000000000000000000000000000000000000000000000000000000001");
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (u64_reads_what_the_node_reads),
        cmocka_unit_test (u64_refuses_the_rest),
        cmocka_unit_test (root_reads_all_digits),
        cmocka_unit_test (root_pads_on_the_left),
        cmocka_unit_test (root_refuses_the_rest),
        cmocka_unit_test (bytes_stay_inside_their_size),
        cmocka_unit_test (u64_prints_lower_case),
        cmocka_unit_test (root_prints_upper_case),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
