/*
 * Accounts, roots, difficulties and decimal numbers: what one function reads, the other writes, and
 * reading that again gives the same; what cannot be read leaves the result alone.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "work/base/account.h"
#include "work/base/hex.h"
#include "work/base/number.h"

static void
check_account (const char *text)
{
    uint8_t key[32] = {0x5a};
    uint8_t again[32];
    char printed[ACCOUNT_TEXT_SIZE];

    if (account_parse (text, key) != 0) {
        FUZZ_CHECK (key[0] == 0x5a && key[31] == 0);
        return;
    }
    account_print (key, "ban_", printed);
    FUZZ_CHECK (strlen (printed) == 64);
    FUZZ_CHECK (account_parse (printed, again) == 0);
    FUZZ_CHECK (memcmp (key, again, sizeof key) == 0);
    /* One key, one account: but for the prefix the text is the same. */
    FUZZ_CHECK (strcmp (text + strlen (text) - 60, printed + 4) == 0);
}

/* Any 32 bytes are a key. */
static void
check_key (const uint8_t *data, size_t size)
{
    uint8_t key[32] = {0};
    uint8_t again[32];
    char text[ACCOUNT_TEXT_SIZE];

    memcpy (key, data, size < sizeof key ? size : sizeof key);
    account_print (key, "nano_", text);
    FUZZ_CHECK (account_parse (text, again) == 0);
    FUZZ_CHECK (memcmp (key, again, sizeof key) == 0);
    text[size % 60 + 5] ^= 1;
    FUZZ_CHECK (account_parse (text, again) != 0); /* the checksum sees one character */
}

static void
check_hex (const char *text)
{
    uint64_t value = 7;
    uint64_t again;
    char printed[HEX_U64_SIZE];

    if (hex_parse_u64 (text, &value) != 0) {
        FUZZ_CHECK (value == 7);
        return;
    }
    FUZZ_CHECK (strlen (text) <= 16);
    hex_print_u64 (value, printed);
    FUZZ_CHECK (hex_parse_u64 (printed, &again) == 0 && again == value);
    FUZZ_CHECK (value == strtoull (text, NULL, 16));
}

static void
check_root (const char *text)
{
    uint8_t root[32] = {0x5a};
    uint8_t again[32];
    uint8_t few[4] = {0x5a};
    char printed[HEX_ROOT_SIZE];

    if (hex_parse_root (text, root) == 0) {
        hex_print_root (root, printed);
        FUZZ_CHECK (hex_parse_root (printed, again) == 0);
        FUZZ_CHECK (memcmp (root, again, sizeof root) == 0);
        FUZZ_CHECK (hex_parse_bytes (printed, again, sizeof again) == 0);
        FUZZ_CHECK (memcmp (root, again, sizeof root) == 0);
    } else {
        FUZZ_CHECK (root[0] == 0x5a && root[31] == 0);
    }
    if (hex_parse_bytes (text, few, sizeof few) == 0) {
        FUZZ_CHECK (strlen (text) <= 8 && strspn (text, "0123456789abcdefABCDEF") == strlen (text));
        FUZZ_CHECK (((uint32_t)few[0] << 24 | (uint32_t)few[1] << 16 | (uint32_t)few[2] << 8 |
                     few[3]) == strtoul (text, NULL, 16));
    } else {
        FUZZ_CHECK (few[0] == 0x5a && few[3] == 0);
    }
}

static void
check_unsigned (const char *text)
{
    uint64_t value = 7;
    char printed[32];

    if (number_parse_unsigned (text, 0, UINT64_MAX, &value) == 0) {
        FUZZ_CHECK (strspn (text, "0123456789") == strlen (text) && text[0] != '\0');
        snprintf (printed, sizeof printed, "%" PRIu64, value);
        FUZZ_CHECK (strcmp (text + strspn (text, "0"), value == 0 ? "" : printed) == 0);
        FUZZ_CHECK (value == 0 || number_parse_unsigned (text, 0, value - 1, &value) != 0);
        FUZZ_CHECK (number_parse_unsigned (text, value, value, &value) == 0);
    } else {
        FUZZ_CHECK (value == 7);
    }
}

static void
check_double (const char *text)
{
    double value = 7;
    double again;
    char printed[64];

    if (number_parse_double (text, &value) == 0) {
        FUZZ_CHECK (!isnan (value));
        FUZZ_CHECK (strpbrk (text, "xXnNiI \t") == NULL);
        if (isfinite (value)) {
            snprintf (printed, sizeof printed, "%.17g", value);
            FUZZ_CHECK (number_parse_double (printed, &again) == 0);
            /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-*): to the bit, -0 too */
            FUZZ_CHECK (memcmp (&value, &again, sizeof value) == 0);
        }
    } else {
        FUZZ_CHECK (value >= 7 && value <= 7);
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    char *text = fuzz_text (data, size);

    check_account (text);
    check_key (data, size);
    check_hex (text);
    check_root (text);
    check_unsigned (text);
    check_double (text);
    free (text);
    return 0;
}
