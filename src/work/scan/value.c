#include "work/scan/value.h"

#include <blake2.h>
#include <endian.h>
#include <stddef.h>
#include <string.h>

uint64_t
value_of (const uint8_t root[32], uint64_t nonce)
{
    const uint64_t nonce_le = htole64 (nonce);
    uint8_t message[sizeof nonce_le + 32];
    uint64_t digest_le;

    memcpy (message, &nonce_le, sizeof nonce_le);
    memcpy (message + sizeof nonce_le, root, 32);
    /* It refuses nothing but sizes of 0 or above 64, and a missing pointer. */
    (void)blake2b ((uint8_t *)&digest_le, message, NULL, sizeof digest_le, sizeof message, 0);
    return le64toh (digest_le);
}

bool
value_reaches (const struct scan_target *target, uint64_t nonce, uint64_t *value)
{
    const uint64_t found = value_of (target->root, nonce);

    if (value != NULL) {
        *value = found;
    }
    return difficulty_reached (target->order, found, target->threshold);
}
