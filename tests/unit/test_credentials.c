/*
 * API keys: Base64, the headers that keys come in, and their hashes, which are compared with those
 * of Python's hashlib (blake2b with salt and person).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/access/credentials.h"
#include "rpc/access/key_hash.h"

/* RFC 4648, section 10. */
static void
test_base64 (void **state)
{
    static const struct {
        const char *text;
        const char *bytes;
    } cases[] = {
        {"", ""},
        {"Zg==", "f"},
        {"Zm8=", "fo"},
        {"Zm9v", "foo"},
        {"Zm9vYg==", "foob"},
        {"Zm9vYmE=", "fooba"},
        {"Zm9vYmFy", "foobar"},
        {"+/A=", "\xfb\xf0"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const size_t length = strlen (cases[i].bytes);
        char bytes[8];
        size_t count;

        assert_int_equal (
            credentials_decode (cases[i].text, strlen (cases[i].text), bytes, length, &count), 0);
        assert_int_equal (count, length);
        assert_memory_equal (bytes, cases[i].bytes, length);
        if (length > 0) {
            assert_int_equal (credentials_decode (cases[i].text, strlen (cases[i].text), bytes,
                                                  length - 1, &count),
                              -1);
        }
    }
}

static void
test_no_base64 (void **state)
{
    static const char *const texts[] = {
        "Z",    "Zg",   "Zg=",  "=",      "==",   "====", "Z===",  "=Zg=",     "Zh==",
        "Zm9=", "Zm 9", " Zg=", "Zm9v\n", "Zm-v", "Zm_v", "Zm9v=", "Zg==Zg==", "Zg==Zm9v",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char bytes[16];
        size_t count;

        if (credentials_decode (texts[i], strlen (texts[i]), bytes, sizeof bytes, &count) == 0) {
            fail_msg ("\"%s\" was taken", texts[i]);
        }
    }
}

/* `keys` are those that are found, in their order, with a bar after each. */
static void
assert_found (const char *authorization, const char *api_key, const char *key, const char *keys)
{
    const struct credentials_headers headers = {
        .authorization = authorization, .api_key = api_key, .key = key};
    struct credentials credentials;
    char found[256] = "";
    size_t length = 0;

    credentials_read (&headers, &credentials);
    for (size_t i = 0; i < credentials.count; i++) {
        length += (size_t)snprintf (found + length, sizeof found - length, "%.*s|",
                                    (int)credentials.keys[i].length, credentials.keys[i].text);
        assert_true (length < sizeof found);
    }
    assert_string_equal (found, keys);
}

static void
test_headers (void **state)
{
    (void)state;
    assert_found (NULL, NULL, NULL, "");
    assert_found (NULL, "a", NULL, "a|");
    assert_found (NULL, NULL, "k", "k|");
    assert_found ("Bearer b", "a", "k", "b|a|k|");
    assert_found ("bEARER   b", NULL, NULL, "b|");
    assert_found ("Bearer b c", NULL, NULL, "b c|");
    assert_found ("Bearer", NULL, NULL, "");
    assert_found ("Bearer ", "", "", "");
    assert_found ("Bearerb", NULL, NULL, "Bearerb|");
    assert_found ("Digest b", NULL, NULL, "");
    assert_found ("b", NULL, NULL, "b|");
    assert_found ("Token t", NULL, NULL, "t|");
    assert_found ("apikey t", "a", NULL, "t|a|");
    assert_found ("token", NULL, NULL, "");
    assert_found ("Basic", NULL, NULL, "Basic|");
    assert_found ("", NULL, NULL, "");
}

static void
test_basic (void **state)
{
    (void)state;
    assert_found ("Basic dXNlcjpwYXNz", NULL, NULL, "pass|");   /* user:pass */
    assert_found ("basic OnBhc3M=", NULL, NULL, "pass|");       /* :pass */
    assert_found ("Basic dTpwOmE6cw==", "x", NULL, "p:a:s|x|"); /* u:p:a:s */
    assert_found ("Basic dXNlcjo=", NULL, NULL, "");            /* user: */
    assert_found ("Basic dXNlcg==", NULL, NULL, "");            /* user */
    assert_found ("Basic dXNlcjpwYXNz=", NULL, NULL, "");
    assert_found ("Basic user:pass", NULL, NULL, "");
    assert_found ("Basic ", NULL, NULL, "");
}

/* More than there is room for. */
static void
test_long_basic (void **state)
{
    const size_t length = 4 * (CREDENTIALS_DECODED_SIZE / 3 + 2);
    char *value = malloc (length + sizeof "Basic ");

    (void)state;
    assert_non_null (value);
    memcpy (value, "Basic ", 6);
    memset (value + 6, 'O', length); /* '8', '\xe3', '\x8e' and so on */
    value[6 + length] = '\0';
    assert_found (value, NULL, NULL, "");
    free (value);
}

static const struct {
    const char *key;
    const char *text;
} hashes[] = {
    {"", "blake2b:00000000000000000000000000000000:"
         "62160def642e6da7e5571e22836117eae7a56fc8998a6a4f51cf196180c0e1e0"},
    {"secret key", "blake2b:000102030405060708090a0b0c0d0e0f:"
                   "1ccbc3e94a2a4e9ff10b52022590db8323dc0f3cc66765307241cdda171b9f48"},
    {"\xd0\xba\xd0\xbb\xd1\x8e\xd1\x87",
     "blake2b:101112131415161718191a1b1c1d1e1f:"
     "6c36e2216de260f933ee9b53f5b168c8919c623aaa94ce02631860142983cc41"},
};

static void
test_hashes (void **state)
{
    static const char longest[] =
        "blake2b:ffffffffffffffffffffffffffffffff:"
        "0e789c99dd81d82002ffebf2303286c3e88dbbe4716b4cb557551c5648cdc582";
    char key[KEY_HASH_MOST_KEY_BYTES + 1];
    struct key_hash hash;

    (void)state;
    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
        char text[KEY_HASH_TEXT_SIZE];

        assert_int_equal (key_hash_parse (hashes[i].text, &hash), 0);
        assert_true (key_hash_matches (&hash, hashes[i].key, strlen (hashes[i].key)));
        assert_false (key_hash_matches (&hash, "other", 5));
        key_hash_print (&hash, text);
        assert_string_equal (text, hashes[i].text);
    }
    memset (key, 'k', sizeof key);
    assert_int_equal (key_hash_parse (longest, &hash), 0);
    assert_true (key_hash_matches (&hash, key, sizeof key - 1));
    assert_false (key_hash_matches (&hash, key, sizeof key - 2));
    assert_false (key_hash_matches (&hash, key, sizeof key));
}

