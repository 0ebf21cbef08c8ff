#include "rpc/access/key_hash.h"

#include <blake2.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "work/base/hex.h"

static const char personal[BLAKE2B_PERSONALBYTES + 1] = "workpeer api key";

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
    if (blake2b_init_param (&state, &parameters) != 0 ||
        blake2b_update (&state, (const uint8_t *)key, length) != 0) {
        return -1;
    }
    return blake2b_final (&state, digest, KEY_HASH_DIGEST_BYTES);
}

int
key_hash_new (const char *key, size_t length, struct key_hash *hash)
{
    return getentropy (hash->salt, sizeof hash->salt) == 0
               ? key_hash_digest (hash, key, length, hash->digest)
               : -1;
}

static void
print_hex (const uint8_t *bytes, size_t count, char *text)
{
    for (size_t i = 0; i < count; i++) {
        (void)snprintf (text + 2 * i, 3, "%02x", bytes[i]);
    }
}

int
key_hash_new_key (char key[KEY_HASH_NEW_KEY_SIZE])
{
    uint8_t bytes[(KEY_HASH_NEW_KEY_SIZE - 1) / 2];

    if (getentropy (bytes, sizeof bytes) != 0) {
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

/* Returns 0, or -1 when there are not as many digits as `size` bytes have. */
static int
parse_hex (const char *text, uint8_t *bytes, size_t size)
{
    char digits[2 * KEY_HASH_DIGEST_BYTES + 1] = "";

    memcpy (digits, text, 2 * size);
    return strlen (digits) == 2 * size ? hex_parse_bytes (digits, bytes, size) : -1;
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
