/*
 * The keys that a request carries, in whichever header its client knows: "Authorization: Bearer
 * KEY" (RFC 6750), the same with the schemes Token and ApiKey or with the key alone,
 * "Authorization: Basic" with the key as the password of any user (RFC 7617), "api-key: KEY",
 * "x-api-key: KEY" and "key: KEY". Pure; any thread.
 */
#ifndef RPC_CREDENTIALS_H
#define RPC_CREDENTIALS_H

#include <stddef.h>

#include "rpc/access/key_hash.h"

/* The headers' values as they came, NULL for those that did not. */
struct credentials_headers {
    const char *authorization;
    const char *api_key;
    const char *x_api_key;
    const char *key;
};

#define CREDENTIALS_MAX 4
#define CREDENTIALS_DECODED_SIZE (KEY_HASH_MOST_KEY_BYTES + 256) /* of a user and a key */

/* The keys, which are not ended by a zero. They point into the headers, or to what is below. */
struct credentials {
    struct {
        const char *text;
        size_t length;
    } keys[CREDENTIALS_MAX];
    size_t count;
    char decoded[CREDENTIALS_DECODED_SIZE];
};

/* What is empty or malformed is no key. */
void credentials_read (const struct credentials_headers *headers, struct credentials *credentials);

/*
 * Decodes the `length` characters at `text` into `bytes`, which has room for `size`: Base64 as RFC
 * 4648 section 4 has it, read strictly, with no blanks, with its padding, and nothing in the bits
 * that count for nothing. Returns 0 and how many there are in `count`; or -1, when it is not Base64
 * or does not fit.
 */
int credentials_decode (const char *text, size_t length, char *bytes, size_t size, size_t *count);

#endif