/* Each byte of the digest counts. */
static void
test_every_byte_counts (void **state)
{
    struct key_hash hash;

    (void)state;
    assert_int_equal (key_hash_new ("a key", 5, &hash), 0);
    assert_true (key_hash_matches (&hash, "a key", 5));
    for (size_t i = 0; i < sizeof hash.digest; i++) {
        hash.digest[i] ^= 0x10;
        assert_false (key_hash_matches (&hash, "a key", 5));
        hash.digest[i] ^= 0x10;
    }
    assert_true (key_hash_matches (&hash, "a key", 5));
}

static void
test_salts_differ (void **state)
{
    struct key_hash first;
    struct key_hash second;

    (void)state;
    assert_int_equal (key_hash_new ("a key", 5, &first), 0);
    assert_int_equal (key_hash_new ("a key", 5, &second), 0);
    assert_memory_not_equal (first.salt, second.salt, sizeof first.salt);
    assert_memory_not_equal (first.digest, second.digest, sizeof first.digest);
}

static void
test_new_keys (void **state)
{
    char first[KEY_HASH_NEW_KEY_SIZE];
    char second[KEY_HASH_NEW_KEY_SIZE];

    (void)state;
    assert_int_equal (key_hash_new_key (first), 0);
    assert_int_equal (key_hash_new_key (second), 0);
    assert_int_equal (strspn (first, "0123456789abcdef"), sizeof first - 1);
    assert_string_not_equal (first, second);
}

static void
test_no_hashes (void **state)
{
    char text[KEY_HASH_TEXT_SIZE + 1];
    struct key_hash hash;

    (void)state;
    for (size_t i = 0; i < KEY_HASH_TEXT_SIZE - 1; i++) { /* each character in turn is wrong */
        snprintf (text, sizeof text, "%s", hashes[1].text);
        text[i] = 'x';
        assert_int_equal (key_hash_parse (text, &hash), -1);
        text[i] = '\0';
        assert_int_equal (key_hash_parse (text, &hash), -1);
    }
    snprintf (text, sizeof text, "%s0", hashes[1].text);
    assert_int_equal (key_hash_parse (text, &hash), -1);
    assert_int_equal (key_hash_parse ("secret key", &hash), -1);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_base64),
        cmocka_unit_test (test_no_base64),
        cmocka_unit_test (test_headers),
        cmocka_unit_test (test_basic),
        cmocka_unit_test (test_long_basic),
        cmocka_unit_test (test_hashes),
        cmocka_unit_test (test_every_byte_counts),
        cmocka_unit_test (test_salts_differ),
        cmocka_unit_test (test_new_keys),
        cmocka_unit_test (test_no_hashes),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
