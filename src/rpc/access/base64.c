#include "rpc/access/base64.h"

#include <stdint.h>
#include <string.h>

/* What a digit stands for, or -1. */
static int
value_of_digit (char digit)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *const at = digit != '\0' ? strchr (digits, digit) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

int
base64_decode (const char *text, size_t length, char *bytes, size_t size, size_t *count)
{
    size_t padding = 0;
    size_t done = 0;
    uint32_t bits = 0; /* those that are not written yet are the lowest */

    while (padding < 2 && padding < length && text[length - 1 - padding] == '=') {
        padding++;
    }
    if (length % 4 != 0 || length / 4 * 3 - padding > size) {
        return -1;
    }
    for (size_t i = 0; i < length - padding; i++) {
        const int value = value_of_digit (text[i]);

        if (value < 0) {
            return -1;
        }
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 > 0) {
            bytes[done++] = (char)(bits >> (6 - 2 * (i % 4)) & 0xff);
        }
    }
    *count = done;
    return (bits & ((1U << (2 * padding)) - 1)) == 0 ? 0 : -1;
}
