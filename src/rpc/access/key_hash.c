#include "rpc/access/key_hash.h"

#include <blake2.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

static const char personal[BLAKE2B_PERSONALBYTES + 1] = "workpeer api key";

static int
fill_randomly (uint8_t *bytes, size_t size)
{
    ssize_t got;

    do {
        got = getrandom (bytes, size, 0);
    } while (got < 0 && errno == EINTR);
    return got == (ssize_t)size ? 0 : -1;
}

int
key_hash_digest (const struct key_hash *hash, const char *key, size_t length,
                 uint8_t digest[KEY_HASH_DIGEST_BYTES])
{
    blake2b_param parameters = {
        .digest_length = KEY_HASH_DIGEST_BYTES,
        .fanout = 1,
        .depth = 1,
    };
    blake2b_state state;

    if (length > KEY_HASH_MOST_KEY_BYTES) {
        return -1;
    }
    memcpy (parameters.salt, hash->salt, sizeof parameters.salt);
    memcpy (parameters.personal, personal, sizeof parameters.personal);
    return blake2b_init_param (&state, &parameters) == 0 &&
                   blake2b_update (&state, (const uint8_t *)key, length) == 0 &&
                   blake2b_final (&state, digest, KEY_HASH_DIGEST_BYTES) == 0
               ? 0
               : -1;
}

int
key_hash_new (const char *key, size_t length, struct key_hash *hash)
{
    return fill_randomly (hash->salt, sizeof hash->salt) == 0
               ? key_hash_digest (hash, key, length, hash->digest)
               : -1;
}

static void
print_hex (const uint8_t *bytes, size_t count, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < count; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * count] = '\0';
}

int
key_hash_new_key (char key[KEY_HASH_NEW_KEY_SIZE])
{
    uint8_t bytes[(KEY_HASH_NEW_KEY_SIZE - 1) / 2];

    if (fill_randomly (bytes, sizeof bytes) != 0) {
        return -1;
    }
    print_hex (bytes, sizeof bytes, key);
    return 0;
}

bool
key_hash_matches (const struct key_hash *hash, const char *key, size_t length)
{
    uint8_t digest[KEY_HASH_DIGEST_BYTES];
    volatile uint8_t difference = 0;

    if (key_hash_digest (hash, key, length, digest) != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof digest; i++) {
        difference = difference | (uint8_t)(digest[i] ^ hash->digest[i]);
    }
    return difference == 0;
}

void
key_hash_print (const struct key_hash *hash, char text[KEY_HASH_TEXT_SIZE])
{
    char salt[2 * KEY_HASH_SALT_BYTES + 1];
    char digest[2 * KEY_HASH_DIGEST_BYTES + 1];

    print_hex (hash->salt, sizeof hash->salt, salt);
    print_hex (hash->digest, sizeof hash->digest, digest);
    snprintf (text, KEY_HASH_TEXT_SIZE, "%s%s:%s", KEY_HASH_PREFIX, salt, digest);
}

static int
value_of_digit (char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char lower = (char)(digit >= 'A' && digit <= 'F' ? digit - 'A' + 'a' : digit);
    const char *const at = lower != '\0' ? strchr (digits, lower) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

/* Returns 0, or -1 when there are not 2 * `count` digits. */
static int
parse_hex (const char *text, uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const int high = value_of_digit (text[2 * i]);
        const int low = high >= 0 ? value_of_digit (text[2 * i + 1]) : -1;

        if (low < 0) {
            return -1;
        }
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

int
key_hash_parse (const char *text, struct key_hash *hash)
{
    const char *const salt = text + sizeof KEY_HASH_PREFIX - 1;
    const char *const digest = salt + (2 * KEY_HASH_SALT_BYTES) + 1;
    struct key_hash parsed;

    if (strlen (text) != KEY_HASH_TEXT_SIZE - 1 ||
        strncmp (text, KEY_HASH_PREFIX, sizeof KEY_HASH_PREFIX - 1) != 0 || digest[-1] != ':' ||
        parse_hex (salt, parsed.salt, sizeof parsed.salt) != 0 ||
        parse_hex (digest, parsed.digest, sizeof parsed.digest) != 0) {
        return -1;
    }
    *hash = parsed;
    return 0;
}
