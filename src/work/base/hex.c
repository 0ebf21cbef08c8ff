#include "work/base/hex.h"

#include <stdbool.h>
#include <string.h>

#define ROOT_BYTES 32
#define U64_DIGITS 16

/* Not isxdigit and tolower: those read the locale. */
static int
digit_value (char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    if (digit >= 'A' && digit <= 'F') {
        return digit - 'A' + 10;
    }
    return -1;
}

static bool
all_digits (const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (digit_value (text[i]) == -1) {
            return false;
        }
    }
    return length > 0;
}

int
hex_parse_u64 (const char *text, uint64_t *value)
{
    const size_t length = strnlen (text, U64_DIGITS + 1);
    const size_t prefix = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 2 : 0;
    uint64_t read = 0;

    if (length > U64_DIGITS || !all_digits (text + prefix, length - prefix)) {
        return -1;
    }
    for (size_t i = prefix; i < length; i++) {
        read = read << 4 | (uint64_t)digit_value (text[i]);
    }
    *value = read;
    return 0;
}

int
hex_parse_bytes (const char *text, uint8_t *bytes, size_t size)
{
    const size_t length = strnlen (text, 2 * size + 1);

    if (length > 2 * size || !all_digits (text, length)) {
        return -1;
    }
    memset (bytes, 0, size);
    for (size_t i = 0; i < length; i++) {
        const size_t place = length - 1 - i; /* counted from the last digit, which is place 0 */
        const unsigned shift = place % 2 == 0 ? 0 : 4;
        uint8_t *byte = &bytes[size - 1 - place / 2];
        *byte = (uint8_t)(*byte | (unsigned)digit_value (text[i]) << shift);
    }
    return 0;
}

int
hex_parse_root (const char *text, uint8_t root[32])
{
    const bool prefixed = text[0] == '0' && text[1] == 'x';

    if (prefixed && strlen (text) > 2 * ROOT_BYTES) {
        return -1;
    }
    return hex_parse_bytes (prefixed ? text + 2 : text, root, ROOT_BYTES);
}

void
hex_print_u64 (uint64_t value, char text[HEX_U64_SIZE])
{
    for (unsigned i = 0; i < U64_DIGITS; i++) {
        text[i] = "0123456789abcdef"[value >> (60 - 4 * i) & 0xf];
    }
    text[U64_DIGITS] = '\0';
}

void
hex_print_root (const uint8_t root[32], char text[HEX_ROOT_SIZE])
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < ROOT_BYTES; i++) {
        text[2 * i] = digits[root[i] >> 4];
        text[2 * i + 1] = digits[root[i] & 0xf];
    }
    text[2 * ROOT_BYTES] = '\0';
}
