#include "work/scan/value.h"

#include <blake2.h>
#include <endian.h>
#include <stddef.h>
#include <string.h>

int
value_of (const uint8_t root[32], uint64_t nonce, uint64_t *value)
{
    const uint64_t nonce_le = htole64 (nonce);
    uint8_t message[sizeof nonce_le + 32];
    uint64_t digest_le;

    memcpy (message, &nonce_le, sizeof nonce_le);
    memcpy (message + sizeof nonce_le, root, 32);
    if (blake2b ((uint8_t *)&digest_le, message, NULL, sizeof digest_le, sizeof message, 0) != 0) {
        return -1;
    }
    *value = le64toh (digest_le);
    return 0;
}

bool
value_reaches (const struct scan_target *target, uint64_t nonce, uint64_t *value)
{
    uint64_t found = 0;
    const bool known = value_of (target->root, nonce, &found) == 0;

    if (value != NULL) {
        *value = found;
    }
    return known && difficulty_reached (target->order, found, target->threshold);
}
