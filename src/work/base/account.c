#include "work/base/account.h"

#include <blake2.h>
#include <stddef.h>
#include <string.h>

#define KEY_BYTES 32
#define KEY_DIGITS 52
#define KEY_LEADING_BITS 4 /* 52 digits hold 260 bits: this many zeros come before the key */
#define CHECKSUM_BYTES 5
#define CHECKSUM_DIGITS 8

static const char alphabet[32] = "13456789abcdefghijkmnopqrstuwxyz";

/*
 * Reads `count` digits of base 32, most significant first, into the bytes that they fill once
 * `leading` bits, which the caller knows to be zero, have been dropped. `bytes` is written also
 * when a bad digit makes this -1.
 */
static int
read_digits (const char *digits, size_t count, int leading, uint8_t *bytes)
{
    unsigned held = 0;
    int bits = -leading;

    for (size_t i = 0; i < count; i++) {
        const char *digit = memchr (alphabet, digits[i], sizeof alphabet);
        if (digit == NULL) {
            return -1;
        }
        held = (held << 5 | (unsigned)(digit - alphabet)) & 0xfff;
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            *bytes++ = (uint8_t)(held >> bits);
        }
    }
    return 0;
}

/* The inverse. `leading` and the bytes together make exactly `count` digits. */
static void
write_digits (const uint8_t *bytes, int leading, size_t count, char *digits)
{
    unsigned held = 0;
    int bits = leading;

    for (size_t i = 0; i < count; i++) {
        if (bits < 5) {
            held = (held << 8 | *bytes++) & 0xfff;
            bits += 8;
        }
        bits -= 5;
        digits[i] = alphabet[held >> bits & 0x1f];
    }
}

/* The checksum in the order in which it is written, which is not the digest's. */
static void
checksum_of (const uint8_t key[KEY_BYTES], uint8_t checksum[CHECKSUM_BYTES])
{
    uint8_t digest[CHECKSUM_BYTES];

    /* It refuses nothing but sizes of 0 or above 64, and a missing pointer. */
    (void)blake2b (digest, key, NULL, sizeof digest, KEY_BYTES, 0);
    for (size_t i = 0; i < CHECKSUM_BYTES; i++) {
        checksum[i] = digest[CHECKSUM_BYTES - 1 - i];
    }
}

/* The text after the prefix, or NULL. */
static const char *
skip_prefix (const char *text)
{
    const size_t length = strspn (text, "abcdefghijklmnopqrstuvwxyz0123456789");

    return length > 0 && length < ACCOUNT_PREFIX_MAX && (text[length] == '_' || text[length] == '-')
               ? text + length + 1
               : NULL;
}

int
account_parse (const char *text, uint8_t key[32])
{
    const char *digits = skip_prefix (text);
    uint8_t read[KEY_BYTES];
    uint8_t given[CHECKSUM_BYTES];
    uint8_t computed[CHECKSUM_BYTES];

    if (digits == NULL || strlen (digits) != KEY_DIGITS + CHECKSUM_DIGITS) {
        return -1;
    }
    if (digits[0] != '1' && digits[0] != '3') { /* any other has a bit above the key's 256 */
        return -1;
    }
    if (read_digits (digits, KEY_DIGITS, KEY_LEADING_BITS, read) == -1 ||
        read_digits (digits + KEY_DIGITS, CHECKSUM_DIGITS, 0, given) == -1) {
        return -1;
    }
    checksum_of (read, computed);
    if (memcmp (given, computed, CHECKSUM_BYTES) != 0) {
        return -1;
    }
    memcpy (key, read, KEY_BYTES);
    return 0;
}

void
account_print (const uint8_t key[32], const char *prefix, char text[ACCOUNT_TEXT_SIZE])
{
    const size_t length = strnlen (prefix, ACCOUNT_PREFIX_MAX);
    uint8_t checksum[CHECKSUM_BYTES];
    char *digits = text + length;

    checksum_of (key, checksum);
    memcpy (text, prefix, length);
    write_digits (key, KEY_LEADING_BITS, KEY_DIGITS, digits);
    write_digits (checksum, 0, CHECKSUM_DIGITS, digits + KEY_DIGITS);
    digits[KEY_DIGITS + CHECKSUM_DIGITS] = '\0';
}
