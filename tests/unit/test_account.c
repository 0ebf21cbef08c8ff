#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "work/base/account.h"
#include "work/base/hex.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])
#define DIGITS 60

static const char alphabet[] = "13456789abcdefghijkmnopqrstuwxyz";

/* The first two are on the ledger; the others were made with an independent implementation. */
static const struct {
    const char *key;
    const char *digits;
} vectors[] = {
    {"E89208DD038FBB269987689621D52292AE9C35941A7484756ECCED92A65093BA",
     "3t6k35gi95xu6tergt6p69ck76ogmitsa8mnijtpxm9fkcm736xtoncuohr3"},
    {"0000000000000000000000000000000000000000000000000000000000000000",
     "1111111111111111111111111111111111111111111111111111hifc8npp"},
    {"0000000000000000000000000000000000000000000000000000000000000001",
     "1111111111111111111111111111111111111111111111111113b8661hfk"},
    {"8000000000000000000000000000000000000000000000000000000000000000",
     "3111111111111111111111111111111111111111111111111111bo1n8h7p"},
    {"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
     "3zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzc3yoon41"},
    {"718CC2121C3E641059BC1C2CFC45666C99E8AE922F7A807B7D07B62C995D79E2",
     "1weerab3rhm643eur93ezj4peu6sx4qb6duti3xqt3xp7keotyh4qj19isep"},
};

static void
assert_parses (const char *prefix, const char *digits, const char *key_hex)
{
    char text[80];
    uint8_t expected[32];
    uint8_t key[32] = {0x5a};

    (void)snprintf (text, sizeof text, "%s%s", prefix, digits);
    assert_int_equal (hex_parse_root (key_hex, expected), 0);
    if (account_parse (text, key) == -1) {
        fail_msg ("\"%s\" is refused", text);
    }
    assert_memory_equal (key, expected, sizeof key);
}

static void
assert_refuses (const char *prefix, const char *digits)
{
    char text[160];
    uint8_t before[32];
    uint8_t key[32];

    memset (before, 0x5a, sizeof before);
    memset (key, 0x5a, sizeof key);
    (void)snprintf (text, sizeof text, "%s%s", prefix, digits);
    if (account_parse (text, key) == 0) {
        fail_msg ("\"%s\" is accepted", text);
    }
    assert_memory_equal (key, before, sizeof key);
}

static void
known_accounts_both_ways (void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT (vectors); i++) {
        uint8_t key[32];
        char text[ACCOUNT_TEXT_SIZE];
        assert_parses ("nano_", vectors[i].digits, vectors[i].key);
        assert_int_equal (hex_parse_root (vectors[i].key, key), 0);
        account_print (key, "nano_", text);
        assert_memory_equal (text, "nano_", 5);
        assert_string_equal (text + 5, vectors[i].digits);
    }
}

static void
every_prefix (void **state)
{
    static const char *const good[] = {
        "nano_", "nano-", "xrb_", "xrb-", "node_", "ban_", "ban-", "paw_", "x-", "a1b2c3d_",
    };
    static const char *const bad[] = {
        "",       "_",           "-",      "nano",      "xrb",
        "Nano_",  "NANO_",       "XRB_",   "nano ",     "ban",
        "ban:",   "b\xc3\xa4n_", "nano__", "nano_1",    "xrb__",
        "nano-_", "xrb_1",       "node",   " nano_",    "n",
        "nanoo",  "na no_",      "_nano",  "a1b2c3d4_", "averylongprefix_",
    };

    (void)state;
    for (size_t i = 0; i < COUNT (good); i++) {
        assert_parses (good[i], vectors[0].digits, vectors[0].key);
    }
    for (size_t i = 0; i < COUNT (bad); i++) {
        assert_refuses (bad[i], vectors[0].digits);
    }
}

static void
every_wrong_length (void **state)
{
    char digits[80];

    (void)state;
    memset (digits, '1', sizeof digits);
    memcpy (digits, vectors[0].digits, DIGITS);
    for (size_t length = 0; length < sizeof digits; length++) {
        char cut[sizeof digits + 1];
        memcpy (cut, digits, length);
        cut[length] = '\0';
        if (length != DIGITS) {
            assert_refuses ("nano_", cut);
            assert_refuses ("xrb_", cut);
            assert_refuses ("node_", cut);
        }
    }
    assert_refuses ("", "");
    assert_refuses ("nano_", " 3t6k35gi95xu6tergt6p69ck76ogmitsa8mnijtpxm9fkcm736xtoncuohr3");
    assert_refuses ("nano_", "3t6k35gi95xu6tergt6p69ck76ogmitsa8mnijtpxm9fkcm736xtoncuohr3\n");
}

static void
first_digits_past_the_key (void **state)
{
    char digits[DIGITS + 1];

    (void)state;
    /* All but the bits above the key's own, which only the first digit can hold, still fit. */
    memcpy (digits, vectors[1].digits, sizeof digits);
    for (size_t i = 2; i < 32; i++) {
        digits[0] = alphabet[i];
        assert_refuses ("nano_", digits);
    }
}

static void
any_other_digit_breaks_the_checksum (void **state)
{
    (void)state;
    for (size_t place = 0; place < DIGITS; place++) {
        for (size_t i = 0; i < 32; i++) {
            char digits[DIGITS + 1];
            memcpy (digits, vectors[0].digits, sizeof digits);
            if (digits[place] != alphabet[i]) {
                digits[place] = alphabet[i];
                assert_refuses ("nano_", digits);
            }
        }
    }
}

static void
characters_outside_the_alphabet (void **state)
{
    static const char bad[] = "02lvAZ_-~ /:@{\x7f\x80\xff";

    (void)state;
    for (size_t i = 0; i < sizeof bad; i++) { /* and the terminating zero */
        for (size_t place = 0; place < DIGITS; place++) {
            char digits[DIGITS + 1];
            memcpy (digits, vectors[1].digits, sizeof digits);
            digits[place] = bad[i];
            assert_refuses ("nano_", digits);
        }
    }
}

static uint64_t
next_random (uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static void
random_keys_there_and_back (void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (unsigned round = 0; round < 1000; round++) {
        uint8_t key[32];
        uint8_t back[32] = {0};
        char text[ACCOUNT_TEXT_SIZE];
        for (size_t i = 0; i < sizeof key; i++) {
            key[i] = (uint8_t)(next_random (&seed) >> 56);
        }
        account_print (key, "nano_", text);
        assert_int_equal (strlen (text), 65);
        assert_int_equal (account_parse (text, back), 0);
        assert_memory_equal (back, key, sizeof key);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (known_accounts_both_ways),
        cmocka_unit_test (every_prefix),
        cmocka_unit_test (every_wrong_length),
        cmocka_unit_test (first_digits_past_the_key),
        cmocka_unit_test (any_other_digit_breaks_the_checksum),
        cmocka_unit_test (characters_outside_the_alphabet),
        cmocka_unit_test (random_keys_there_and_back),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
