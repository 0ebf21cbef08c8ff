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

#endif
