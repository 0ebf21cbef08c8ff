#include "node/base/past.h"

#include <string.h>

void
past_add (struct past *past, const uint8_t hash[32], uint64_t now)
{
    memcpy (past->left[past->next].hash, hash, sizeof past->left[0].hash);
    past->left[past->next].until = now + PAST_TIME;
    past->next = (past->next + 1) % PAST_SIZE;
}

bool
past_has (const struct past *past, const uint8_t hash[32], uint64_t now)
{
    for (size_t i = 0; i < PAST_SIZE; i++) {
        if (past->left[i].until > now && memcmp (past->left[i].hash, hash, 32) == 0) {
            return true;
        }
    }
    return false;
}
