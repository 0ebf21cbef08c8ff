#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/api/block.h"
#include "work/base/hex.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])
#define ACCOUNT "nano_3t6k35gi95xu6tergt6p69ck76ogmitsa8mnijtpxm9fkcm736xtoncuohr3"
#define ACCOUNT_KEY "E89208DD038FBB269987689621D52292AE9C35941A7484756ECCED92A65093BA"
#define OTHER "xrb_1weerab3rhm643eur93ezj4peu6sx4qb6duti3xqt3xp7keotyh4qj19isep"
#define OTHER_KEY "718CC2121C3E641059BC1C2CFC45666C99E8AE922F7A807B7D07B62C995D79E2"
#define PREVIOUS "DDDA8C4CB5825FF4F5D00C5F923BC6F632414F67D17039228325392671C50FA2"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define BALANCE_MAX "340282366920938463463374607431768211455"

static const char *const fields[] = {"type",    "account", "previous",  "representative",
                                     "balance", "link",    "signature", "work"};

/* A good block, to be spoilt. */
static json_t *
good_block (void)
{
    json_t *json =
        json_pack ("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "type", "state", "account",
                   ACCOUNT, "previous", PREVIOUS, "representative", OTHER, "balance", "256", "link",
                   OTHER_KEY, "link_as_account", OTHER, "signature", PREVIOUS ACCOUNT_KEY, "work",
                   "2bf29ef00786a6bc", "hash", "what else a confirmation has");

    assert_non_null (json);
    return json;
}

static void
assert_key (const uint8_t *bytes, const char *hex)
{
    char text[HEX_ROOT_SIZE];

    hex_print_root (bytes, text);
    assert_string_equal (text, hex);
}

static void
assert_reads (json_t *json, struct block *block)
{
    memset (block, 0x5a, sizeof *block);
    assert_int_equal (block_from_json (json, block), 0);
    json_decref (json);
}

static void
assert_refuses (json_t *json)
{
    struct block block;
    struct block before;

    memset (&block, 0x5a, sizeof block);
    before = block;
    assert_int_equal (block_from_json (json, &block), -1);
    assert_memory_equal (&block, &before, sizeof block);
    json_decref (json);
}

/* A good block with `name` replaced; `value` is stolen. */
static json_t *
block_with (const char *name, json_t *value)
{
    json_t *json = good_block ();

    assert_non_null (value);
    assert_int_equal (json_object_set_new (json, name, value), 0);
    return json;
}

static void
assert_reads_text (const char *name, const char *text, struct block *block)
{
    assert_reads (block_with (name, json_string (text)), block);
}

static void
assert_refuses_text (const char *name, const char *text)
{
    assert_refuses (block_with (name, json_string (text)));
}

static void
all_fields_of_a_block (void **state)
{
    static const uint8_t balance[16] = {[14] = 1};
    struct block block;

    (void)state;
    assert_reads (good_block (), &block);
    assert_key (block.account, ACCOUNT_KEY);
    assert_key (block.previous, PREVIOUS);
    assert_key (block.representative, OTHER_KEY);
    assert_memory_equal (block.balance, balance, sizeof balance);
    assert_key (block.link, OTHER_KEY);
    assert_key (block.signature, PREVIOUS);
    assert_key (block.signature + 32, ACCOUNT_KEY);
    assert_int_equal (block.work, 0x2bf29ef00786a6bc);
}

static void
every_field_is_needed (void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT (fields); i++) {
        json_t *json = good_block ();
        assert_int_equal (json_object_del (json, fields[i]), 0);
        if (strcmp (fields[i], "link") == 0) { /* or its stand-in */
            assert_int_equal (json_object_del (json, "link_as_account"), 0);
        }
        assert_refuses (json);
    }
}

static void
every_field_is_a_string (void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT (fields); i++) {
        assert_refuses (block_with (fields[i], json_null ()));
        assert_refuses (block_with (fields[i], json_true ()));
        assert_refuses (block_with (fields[i], json_integer (1)));
        assert_refuses (block_with (fields[i], json_object ()));
        assert_refuses (block_with (fields[i], json_array ()));
        assert_refuses_text (fields[i], "");
        assert_refuses_text (fields[i], " ");
        assert_refuses_text (fields[i], "-1");
        assert_refuses_text (fields[i], "\xc3\xa9");
    }
}

static void
a_nul_does_not_end_a_field (void **state)
{
    (void)state;
    assert_refuses (block_with ("type", json_stringn ("state\0x", 7)));
    assert_refuses (block_with ("work", json_stringn ("1\0", 2)));
    assert_refuses (block_with ("balance", json_stringn ("1\0", 2)));
    assert_refuses (block_with ("account", json_stringn (ACCOUNT "\0", sizeof ACCOUNT)));
}

static void
only_state_blocks (void **state)
{
    static const char *const types[] = {"send",  "receive", "open",   "change",
                                        "State", "states",  "state ", "epoch"};

    (void)state;
    for (size_t i = 0; i < COUNT (types); i++) {
        assert_refuses_text ("type", types[i]);
    }
}

