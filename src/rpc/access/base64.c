#include "rpc/access/base64.h"

#include <stdint.h>

/* What a digit stands for, or -1. */
static int
value_of_digit (char digit)
{
    if (digit >= 'A' && digit <= 'Z') {
        return digit - 'A';
    }
    if (digit >= 'a' && digit <= 'z') {
        return digit - 'a' + 26;
    }
    if (digit >= '0' && digit <= '9') {
        return digit - '0' + 52;
    }
    if (digit == '+') {
        return 62;
    }
    return digit == '/' ? 63 : -1;
}

/* The first `digits` of four characters, 2 to 4, as 24 bits. Returns 0, or -1. */
static int
read_group (const char *text, size_t digits, uint32_t *bits)
{
    uint32_t group = 0;

    for (size_t i = 0; i < 4; i++) {
        const int value = i < digits ? value_of_digit (text[i]) : 0;

        if (value < 0) {
            return -1;
        }
        group = group << 6 | (uint32_t)value;
    }
    *bits = group;
    return 0;
}

static size_t
padding_of (const char *text, size_t length)
{
    if (length == 0 || text[length - 1] != '=') {
        return 0;
    }
    return text[length - 2] == '=' ? 2 : 1;
}

int
base64_decode (const char *text, size_t length, char *bytes, size_t size, size_t *count)
{
    const size_t padding = length % 4 == 0 ? padding_of (text, length) : 0;
    const size_t total = length / 4 * 3 - padding;
    size_t done = 0;

    if (length % 4 != 0 || total > size) {
        return -1;
    }
    for (size_t at = 0; at < length; at += 4) {
        const size_t spare = at + 4 == length ? padding : 0;
        uint32_t bits;

        if (read_group (text + at, 4 - spare, &bits) != 0 ||
            (bits & ((1U << (8 * spare)) - 1)) != 0) {
            return -1;
        }
        for (size_t i = 0; i < 3 - spare; i++) {
            bytes[done++] = (char)(bits >> (16 - 8 * i) & 0xff);
        }
    }
    *count = done;
    return 0;
}
