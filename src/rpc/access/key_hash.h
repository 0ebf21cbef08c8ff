/*
 * API keys as they are kept: a salted hash, "blake2b:SALT:HASH" in hexadecimal digits. It is
 * BLAKE2b (RFC 7693) of the key alone, of 32 bytes, with the salt of 16 bytes and the personal
 * string "workpeer api key" in its parameters. It is fast on purpose, for every request is
 * checked: so keys are to be long and random, not passwords that somebody thought of.
 *
 * Pure, but for key_hash_new and key_hash_new_key, which ask the system for random numbers; any
 * thread.
 */
#ifndef RPC_KEY_HASH_H
#define RPC_KEY_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_HASH_SALT_BYTES 16
#define KEY_HASH_DIGEST_BYTES 32

/* Of a key; what is longer is none. */
#define KEY_HASH_MOST_KEY_BYTES 1024

struct key_hash {
    uint8_t salt[KEY_HASH_SALT_BYTES];
    uint8_t digest[KEY_HASH_DIGEST_BYTES];
};

#define KEY_HASH_PREFIX "blake2b:"
#define KEY_HASH_TEXT_SIZE \
    (sizeof KEY_HASH_PREFIX + (2 * KEY_HASH_SALT_BYTES) + 1 + (2 * KEY_HASH_DIGEST_BYTES))

#define KEY_HASH_NEW_KEY_SIZE 65 /* 32 random bytes in hexadecimal digits, and the zero */

/* Hashes `key` with a salt of its own. Returns 0, or -1 when there are no random numbers. */
int key_hash_new (const char *key, size_t length, struct key_hash *hash);

/* Makes a key that nobody can guess. Returns 0, or -1 when there are no random numbers. */
int key_hash_new_key (char key[KEY_HASH_NEW_KEY_SIZE]);

/* The digest of `key` with the salt that `hash` has. Returns 0, or -1 when the key is too long. */
int key_hash_digest (const struct key_hash *hash, const char *key, size_t length,
                     uint8_t digest[KEY_HASH_DIGEST_BYTES]);

/* Whether it is the hash of `key`. How long it takes depends on the key's length only. */
bool key_hash_matches (const struct key_hash *hash, const char *key, size_t length);

void key_hash_print (const struct key_hash *hash, char text[KEY_HASH_TEXT_SIZE]);

/* Reads what key_hash_print writes, digits in either case. Returns 0, or -1, `hash` untouched. */
int key_hash_parse (const char *text, struct key_hash *hash);

#endif