static void
what_is_no_object (void **state)
{
    (void)state;
    assert_refuses (NULL);
    assert_refuses (json_null ());
    assert_refuses (json_object ());
    assert_refuses (json_string ("state"));
    assert_refuses (json_pack ("[o]", good_block ()));
}

static void
accounts_are_checked (void **state)
{
    static const char *const names[] = {"account", "representative"};

    (void)state;
    for (size_t i = 0; i < COUNT (names); i++) {
        assert_refuses_text (names[i], ACCOUNT_KEY);
        assert_refuses_text (names[i], ACCOUNT "1");
        assert_refuses_text (names[i],
                             "nano_3t6k35gi95xu6tergt6p69ck76ogmitsa8mnijtpxm9fkcm736xtoncuohr1");
    }
}

static void
balances (void **state)
{
    static const uint8_t all_ones[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t two_to_64[16] = {[7] = 1};
    static const uint8_t zero[16] = {0};
    static const char *const bad[] = {
        "340282366920938463463374607431768211456", /* 2^128 */
        "999999999999999999999999999999999999999",
        "1000000000000000000000000000000000000000",
        "3402823669209384634633746074317682114550",
        "00",
        "01",
        "+1",
        "1.0",
        "1e3",
        "0x1",
        "1 ",
        " 1",
        "a",
        ":",
        "/",
    };
    struct block block;

    (void)state;
    assert_reads_text ("balance", "0", &block);
    assert_memory_equal (block.balance, zero, sizeof zero);
    assert_reads_text ("balance", "18446744073709551616", &block);
    assert_memory_equal (block.balance, two_to_64, sizeof two_to_64);
    assert_reads_text ("balance", BALANCE_MAX, &block);
    assert_memory_equal (block.balance, all_ones, sizeof all_ones);
    for (size_t i = 0; i < COUNT (bad); i++) {
        assert_refuses_text ("balance", bad[i]);
    }
}

static void
hexadecimal_fields (void **state)
{
    struct block block;

    (void)state;
    assert_refuses_text ("previous", "0" PREVIOUS);
    assert_refuses_text ("previous", "0x1");
    assert_refuses_text ("previous", ACCOUNT);
    assert_refuses_text ("signature", "0" PREVIOUS PREVIOUS);
    assert_refuses_text ("signature", "0x1");
    assert_refuses_text ("work", "00000000000000001");
    assert_refuses_text ("work", "g");

    assert_reads_text ("signature", "1", &block);
    assert_key (block.signature, ZERO);
    assert_int_equal (block.signature[63], 1);
    assert_reads_text ("work", "FFFFFFFFFFFFFFFF", &block);
    assert_int_equal (block.work, UINT64_MAX);
    assert_reads_text ("work", "0", &block);
    assert_int_equal (block.work, 0);
}

static void
links_of_every_form (void **state)
{
    struct block block;
    json_t *json;

    (void)state;
    assert_reads_text ("link", ACCOUNT, &block); /* wins over link_as_account */
    assert_key (block.link, ACCOUNT_KEY);
    assert_reads_text ("link", "0", &block);
    assert_key (block.link, ZERO);
    assert_refuses_text ("link", "0" PREVIOUS);
    assert_refuses_text ("link", "nano_1"); /* a bad link is not replaced */

    json = good_block ();
    assert_int_equal (json_object_del (json, "link"), 0);
    assert_reads (json, &block);
    assert_key (block.link, OTHER_KEY);

    json = block_with ("link_as_account", json_string (OTHER_KEY));
    assert_int_equal (json_object_del (json, "link"), 0);
    assert_refuses (json);
}

static void
roots_of_first_and_later_blocks (void **state)
{
    struct block block;
    uint8_t root[32];

    (void)state;
    assert_reads (good_block (), &block);
    assert_false (block_is_open (&block));
    block_root (&block, root);
    assert_key (root, PREVIOUS);

    assert_reads_text ("previous", ZERO, &block);
    assert_true (block_is_open (&block));
    block_root (&block, root);
    assert_key (root, ACCOUNT_KEY);

    assert_reads_text ("previous", "0", &block);
    assert_true (block_is_open (&block));

    /* A single bit, at either end, makes it a later block. */
    assert_reads_text ("previous", "1", &block);
    assert_false (block_is_open (&block));
    assert_reads_text ("previous",
                       "8000000000000000000000000000000000000000000000000000000000000000", &block);
    assert_false (block_is_open (&block));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (all_fields_of_a_block),
        cmocka_unit_test (every_field_is_needed),
        cmocka_unit_test (every_field_is_a_string),
        cmocka_unit_test (a_nul_does_not_end_a_field),
        cmocka_unit_test (only_state_blocks),
        cmocka_unit_test (what_is_no_object),
        cmocka_unit_test (accounts_are_checked),
        cmocka_unit_test (balances),
        cmocka_unit_test (hexadecimal_fields),
        cmocka_unit_test (links_of_every_form),
        cmocka_unit_test (roots_of_first_and_later_blocks),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
