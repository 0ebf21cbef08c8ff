#include "node/api/block.h"

#include <stddef.h>
#include <string.h>

#include "work/base/account.h"
#include "work/base/hex.h"

/* The text of a member; NULL when it is absent, no string, or has a NUL inside. */
static const char *
member (const json_t *json, const char *name)
{
    const json_t *value = json_object_get (json, name);
    const char *text = json_string_value (value);

    if (text == NULL || strlen (text) != json_string_length (value)) {
        return NULL;
    }
    return text;
}

static bool
is_state (const json_t *json)
{
    const char *text = member (json, "type");

    return text != NULL && strcmp (text, "state") == 0;
}

static int
read_account (const json_t *json, const char *name, uint8_t key[32])
{
    const char *text = member (json, name);

    return text == NULL ? -1 : account_parse (text, key);
}

static int
read_bytes (const json_t *json, const char *name, uint8_t *bytes, size_t size)
{
    const char *text = member (json, name);

    return text == NULL ? -1 : hex_parse_bytes (text, bytes, size);
}

static int
read_link (const json_t *json, uint8_t link[32])
{
    if (json_object_get (json, "link") == NULL) {
        return read_account (json, "link_as_account", link);
    }
    if (read_account (json, "link", link) == 0) {
        return 0;
    }
    return read_bytes (json, "link", link, 32);
}

static int
read_work (const json_t *json, uint64_t *work)
{
    const char *text = member (json, "work");

    return text == NULL ? -1 : hex_parse_u64 (text, work);
}

/* balance = 10 * balance + digit. Returns -1 when that does not fit. */
static int
append_digit (uint8_t balance[16], unsigned digit)
{
    unsigned carry = digit;

    for (size_t i = 16; i-- > 0;) {
        carry += 10u * balance[i];
        balance[i] = (uint8_t)(carry & 0xff);
        carry >>= 8;
    }
    return carry == 0 ? 0 : -1;
}

static int
read_balance (const json_t *json, uint8_t balance[16])
{
    const char *text = member (json, "balance");

    if (text == NULL || text[0] == '\0' || (text[0] == '0' && text[1] != '\0')) {
        return -1;
    }
    memset (balance, 0, 16);
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || append_digit (balance, (unsigned)(*text - '0')) == -1) {
            return -1;
        }
    }
    return 0;
}

int
block_from_json (const json_t *json, struct block *block)
{
    struct block read;

    if (!is_state (json) || read_account (json, "account", read.account) == -1 ||
        read_bytes (json, "previous", read.previous, sizeof read.previous) == -1 ||
        read_account (json, "representative", read.representative) == -1 ||
        read_balance (json, read.balance) == -1 || read_link (json, read.link) == -1 ||
        read_bytes (json, "signature", read.signature, sizeof read.signature) == -1 ||
        read_work (json, &read.work) == -1) {
        return -1;
    }
    *block = read;
    return 0;
}

bool
block_is_open (const struct block *block)
{
    static const uint8_t zero[32];

    return memcmp (block->previous, zero, sizeof zero) == 0;
}

void
block_root (const struct block *block, uint8_t root[32])
{
    memcpy (root, block_is_open (block) ? block->account : block->previous, 32);
}
